/** Kafka Connect 4.1.1, SinkConnectorsIntegrationTest. The assignors of the consumer group here are eager ones. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { seen } from '../../support/faulty-plugin.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic, withBroker } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

const FAULTY = new URL('../../support/faulty-plugin.ts', import.meta.url).href;

describe('SinkConnectorsIntegrationTest', () => {
  it('testEagerConsumerPartitionAssignment', async () => {
    const dir = tempDir('assignment');
    const topic = uniqueName('assignment');
    await withBroker(`embedded:${join(dir, 'broker')}`, (broker) => createTopic(broker, topic, 4));
    const connect = await EmbeddedConnect.start({ dir, pluginModules: [FAULTY] });
    const notes = (name: string): readonly string[] => seen().partitions.get(name) ?? [];
    const config = {
      'connector.class': 'test.FaultySinkConnector',
      topics: topic,
      'consumer.override.group.id': topic,
    };
    await connect.create(`${topic}-a`, config);
    await connect.waitFor('all partitions', async () => notes(`${topic}-a`).length === 1);
    expect(notes(`${topic}-a`)).toEqual(['open 0,1,2,3']);

    // Another member: everything is taken away, and opened anew where it belongs now.
    await connect.create(`${topic}-b`, config);
    await connect.waitFor('a share', async () => notes(`${topic}-b`).length === 1 && notes(`${topic}-a`).length === 3);
    expect(notes(`${topic}-a`).slice(0, 2)).toEqual(['open 0,1,2,3', 'close 0,1,2,3']);
    const shares = [notes(`${topic}-a`)[2], notes(`${topic}-b`)[0]].map((note) =>
      note?.replace('open ', '').split(','),
    );
    expect(shares.map((share) => share?.length)).toEqual([2, 2]);
    expect(shares.flat().sort()).toEqual(['0', '1', '2', '3']);

    expect((await connect.request('DELETE', `/connectors/${topic}-b`)).status).toBe(204);
    expect(notes(`${topic}-b`)).toEqual([notes(`${topic}-b`)[0], notes(`${topic}-b`)[0]?.replace('open', 'close')]);
    await connect.waitFor('all partitions again', async () => notes(`${topic}-a`).at(-1) === 'open 0,1,2,3');
    await connect.stop();
    expect(notes(`${topic}-a`).at(-1)).toBe('close 0,1,2,3');
  });
});
