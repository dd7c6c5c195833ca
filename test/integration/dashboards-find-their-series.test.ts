/**
 * What the panels and alerts of well-known dashboards for Kafka Connect ask Prometheus for is there, with the labels they select and group by.
 * Selectors of the place (namespace, pod, job, strimzi_io_cluster) come from the scrape, not from the worker, and are left out.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { parseExposition, type Series } from '../support/exposition.ts';
import { tempDir } from '../support/temp-dir.ts';

const PLUGIN = new URL('../support/metered-plugin.ts', import.meta.url).href;

/** Metric, labels that the expression uses, with a value where it selects one. */
type Wanted = readonly [metric: string, labels?: Readonly<Record<string, string | true>>];

const CONNECTOR = { connector: true } as const;
const TASK = { connector: true, task: true } as const;

const DASHBOARDS: Readonly<Record<string, readonly Wanted[]>> = {
  // strimzi/strimzi-kafka-operator, examples/metrics/grafana-dashboards/strimzi-kafka-connect.json and prometheus-rules/
  // prometheus-kafka-connect-rules.yaml. Its panels of the JVM and of containers are not the worker's.
  Strimzi: [
    ['kafka_connect_worker_connector_count'],
    ['kafka_connect_worker_task_count'],
    ...['total', 'running', 'paused', 'failed', 'unassigned', 'destroyed'].map(
      (state): Wanted => [`kafka_connect_worker_connector_${state}_task_count`, CONNECTOR],
    ),
    ['kafka_connect_connector_status', { ...TASK, status: 'running' }],
    ['kafka_connect_connector_status', { ...TASK, status: 'paused' }],
  ],
  // The dashboard of scality/backbeat, which is made for Strimzi's names.
  'Strimzi names, more panels': [
    ['kafka_connect_connector_info', { ...CONNECTOR, status: true, connector_type: 'source', connector_class: true }],
    ['kafka_connect_worker_task_startup_success_total'],
    ['kafka_connect_worker_task_startup_failure_total'],
    ['kafka_connect_worker_connector_startup_success_total'],
    ['kafka_connect_worker_connector_startup_failure_total'],
    ['kafka_connect_worker_rebalance_rebalance_avg_time_ms'],
    ['kafka_connect_worker_rebalance_time_since_last_rebalance_ms'],
    ...['batch_size_avg', 'batch_size_max', 'running_ratio', 'offset_commit_success_percentage'].map(
      (attribute): Wanted => [`kafka_connect_connector_task_${attribute}`, TASK],
    ),
    ['kafka_connect_connector_task_offset_commit_avg_time_ms', TASK],
    ...[
      'total_record_failures',
      'total_record_errors',
      'total_records_skipped',
      'total_errors_logged',
      'total_retries',
      'deadletterqueue_produce_requests',
      'deadletterqueue_produce_failures',
    ].map((attribute): Wanted => [`kafka_connect_task_error_${attribute}`, TASK]),
    ...[
      'poll_batch_avg_time_ms',
      'poll_batch_max_time_ms',
      'source_record_poll_rate',
      'source_record_write_rate',
      'source_record_active_count',
      'source_record_active_count_avg',
      'source_record_active_count_max',
    ].map((attribute): Wanted => [`kafka_connect_source_task_${attribute}`, TASK]),
    ...['partition_count', 'put_batch_avg_time_ms', 'put_batch_max_time_ms'].map(
      (attribute): Wanted => [`kafka_connect_sink_task_${attribute}`, TASK],
    ),
  ],
  // confluentinc/jmx-monitoring-stacks, kafka-connect-cluster; the same names in Aiven's integration for Prometheus.
  Confluent: [
    ['kafka_connect_app_info', { version: true }],
    ['kafka_connect_app_info', { start_time_ms: true }],
    ['kafka_connect_connector_info', CONNECTOR],
    ...['total', 'running', 'paused', 'failed', 'unassigned'].map(
      (state): Wanted => [`kafka_connect_connect_worker_metrics_connector_${state}_task_count`, CONNECTOR],
    ),
    ['kafka_connect_connect_worker_metrics_connector_count'],
    ['kafka_connect_connect_worker_metrics_connector_startup_success_total'],
    ['kafka_connect_connect_worker_metrics_connector_startup_failure_total'],
    ['kafka_connect_connect_worker_metrics_task_count'],
    ['kafka_connect_connect_worker_metrics_task_startup_success_total'],
    ['kafka_connect_connect_worker_metrics_task_startup_failure_total'],
    ['kafka_connect_connect_worker_rebalance_metrics_time_since_last_rebalance_ms'],
    ['kafka_connect_connect_worker_rebalance_metrics_rebalance_avg_time_ms'],
    ...['running_ratio', 'pause_ratio', 'batch_size_avg', 'batch_size_max', 'offset_commit_avg_time_ms'].map(
      (attribute): Wanted => [`kafka_connect_connector_task_metrics_${attribute}`, TASK],
    ),
    ['kafka_connect_connector_task_metrics_offset_commit_success_percentage', TASK],
    ...['total_record_errors', 'total_record_failures', 'total_records_skipped', 'total_errors_logged'].map(
      (attribute): Wanted => [`kafka_connect_task_error_metrics_${attribute}`, TASK],
    ),
    ['kafka_connect_task_error_metrics_deadletterqueue_produce_requests', TASK],
    ...['poll_rate', 'write_rate', 'active_count', 'write_total'].map(
      (attribute): Wanted => [`kafka_connect_source_task_metrics_source_record_${attribute}`, TASK],
    ),
    ['kafka_connect_source_task_metrics_poll_batch_avg_time_ms', TASK],
    ...['read_rate', 'send_rate', 'active_count'].map(
      (attribute): Wanted => [`kafka_connect_sink_task_metrics_sink_record_${attribute}`, TASK],
    ),
    ['kafka_connect_sink_task_metrics_put_batch_avg_time_ms', TASK],
    ['kafka_connect_sink_task_metrics_offset_commit_completion_rate', TASK],
    ['kafka_connect_sink_task_metrics_partition_count', TASK],
  ],
};

let connect: EmbeddedConnect;

async function series(): Promise<readonly Series[]> {
  const answer = await fetch(`${connect.url}/metrics`);
  return parseExposition(await answer.text());
}

async function until(what: string, isMet: (all: readonly Series[]) => boolean): Promise<readonly Series[]> {
  return expect
    .poll(
      async () => {
        const all = await series();
        return isMet(all) ? all : null;
      },
      { timeout: 15_000, interval: 100, message: what },
    )
    .toBeTruthy()
    .then(() => series());
}

const valueOfSeries = (
  all: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined =>
  all.find((each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value))
    ?.value;

beforeAll(async () => {
  const dir = tempDir('dashboards');
  connect = await EmbeddedConnect.start({
    dir,
    pluginModules: [PLUGIN],
    settings: { 'offset.flush.interval.ms': '100' },
  });
  await connect.create('source', {
    'connector.class': 'test.MonitorableSourceConnector',
    topic: 'metered',
    records: '20',
    transforms: 'count',
    'transforms.count.type': 'test.Counting',
  });
  await connect.create('sink', { 'connector.class': 'test.MonitorableSinkConnector', topics: 'metered' });
  await connect.create('resting "\\', { 'connector.class': 'test.MonitorableSourceConnector', topic: 'unused' });
  // The REST API, as Kafka Connect's, takes no backslash in a path.
  await connect.worker.herder.pauseConnector('resting "\\');
}, 30_000);

afterAll(async () => {
  await connect?.worker.stop();
});

describe('GET /metrics', () => {
  for (const [dashboard, wanted] of Object.entries(DASHBOARDS)) {
    it(`has what ${dashboard} asks for`, async () => {
      const all = await until('the paused task', (seen) =>
        seen.some(
          ({ name, labels }) =>
            // The connector says so before its task does.
            name === 'kafka_connect_connector_status' && labels['status'] === 'paused' && labels['task'] !== undefined,
        ),
      );
      const missing = wanted.filter(
        ([metric, labels = {}]) =>
          !all.some(
            (each) =>
              each.name === metric &&
              Object.entries(labels).every(([key, value]) =>
                value === true ? each.labels[key] !== undefined : each.labels[key] === value,
              ),
          ),
      );
      expect(missing).toEqual([]);
    });
  }

  it('counts what went through', async () => {
    const source = { connector: 'source', task: '0' };
    const sink = { connector: 'sink', task: '0' };
    const all = await until(
      'twenty records to be committed',
      (seen) =>
        valueOfSeries(seen, 'kafka_connect_sink_task_sink_record_send_total', sink) === 20 &&
        valueOfSeries(seen, 'kafka_connect_sink_task_sink_record_active_count', sink) === 0,
    );
    const value = (name: string, labels: Readonly<Record<string, string>>): number =>
      valueOfSeries(all, name, labels) ?? Number.NaN;
    expect(value('kafka_connect_source_task_source_record_poll_total', source)).toBe(20);
    expect(value('kafka_connect_source_task_metrics_source_record_write_total', source)).toBe(20);
    expect(value('kafka_connect_source_task_source_record_write_rate', source)).toBeGreaterThan(0.3);
    expect(value('kafka_connect_source_task_source_record_write_rate', source)).toBeLessThan(0.7);
    expect(value('kafka_connect_connector_task_batch_size_max', source)).toBe(1);
    expect(value('kafka_connect_source_task_poll_batch_avg_time_ms', source)).toBeGreaterThan(5);
    expect(value('kafka_connect_connector_task_running_ratio', source)).toBeGreaterThan(0.5);
    expect(value('kafka_connect_connector_task_offset_commit_success_percentage', source)).toBe(1);
    expect(value('kafka_connect_sink_task_sink_record_read_total', sink)).toBe(20);
    expect(value('kafka_connect_sink_task_partition_count', sink)).toBe(1);
    expect(value('kafka_connect_worker_connector_count', {})).toBe(3);
    expect(value('kafka_connect_worker_task_count', {})).toBe(3);
    expect(value('kafka_connect_worker_connector_startup_attempts_total', {})).toBe(3);
    expect(value('kafka_connect_worker_connector_running_task_count', { connector: 'source' })).toBe(1);
    expect(value('kafka_connect_worker_connector_paused_task_count', { connector: 'resting "\\' })).toBe(1);
  });

  it('has what plugins measure, and nothing of a connector that is deleted', async () => {
    const all = await until('the metrics of plugins', (seen) =>
      seen.some(({ name, value }) => name === 'kafka_connect_plugins_applied' && value === 20),
    );
    const plugins = all.filter(({ name }) => name.startsWith('kafka_connect_plugins_'));
    const ofSource = plugins.filter(({ labels }) => labels['connector'] === 'source');
    const shown = ofSource.map(({ name, labels }) => ({ name: name.replace('kafka_connect_plugins_', ''), ...labels }));
    const task = { connector: 'source', task: '0' };
    expect(shown.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'applied', ...task, transform: 'count' },
      { name: 'poll', ...task },
      { name: 'position', ...task },
      { name: 'start', connector: 'source', kind: 'metered' },
    ]);
    expect((await connect.request('DELETE', '/connectors/source')).status).toBe(204);
    const left = await until(
      'the series to go',
      (seen) => !seen.some(({ labels }) => labels['connector'] === 'source'),
    );
    expect(valueOfSeries(left, 'kafka_connect_worker_connector_count', {})).toBe(2);
  });
});

describe('metrics.names', () => {
  it('leaves out the names that nobody wants', async () => {
    const only = await EmbeddedConnect.start({
      dir: join(tempDir('dashboards'), 'one'),
      settings: { 'metrics.names': 'exporter' },
    });
    try {
      const text = await (await fetch(`${only.url}/metrics`)).text();
      expect(text).toContain('kafka_connect_connect_worker_metrics_task_count 0\n');
      expect(text).not.toContain('kafka_connect_worker_task_count');
    } finally {
      await only.worker.stop();
    }
  });
});
