/**
 * How Kafka Connect's metrics, which are attributes of MBeans, are called for Prometheus. Dashboards assume one of two ways:
 *
 * - `strimzi`: the rules that Strimzi's examples give the JMX exporter. `source-task-metrics` `source-record-poll-rate` becomes
 *   `kafka_connect_source_task_source_record_poll_rate`.
 * - `exporter`: domain, type and attribute in full, as Confluent's rules, Strimzi's Metrics Reporter and most others have it:
 *   `kafka_connect_source_task_metrics_source_record_poll_rate`.
 *
 * The same attribute of clients (`kafka.producer`, `kafka.consumer`) likewise.
 */

export type NameSet = 'strimzi' | 'exporter';

/** MBean types of the domain `kafka.connect` that a standalone worker has. */
export type ConnectGroup =
  | 'connector-metrics'
  | 'connector-task-metrics'
  | 'connector-transform-metrics'
  | 'connector-predicate-metrics'
  | 'source-task-metrics'
  | 'sink-task-metrics'
  | 'task-error-metrics'
  | 'connect-worker-metrics'
  | 'connect-worker-rebalance-metrics'
  | 'connect-coordinator-metrics';

export function connectName(names: NameSet, group: ConnectGroup, attribute: string): string {
  if (names === 'exporter') return promName(`kafka_connect_${group}_${attribute}`);
  // Strimzi's rules cut `-metrics`, and say `worker` and `coordinator` where the type is connect-worker and connect-coordinator.
  const type = group.replace(/-metrics$/, '').replace(/^connect-/, '');
  return promName(`kafka_connect_${type}_${attribute}`);
}

/** `domain` and the prefix of `type` are the same word: `kafka.producer:type=producer-metrics`. */
export function clientName(names: NameSet, kind: 'producer' | 'consumer', attribute: string): string {
  return promName(names === 'strimzi' ? `kafka_${kind}_${attribute}` : `kafka_${kind}_${kind}_metrics_${attribute}`);
}

/** Of Prometheus' alphabet; what else a plugin put into a name becomes an underscore, as with the JMX exporter. */
export function promName(text: string): string {
  return text.replace(/[^a-zA-Z0-9_]/g, '_').toLowerCase();
}
