/** TransformationIntegrationTest of Kafka Connect 4.1.1, under its method names: predicates by their short names. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { SINK, SOURCE, startMonitorable } from '../../support/monitorable-connect.ts';
import { monitored } from '../../support/monitorable-plugin.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic, groupOffsets, produce, readTopic, withBroker } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

const PARTITIONS = 3;
const RECORDS = 60;

const filter = (predicate: string, settings: Readonly<Record<string, string>>, negate = 'false') => ({
  transforms: 'filter',
  'transforms.filter.type': 'Filter',
  'transforms.filter.predicate': 'chosen',
  'transforms.filter.negate': negate,
  predicates: 'chosen',
  'predicates.chosen.type': predicate,
  ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [`predicates.chosen.${key}`, value])),
});

describe('TransformationIntegrationTest', () => {
  it('testFilterOnTopicNameWithSinkConnector', async () => {
    const dir = tempDir('topic-name');
    const servers = `embedded:${join(dir, 'broker')}`;
    const name = uniqueName('filter');
    await withBroker(servers, async (broker) => {
      for (const topic of ['foo-topic', 'bar-topic']) {
        await createTopic(broker, topic, PARTITIONS);
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const values = Array.from(
            { length: RECORDS / PARTITIONS },
            (_, n) => `${topic} ${n * PARTITIONS + partition}`,
          );
          await produce(broker, topic, partition, values);
        }
      }
    });
    const connect = await startMonitorable({ dir });
    await connect.create(name, {
      'connector.class': SINK,
      topics: 'foo-topic,bar-topic',
      ...filter('TopicNameMatches', { pattern: 'bar-.*' }),
    });
    await connect.waitFor('the records', async () => (monitored().put.get(name)?.length ?? 0) >= RECORDS);
    await connect.stop();
    const expected = Array.from({ length: RECORDS }, (_, n) => `foo-topic ${n}`);
    expect([...(monitored().put.get(name) ?? [])].sort()).toEqual(expected.sort());
    await withBroker(servers, async (broker) => {
      // Of those that were left out too.
      const each = [0, 1, 2].map((partition) => [partition, RECORDS / PARTITIONS] as const);
      for (const topic of ['foo-topic', 'bar-topic']) {
        expect(await groupOffsets(broker, `connect-${name}`, topic)).toEqual(new Map(each));
      }
    });
  });

  it('testFilterOnTombstonesWithSinkConnector', async () => {
    const dir = tempDir('tombstones');
    const servers = `embedded:${join(dir, 'broker')}`;
    const name = uniqueName('filter');
    await withBroker(servers, async (broker) => {
      await createTopic(broker, 'foo-topic', PARTITIONS);
      const producer = broker.producer({ settings: {}, logger: silentLogger });
      await producer.send(
        Array.from({ length: RECORDS }, (_, n) => ({
          topic: 'foo-topic',
          partition: n % PARTITIONS,
          key: Buffer.from('key'),
          value: n % 2 === 0 ? Buffer.from(`value ${n}`) : null,
          headers: [],
          timestamp: -1,
        })),
      );
      await producer.close();
    });
    const connect = await startMonitorable({ dir });
    await connect.create(name, { 'connector.class': SINK, topics: 'foo-topic', ...filter('RecordIsTombstone', {}) });
    await connect.waitFor('half of the records', async () => monitored().put.get(name)?.length === RECORDS / 2);
    await connect.stop();
    expect(
      monitored()
        .put.get(name)
        ?.every((value) => value.startsWith('value ')),
    ).toBe(true);
    await withBroker(servers, async (broker) => {
      const offsets = await groupOffsets(broker, `connect-${name}`, 'foo-topic');
      expect([...offsets.values()]).toEqual(Array(PARTITIONS).fill(RECORDS / PARTITIONS));
    });
  });

  it('testFilterOnHasHeaderKeyWithSourceConnectorAndTopicCreation', async () => {
    const dir = tempDir('has-header');
    const connect = await startMonitorable({ dir });
    const name = uniqueName('filter');
    const config = {
      'connector.class': SOURCE,
      topic: 'test-topic',
      'tasks.max': '1',
      'max.messages': String(RECORDS),
      ...filter('HasHeaderKey', { name: 'header-8' }, 'true'),
      'topic.creation.default.replication.factor': '-1',
      'topic.creation.default.partitions': String(PARTITIONS),
    };
    const { body } = await connect.request('PUT', `/connector-plugins/${SOURCE}/config/validate`, { name, ...config });
    expect(body).toMatchObject({ error_count: 0 });
    await connect.create(name, config);
    await connect.waitFor('the records', async () => {
      const counted = await connect.worker.herder.taskCounters({ connector: name, task: 0 });
      return counted['source-record-poll-total'] === RECORDS && counted['source-record-active-count'] === 0;
    });
    await connect.stop();
    await withBroker(`embedded:${join(dir, 'broker')}`, async (broker) => {
      const partitions = await readTopic(broker, 'test-topic');
      expect(partitions).toHaveLength(PARTITIONS);
      const records = partitions.flat();
      expect(records).toHaveLength(RECORDS / 10);
      for (const { headers } of records) expect(headers.map(({ key }) => key)).toContain('header-8');
    });
  });
});
