import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { RecordingListener } from '../../support/broker-port-suite.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { newTopic, numbers, openBroker, readAll, runTool, startTool, textsOf, values } from './kafka-tools.ts';

const consoleConsumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const consoleProducer = 'org.apache.kafka.tools.ConsoleProducer';

describeWithKafka("Kafka's own programs", (shared) => {
  describe.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('with compression %s', (compression) => {
    it('read what we wrote, and we read what they wrote', async () => {
      const kafka = shared();
      const broker = openBroker(kafka.bootstrapServers);
      const topic = await newTopic(broker);
      const producer = broker.producer({ settings: { 'compression.type': compression }, logger: silentLogger });
      const ours = numbers(0, 500).map((n) => `ours ${n} ${'x'.repeat(50)}`);
      await producer.send(values(topic, ours));
      await producer.close();

      const bootstrap = ['--bootstrap-server', kafka.bootstrapServers, '--topic', topic];
      const read = await runTool(consoleConsumer, [...bootstrap, '--from-beginning', '--max-messages', '500']);
      expect(read.split('\n').filter((line) => line.startsWith('ours'))).toEqual(ours);

      const theirs = numbers(0, 500).map((n) => `theirs ${n} ${'y'.repeat(50)}`);
      await runTool(consoleProducer, [...bootstrap, '--compression-codec', compression], `${theirs.join('\n')}\n`);
      expect(textsOf(await readAll(broker, topic))).toEqual([...ours, ...theirs]);

      const folder = join(dirname(kafka.logFile), 'data', `${topic}-0`);
      const segment = readdirSync(folder).find((name) => name.endsWith('.log')) as string;
      const dump = await runTool('kafka.tools.DumpLogSegments', ['--files', join(folder, segment)]);
      const batches = dump.split('\n').filter((line) => line.startsWith('baseOffset:'));
      expect(batches.length).toBeGreaterThanOrEqual(2);
      for (const batch of batches) {
        expect(batch).toContain(`compresscodec: ${compression}`);
        expect(batch).toContain('isvalid: true');
        expect(batch).not.toContain('producerId: -1 ');
      }
      await broker.close();
    }, 60_000);
  });

  it('share a group with our member', async () => {
    const kafka = shared();
    const broker = openBroker(kafka.bootstrapServers);
    const topic = await newTopic(broker, 4);
    const groupId = uniqueName('group');
    const listener = new RecordingListener();
    const member = broker.groupMember({
      settings: { 'heartbeat.interval.ms': '500' },
      logger: silentLogger,
      groupId,
      subscription: { topics: [topic] },
      listener,
    });
    member.start();
    await listener.until(() => listener.held.length === 4);

    const java = await startTool(consoleConsumer, [
      ...['--bootstrap-server', kafka.bootstrapServers, '--topic', topic, '--group', groupId, '--from-beginning'],
      ...['--consumer-property', 'heartbeat.interval.ms=500'],
    ]);
    await listener.until(() => listener.held.length === 2);
    expect(listener.calls.map(({ call }) => call)).toEqual(['assigned', 'revoking', 'revoked', 'assigned']);

    // The Java consumer gets the records of the partitions that are not ours.
    const held = new Set(listener.held.map(({ partition }) => partition));
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    await producer.send(
      [0, 1, 2, 3].flatMap((partition) => values(topic, [`to ${partition}`]).map((one) => ({ ...one, partition }))),
    );
    const others = [0, 1, 2, 3].filter((partition) => !held.has(partition));
    await java.waitUntil(() => others.every((partition) => java.log().includes(`to ${partition}`)), {
      timeoutMs: 20_000,
    });
    for (const partition of held) expect(java.log()).not.toContain(`to ${partition}`);

    await java.stop();
    await listener.until(() => listener.held.length === 4);
    await member.close();
    await broker.close();
  }, 90_000);
});
