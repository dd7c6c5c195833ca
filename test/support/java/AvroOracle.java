import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.apicurio.registry.serde.avro.NonRecordContainer;
import io.apicurio.registry.utils.converter.avro.AvroData;
import io.apicurio.registry.utils.converter.avro.AvroDataConfig;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.NameValidator;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;

/**
 * Answers, one line of JSON for one line of JSON, what a Java converter makes of Connect data and of Avro records. It is given and gives
 * payloads without Confluent's frame; the parser is as lax, and bytes on their own are as bare, as Confluent's serializers have them.
 */
public final class AvroOracle {
  public static void main(String[] args) throws Exception {
    ConnectWire.answerLines(AvroOracle::answer);
  }

  private static JsonNode answer(JsonNode request) throws Exception {
    ConnectWire.known = new HashMap<>();
    AvroData data = avroData(request.get("options"));
    if (request.get("op").asText().equals("from")) {
      return written(data, ConnectWire.toSchema(request.get("schema")), ConnectWire.toValue(request.get("value")));
    }
    Schema schema = new Schema.Parser(NameValidator.NO_VALIDATION).setValidateDefaults(false).parse(request.get("avro").asText());
    Object datum = decoded(schema, Base64.getDecoder().decode(request.get("bytes").asText()));
    Integer version = request.hasNonNull("version") ? request.get("version").asInt() : null;
    SchemaAndValue both = data.toConnectData(schema, datum, version);
    ObjectNode answer = ConnectWire.object();
    if (both == null) return answer.putNull("schema").putNull("value");
    answer.set("schema", ofSchema(both.schema(), new ArrayList<>()));
    answer.set("value", ofValue(both.value()));
    try {
      answer.set("again", written(data, both.schema(), both.value()));
    } catch (Throwable error) {
      answer.set("again", ConnectWire.ofError(error));
    }
    return answer;
  }

  /** Some options have no setting in this converter, though its code has them. */
  private static AvroData avroData(JsonNode options) throws Exception {
    AvroData data = new AvroData(new AvroDataConfig(new HashMap<String, String>()));
    for (Map.Entry<String, JsonNode> option : options.properties()) {
      Field field = AvroData.class.getDeclaredField(option.getKey());
      field.setAccessible(true);
      field.setBoolean(data, option.getValue().asBoolean());
    }
    return data;
  }

  private static ObjectNode written(AvroData data, org.apache.kafka.connect.data.Schema schema, Object value) throws Exception {
    Schema avro = data.fromConnectSchema(schema);
    ObjectNode answer = ConnectWire.object().put("avro", avro.toString());
    Object converted = data.fromConnectData(schema, value);
    if (converted == null) return answer.putNull("bytes");
    if (converted instanceof NonRecordContainer) converted = ((NonRecordContainer) converted).getValue();
    return answer.put("bytes", Base64.getEncoder().encodeToString(encoded(avro, converted)));
  }

  private static byte[] encoded(Schema avro, Object value) throws Exception {
    if (avro.getType() == Schema.Type.BYTES) return ((ByteBuffer) value).array();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
    new GenericDatumWriter<>(avro).write(value, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  private static Object decoded(Schema avro, byte[] bytes) throws Exception {
    if (avro.getType() == Schema.Type.BYTES) return bytes;
    return new GenericDatumReader<>(avro).read(null, DecoderFactory.get().binaryDecoder(bytes, null));
  }

  /** A struct within itself, told by its fields, is only named: the converter wraps inner uses of it. */
  private static JsonNode ofSchema(org.apache.kafka.connect.data.Schema schema, List<Object> around) {
    if (schema == null) return null;
    ObjectNode node = ConnectWire.object();
    node.put("type", schema.type().name());
    node.put("optional", schema.isOptional());
    List<Object> path = new ArrayList<>(around);
    if (schema.type() == org.apache.kafka.connect.data.Schema.Type.STRUCT && !schema.fields().isEmpty()) {
      Object mark = schema.fields().get(0);
      if (path.stream().anyMatch(each -> each == mark)) return node.put("cycle", schema.name());
      path.add(mark);
    }
    node.set("default", ofValue(schema.defaultValue()));
    node.put("name", schema.name());
    node.put("version", schema.version());
    node.put("doc", schema.doc());
    if (schema.parameters() != null && !schema.parameters().isEmpty()) {
      ArrayNode parameters = node.putArray("parameters");
      schema.parameters().forEach((key, value) -> parameters.addArray().add(key).add(value));
    }
    switch (schema.type()) {
      case STRUCT:
        ArrayNode fields = node.putArray("fields");
        for (var field : schema.fields()) fields.addObject().put("name", field.name()).set("schema", ofSchema(field.schema(), path));
        break;
      case MAP:
        node.set("key", ofSchema(schema.keySchema(), path));
        node.set("value", ofSchema(schema.valueSchema(), path));
        break;
      case ARRAY:
        node.set("value", ofSchema(schema.valueSchema(), path));
        break;
      default:
    }
    return node;
  }

  /** A struct without its schema, which has no end if it is part of itself. */
  private static JsonNode ofValue(Object value) {
    ObjectNode node = ConnectWire.object();
    ArrayNode array = ConnectWire.JSON.createArrayNode();
    if (value instanceof Struct) {
      node.put("t", "R");
      for (var field : ((Struct) value).schema().fields()) array.add(ofValue(((Struct) value).getWithoutDefault(field.name())));
    } else if (value instanceof List) {
      node.put("t", "L");
      for (Object each : (List<?>) value) array.add(ofValue(each));
    } else if (value instanceof Map) {
      node.put("t", "M");
      ((Map<?, ?>) value).forEach((key, each) -> array.addArray().add(ofValue(key)).add(ofValue(each)));
    } else {
      return ConnectWire.ofValue(value);
    }
    node.set("v", array);
    return node;
  }
}
