package compat;

import java.util.Map;
import org.apache.kafka.connect.errors.ConnectException;

/** What the probes answer when their offsets are altered from outside. */
final class Alteration {
  private Alteration() {}

  static boolean answer(Map<String, String> config) {
    String alter = config.getOrDefault("alter", "true");
    if ("throw".equals(alter)) throw new ConnectException("the probe refuses to have its offsets altered");
    if ("unsupported".equals(alter)) throw new UnsupportedOperationException("the probe can't alter offsets");
    return Boolean.parseBoolean(alter);
  }
}
