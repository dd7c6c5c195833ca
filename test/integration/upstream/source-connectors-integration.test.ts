/** Kafka Connect 4.1.1, SourceConnectorsIntegrationTest, as far as one worker goes. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { withBroker } from '../../support/topic-content.ts';

const METERED = new URL('../../support/metered-plugin.ts', import.meta.url).href;
const SOURCE = { 'connector.class': 'test.MonitorableSourceConnector', records: '3' };
const CREATION = {
  'topic.creation.default.replication.factor': '1',
  'topic.creation.default.partitions': '2',
  'topic.creation.groups': 'compacted',
  'topic.creation.compacted.include': 'keep.*',
  'topic.creation.compacted.exclude': 'keep-not',
  'topic.creation.compacted.partitions': '3',
  'topic.creation.compacted.cleanup.policy': 'compact',
};

async function written(connect: EmbeddedConnect, name: string): Promise<void> {
  await connect.waitFor('three records', async () => {
    const counted = await connect.worker.herder.taskCounters({ connector: name, task: 0 });
    return counted['source-record-write-total'] === 3;
  });
}

function topicOf(
  dir: string,
  topic: string,
): Promise<{ readonly partitions: number; readonly policy: string | undefined }> {
  return withBroker(`embedded:${join(dir, 'broker')}`, async (broker) => {
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    const [description] = await admin.describeTopics([topic]);
    const configs = await admin.describeTopicConfigs([topic]);
    await admin.close();
    return { partitions: description?.partitions.length ?? 0, policy: configs.get(topic)?.get('cleanup.policy') };
  });
}

describe('SourceConnectorsIntegrationTest', () => {
  it('testTopicsAreCreatedWhenAutoCreateTopicsIsEnabledAtTheBroker', async () => {
    const dir = tempDir('auto-create');
    const connect = await EmbeddedConnect.start({
      dir,
      pluginModules: [METERED],
      settings: { 'topic.creation.enable': 'false' },
    });
    await connect.create('auto', { ...SOURCE, topic: 'auto' });
    await written(connect, 'auto');
    await connect.stop();
    expect(await topicOf(dir, 'auto')).toEqual({ partitions: 1, policy: 'delete' });
  });

  it('testTopicsAreCreatedWhenTopicCreationIsEnabled', async () => {
    const dir = tempDir('topic-creation');
    const connect = await EmbeddedConnect.start({ dir, pluginModules: [METERED] });
    for (const topic of ['keep-me', 'keep-not', 'other']) {
      await connect.create(topic, { ...SOURCE, topic, ...CREATION });
      await written(connect, topic);
    }
    await connect.stop();
    expect(await topicOf(dir, 'keep-me')).toEqual({ partitions: 3, policy: 'compact' });
    expect(await topicOf(dir, 'keep-not')).toEqual({ partitions: 2, policy: 'delete' });
    expect(await topicOf(dir, 'other')).toEqual({ partitions: 2, policy: 'delete' });
  });

  it('testSwitchingToTopicCreationEnabled', async () => {
    const dir = tempDir('switching');
    const { logger, lines } = recordingLogger('warn');
    const before = await EmbeddedConnect.start({
      dir,
      logger,
      pluginModules: [METERED],
      settings: { 'topic.creation.enable': 'false' },
    });
    await before.create('keep-old', { ...SOURCE, topic: 'keep-old', ...CREATION });
    await written(before, 'keep-old');
    await before.stop();
    const warnings = lines.filter(({ message }) => message.includes('topic.creation.enable'));
    expect(warnings.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ connector: 'keep-old', keys: Object.keys(CREATION) }),
    ]);
    expect(await topicOf(dir, 'keep-old')).toEqual({ partitions: 1, policy: 'delete' });

    const after = await EmbeddedConnect.start({ dir, pluginModules: [METERED] });
    await after.create('keep-new', { ...SOURCE, topic: 'keep-new', ...CREATION });
    await written(after, 'keep-new');
    await after.stop();
    expect(await topicOf(dir, 'keep-new')).toEqual({ partitions: 3, policy: 'compact' });
    expect(await topicOf(dir, 'keep-old')).toEqual({ partitions: 1, policy: 'delete' });
  });
});
