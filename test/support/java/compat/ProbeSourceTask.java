package compat;

import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/** One record a poll, `count` in all, from the committed offset on. */
public class ProbeSourceTask extends SourceTask {
  private Map<String, String> settings;
  private Map<String, String> partition;
  private long next;
  private int count;

  @Override
  public String version() {
    return ProbeSource.VERSION;
  }

  @Override
  public void start(Map<String, String> props) {
    settings = props;
    if ("fail-start".equals(props.get("mode"))) throw new ConnectException("the probe's task does not start");
    partition = Map.of("task", props.get("task.id"));
    count = Integer.parseInt(props.getOrDefault("count", "5"));
    Map<String, Object> offset = context.offsetStorageReader().offset(partition);
    if (offset != null && offset.get("n") != null) next = ((Number) offset.get("n")).longValue();
  }

  @Override
  public List<SourceRecord> poll() throws InterruptedException {
    if ("fail-poll".equals(settings.get("mode")) && next >= 2) throw new ConnectException("the probe's poll fails");
    if (next >= count) {
      Thread.sleep(100);
      return null;
    }
    next++;
    Map<String, Long> offset = Map.of("n", next);
    return List.of(Scenarios.record(settings.getOrDefault("scenario", "numbered"), settings, partition, offset, next));
  }

  @Override
  public void stop() {}
}
