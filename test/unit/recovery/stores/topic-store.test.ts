import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { topicStore } from '../../../../src/recovery/stores/topic-store.ts';
import { TopicCompactedLog } from '../../../../src/storage/topic-compacted-log.ts';
import { client, openOn, type SimulatedBroker } from '../../broker/embedded/broker-on-simulated-disk.ts';

const signal = new AbortController().signal;
let on: SimulatedBroker;

afterEach(() => on.broker.close());

const source = (topic: string) =>
  topicStore({ broker: on.broker, settings: {}, logger: silentLogger, topic, name: `kafka:${topic}` });

describe('topicStore', () => {
  it("reads the last value of each key of a worker's store", async () => {
    on = await openOn();
    const log = new TopicCompactedLog({
      ...{ broker: on.broker, topic: 'store', replicationFactor: -1, setting: 'schema.store.topic' },
      ...{ settings: { admin: {}, producer: {}, consumer: {} }, clock: on.clock, logger: silentLogger },
    });
    await log.load();
    expect(await source('store').load(signal)).toEqual({ entries: [], damaged: 0 });
    await log.append([
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
      { key: 'c', value: '3' },
    ]);
    await log.append([
      { key: 'a', value: '4' },
      { key: 'b', value: null },
    ]);
    expect(await source('store').load(signal)).toEqual({
      entries: [
        { key: 'c', value: '3' },
        { key: 'a', value: '4' },
      ],
      damaged: 0,
    });
    await log.close();
  });

  it('makes no topic that is not there', async () => {
    on = await openOn();
    await expect(source('none').load(signal)).rejects.toMatchObject({
      code: 'holdfast.recovery.stores-topic-missing',
    });
    const admin = on.broker.admin(client);
    expect(await admin.listTopics()).toEqual([]);
    await admin.close();
  });
});
