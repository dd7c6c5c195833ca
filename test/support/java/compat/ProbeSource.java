package compat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.Width;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.ConnectorTransactionBoundaries;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;

/** The twin of test/fixtures/probe: same keys, same faults, same records. */
public class ProbeSource extends SourceConnector {
  static final String VERSION = "1.4.0";

  private static final ConfigDef CONFIG =
      new ConfigDef()
          .define("topic", Type.STRING, ConfigDef.NO_DEFAULT_VALUE, new ConfigDef.NonEmptyString(), Importance.HIGH,
              "Where the records go.", "Probe", 1, Width.LONG, "Topic")
          .define("mode", Type.STRING, "ok",
              ConfigDef.ValidString.in("ok", "fail-start", "fail-poll", "fail-connector-start", "fail-taskconfigs"),
              Importance.MEDIUM, "What goes wrong.", "Probe", 2, Width.SHORT, "Mode", List.of("count"))
          .define("count", Type.INT, 5, ConfigDef.Range.between(0, 1_000_000), Importance.LOW,
              "Records of a task.", "Probe", 3, Width.SHORT, "Count", new CountRecommender())
          .define("scenario", Type.STRING, "numbered", Importance.LOW, "Which records.")
          .define("tags", Type.LIST, "a,b", Importance.LOW, "A list.")
          .define("secret", Type.PASSWORD, "s3cret", Importance.LOW, "A password.")
          .define("ratio", Type.DOUBLE, 0.5, Importance.LOW, "A double.")
          .define("flag", Type.BOOLEAN, true, Importance.LOW, "A boolean.")
          .define("big", Type.LONG, 10L, ConfigDef.Range.atLeast(0), Importance.LOW, "A long.")
          .define("short", Type.SHORT, (short) 3, Importance.LOW, "A short.")
          .define("cls", Type.CLASS, "compat.ProbeSource", Importance.LOW, "A class.")
          .define("alter", Type.STRING, "true", Importance.LOW,
              "What alterOffsets does: true, false, throw or unsupported.")
          .define("eos", Type.STRING, "supported", Importance.LOW, "supported, unsupported or null.");

  private Map<String, String> settings;

  @Override
  public void start(Map<String, String> props) {
    settings = props;
    if ("fail-connector-start".equals(props.get("mode"))) throw new ConnectException("the probe's connector does not start");
  }

  @Override
  public Class<? extends Task> taskClass() {
    return ProbeSourceTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    if ("fail-taskconfigs".equals(settings.get("mode"))) throw new ConnectException("the probe has no task configurations");
    int count = Integer.parseInt(settings.getOrDefault("task.count", String.valueOf(maxTasks)));
    List<Map<String, String>> configs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Map<String, String> config = new HashMap<>(settings);
      config.put("task.id", String.valueOf(i));
      configs.add(config);
    }
    return configs;
  }

  @Override
  public void stop() {}

  @Override
  public ConfigDef config() {
    return CONFIG;
  }

  @Override
  public String version() {
    return VERSION;
  }

  @Override
  public boolean alterOffsets(Map<String, String> config, Map<Map<String, ?>, Map<String, ?>> offsets) {
    return Alteration.answer(config);
  }

  @Override
  public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> config) {
    return switch (config.getOrDefault("eos", "supported")) {
      case "supported" -> ExactlyOnceSupport.SUPPORTED;
      case "null" -> null;
      default -> ExactlyOnceSupport.UNSUPPORTED;
    };
  }

  @Override
  public ConnectorTransactionBoundaries canDefineTransactionBoundaries(Map<String, String> config) {
    return ConnectorTransactionBoundaries.SUPPORTED;
  }

  private static final class CountRecommender implements ConfigDef.Recommender {
    @Override
    public List<Object> validValues(String name, Map<String, Object> values) {
      return List.of(1, 5, 10);
    }

    @Override
    public boolean visible(String name, Map<String, Object> values) {
      return !"fail-start".equals(values.get("mode"));
    }
  }
}
