import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema } from '../../support/avro-pipelines.ts';
import { freePorts } from '../../support/ports.ts';
import { createTopic } from '../../support/topic-content.ts';

const AVRO = 'io.confluent.connect.avro.AvroConverter';
const KEY = sequenceSchema('Key');
const VALUE = sequenceSchema('Value');

/** Keys of one registry, values of another one, in one worker. */
describe('one of two registries goes away', () => {
  it.each(['keys', 'values'] as const)('that of %s parks what needs it, and nothing else', async (away) => {
    const [keyPort = 0, valuePort = 0] = await freePorts(2);
    const registries = {
      keys: await ScriptedRegistry.start({ ports: [keyPort], kafkaClusterId: 'kafka-of-keys' }),
      values: await ScriptedRegistry.start({ ports: [valuePort], kafkaClusterId: 'kafka-of-values' }),
    };
    const keyId = await registries.keys.register('both-key', KEY);
    const valueId = await registries.values.register('both-value', VALUE);
    const bench = await AvroBench.start({
      registryUrls: registries.values.urls,
      settings: { 'value.converter.http.read.timeout.ms': '1000' },
    });
    const keysToo = { 'key.converter': AVRO, 'key.converter.schema.registry.url': registries.keys.urls.join(',') };
    const send = async (topic: string, sequence: readonly number[]): Promise<void> => {
      const producer = bench.broker.producer({ settings: {}, logger: silentLogger });
      await producer.send(
        sequence.map((seq) => ({
          topic,
          partition: 0,
          timestamp: -1,
          key: framed(keyId, KEY, { seq, text: 'k' }),
          value: framed(valueId, VALUE, { seq, text: 'v' }),
          headers: [],
        })),
      );
      await producer.close();
    };
    try {
      for (const topic of ['both', 'values', 'keys']) {
        await createTopic(bench.broker, topic, 1);
        await send(topic, range(0, 20));
      }
      const rule = registries[away].script({ fault: { kind: 'cut' } });
      await bench.sink('both', 'both', keysToo);
      await bench.sink('values', 'values', {
        'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
      });
      const text = { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' };
      await bench.sink('keys', 'keys', { ...keysToo, ...text });
      const port = String(away === 'keys' ? keyPort : valuePort);
      await bench.connect.waitFor('both waits for the one that is away', async () => {
        const { tasks } = await bench.status('both');
        return tasks[0]?.parked?.reason.includes(port);
      });
      if (away === 'keys') {
        await bench.expectDelivered('values', range(0, 20));
        await bench.parked('keys');
      } else {
        await bench.parked('values');
        await bench.notParked('keys');
      }
      expect(bench.delivered('both')).toEqual([]);
      rule.remove();
      await bench.expectDelivered('both', range(0, 20));
      await bench.expectDelivered('values', range(0, 20));
      expect(await bench.failures()).toEqual([]);
    } finally {
      await bench.stop();
      await Promise.all([registries.keys.stop(), registries.values.stop()]);
    }
  });
});
