/** Which metrics there are, over which time, and under which names. */
import { ConfigValidators } from '../../../sdk/config/index.ts';
import { ConfigError } from '../../../sdk/errors/index.ts';

const CONNECT = 'Kafka Connect';
const HOLDFAST = 'Holdfast';

const metricNames = ConfigValidators.lambda((key, value) => {
  for (const name of Array.isArray(value) ? (value as readonly string[]) : []) {
    if (name === 'strimzi' || name === 'exporter') continue;
    throw new ConfigError(`Invalid value ${name} for configuration ${key}: must be one of strimzi, exporter.`);
  }
}, '[strimzi, exporter]');

export const METRICS_KEYS = {
  'metrics.sample.window.ms': {
    type: 'LONG',
    default: 30_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: CONNECT,
    documentation: 'Rates, averages and maxima of metrics are over so many ms, times metrics.num.samples.',
  },
  'metrics.num.samples': {
    type: 'INT',
    default: 2,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: CONNECT,
    documentation: 'How many windows of metrics.sample.window.ms rates, averages and maxima of metrics are over.',
  },
  'metrics.recording.level': {
    type: 'STRING',
    default: 'INFO',
    validator: ConfigValidators.in('INFO', 'DEBUG'),
    importance: 'low',
    group: CONNECT,
    documentation:
      "The finest level of metrics that is recorded. All metrics here, and all of Kafka Connect's own, are of the level INFO.",
  },
  'metrics.names': {
    type: 'LIST',
    default: ['strimzi', 'exporter'],
    importance: 'low',
    group: HOLDFAST,
    validator: metricNames,
    documentation:
      "Under which names /metrics shows Kafka Connect's metrics: strimzi (kafka_connect_worker_task_count: Strimzi's rules), exporter (kafka_connect_connect_worker_metrics_task_count: the whole name of the MBean, as most other exporters and reporters do), both, or, left empty, none.",
  },
  'metrics.enable': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: HOLDFAST,
    documentation: 'Whether the REST API serves metrics for Prometheus at /metrics.',
  },
} as const;
