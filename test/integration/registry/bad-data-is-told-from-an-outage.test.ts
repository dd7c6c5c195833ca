import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FetchedRecord } from '../../../src/broker/ports.ts';
import { errorAnswer, ScriptedRegistry, type ScriptedRegistryOptions } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema, type Tolerance, tolerating } from '../../support/avro-pipelines.ts';
import { freePorts } from '../../support/ports.ts';
import { createTopic, produce } from '../../support/topic-content.ts';
import { eventually } from '../../support/worker-process.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SCHEMA = sequenceSchema('Bad');
const tolerances: readonly Tolerance[] = ['none', 'all'];

async function registryAndBench(
  settings: Readonly<Record<string, string>> = {},
  options: ScriptedRegistryOptions = {},
): Promise<{ readonly registry: ScriptedRegistry; readonly bench: AvroBench }> {
  const nodes = options.nodes ?? 2;
  const registry = await ScriptedRegistry.start({ nodes, ports: await freePorts(nodes), ...options });
  closers.push(() => registry.stop());
  const bench = await AvroBench.start({ registryUrls: registry.urls, settings });
  closers.push(() => bench.stop());
  return { registry, bench };
}

function failure(bench: AvroBench, connector: string): Promise<string> {
  return bench.connect.waitFor(`${connector} failed`, async () => {
    const { tasks } = await bench.status(connector);
    return tasks[0]?.state === 'FAILED' && (tasks[0].trace ?? '');
  });
}

function headersOf(record: FetchedRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(
    record.headers.map(({ key, value }) => [key, value === null ? '' : Buffer.from(value).toString()]),
  );
}

/** A frame with that id and a payload of nothing in particular. */
function garbage(id: number): Buffer {
  const bytes = Buffer.from('\0....no Avro at all');
  bytes.writeInt32BE(id, 1);
  return bytes;
}

const good = (id: number, seq: number): Buffer => framed(id, SCHEMA, { seq, text: 'good' });

describe('a record that no Avro reader can read', () => {
  const cases: readonly { readonly what: string; readonly bytes: (id: number) => Buffer; readonly says: RegExp }[] = [
    {
      what: 'a corrupt payload',
      bytes: (id) => Buffer.concat([good(id, 1).subarray(0, 5), Buffer.from([0xff, 0xff, 0xff])]),
      says: /DataException|DataError/,
    },
    { what: 'a wrong magic byte', bytes: () => Buffer.from('plain text'), says: /Unknown magic byte/ },
    { what: 'too few bytes', bytes: () => Buffer.from([0, 0, 1]), says: /too short/ },
    { what: 'an absurd id', bytes: () => garbage(0x2e2e2e2e), says: /no schema with id 774778414/ },
    { what: 'a negative id', bytes: () => garbage(-7), says: /No registry has a schema with id -7/ },
  ];

  it.each(cases)('goes to the dead letter queue: $what', async ({ bytes, says }) => {
    const { registry, bench } = await registryAndBench();
    const id = await registry.register('bad-value', SCHEMA);
    await createTopic(bench.broker, 'bad');
    await bench.sink('sink', 'bad', tolerating('all', 'dlq'));
    const poison = bytes(id);
    await produce(bench.broker, 'bad', 0, [good(id, 0), poison, good(id, 1), poison, good(id, 2)]);
    await bench.expectDelivered('sink', [0, 1, 2]);
    await bench.connect.waitFor('the reports', async () => (await bench.topic('dlq')).flat().length >= 2);
    const reports = (await bench.topic('dlq')).flat();
    expect(reports.map(({ value }) => Buffer.from(value ?? []))).toEqual([poison, poison]);
    expect(headersOf(reports[0] as FetchedRecord)).toMatchObject({
      '__connect.errors.topic': 'bad',
      '__connect.errors.offset': '1',
      '__connect.errors.stage': 'VALUE_CONVERTER',
    });
    expect(JSON.stringify(reports.map(headersOf))).toMatch(says);
    expect(await bench.failures()).toEqual([]);
  });

  it.each(cases)('fails the task with tolerance none, after everything before it: $what', async ({ bytes, says }) => {
    const { registry, bench } = await registryAndBench();
    const id = await registry.register('bad-value', SCHEMA);
    await createTopic(bench.broker, 'bad');
    await bench.sink('sink', 'bad');
    await produce(bench.broker, 'bad', 0, [good(id, 0), good(id, 1), bytes(id), good(id, 2)]);
    expect(await failure(bench, 'sink')).toMatch(says);
    expect(bench.delivered('sink')).toEqual([0, 1]);
  });
});

describe.each(tolerances)('an id a little ahead of every node, errors.tolerance=%s', (tolerance) => {
  it('makes its partition wait while the others flow, and goes on once it is registered', async () => {
    const { registry, bench } = await registryAndBench();
    const id = await registry.register('bad-value', SCHEMA);
    const next = sequenceSchema('Next');
    await createTopic(bench.broker, 'ahead', 2);
    await bench.sink('sink', 'ahead', tolerating(tolerance, 'dlq'));
    const ofNext = (seq: number): Buffer => framed(id + 1, next, { seq, text: 'next' });
    await produce(bench.broker, 'ahead', 0, [
      ...range(0, 10).map((seq) => good(id, seq)),
      ...range(10, 20).map(ofNext),
    ]);
    await produce(
      bench.broker,
      'ahead',
      0,
      range(20, 30).map((seq) => good(id, seq)),
    );
    await produce(
      bench.broker,
      'ahead',
      1,
      range(1000, 1500).map((seq) => good(id, seq)),
    );
    const park = await bench.parked('sink');
    expect(park.partitions).toEqual(['ahead-0']);
    await bench.connect.waitFor('what can flow', async () => bench.delivered('sink').length >= 510);
    // It goes on flowing while the other partition waits.
    await produce(
      bench.broker,
      'ahead',
      1,
      range(1500, 2000).map((seq) => good(id, seq)),
    );
    await bench.connect.waitFor('what comes later', async () => bench.delivered('sink').length >= 1010);
    expect(bench.delivered('sink').filter((seq) => seq < 1000)).toEqual(range(0, 10));
    expect(await bench.parked('sink')).toMatchObject({
      partitions: ['ahead-0'],
      dependency: `schema id ${id + 1}`,
      code: 'holdfast.registry.id.not-seen',
    });
    expect(await registry.register('next-value', next)).toBe(id + 1);
    await bench.connect.waitFor('the rest', async () => bench.delivered('sink').length >= 1030, 20_000);
    expect(bench.delivered('sink').filter((seq) => seq < 1000)).toEqual(range(0, 30));
    expect(bench.delivered('sink').filter((seq) => seq >= 1000)).toEqual(range(1000, 2000));
    await bench.notParked('sink');
    expect((await bench.topic('dlq')).flat()).toEqual([]);
    expect(await bench.failures()).toEqual([]);
  });
});

describe('a schema that the registry refuses', () => {
  const incompatible = sequenceSchema('Kept', ',{"name":"must","type":"string"}');

  it('as incompatible fails a source with tolerance none', async () => {
    const { registry, bench } = await registryAndBench();
    await registry.register('kept-value', incompatible);
    bench.feed('source', [0]);
    await bench.source('source', 'kept', sequenceSchema('Other').replace('"long"', '"string"'));
    expect(await failure(bench, 'source')).toMatch(/incompatible|rejects the schema/i);
  });

  it('as incompatible is tolerated record by record with tolerance all, and is no outage', async () => {
    const { registry, bench } = await registryAndBench();
    registry.script({ operation: 'register', path: /kept-value/, fault: errorAnswer(409, 40901, 'incompatible') });
    bench.feed('source', range(0, 10));
    await bench.source('source', 'kept', sequenceSchema('Kept'), {
      ...tolerating('all'),
      'errors.log.enable': 'true',
    });
    const reports = (): number =>
      bench.lines.filter(
        ({ fields }) =>
          (fields['err'] as { code?: string } | undefined)?.code === 'holdfast.registry.schema.incompatible',
      ).length;
    await bench.connect.waitFor('a report for each record', async () => reports() >= 10);
    expect(reports()).toBe(10);
    await bench.notParked('source');
    expect(await bench.failures()).toEqual([]);
    // Nobody else is held up by it.
    bench.feed('good', range(0, 5));
    await bench.source('good', 'fine', sequenceSchema('Fine'), tolerating('all'));
    await bench.sink('fine-sink', 'fine', tolerating('all', 'dlq'));
    await bench.expectDelivered('fine-sink', range(0, 5));
  });

  it.each(tolerances)(
    'because its subject is read-only parks what writes to it alone, tolerance %s',
    async (tolerance) => {
      const { registry, bench } = await registryAndBench();
      const readOnly = registry.script({ operation: 'register', path: /frozen-value/, fault: errorAnswer(422, 42205) });
      const mode = registry.script({
        operation: 'mode',
        path: /frozen-value/,
        fault: { kind: 'answer', status: 200, body: { mode: 'READONLY' } },
      });
      bench.feed('frozen', range(0, 10));
      bench.feed('free', range(0, 10));
      await bench.source('frozen', 'frozen', sequenceSchema('Frozen'), tolerating(tolerance));
      // On a slow machine it waits for the answer first.
      await vi.waitFor(
        async () =>
          expect(await bench.parked('frozen')).toMatchObject({
            code: 'holdfast.registry.read-only',
            dependency: 'schema registry (subject frozen-value)',
          }),
        { timeout: 10_000 },
      );
      await bench.source('free', 'free', sequenceSchema('Free'), tolerating(tolerance));
      await bench.sink('free-sink', 'free', tolerating(tolerance, 'dlq'));
      await bench.sink('frozen-sink', 'frozen', tolerating(tolerance, 'dlq'));
      await bench.expectDelivered('free-sink', range(0, 10));
      expect((await bench.parked('frozen')).reason).toContain('READONLY');
      readOnly.remove();
      mode.remove();
      await bench.expectDelivered('frozen-sink', range(0, 10));
      expect(await bench.failures()).toEqual([]);
    },
  );
});

describe.each(tolerances)('credentials that the registry refuses, errors.tolerance=%s', (tolerance) => {
  it.each([401, 403])('fail source and sink as a mistake of the configuration: %d', async (status) => {
    const { registry, bench } = await registryAndBench();
    const id = await registry.register('bad-value', SCHEMA);
    registry.script({ fault: errorAnswer(status, status * 100 + 1, 'no') });
    await createTopic(bench.broker, 'bad');
    await produce(bench.broker, 'bad', 0, [good(id, 0)]);
    bench.feed('source', [0]);
    await bench.source('source', 'new', sequenceSchema('New'), tolerating(tolerance));
    await bench.sink('sink', 'bad', tolerating(tolerance, 'dlq'));
    expect(await failure(bench, 'source')).toMatch(/refuses the credentials/);
    expect(await failure(bench, 'sink')).toMatch(/refuses the credentials/);
    expect((await bench.topic('dlq')).flat()).toEqual([]);
  });
});

describe.each(tolerances)('429 with Retry-After, errors.tolerance=%s', (tolerance) => {
  it('parks for as long as it says', async () => {
    const { registry, bench } = await registryAndBench({}, { nodes: 1 });
    const id = await registry.register('bad-value', SCHEMA);
    const busy = { kind: 'answer', status: 429, body: '', headers: { 'retry-after': '2' } } as const;
    const rule = registry.script({ operation: ['register', 'lookup', 'by-id', 'subjects'], fault: busy });
    const beganAt = registry.elapsedMs;
    await createTopic(bench.broker, 'bad');
    await produce(
      bench.broker,
      'bad',
      0,
      range(0, 5).map((seq) => good(id, seq)),
    );
    bench.feed('source', range(0, 5));
    await bench.source('source', 'new', sequenceSchema('New'), tolerating(tolerance));
    await bench.sink('sink', 'bad', tolerating(tolerance, 'dlq'));
    await bench.sink('new-sink', 'new', tolerating(tolerance, 'dlq'));
    for (const name of ['source', 'sink']) {
      // At first it may say that the registry has not answered yet.
      await eventually(`${name}: why it is parked`, async () => (await bench.parked(name)).reason.includes('429'));
    }
    rule.remove();
    await bench.expectDelivered('sink', range(0, 5));
    await bench.expectDelivered('new-sink', range(0, 5));
    const refused = registry.requests.list({ outcome: 429 });
    const [first] = refused;
    const next = registry.requests.list({ outcome: 200, operation: 'by-id' })[0];
    expect((next?.at ?? 0) - (first?.at ?? beganAt)).toBeGreaterThanOrEqual(1_990);
    expect(refused.length).toBeLessThan(10);
    expect(await bench.failures()).toEqual([]);
    expect((await bench.topic('dlq')).flat()).toEqual([]);
  });
});

describe.each(tolerances)(
  'an id that the registry answers with another schema than before, errors.tolerance=%s',
  (tolerance) => {
    it('fails the tasks that use it with an integrity error, and no others', async () => {
      const { registry, bench } = await registryAndBench();
      const id = await registry.register('bad-value', SCHEMA);
      await createTopic(bench.broker, 'bad');
      await produce(bench.broker, 'bad', 0, [good(id, 0)]);
      await bench.sink('sink', 'bad', tolerating(tolerance, 'dlq'));
      await bench.expectDelivered('sink', [0]);
      const other = JSON.parse(sequenceSchema('Somebody')) as unknown;
      registry.script({
        operation: 'by-id',
        path: new RegExp(`/ids/${id}(\\?|$)`),
        fault: { kind: 'answer', status: 200, body: { schema: JSON.stringify(other) } },
      });
      // Another worker's question would meet the contradiction; within this one the answer is remembered, so it starts anew.
      await bench.stopWorker();
      await bench.startWorker();
      await produce(bench.broker, 'bad', 0, [good(id, 1)]);
      await bench.sink('sink', 'bad', tolerating(tolerance, 'dlq'));
      bench.feed('source', range(0, 5));
      await bench.source('source', 'fine', sequenceSchema('Fine'), tolerating(tolerance));
      await bench.sink('fine-sink', 'fine', tolerating(tolerance, 'dlq'));
      expect(await failure(bench, 'sink')).toMatch(/resolves to other content/);
      await bench.expectDelivered('fine-sink', range(0, 5));
      expect(bench.delivered('sink')).toEqual([0]);
      expect((await bench.topic('dlq')).flat()).toEqual([]);
      expect(await bench.failures()).toHaveLength(1);
    });
  },
);
