import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.ConnectSchema;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;

/** Connect schemas and values as JSON, with the Java class of each value: the same form as test/support/connect-wire.ts. */
final class ConnectWire {
  /** Half a surrogate pair has no form in UTF-8. */
  static final ObjectMapper JSON = new ObjectMapper().enable(JsonWriteFeature.ESCAPE_NON_ASCII.mappedFeature());

  interface Question {
    JsonNode answer(JsonNode request) throws Exception;
  }

  /** Answers standard input line by line; what is thrown is an answer too. */
  static void answerLines(Question question) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode answer;
      try {
        answer = question.answer(JSON.readTree(line));
      } catch (Throwable error) {
        answer = ofError(error);
      }
      out.println(JSON.writeValueAsString(answer));
      if (!in.ready()) out.flush();
    }
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  static JsonNode ofSchema(Schema schema) {
    if (schema == null) return null;
    ObjectNode node = object();
    node.put("type", schema.type().name());
    node.put("optional", schema.isOptional());
    node.set("default", ofValue(schema.defaultValue()));
    node.put("name", schema.name());
    node.put("version", schema.version());
    node.put("doc", schema.doc());
    if (schema.parameters() != null && !schema.parameters().isEmpty()) {
      ArrayNode parameters = node.putArray("parameters");
      schema.parameters().forEach((key, value) -> parameters.addArray().add(key).add(value));
    }
    if (schema.type() == Schema.Type.STRUCT) {
      ArrayNode fields = node.putArray("fields");
      for (Field field : schema.fields()) fields.addObject().put("name", field.name()).set("schema", ofSchema(field.schema()));
    }
    if (schema.type() == Schema.Type.MAP) node.set("key", ofSchema(schema.keySchema()));
    if (schema.type() == Schema.Type.MAP || schema.type() == Schema.Type.ARRAY) {
      node.set("value", ofSchema(schema.valueSchema()));
    }
    return node;
  }

  /** While it is there, what is written the same is the same object, as it is in a connector: two byte arrays are never equal. */
  static Map<JsonNode, Schema> known;

  static Schema toSchema(JsonNode node) {
    if (node == null || node.isNull()) return null;
    if (known == null) return newSchema(node);
    Schema schema = known.get(node);
    if (schema == null) {
      schema = newSchema(node);
      known.put(node, schema);
    }
    return schema;
  }

  private static Schema newSchema(JsonNode node) {
    Schema.Type type = Schema.Type.valueOf(node.get("type").asText());
    List<Field> fields = new ArrayList<>();
    if (node.has("fields")) {
      for (JsonNode field : node.get("fields")) {
        fields.add(new Field(field.get("name").asText(), fields.size(), toSchema(field.get("schema"))));
      }
    }
    Map<String, String> parameters = null;
    if (node.has("parameters")) {
      parameters = new LinkedHashMap<>();
      for (JsonNode entry : node.get("parameters")) parameters.put(entry.get(0).asText(), entry.get(1).asText());
    }
    return new ConnectSchema(
        type,
        node.get("optional").asBoolean(),
        toValue(node.get("default")),
        text(node.get("name")),
        node.hasNonNull("version") ? (Integer) node.get("version").asInt() : null,
        text(node.get("doc")),
        parameters,
        type == Schema.Type.STRUCT ? fields : null,
        toSchema(node.get("key")),
        toSchema(node.get("value")));
  }

  static String text(JsonNode node) {
    return node == null || node.isNull() ? null : node.asText();
  }

  private static ObjectNode tagged(String tag, String text) {
    return object().put("t", tag).put("v", text);
  }

  static JsonNode ofValue(Object value) {
    if (value == null) return null;
    if (value instanceof Byte) return tagged("b", value.toString());
    if (value instanceof Short) return tagged("s", value.toString());
    if (value instanceof Integer) return tagged("i", value.toString());
    if (value instanceof Long) return tagged("l", value.toString());
    if (value instanceof Float) return tagged("f", Double.toString((Float) value));
    if (value instanceof Double) return tagged("d", value.toString());
    if (value instanceof Boolean) return tagged("z", value.toString());
    if (value instanceof String) return tagged("S", (String) value);
    if (value instanceof byte[]) return tagged("B", Base64.getEncoder().encodeToString((byte[]) value));
    if (value instanceof ByteBuffer) {
      ByteBuffer buffer = ((ByteBuffer) value).duplicate();
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      return ofValue(bytes);
    }
    if (value instanceof BigDecimal) {
      return tagged("D", ((BigDecimal) value).unscaledValue().toString()).put("scale", ((BigDecimal) value).scale());
    }
    if (value instanceof Date) return tagged("T", Long.toString(((Date) value).getTime()));
    ObjectNode node = object();
    ArrayNode array = JSON.createArrayNode();
    if (value instanceof List) {
      node.put("t", "L");
      for (Object each : (List<?>) value) array.add(ofValue(each));
    } else if (value instanceof Map) {
      node.put("t", "M");
      ((Map<?, ?>) value).forEach((key, each) -> array.addArray().add(ofValue(key)).add(ofValue(each)));
    } else if (value instanceof Struct) {
      node.put("t", "R");
      node.set("schema", ofSchema(((Struct) value).schema()));
      for (Field field : ((Struct) value).schema().fields()) {
        array.add(ofValue(((Struct) value).getWithoutDefault(field.name())));
      }
    } else {
      throw new IllegalArgumentException("no wire form of " + value.getClass());
    }
    node.set("v", array);
    return node;
  }

  static Object toValue(JsonNode node) {
    if (node == null || node.isNull()) return null;
    JsonNode v = node.get("v");
    switch (node.get("t").asText()) {
      case "b": return Byte.valueOf(v.asText());
      case "s": return Short.valueOf(v.asText());
      case "i": return Integer.valueOf(v.asText());
      case "l": return Long.valueOf(v.asText());
      case "f": return (float) Double.parseDouble(v.asText());
      case "d": return Double.valueOf(v.asText());
      case "z": return Boolean.valueOf(v.asText());
      case "S": return v.asText();
      case "B": return Base64.getDecoder().decode(v.asText());
      case "D": return new BigDecimal(new BigInteger(v.asText()), node.get("scale").asInt());
      case "T": return new Date(Long.parseLong(v.asText()));
      case "L": {
        List<Object> list = new ArrayList<>();
        for (JsonNode each : v) list.add(toValue(each));
        return list;
      }
      case "M": {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (JsonNode each : v) map.put(toValue(each.get(0)), toValue(each.get(1)));
        return map;
      }
      case "R": {
        Struct struct = new Struct(toSchema(node.get("schema")));
        int index = 0;
        for (Field field : struct.schema().fields()) {
          Object value = toValue(v.get(index++));
          if (value != null) struct.put(field, value);
        }
        return struct;
      }
      default: throw new IllegalArgumentException("no value of " + node);
    }
  }

  static JsonNode ofBoth(SchemaAndValue both) {
    ObjectNode node = object();
    node.set("schema", ofSchema(both.schema()));
    node.set("value", ofValue(both.value()));
    return node;
  }

  static JsonNode ofError(Throwable error) {
    ObjectNode node = object();
    node.put("class", error.getClass().getName());
    node.put("message", String.valueOf(error.getMessage()));
    return object().set("error", node);
  }
}
