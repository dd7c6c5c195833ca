import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.text.SimpleDateFormat;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.TimeZone;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.ConnectSchema;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.SchemaProjector;
import org.apache.kafka.connect.data.Values;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.header.Headers;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/** Answers, one line of JSON for one line of JSON, what Kafka Connect's own transformations, converters and Values make of data. */
public final class ConnectOracle {
  public static void main(String[] args) throws Exception {
    ConnectWire.answerLines(ConnectOracle::answer);
  }

  private static Map<String, String> config(JsonNode node) {
    Map<String, String> config = new HashMap<>();
    node.fields().forEachRemaining(entry -> config.put(entry.getKey(), entry.getValue().asText()));
    return config;
  }

  private static <T> T create(JsonNode request, Class<T> type) throws Exception {
    return type.cast(Class.forName(request.get("class").asText()).getDeclaredConstructor().newInstance());
  }

  private static JsonNode bytes(byte[] bytes) {
    return ConnectWire.object().put("bytes", bytes == null ? null : Base64.getEncoder().encodeToString(bytes));
  }

  private static byte[] toBytes(JsonNode node) {
    return node.isNull() ? null : Base64.getDecoder().decode(node.asText());
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static JsonNode answer(JsonNode request) throws Exception {
    switch (request.get("op").asText()) {
      case "transform": {
        Transformation transformation = create(request, Transformation.class);
        transformation.configure(config(request.get("config")));
        ArrayNode results = ConnectWire.JSON.createArrayNode();
        for (JsonNode record : request.get("records")) results.add(transformed(transformation, record));
        return results;
      }
      case "test": {
        Predicate predicate = create(request, Predicate.class);
        predicate.configure(config(request.get("config")));
        ArrayNode results = ConnectWire.JSON.createArrayNode();
        for (JsonNode record : request.get("records")) results.add(predicate.test(toRecord(record)));
        return results;
      }
      case "config": {
        Object plugin = create(request, Object.class);
        ConfigDef def = (ConfigDef) plugin.getClass().getMethod("config").invoke(plugin);
        ArrayNode keys = ConnectWire.JSON.createArrayNode();
        for (ConfigDef.ConfigKey key : def.configKeys().values()) {
          keys.addObject().put("name", key.name).put("type", key.type.name()).put("required", !key.hasDefault())
              .put("default", key.hasDefault() ? ConfigDef.convertToString(key.defaultValue, key.type) : null)
              .put("importance", key.importance.name()).put("validator", key.validator == null ? null : key.validator.toString());
        }
        return keys;
      }
      case "convert": {
        Conversion conversion = conversionOf(request);
        ArrayNode results = ConnectWire.JSON.createArrayNode();
        for (JsonNode item : request.get("items")) results.add(converted(conversion, item));
        return results;
      }
      case "data": return data(request);
      case "parseString": {
        SchemaAndValue both = Values.parseString(request.get("text").asText());
        return ConnectWire.ofBoth(both == null ? SchemaAndValue.NULL : both);
      }
      case "values": {
        return ConnectWire.object().set("value", ConnectWire.ofValue(convert(request)));
      }
      case "regex": {
        Matcher matcher = Pattern.compile(request.get("pattern").asText()).matcher(request.get("text").asText());
        ObjectNode node = ConnectWire.object().put("matches", matcher.matches());
        return node.put("replaced", matcher.replaceFirst(request.get("replacement").asText()));
      }
      case "formatDate": {
        SimpleDateFormat format = new SimpleDateFormat(request.get("pattern").asText());
        format.setTimeZone(TimeZone.getTimeZone("UTC"));
        return ConnectWire.object().put("text", format.format(new Date(request.get("millis").asLong())));
      }
      case "parseDate": {
        SimpleDateFormat format = new SimpleDateFormat(request.get("pattern").asText());
        format.setTimeZone(TimeZone.getTimeZone("UTC"));
        return ConnectWire.object().put("millis", format.parse(request.get("text").asText()).getTime());
      }
      default:
        throw new IllegalArgumentException("no op " + request.get("op"));
    }
  }

  /** What a converter of values and a converter of headers have in common. */
  private interface Conversion {
    byte[] from(Schema schema, Object value);

    SchemaAndValue to(byte[] bytes);
  }

  private static Conversion conversionOf(JsonNode request) throws Exception {
    String as = request.get("as").asText();
    if (as.equals("header")) {
      HeaderConverter converter = create(request, HeaderConverter.class);
      Map<String, String> config = config(request.get("config"));
      config.put("converter.type", "header");
      converter.configure(config);
      return new Conversion() {
        public byte[] from(Schema schema, Object value) {
          return converter.fromConnectHeader("topic", "key", schema, value);
        }

        public SchemaAndValue to(byte[] bytes) {
          return converter.toConnectHeader("topic", "key", bytes);
        }
      };
    }
    Converter converter = create(request, Converter.class);
    converter.configure(config(request.get("config")), as.equals("key"));
    return new Conversion() {
      public byte[] from(Schema schema, Object value) {
        return converter.fromConnectData("topic", schema, value);
      }

      public SchemaAndValue to(byte[] bytes) {
        return converter.toConnectData("topic", bytes);
      }
    };
  }

  private static JsonNode converted(Conversion conversion, JsonNode item) {
    Object value;
    try {
      value = ConnectWire.toValue(item.get("value"));
    } catch (DataException error) {
      // A struct within a struct that lacks a required field: Java lets nobody make one.
      return ConnectWire.object().put("impossible", true);
    }
    try {
      if (item.has("bytes")) {
        SchemaAndValue both = conversion.to(toBytes(item.get("bytes")));
        return ConnectWire.ofBoth(both == null ? SchemaAndValue.NULL : both);
      }
      return bytes(conversion.from(ConnectWire.toSchema(item.get("schema")), value));
    } catch (Throwable error) {
      return ConnectWire.ofError(error);
    }
  }

  /** What schemas, their builder and their projector make of a value. */
  private static JsonNode data(JsonNode request) {
    Schema schema = ConnectWire.toSchema(request.get("schema"));
    Object value;
    try {
      value = ConnectWire.toValue(request.get("value"));
    } catch (DataException error) {
      return ConnectWire.object().put("impossible", true);
    }
    switch (request.get("what").asText()) {
      case "validate":
        if (request.hasNonNull("field")) ConnectSchema.validateValue(request.get("field").asText(), schema, value);
        else ConnectSchema.validateValue(schema, value);
        return ConnectWire.object().put("done", true);
      case "default":
        new SchemaBuilder(schema.type()).name(schema.name()).defaultValue(value);
        return ConnectWire.object().put("done", true);
      case "fields":
        SchemaBuilder builder = SchemaBuilder.struct();
        for (JsonNode name : request.get("names")) builder.field(name.asText(), Schema.INT32_SCHEMA);
        return ConnectWire.object().put("done", true);
      case "project":
        Object projected = SchemaProjector.project(schema, value, ConnectWire.toSchema(request.get("target")));
        return ConnectWire.object().set("value", ConnectWire.ofValue(projected));
      default:
        throw new IllegalArgumentException("no such thing: " + request.get("what"));
    }
  }

  private static Object convert(JsonNode request) {
    var schema = ConnectWire.toSchema(request.get("schema"));
    Object value = ConnectWire.toValue(request.get("value"));
    switch (request.get("to").asText()) {
      case "boolean": return Values.convertToBoolean(schema, value);
      case "byte": return Values.convertToByte(schema, value);
      case "short": return Values.convertToShort(schema, value);
      case "integer": return Values.convertToInteger(schema, value);
      case "long": return Values.convertToLong(schema, value);
      case "float": return Values.convertToFloat(schema, value);
      case "double": return Values.convertToDouble(schema, value);
      case "string": return Values.convertToString(schema, value);
      case "date": return Values.convertToDate(schema, value);
      case "time": return Values.convertToTime(schema, value);
      case "timestamp": return Values.convertToTimestamp(schema, value);
      default: throw new IllegalArgumentException("no conversion to " + request.get("to"));
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static JsonNode transformed(Transformation transformation, JsonNode record) {
    try {
      ConnectRecord<?> result = (ConnectRecord<?>) transformation.apply(toRecord(record));
      return result == null ? ConnectWire.object().put("dropped", true) : ofRecord(result);
    } catch (Throwable error) {
      return ConnectWire.ofError(error);
    }
  }

  @SuppressWarnings("rawtypes")
  private static ConnectRecord toRecord(JsonNode node) {
    Headers headers = new ConnectHeaders();
    for (JsonNode header : node.get("headers")) {
      headers.add(header.get("key").asText(), ConnectWire.toValue(header.get("value")), ConnectWire.toSchema(header.get("schema")));
    }
    String topic = node.get("topic").asText();
    Integer partition = node.get("partition").isNull() ? null : node.get("partition").asInt();
    Long timestamp = node.get("timestamp").isNull() ? null : node.get("timestamp").asLong();
    var keySchema = ConnectWire.toSchema(node.get("keySchema"));
    var valueSchema = ConnectWire.toSchema(node.get("valueSchema"));
    Object key = ConnectWire.toValue(node.get("key"));
    Object value = ConnectWire.toValue(node.get("value"));
    if (!node.hasNonNull("offset")) {
      return new SourceRecord(Map.of(), Map.of(), topic, partition, keySchema, key, valueSchema, value, timestamp, headers);
    }
    return new SinkRecord(topic, partition, keySchema, key, valueSchema, value, node.get("offset").asLong(), timestamp,
        timestamp == null ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME, headers);
  }

  private static JsonNode ofRecord(ConnectRecord<?> record) {
    ObjectNode node = ConnectWire.object();
    node.put("topic", record.topic());
    node.put("partition", record.kafkaPartition());
    node.put("timestamp", record.timestamp());
    node.put("offset", record instanceof SinkRecord ? ((SinkRecord) record).kafkaOffset() : null);
    node.set("keySchema", ConnectWire.ofSchema(record.keySchema()));
    node.set("key", ConnectWire.ofValue(record.key()));
    node.set("valueSchema", ConnectWire.ofSchema(record.valueSchema()));
    node.set("value", ConnectWire.ofValue(record.value()));
    ArrayNode headers = node.putArray("headers");
    for (Header header : record.headers()) {
      ObjectNode each = headers.addObject().put("key", header.key());
      each.set("schema", ConnectWire.ofSchema(header.schema()));
      each.set("value", ConnectWire.ofValue(header.value()));
    }
    return node;
  }
}
