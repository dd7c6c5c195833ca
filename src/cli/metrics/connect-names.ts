/**
 * How Kafka Connect's metrics, which are attributes of MBeans, are called for Prometheus. Dashboards assume one of two ways:
 *
 * - `strimzi`: the rules that Strimzi's examples give the JMX exporter. `source-task-metrics` `source-record-poll-rate` becomes
 *   `kafka_connect_source_task_source_record_poll_rate`.
 * - `exporter`: domain, type and attribute in full, as Confluent's rules, Strimzi's Metrics Reporter and most others have it:
 *   `kafka_connect_source_task_metrics_source_record_poll_rate`.
 *
 * Those of clients (`kafka.producer`, `kafka.consumer`, `kafka.admin.client`) likewise: `kafka_producer_record_send_rate` and
 * `kafka_producer_producer_metrics_record_send_rate`.
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

/** Of an MBean of Kafka's clients: `kafka.<domain>:type=<type>`, such as `kafka.consumer:type=consumer-fetch-manager-metrics`. */
export function clientName(
  names: NameSet,
  { domain, type }: { readonly domain: string; readonly type: string },
  attribute: string,
): string {
  const bean = names === 'strimzi' ? type.replace(/-metrics$/, '') : `${domain}_${type}`;
  return promName(`kafka_${bean}_${attribute}`);
}

/** Of Prometheus' alphabet; what else a plugin put into a name becomes an underscore, as with the JMX exporter. */
export function promName(text: string): string {
  return text.replace(/[^a-zA-Z0-9_]/g, '_').toLowerCase();
}
