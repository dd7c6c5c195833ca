/**
 * Every attribute of every MBean that a standalone Kafka Connect 4.1.1 shows (test/fixtures/kafka-connect-mbeans.tsv, recorded by
 * test/support/record-connect-mbeans.ts) is in /metrics under both ways of naming it, or stands in the guide's table of what is not
 * there; and what is there agrees with what went through.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Isolation } from '../../src/runtime/host/isolation.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { parseExposition, type Series } from '../support/exposition.ts';
import type { SharedKafka } from '../support/shared-kafka.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';

const PLUGIN = new URL('../support/metered-plugin.ts', import.meta.url).href;
const RECORDS = 40;

interface Attribute {
  readonly domain: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly name: string;
  /** Whether Kafka Connect has a value for it once records went through. */
  readonly hasValue: boolean;
}

const attributes: readonly Attribute[] = readFileSync(
  new URL('../fixtures/kafka-connect-mbeans.tsv', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => {
    const [domain = '', type = '', tags = '', name = '', kind] = line.split('\t');
    return { domain, type, tags: tags === '' ? [] : tags.split(','), name, hasValue: kind === 'number' };
  });

/** Rows of the guide's table: MBeans and attributes, either with `*`, that are not there. */
const absent = [
  ...readFileSync(new URL('../../docs/guides/monitoring.md', import.meta.url), 'utf8').matchAll(
    /^\| `(kafka\.[^`]+)` \| ((?:`[^`]+`(?:, )?)+) \| [^|]+ \|$/gm,
  ),
].flatMap(([, bean = '', names = '']) =>
  [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ bean, name, matches: patternOf(`${bean} ${name}`) })),
);

function patternOf(text: string): RegExp {
  const escaped = text.replace(/[.[\]]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}

const beanOf = ({ domain, type, tags }: Attribute): string =>
  `${domain}:type=${type}${tags.map((tag) => `,${tag}=*`).join('')}`;

const promName = (text: string): string => text.replace(/[^a-zA-Z0-9]/g, '_').toLowerCase();

/** The rules of Strimzi's examples and those of Confluent's, as their users have them. */
function seriesOf({
  domain,
  type,
  tags,
  name,
}: Attribute): readonly { readonly name: string; readonly labels: string[] }[] {
  // Those with an id are the same again.
  if (tags.includes('id')) return [];
  if (type === 'app-info') {
    const prefix = promName(domain);
    const started = name === 'start-time-ms';
    return [
      { name: `${prefix}_${started ? 'start_time_seconds' : promName(`${name}_info`)}`, labels: ['clientid'] },
      { name: `${prefix}_app_info`, labels: ['client_id', promName(name)] },
    ];
  }
  const isText = /^(status|.*-(class|version|type))$/.test(name) && domain === 'kafka.connect';
  const text = isText ? [promName(name)] : [];
  const strimziType = type.replace(/-metrics$/, '').replace(domain === 'kafka.connect' ? /^connect-/ : /^$/, '');
  const strimziDomain = domain === 'kafka.connect' ? 'kafka_connect' : 'kafka';
  return [
    {
      name: promName(`${strimziDomain}_${strimziType}_${name}`),
      labels: [...tags.map((tag) => tag.replace(/^(client|node)-id$/, '$1id')), ...text],
    },
    { name: promName(`${domain}_${type}_${name}`), labels: [...tags.map(promName), ...text] },
  ];
}

/** With the tasks of source and sink in these places. */
const metrics = (ofSource: Isolation, ofSink: Isolation) => (kafka: () => SharedKafka) => {
  let connect: EmbeddedConnect;
  let all: readonly Series[] = [];
  const topic = uniqueName('mbeans');

  beforeAll(async () => {
    const dir = tempDir('mbeans');
    connect = await EmbeddedConnect.start({
      dir,
      pluginModules: [PLUGIN],
      settings: { 'bootstrap.servers': kafka().bootstrapServers, 'offset.flush.interval.ms': '100' },
    });
    const transforms = {
      transforms: 'mark',
      'transforms.mark.type': 'org.apache.kafka.connect.transforms.InsertHeader',
      'transforms.mark.header': 'mark',
      'transforms.mark.value.literal': 'x',
      'transforms.mark.predicate': 'all',
      predicates: 'all',
      'predicates.all.type': 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone',
    };
    await connect.create('source', {
      'connector.class': 'test.MonitorableSourceConnector',
      'task.isolation': ofSource,
      topic,
      records: String(RECORDS),
      ...transforms,
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '1',
    });
    await connect.create('sink', {
      'connector.class': 'test.MonitorableSinkConnector',
      'task.isolation': ofSink,
      topics: topic,
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': `${topic}-bad`,
      'errors.deadletterqueue.topic.replication.factor': '1',
      'consumer.override.auto.offset.reset': 'earliest',
      'consumer.override.heartbeat.interval.ms': '200',
      ...transforms,
    });
    const arrived = (series: Series): boolean =>
      series.name === 'kafka_consumer_fetch_manager_records_consumed_total' &&
      series.labels['topic'] === undefined &&
      series.value >= RECORDS;
    const committed = (series: Series): boolean =>
      series.name === 'kafka_consumer_coordinator_commit_total' && series.value > 0;
    await vi.waitFor(
      async () => {
        all = parseExposition(await (await fetch(`${connect.url}/metrics`)).text());
        const sent = value('kafka_producer_record_send_total', { connector: 'source' });
        const written = value('kafka_connect_source_task_source_record_write_total', { task: '0' });
        const read = value('kafka_connect_sink_task_sink_record_read_total', { task: '0' });
        const beats = value('kafka_consumer_coordinator_heartbeat_response_time_max', { connector: 'sink' });
        const isThrough = [sent, written, read].every((count) => count >= RECORDS);
        if (!isThrough || !all.some(arrived) || !all.some(committed) || Number.isNaN(beats)) throw new Error('not yet');
      },
      { timeout: 45_000, interval: 250 },
    );
  }, 60_000);

  afterAll(async () => {
    await connect?.worker.stop();
  });

  function value(name: string, labels: Readonly<Record<string, string | undefined>> = {}): number {
    const found = all.filter(
      (series) =>
        series.name === name && Object.entries(labels).every(([label, text]) => series.labels[label] === text),
    );
    return found.length === 1 ? (found[0]?.value ?? Number.NaN) : Number.NaN;
  }

  /** Series under both names that the attribute may be, with the tags of its MBean and no others that tell one MBean from another. */
  const shown = (attribute: Attribute): readonly (readonly Series[])[] =>
    seriesOf(attribute).map(({ name, labels }) =>
      all.filter(
        (series) =>
          series.name === name &&
          labels.every((label) => series.labels[label] !== undefined) &&
          ['topic', 'partition'].every((tag) => labels.includes(tag) === (series.labels[tag] !== undefined)),
      ),
    );
  const isAbsent = (attribute: Attribute): boolean =>
    absent.some(({ matches }) => matches.test(`${beanOf(attribute)} ${attribute.name}`));
  const named = (attribute: Attribute): string => `${beanOf(attribute)} ${attribute.name}`;

  it('has a series for each attribute, or names it in the guide as absent', () => {
    const isShown = (attribute: Attribute): boolean => {
      const series = shown(attribute);
      return series.length > 0 && series.every((found) => found.length > 0);
    };
    expect(attributes.filter((one) => !isShown(one) && !isAbsent(one)).map(named)).toEqual([]);
    expect(attributes.filter((one) => isShown(one) && isAbsent(one)).map(named)).toEqual([]);
    expect(absent.filter(({ matches }) => !attributes.some((one) => matches.test(named(one))))).toEqual([]);
    expect(attributes).toHaveLength(363);
  });

  it('has a value wherever Kafka Connect has one', () => {
    const without = attributes.filter(
      (attribute) =>
        attribute.hasValue &&
        !isAbsent(attribute) &&
        shown(attribute).some((series) => series.every(({ value: shownValue }) => Number.isNaN(shownValue))),
    );
    expect(without.map(named)).toEqual([]);
  });

  // confluentinc/jmx-monitoring-stacks, kafka-consumer.json and kafka-producer.json.
  it.each([
    [
      'consumer',
      'consumer_fetch_manager_metrics',
      ['records_consumed_rate', 'bytes_consumed_rate', 'fetch_latency_avg'],
    ],
    ['consumer', 'consumer_coordinator_metrics', ['rebalance_rate_per_hour', 'failed_rebalance_rate_per_hour']],
    ['consumer', 'consumer_metrics', ['connection_count', 'incoming_byte_rate', 'poll_idle_ratio_avg']],
    ['consumer', 'app', ['info']],
    [
      'producer',
      'producer_metrics',
      ['record_send_rate', 'request_latency_avg', 'outgoing_byte_rate', 'batch_size_avg'],
    ],
    ['producer', 'producer_topic_metrics', ['byte_rate', 'record_error_rate', 'record_retry_rate']],
    ['producer', 'app', ['info']],
  ])('has what dashboards of a %s ask for of %s', (kind, type, names) => {
    const clientId = kind === 'producer' ? 'connector-producer-source-0' : 'connector-consumer-sink-0';
    const missing = names.filter(
      (name) =>
        !all.some(
          (series) =>
            series.name === `kafka_${kind}_${type}_${name}` &&
            series.labels['client_type'] === kind &&
            series.labels['client_id'] === clientId &&
            (type !== 'app' || series.labels['version'] !== undefined),
        ),
    );
    expect(missing).toEqual([]);
  });

  it('never shows a number that can not be', () => {
    for (const { name, labels, value: shownValue } of all.filter((series) => /^kafka_/.test(series.name))) {
      const what = `${name} ${JSON.stringify(labels)}`;
      if (Number.isNaN(shownValue)) continue;
      expect(Number.isFinite(shownValue), what).toBe(true);
      if (!/_seconds_ago$/.test(name)) expect(shownValue, what).toBeGreaterThanOrEqual(0);
      if (/_(ratio|percentage)(_avg)?$/.test(name)) expect(shownValue, what).toBeLessThanOrEqual(1);
      const max = all.filter(
        (series) =>
          series.name === name.replace(/_avg$|_avg(?=_time_ms$)/, '_max') &&
          JSON.stringify(series.labels) === JSON.stringify(labels),
      );
      if (max.length === 1) expect(shownValue, what).toBeLessThanOrEqual((max[0]?.value ?? 0) + 1e-9);
    }
  });

  it('counts the records that went through, in each client and task alike', () => {
    const source = { connector: 'source', task: '0', clientid: 'connector-producer-source-0' };
    const sink = { connector: 'sink', task: '0', clientid: 'connector-consumer-sink-0' };
    const ofTopic = { ...source, topic };
    expect(value('kafka_producer_record_send_total', source)).toBe(RECORDS);
    expect(value('kafka_producer_topic_record_send_total', ofTopic)).toBe(RECORDS);
    expect(value('kafka_producer_record_error_total', source)).toBe(0);
    expect(value('kafka_producer_buffer_available_bytes', source)).toBe(
      value('kafka_producer_buffer_total_bytes', source),
    );
    expect(value('kafka_producer_compression_rate_avg', source)).toBe(1);
    const bytes = value('kafka_producer_topic_byte_total', ofTopic);
    expect(value('kafka_producer_outgoing_byte_total', source)).toBeGreaterThan(bytes);
    expect(value('kafka_connect_source_task_source_record_write_total', { task: '0' })).toBe(RECORDS);

    expect(value('kafka_consumer_fetch_manager_records_consumed_total', { ...sink, topic: undefined })).toBe(RECORDS);
    expect(value('kafka_consumer_fetch_manager_records_consumed_total', { ...sink, topic })).toBe(RECORDS);
    expect(value('kafka_connect_sink_task_sink_record_read_total', { task: '0' })).toBe(RECORDS);
    const partition = { ...sink, topic, partition: '0' };
    expect(value('kafka_consumer_fetch_manager_records_lag', partition)).toBe(0);
    expect(value('kafka_consumer_fetch_manager_records_lead', partition)).toBe(RECORDS);
    // The same batches, as the broker stored them.
    expect(value('kafka_consumer_fetch_manager_bytes_consumed_total', { ...sink, topic, partition: undefined })).toBe(
      bytes,
    );
    expect(value('kafka_consumer_coordinator_assigned_partitions', sink)).toBe(1);
    // Another one if the group began before the new topic was known to all of the broker.
    expect([1, 2]).toContain(value('kafka_consumer_coordinator_rebalance_total', sink));

    expect(value('kafka_producer_record_send_total', { clientid: 'connector-dlq-producer-sink-0' })).toBe(0);
    for (const [client, labels] of [
      ['producer', source],
      ['consumer', sink],
      ['admin_client', { clientid: 'connector-adminclient-source-0' }],
    ] as const) {
      const total = (attribute: string): number => value(`kafka_${client}_${attribute}`, labels);
      const nodes = all.filter(
        ({ name, labels: own }) => name === `kafka_${client}_node_request_total` && own['clientid'] === labels.clientid,
      );
      expect(nodes.map(({ labels: own }) => own['nodeid'])).toContain('node-1');
      expect(nodes.reduce((sum, node) => sum + node.value, 0)).toBe(total('request_total'));
      expect(total('connection_count')).toBe(total('connection_creation_total') - total('connection_close_total'));
      expect(total('network_io_total')).toBe(total('request_total') + total('response_total'));
      expect(total('connection_count')).toBeGreaterThan(0);
    }
  });

  it('has no series of the clients of tasks that have ended', async () => {
    const shownClients = async (): Promise<readonly string[]> => {
      const page = parseExposition(await (await fetch(`${connect.url}/metrics`)).text());
      return page.filter(({ name }) => /^kafka_(producer|consumer|admin_client)_/.test(name)).map(({ name }) => name);
    };
    expect(await shownClients()).not.toEqual([]);
    for (const name of ['source', 'sink']) await connect.request('PUT', `/connectors/${name}/stop`);
    await vi.waitFor(async () => expect(await shownClients()).toEqual([]), { timeout: 30_000, interval: 250 });
  });
};

describeWithKafka('GET /metrics beside what a standalone Kafka Connect shows', metrics('inline', 'inline'));
// What clients measure crosses from thread to thread, and nothing of it is lost there.
describeWithKafka('GET /metrics of tasks in threads', metrics('own', 'shared'));
