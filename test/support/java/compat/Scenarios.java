package compat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.source.SourceRecord;

/** The records of the probe, by scenario and number; test/fixtures/probe makes the same ones. */
final class Scenarios {
  private static final long NOON = 1_700_000_000_000L;

  private static final Schema NUMBERED =
      SchemaBuilder.struct().name("compat.Numbered").version(1)
          .field("id", Schema.INT64_SCHEMA).field("who", Schema.OPTIONAL_STRING_SCHEMA).build();

  private static final Schema INNER =
      SchemaBuilder.struct().name("compat.Inner").optional()
          .field("x", Schema.INT32_SCHEMA).field("y", SchemaBuilder.string().optional().defaultValue("why").build()).build();

  private static final Schema ALL =
      SchemaBuilder.struct().name("compat.All").version(3).doc("every type").parameter("p", "q")
          .field("i8", Schema.INT8_SCHEMA).field("i16", Schema.INT16_SCHEMA)
          .field("i32", Schema.INT32_SCHEMA).field("i64", Schema.INT64_SCHEMA)
          .field("f32", Schema.FLOAT32_SCHEMA).field("f64", Schema.FLOAT64_SCHEMA)
          .field("bool", Schema.BOOLEAN_SCHEMA).field("text", Schema.STRING_SCHEMA).field("bytes", Schema.BYTES_SCHEMA)
          .field("none", Schema.OPTIONAL_INT32_SCHEMA)
          .field("def", SchemaBuilder.int32().optional().defaultValue(7).doc("a default").build())
          .field("list", SchemaBuilder.array(Schema.OPTIONAL_STRING_SCHEMA).build())
          .field("map", SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.INT32_SCHEMA).build())
          .field("numbers", SchemaBuilder.map(Schema.INT32_SCHEMA, Schema.STRING_SCHEMA).optional().build())
          .field("inner", INNER)
          .field("dec", Decimal.schema(3))
          .field("date", org.apache.kafka.connect.data.Date.SCHEMA).field("time", Time.SCHEMA).field("ts", Timestamp.SCHEMA)
          .build();

  private Scenarios() {}

  static SourceRecord record(
      String scenario, Map<String, String> settings, Map<String, ?> partition, Map<String, ?> offset, long n) {
    return switch (scenario) {
      case "numbered" -> numbered(settings, partition, offset, n);
      case "types" -> types(settings, partition, offset, n);
      case "schemaless" -> schemaless(settings, partition, offset, n);
      case "text" -> text(settings, partition, offset, n);
      case "bytes" -> bytes(settings, partition, offset, n);
      case "headers" -> headers(settings, partition, offset, n);
      default -> throw new IllegalArgumentException(scenario);
    };
  }

  private static SourceRecord numbered(Map<String, String> settings, Map<String, ?> partition, Map<String, ?> offset, long n) {
    Struct value = new Struct(NUMBERED).put("id", n).put("who", n % 3 == 0 ? null : settings.get("name"));
    return new SourceRecord(partition, offset, settings.get("topic"), null, Schema.STRING_SCHEMA, "k" + n, NUMBERED, value);
  }

  private static SourceRecord types(Map<String, String> settings, Map<String, ?> partition, Map<String, ?> offset, long n) {
    Map<String, Integer> map = new LinkedHashMap<>();
    map.put("one", 1);
    map.put("ü", (int) n);
    Map<Integer, String> numbers = new LinkedHashMap<>();
    numbers.put(1, "a");
    Struct value =
        new Struct(ALL)
            .put("i8", (byte) (n % 128)).put("i16", (short) (300 * n % 32_000))
            .put("i32", (int) (70_000 * n)).put("i64", 9_007_199_254_740_993L + n)
            .put("f32", 1.5f * n).put("f64", n / 3.0)
            .put("bool", n % 2 == 0).put("text", "text \"" + n + "\" \u00e9\u4e2d\ud83d\ude00\n\t\u0001/")
            .put("bytes", ByteBuffer.wrap(new byte[] {0, (byte) n, (byte) 0xff}))
            .put("none", n % 2 == 0 ? null : 5)
            .put("list", Arrays.asList("a", null, "c" + n)).put("map", map)
            .put("numbers", n % 2 == 0 ? null : numbers)
            .put("inner", n % 4 == 0 ? null : new Struct(INNER).put("x", (int) n).put("y", n % 2 == 0 ? null : "y"))
            .put("dec", new BigDecimal(BigInteger.valueOf(123_456_789 * (n % 2 == 0 ? -n : n)), 3))
            .put("date", new Date((19_000 + n) * 86_400_000L)).put("time", new Date(n * 1_000)).put("ts", new Date(NOON + n));
    if (n % 5 != 0) value.put("def", (int) n);
    Struct key = new Struct(NUMBERED).put("id", n).put("who", null);
    Struct sent = n % 10 == 9 ? null : value;
    return new SourceRecord(partition, offset, settings.get("topic"), null, NUMBERED, key, sent == null ? null : ALL, sent, NOON + n);
  }

  private static SourceRecord schemaless(Map<String, String> settings, Map<String, ?> partition, Map<String, ?> offset, long n) {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("n", n);
    value.put("text", "t" + n);
    value.put("ratio", n / 4.0 + 0.125);
    value.put("yes", true);
    value.put("nothing", null);
    Map<String, Object> inner = new LinkedHashMap<>();
    inner.put("deep", new ArrayList<>(List.of(1L, "two", false)));
    value.put("inner", inner);
    Object sent = n % 6 == 5 ? null : value;
    boolean hasKey = n % 4 != 3;
    // Where a record without a key goes is chance.
    return new SourceRecord(
        partition, offset, settings.get("topic"), hasKey ? null : 0, null, hasKey ? "k" + n : null, null, sent, NOON + n);
  }

  private static SourceRecord text(Map<String, String> settings, Map<String, ?> partition, Map<String, ?> offset, long n) {
    Integer kafkaPartition = n % 5 == 4 ? 1 : null;
    String key = n % 7 == 6 ? null : "key-" + n * 31;
    String value = n % 6 == 5 ? null : "value " + n + " \u00e9\ud83d\ude00";
    if (key == null && kafkaPartition == null) kafkaPartition = 0;
    return new SourceRecord(
        partition, offset, settings.get("topic"), kafkaPartition, Schema.OPTIONAL_STRING_SCHEMA, key,
        Schema.OPTIONAL_STRING_SCHEMA, value, NOON + n);
  }

  private static SourceRecord bytes(Map<String, String> settings, Map<String, ?> partition, Map<String, ?> offset, long n) {
    byte[] value = new byte[(int) (n % 9)];
    for (int i = 0; i < value.length; i++) value[i] = (byte) (n * 37 + i);
    return new SourceRecord(
        partition, offset, settings.get("topic"), null, Schema.OPTIONAL_BYTES_SCHEMA,
        ("k" + n).getBytes(StandardCharsets.UTF_8), Schema.OPTIONAL_BYTES_SCHEMA, n % 6 == 5 ? null : value, NOON + n);
  }

  private static SourceRecord headers(Map<String, String> settings, Map<String, ?> partition, Map<String, ?> offset, long n) {
    ConnectHeaders headers = new ConnectHeaders();
    headers.addString("text", "t" + n);
    headers.addString("text", "again, the same \"name\"");
    headers.addInt("int", (int) n);
    headers.addLong("long", 1L << 40);
    headers.addBoolean("bool", n % 2 == 0);
    headers.addDouble("double", n / 3.0);
    headers.addFloat("float", n * 0.1f);
    headers.addBytes("bytes", new byte[] {1, 2, (byte) n});
    headers.add("nothing", SchemaAndValue.NULL);
    headers.addDecimal("dec", new BigDecimal(BigInteger.valueOf(12_345 * n), 2));
    headers.addDate("date", new Date(19_000 * 86_400_000L));
    headers.addTimestamp("ts", new Date(NOON + n));
    headers.addList("list", List.of("a", "b" + n), SchemaBuilder.array(Schema.STRING_SCHEMA).build());
    headers.addMap("map", Map.of("a", (int) n), SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.INT32_SCHEMA).build());
    return new SourceRecord(
        partition, offset, settings.get("topic"), null, Schema.STRING_SCHEMA, "k" + n, Schema.STRING_SCHEMA, "v" + n, NOON + n,
        headers);
  }
}
