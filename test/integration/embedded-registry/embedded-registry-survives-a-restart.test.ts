import { afterEach, describe, expect, it } from 'vitest';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import type { Broker } from '../../../src/broker/ports.ts';
import {
  createEmbeddedRegistry,
  type EmbeddedRegistryOptions,
} from '../../../src/embedded-registry/embedded-registry.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { freePorts } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { RegistryHttp } from './registry-http.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const avro = (name: string, ...fields: readonly string[]) => ({
  schema: JSON.stringify({ type: 'record', name, fields: fields.map((f) => ({ name: f, type: 'int', default: 0 })) }),
});

async function open(dir: string, more: Partial<EmbeddedRegistryOptions> = {}) {
  const broker: Broker = await createEmbeddedBroker({ dir, clock: systemClock, logger: silentLogger });
  closers.push(() => broker.close());
  const registry = await createEmbeddedRegistry({
    broker,
    nodes: 1,
    host: '127.0.0.1',
    ports: await freePorts(more.nodes ?? 1),
    clock: systemClock,
    logger: silentLogger,
    ...more,
  });
  closers.push(() => registry.stop());
  return { broker, registry, http: registry.nodes.map(({ url }) => new RegistryHttp(url)) };
}

describe('one node over the embedded broker', () => {
  it('keeps schemas, deletes, levels and modes over a restart, and goes on with the ids', async () => {
    const dir = tempDir('registry');
    const first = await open(dir);
    const [http] = first.http;
    expect((await http!.post('/subjects/s/versions', avro('R', 'a'))).body).toEqual({ id: 1 });
    expect((await http!.post('/subjects/s/versions', avro('R', 'a', 'b'))).body).toEqual({ id: 2 });
    expect((await http!.post('/subjects/t/versions', avro('T'))).body).toEqual({ id: 3 });
    await http!.delete('/subjects/s/versions/1');
    await http!.delete('/subjects/t');
    await http!.put('/config/s', { compatibility: 'FULL' });
    await http!.put('/mode/u', { mode: 'READONLY' });
    const before = await everything(http!);
    await first.registry.stop();
    await first.broker.close();

    const second = await open(dir);
    const [again] = second.http;
    expect(await everything(again!)).toEqual(before);
    expect(before).toMatchObject([{ body: [expect.objectContaining({ id: 1, version: 1 }), {}, {}] }, {}, {}, {}]);
    expect((await again!.post('/subjects/s/versions', avro('R', 'a', 'b', 'c'))).body).toEqual({ id: 4 });
  });

  it('writes a compacted topic of one partition in the format that Confluent reads', async () => {
    const { broker, http } = await open(tempDir('registry'));
    await http[0]!.post('/subjects/s/versions', avro('R'));
    await http[0]!.put('/config', { compatibility: 'NONE' });
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    expect((await admin.describeTopics(['_schemas']))[0]?.partitions).toHaveLength(1);
    expect((await admin.describeTopicConfigs(['_schemas'])).get('_schemas')?.get('cleanup.policy')).toBe('compact');
    const fetcher = broker.fetcher({ settings: {}, logger: silentLogger });
    fetcher.add([{ topic: '_schemas', partition: 0, offset: 'earliest' }]);
    const records = (await fetcher.poll({ maxRecords: 10, timeoutMs: 5_000 })).flatMap((batch) => batch.records);
    const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());
    expect(records.map(({ key, value }) => [text(key), text(value)]).slice(0, 2)).toEqual([
      ['{"keytype":"NOOP","magic":0}', null],
      [
        '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
        '{"subject":"s","version":1,"id":1,"schema":"{\\"type\\":\\"record\\",\\"name\\":\\"R\\",\\"fields\\":[]}","deleted":false}',
      ],
    ]);
    await fetcher.close();
  });

  it('says once what it is for, refuses an unfit topic, and leaves no port open then', async () => {
    const dir = tempDir('registry');
    const { logger, lines } = recordingLogger();
    const { broker, registry } = await open(dir, { logger });
    expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      expect.stringContaining('meant for first runs, tests and development'),
    ]);
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    await admin.createTopics([
      { name: 'wide', partitions: 2, replicationFactor: -1, configs: { 'cleanup.policy': 'compact' } },
    ]);
    const options = { broker, nodes: 1, host: '127.0.0.1', clock: systemClock, logger: silentLogger };
    const failing = createEmbeddedRegistry({ ...options, ports: [], topic: 'wide' });
    await expect(failing).rejects.toMatchObject({ code: 'holdfast.embedded-registry.topic-unfit' });
    const taken = Number(new URL(registry.nodes[0]!.url).port);
    await expect(createEmbeddedRegistry({ ...options, ports: [taken], topic: 'other' })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

async function everything(http: RegistryHttp) {
  return Promise.all(['/schemas?deleted=true', '/subjects/s/versions', '/config/s', '/mode/u'].map((p) => http.get(p)));
}
