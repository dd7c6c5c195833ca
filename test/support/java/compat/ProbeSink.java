package compat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** The twin of the sink in test/fixtures/probe. */
public class ProbeSink extends SinkConnector {
  private static final String VERSION = "2.5.1";

  private static final ConfigDef CONFIG =
      new ConfigDef()
          .define("mode", Type.STRING, "ok", Importance.MEDIUM, "What goes wrong: ok, fail-put, retry or errant.")
          .define("alter", Type.STRING, "true", Importance.LOW,
              "What alterOffsets does: true, false, throw or unsupported.");

  private Map<String, String> settings;

  @Override
  public void start(Map<String, String> props) {
    settings = props;
  }

  @Override
  public Class<? extends Task> taskClass() {
    return ProbeSinkTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    List<Map<String, String>> configs = new ArrayList<>();
    for (int i = 0; i < maxTasks; i++) configs.add(new HashMap<>(settings));
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
  public boolean alterOffsets(Map<String, String> config, Map<TopicPartition, Long> offsets) {
    return Alteration.answer(config);
  }

  /** Takes the records, or refuses them as told. */
  public static class ProbeSinkTask extends SinkTask {
    private String mode;
    private int refusals;

    @Override
    public String version() {
      return VERSION;
    }

    @Override
    public void start(Map<String, String> props) {
      mode = props.getOrDefault("mode", "ok");
    }

    @Override
    public void put(Collection<SinkRecord> records) {
      if (records.isEmpty()) return;
      switch (mode) {
        case "fail-put" -> throw new ConnectException("the probe's put fails");
        case "retry" -> {
          if (refusals++ < 2) throw new RetriableException("the probe asks for the records again");
        }
        case "errant" -> {
          for (SinkRecord record : records) {
            context.errantRecordReporter().report(record, new ConnectException("the probe refuses " + record.kafkaOffset()));
          }
        }
        default -> {}
      }
    }

    @Override
    public void stop() {}
  }
}
