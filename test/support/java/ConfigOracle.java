import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.runtime.distributed.DistributedConfig;
import org.apache.kafka.connect.runtime.isolation.PluginUtils;
import org.apache.kafka.connect.runtime.standalone.StandaloneConfig;
import org.apache.maven.artifact.versioning.ComparableVersion;
import org.apache.maven.artifact.versioning.DefaultArtifactVersion;
import org.apache.maven.artifact.versioning.VersionRange;

/** Answers, one line of JSON for one line of JSON, what Kafka's definitions of settings, java.util.Properties and Maven's versions say. */
public final class ConfigOracle {
  public static void main(String[] args) throws Exception {
    ConnectWire.answerLines(ConfigOracle::answerOrError);
  }

  private static JsonNode answerOrError(JsonNode request) {
    try {
      return answer(request);
    } catch (Throwable error) {
      return ConnectWire.object().put("error", String.valueOf(error.getMessage())).put("class", error.getClass().getName());
    }
  }

  private static JsonNode answer(JsonNode request) throws Exception {
    switch (request.get("op").asText()) {
      case "definition":
        return definition(request);
      case "properties": {
        Properties properties = new Properties();
        properties.load(new ByteArrayInputStream(Base64.getDecoder().decode(request.get("bytes").asText())));
        ObjectNode found = ConnectWire.object();
        for (Map.Entry<Object, Object> entry : new TreeMap<>(properties).entrySet()) {
          found.put((String) entry.getKey(), (String) entry.getValue());
        }
        return found;
      }
      case "compare":
        return ConnectWire.JSON.getNodeFactory().numberNode(Integer.signum(new ComparableVersion(request.get("a").asText()).compareTo(new ComparableVersion(request.get("b").asText()))));
      case "range": {
        VersionRange range = PluginUtils.connectorVersionRequirement(request.get("range").asText());
        ObjectNode found = ConnectWire.object();
        found.put("text", String.valueOf(range));
        ArrayNode inside = found.putArray("inside");
        for (JsonNode version : request.get("versions")) {
          if (range == null || range.containsVersion(new DefaultArtifactVersion(version.asText()))) inside.add(version.asText());
        }
        return found;
      }
      default:
        throw new IllegalArgumentException("no such op");
    }
  }

  /** The definition that a class of settings keeps in a method or a field, each key with what is said to texts that it is probed with. */
  private static JsonNode definition(JsonNode request) throws Exception {
    Class<?> type = Class.forName(request.get("class").asText());
    ConfigDef def = definitionOf(type);
    List<ConfigDef.ConfigKey> keys = new ArrayList<>(def.configKeys().values());
    keys.sort(Comparator.comparing(key -> key.name));
    ArrayNode found = ConnectWire.JSON.createArrayNode();
    for (ConfigDef.ConfigKey key : keys) {
      ObjectNode each = found.addObject();
      each.put("name", key.name);
      each.put("type", key.type.name());
      each.put("required", !key.hasDefault());
      each.put("default", key.hasDefault() ? ConfigDef.convertToString(key.defaultValue, key.type) : null);
      each.put("importance", key.importance.name());
      each.put("internal", key.internalConfig);
      ObjectNode refused = each.putObject("refused");
      for (JsonNode probe : request.get("probes")) {
        String message = messageTo(key, probe.asText());
        if (message != null) refused.put(probe.asText(), message);
      }
    }
    return found;
  }

  private static String messageTo(ConfigDef.ConfigKey key, String text) {
    try {
      Object value = ConfigDef.parseType(key.name, text, key.type);
      if (key.validator != null) key.validator.ensureValid(key.name, value);
      return null;
    } catch (Exception error) {
      return String.valueOf(error.getMessage());
    }
  }

  private static ConfigDef definitionOf(Class<?> type) throws Exception {
    if (type == DistributedConfig.class) {
      Class<?> crypto = Class.forName("org.apache.kafka.connect.runtime.distributed.Crypto");
      Method method = type.getDeclaredMethod("config", crypto);
      Field system = crypto.getDeclaredField("SYSTEM");
      method.setAccessible(true);
      system.setAccessible(true);
      return (ConfigDef) method.invoke(null, system.get(null));
    }
    if (type == StandaloneConfig.class) {
      Field field = type.getDeclaredField("CONFIG");
      field.setAccessible(true);
      return (ConfigDef) field.get(null);
    }
    return (ConfigDef) type.getMethod("configDef").invoke(null);
  }
}
