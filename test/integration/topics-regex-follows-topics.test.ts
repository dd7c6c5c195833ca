/** A sink with topics.regex takes topics as they appear, and goes on when one is gone. */
import { expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../src/broker/embedded/embedded-broker.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { SINK, SOURCE, waitForStates } from '../support/monitorable-connect.ts';
import { monitored } from '../support/monitorable-plugin.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';

it('takes topics that appear while it runs, and loses nothing of the others when one vanishes', async () => {
  const dir = tempDir('regex');
  const broker = await createEmbeddedBroker({ dir: `${dir}/broker`, logger: silentLogger });
  const plugin = new URL('../support/monitorable-plugin.ts', import.meta.url).href;
  const connect = await EmbeddedConnect.start({ dir, broker, pluginModules: [plugin] });
  const prefix = uniqueName('regex');
  const sink = `${prefix}-sink`;
  await connect.create(sink, { 'connector.class': SINK, 'topics.regex': `${prefix}-t.*`, 'tasks.max': '2' });
  await waitForStates(connect, sink, 'RUNNING: RUNNING, RUNNING');
  const write = async (topic: string): Promise<void> => {
    await connect.create(`source-of-${topic}`, {
      'connector.class': SOURCE,
      topic,
      'tasks.max': '1',
      'max.messages': '30',
    });
    await connect.waitFor(`the records of ${topic}`, async () => {
      const values =
        monitored()
          .put.get(sink)
          ?.filter((value) => value.startsWith(`source-of-${topic}-0 `)) ?? [];
      return new Set(values).size === 30;
    });
  };
  await write(`${prefix}-t1`);
  await write(`${prefix}-t2`);
  // The pattern has to match the whole name.
  await connect.create(`${prefix}-no`, { 'connector.class': SOURCE, topic: `x${prefix}-t3`, 'tasks.max': '1' });
  const topicsOf = async (): Promise<readonly string[]> => {
    const { body } = await connect.request('GET', `/connectors/${sink}/topics`);
    return ((body as Record<string, { topics: string[] }>)[sink]?.topics ?? []).sort();
  };
  expect(await topicsOf()).toEqual([`${prefix}-t1`, `${prefix}-t2`]);
  const admin = broker.admin({ settings: {}, logger: silentLogger });
  await admin.deleteTopics([`${prefix}-t1`]);
  await write(`${prefix}-t4`);
  await waitForStates(connect, sink, 'RUNNING: RUNNING, RUNNING');
  const { body } = await connect.request('GET', `/connectors/${sink}/offsets`);
  const offsets = (body as { offsets: { partition: { kafka_topic: string } }[] }).offsets;
  expect(new Set(offsets.map(({ partition }) => partition.kafka_topic))).not.toContain(`${prefix}-t1`);
  expect(monitored().put.get(sink)).toHaveLength(90);
  await connect.stop();
  await broker.close();
});
