import { afterEach, describe, expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import { createEmbeddedRegistry } from '../../../src/embedded-registry/embedded-registry.ts';
import { guidOf } from '../../../src/embedded-registry/schema-content.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { FaultProxy } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema } from '../../support/avro-pipelines.ts';
import { freePorts } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic } from '../../support/topic-content.ts';
import { RegistryHttp } from '../embedded-registry/registry-http.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A worker, and an embedded registry behind a proxy that can take it away. */
class Bench {
  readonly avro: AvroBench;
  readonly http: RegistryHttp;
  private readonly proxy: FaultProxy;

  private constructor(avro: AvroBench, http: RegistryHttp, proxy: FaultProxy) {
    this.avro = avro;
    this.http = http;
    this.proxy = proxy;
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Bench> {
    const broker = await createEmbeddedBroker({ dir: tempDir('registry'), logger: silentLogger });
    closers.push(() => broker.close());
    const [port = 0] = await freePorts(1);
    const options = { broker, nodes: 1, host: '127.0.0.1', ports: [port], clock: systemClock, logger: silentLogger };
    const registry = await createEmbeddedRegistry(options);
    closers.push(() => registry.stop());
    const proxy = new FaultProxy({ target: { host: '127.0.0.1', port } });
    await proxy.start();
    closers.push(() => proxy.stop());
    const avro = await AvroBench.start({ registryUrls: [`http://127.0.0.1:${proxy.port}`], settings });
    closers.push(() => avro.stop());
    return new Bench(avro, new RegistryHttp(`http://127.0.0.1:${port}`), proxy);
  }

  async register(subject: string, schema: string, more: object = {}): Promise<number> {
    const { status, body } = await this.http.post(`/subjects/${encodeURIComponent(subject)}/versions`, {
      schema,
      ...more,
    });
    expect([status, body]).toEqual([200, { id: expect.any(Number) }]);
    return body.id as number;
  }

  async away(): Promise<void> {
    await this.proxy.setMode({ kind: 'refuse' });
  }

  async back(): Promise<void> {
    await this.proxy.setMode({ kind: 'pass' });
  }

  async ids(topic: string): Promise<ReadonlySet<number>> {
    const records = (await this.avro.topic(topic)).flat();
    return new Set(records.map(({ value }) => Buffer.from(value ?? []).readInt32BE(1)));
  }
}

const OWN = sequenceSchema('Own');
const WIDER = sequenceSchema('Own', ',{"name":"more","type":["null","string"],"default":null}');

interface Case {
  /** Of the converter, without prefix. */
  readonly settings: Readonly<Record<string, string>>;
  /** Registers what has to be there; the id that all records carry, or undefined for the one that is registered. */
  readonly before?: (bench: Bench) => Promise<number>;
  /** The subjects that there are in the end. */
  readonly subjects: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  RecordNameStrategy: {
    settings: { 'value.subject.name.strategy': 'io.confluent.kafka.serializers.subject.RecordNameStrategy' },
    subjects: ['Own'],
  },
  TopicRecordNameStrategy: {
    settings: { 'value.subject.name.strategy': 'TopicRecordNameStrategy' },
    subjects: ['t-Own'],
  },
  'auto.register.schemas=false, normalize.schemas=true': {
    settings: { 'auto.register.schemas': 'false', 'normalize.schemas': 'true' },
    // As the source's converter makes it, with its attributes in another order.
    before: (bench) => bench.register('t-value', OWN.replace(/^{/, '{"connect.name":"Own",')),
    subjects: ['t-value'],
  },
  'use.latest.version, with a reference': {
    settings: { 'use.latest.version': 'true', 'auto.register.schemas': 'false' },
    before: async (bench) => {
      await bench.register('note', '{"type":"record","name":"Note","fields":[]}');
      await bench.register('t-value', OWN);
      const more = ',{"name":"note","type":["null","Note"],"default":null}';
      return bench.register('t-value', sequenceSchema('Own', more), {
        references: [{ name: 'Note', subject: 'note', version: 1 }],
      });
    },
    subjects: ['note', 't-value'],
  },
  'use.schema.id': {
    settings: { 'use.schema.id': '2' },
    before: async (bench) => {
      await bench.register('elsewhere', OWN);
      return bench.register('elsewhere', WIDER);
    },
    subjects: ['elsewhere'],
  },
  'use.latest.with.metadata': {
    settings: { 'use.latest.with.metadata': 'stage=live' },
    before: async (bench) => {
      const id = await bench.register('t-value', OWN, { metadata: { properties: { stage: 'live' } } });
      await bench.register('t-value', WIDER, { metadata: { properties: { stage: 'draft' } } });
      return id;
    },
    subjects: ['t-value'],
  },
  'context.name.strategy': {
    settings: { 'context.name.strategy': 'StaticContextNameStrategy', 'context.name': '.europe' },
    before: async (bench) => {
      // The same id stands for something else in the default context.
      await bench.register('other', '"string"');
      return 1;
    },
    subjects: [':.europe:t-value', 'other'],
  },
};

describe('records with known schemas flow while the whole registry is away, and after', () => {
  it.each(Object.entries(cases))('%s', async (_name, { settings, before, subjects }) => {
    const prefixed = Object.entries(settings).map(([key, value]) => [`value.converter.${key}`, value]);
    const bench = await Bench.start({
      ...Object.fromEntries(prefixed),
      'value.converter.latest.cache.ttl.sec': '1',
    });
    const expected = await before?.(bench);
    await bench.avro.source('source', 't', OWN);
    await bench.avro.sink('sink', 't');
    bench.avro.feed('source', range(0, 10));
    await bench.avro.expectDelivered('sink', range(0, 10));
    await bench.away();
    for (let from = 10; from < 40; from += 10) {
      // Longer than the latest version is believed without asking.
      await new Promise((resolve) => setTimeout(resolve, 500));
      bench.avro.feed('source', range(from, from + 10));
      await bench.avro.expectDelivered('sink', range(0, from + 10));
    }
    await bench.back();
    bench.avro.feed('source', range(40, 50));
    await bench.avro.expectDelivered('sink', range(0, 50));
    expect(await bench.avro.failures()).toEqual([]);
    const ids = await bench.ids('t');
    expect(ids.size).toBe(1);
    if (expected !== undefined) expect([...ids]).toEqual([expected]);
    expect((await bench.http.get('/subjects')).body).toEqual([...subjects].sort());
  });
});

describe('records that name their schemas by GUID in a header', () => {
  it('are read while the registry is away once a schema is known; a new one waits and nothing is lost', async () => {
    const bench = await Bench.start();
    const later = sequenceSchema('Later');
    const guids = new Map<string, string>();
    for (const schema of [OWN, later]) {
      await bench.register('s', schema, {});
      await bench.http.put('/config/s', { compatibility: 'NONE' });
      guids.set(schema, guidOf({ schemaType: 'AVRO', schema, references: [] }));
    }
    await createTopic(bench.avro.broker, 't', 1);
    const produce = async (schema: string, from: number, to: number): Promise<void> => {
      const producer = bench.avro.broker.producer({ settings: {}, logger: silentLogger });
      const value = Buffer.from(`01${(guids.get(schema) ?? '').replaceAll('-', '')}`, 'hex');
      await producer.send(
        range(from, to).map((seq) => ({
          topic: 't',
          partition: 0,
          key: null,
          value: framed(0, schema, { seq, text: 'x' }).subarray(5),
          headers: [{ key: '__value_schema_id', value }],
          timestamp: -1,
        })),
      );
      await producer.close();
    };
    await bench.avro.sink('sink', 't');
    await produce(OWN, 0, 10);
    await bench.avro.expectDelivered('sink', range(0, 10));
    await bench.away();
    await produce(OWN, 10, 20);
    await bench.avro.expectDelivered('sink', range(0, 20));
    await produce(later, 20, 30);
    await produce(OWN, 30, 40);
    await bench.avro.parked('sink');
    await bench.back();
    await bench.avro.expectDelivered('sink', range(0, 40));
    expect(await bench.avro.failures()).toEqual([]);
  });
});

describe('a record whose schema is not compatible with the latest version', () => {
  it('fails the task in Confluent’s words, and is not written', async () => {
    const bench = await Bench.start({ 'value.converter.use.latest.version': 'true' });
    await bench.register('t-value', sequenceSchema('Own', ',{"name":"needed","type":"int"}'));
    await bench.avro.source('source', 't', OWN);
    bench.avro.feed('source', range(0, 3));
    await bench.avro.connect.waitFor('the failure', async () => (await bench.avro.failures()).length > 0);
    const [trace] = await bench.avro.failures();
    expect(trace).toContain('Failed to serialize Avro data from topic t :');
    expect(trace).toContain('Set latest.compatibility.strict=false to disable this check');
    expect(await bench.avro.topicLength('t')).toBe(0);
  });
});
