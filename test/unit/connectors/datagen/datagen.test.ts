import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type SourceRecord, type Struct } from 'holdfast/sdk';
import { describe, expect, it } from 'vitest';
import { generatorOf } from '../../../../connectors/datagen/generator.ts';
import { JavaRandom } from '../../../../connectors/datagen/java-random.ts';
import { regexGenerator } from '../../../../connectors/datagen/regex-generator.ts';
import { DatagenConnector } from '../../../../connectors/datagen/source-connector.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { MemoryOffsets, sourceTaskContext } from '../../../../src/testing/task-contexts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const signal = new AbortController().signal;

async function generate(config: Record<string, string>, count: number, offsets = new MemoryOffsets(), id = 0) {
  const connector = new DatagenConnector();
  connector.start({ 'kafka.topic': 't', 'max.interval': '0', ...config });
  const taskConfig = connector.taskConfigs(id + 1)[id] ?? {};
  const task = new (connector.taskClass())();
  task.initialize?.(sourceTaskContext({ offsets, clock: new ManualClock() }));
  await task.start(taskConfig, signal);
  const records: SourceRecord[] = [];
  while (records.length < count) records.push(...((await task.poll(signal)) ?? []));
  return records.slice(0, count);
}

const row = ({ value }: SourceRecord): Record<string, unknown> => {
  const struct = value as Struct;
  return Object.fromEntries(struct.schema.fields.map(({ name }) => [name, struct.get(name)]));
};

describe('the random numbers', () => {
  it('are those of java.util.Random', () => {
    const random = (): JavaRandom => new JavaRandom(42n);
    expect(random().nextInt()).toBe(-1170105035);
    expect(random().nextLong()).toBe(-5025562857975149833n);
    expect(random().nextDouble()).toBe(0.7275636800328681);
    expect(random().nextBoolean()).toBe(true);
    const below = random();
    expect([10, 10, 8, 1_000_000_007].map((bound) => below.nextBelow(bound))).toEqual([0, 3, 5, 102948884]);
    expect(new JavaRandom(-1n).nextInt()).toBe(1155099827);
  });
});

describe('a regular expression', () => {
  it.each(['User_[1-9]', 'a{2,3}(b|c)+\\d?', '[A-Za-z_]{0,5}x*', '(?:ab|c\\.)', '[^a-y]', '\\w\\s.', '^x$'])(
    '%s gives only texts that match it',
    (pattern) => {
      const text = regexGenerator(pattern);
      const random = new JavaRandom(1n);
      const seen = new Set(Array.from({ length: 200 }, () => text(random)));
      for (const each of seen) expect(each).toMatch(new RegExp(`^(?:${pattern})$`));
      if (pattern !== '^x$') expect(seen.size).toBeGreaterThan(1);
    },
  );

  it.each(['(a', 'a)', '[a', '*a', 'a{x}', '[z-a]', '(?=a)', 'a\\'])('%s is refused', (pattern) => {
    expect(() => regexGenerator(pattern)).toThrow(ConfigError);
  });
});

describe('the quickstarts', () => {
  it('orders have their well-known shape', async () => {
    const records = await generate({ quickstart: 'ORDERS', 'random.seed': '7' }, 3);
    const [first] = records;
    expect(first?.valueSchema?.name).toBe('ksql.orders');
    expect(first?.valueSchema?.fields.map(({ name, schema }) => `${name} ${schema.type}`)).toEqual([
      'ordertime INT64',
      'orderid INT32',
      'itemid STRING',
      'orderunits FLOAT64',
      'address STRUCT',
    ]);
    expect(records.map(({ key }) => key)).toEqual([0, 1, 2]);
    const address = row(first as SourceRecord)['address'] as Struct;
    expect(address.schema.name).toBe('ksql.address');
    expect(address.get('zipcode')).toBeTypeOf('bigint');
    for (const each of records) (each.value as Struct).validate();
  });

  it('users and pageviews too', async () => {
    const [user] = await generate({ quickstart: 'users' }, 1);
    expect(row(user as SourceRecord)).toMatchObject({
      registertime: expect.any(BigInt),
      userid: expect.stringMatching(/^User_[1-9]$/),
      regionid: expect.stringMatching(/^Region_[1-9]$/),
      gender: expect.stringMatching(/^(MALE|FEMALE|OTHER)$/),
    });
    expect(user?.key).toBe(row(user as SourceRecord)['userid']);
    const views = await generate({ quickstart: 'pageviews' }, 3);
    expect(views.map((each) => row(each)['viewtime'])).toEqual([1n, 11n, 21n]);
  });
});

describe('a task', () => {
  it('gives the same data for the same seed, and others for another task', async () => {
    const config = { quickstart: 'users', 'random.seed': '5' };
    const one = (await generate(config, 50)).map(row);
    expect((await generate(config, 50)).map(row)).toEqual(one);
    expect((await generate(config, 50, undefined, 1)).map(row)).not.toEqual(one);
    expect((await generate({ quickstart: 'users', 'random.seed': '6' }, 50)).map(row)).not.toEqual(one);
  });

  it.each([{ 'random.seed': '5' }, {}])('goes on after every offset as if it had not stopped (%j)', async (seed) => {
    const offsets = new MemoryOffsets();
    const config = { quickstart: 'orders', ...seed };
    const whole = await generate(config, 20);
    for (const at of [0, 9]) {
      const { sourcePartition, sourceOffset } = whole[at] as SourceRecord;
      offsets.commit(sourcePartition ?? {}, sourceOffset);
      const rest = await generate(config, 5, offsets);
      expect(rest.map(row)).toEqual(whole.slice(at + 1, at + 6).map(row));
      expect(rest[0]?.headers.lastWithName('current.iteration')?.value).toBe(BigInt(at + 1));
      expect(rest[0]?.headers.lastWithName('task.generation')?.value).toBe(1n);
    }
  });

  it('stops after its iterations, also over a restart, and stays idle', async () => {
    const clock = new ManualClock();
    const connector = new DatagenConnector();
    connector.start({ 'kafka.topic': 't', 'max.interval': '0', iterations: '3', quickstart: 'users' });
    const offsets = new MemoryOffsets();
    const task = new (connector.taskClass())();
    task.initialize?.(sourceTaskContext({ offsets, clock }));
    await task.start(connector.taskConfigs(1)[0] ?? {}, signal);
    expect(await task.poll(signal)).toHaveLength(3);
    const waiting = Promise.resolve(task.poll(signal));
    await clock.advance(1000);
    expect(await waiting).toBeNull();
  });

  it('pauses at most max.interval between records, and ends a pause at once when stopped', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const connector = new DatagenConnector();
    connector.start({ 'kafka.topic': 't', 'max.interval': '200', quickstart: 'users' });
    const task = new (connector.taskClass())();
    task.initialize?.(sourceTaskContext({ clock }));
    await task.start(connector.taskConfigs(1)[0] ?? {}, signal);
    const one = Promise.resolve(task.poll(abort.signal));
    await clock.advance(200);
    expect(await one).toHaveLength(1);
    const cut = Promise.resolve(task.poll(abort.signal));
    abort.abort();
    expect(await cut).toBeNull();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('arg.properties', () => {
  const value = (type: object | string, count = 40): unknown[] => {
    const schema = JSON.stringify({ type: 'record', name: 'r', fields: [{ name: 'f', type }] });
    const { generate: next } = generatorOf(schema, 'schema.string');
    const random = new JavaRandom(3n);
    return Array.from({ length: count }, (_, n) => {
      const struct = next(random, n) as Struct;
      struct.validate();
      return struct.get('f');
    });
  };
  const arg = (type: string, properties: object, more: object = {}) => ({
    type,
    'arg.properties': properties,
    ...more,
  });

  it('range, options, odds', () => {
    for (const each of value(arg('int', { range: { min: 5, max: 8 } }))) expect([5, 6, 7]).toContain(each);
    for (const each of value(arg('long', { options: [1, 2] }))) expect([1n, 2n]).toContain(each);
    expect(new Set(value(arg('boolean', { odds: 1 })))).toEqual(new Set([true]));
  });

  it('iteration with step, restart and initial', () => {
    expect(value(arg('int', { iteration: { start: 0, restart: 6, step: 2, initial: 4 } }), 5)).toEqual([4, 0, 2, 4, 0]);
    expect(value(arg('string', { iteration: { start: 3 }, prefix: 'k', suffix: '!' }), 2)).toEqual(['k3!', 'k4!']);
  });

  it('length of strings, arrays, maps and bytes', () => {
    for (const each of value(arg('string', { length: { min: 2, max: 4 } })))
      expect((each as string).length).toBeOneOf([2, 3]);
    for (const each of value(arg('array', { length: 3 }, { items: 'double' }))) expect(each).toHaveLength(3);
    for (const each of value(arg('bytes', { length: 2 }))) expect(each).toHaveLength(2);
    for (const each of value(arg('map', { length: 1, keys: { regex: 'k[0-9]' } }, { values: 'long' }))) {
      expect([...(each as Map<string, unknown>).keys()][0]).toMatch(/^k\d$/);
    }
  });

  it('unions with null, enums, fixed, logical types', () => {
    expect(value(['null', 'int'])).toContain(null);
    for (const each of value({ type: 'enum', name: 'e', symbols: ['A', 'B'] })) expect(['A', 'B']).toContain(each);
    for (const each of value({ type: 'fixed', name: 'x', size: 3 })) expect(each).toHaveLength(3);
    for (const logicalType of ['date', 'time-millis']) value({ type: 'int', logicalType });
    value({ type: 'long', logicalType: 'timestamp-millis' });
    value({ type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 });
  });

  it.each([
    [{ type: 'int', 'arg.properties': { range: { min: 2, max: 1 } } }, /at f has a 'range'/],
    [['int', 'string'], /at f is a union/],
    ['uuid', /at f has the type 'uuid'/],
    [{ type: 'int', 'arg.properties': { iteration: { start: 1, restart: 0 } } }, /never gets from/],
  ])('%j is refused with its place', (type, message) => {
    expect(() => value(type)).toThrow(message);
  });
});

describe('the configuration', () => {
  const connector = new DatagenConnector();

  it.each([
    [{ 'kafka.topic': 't' }, /exactly one of/],
    [{ 'kafka.topic': 't', quickstart: 'users', 'schema.string': '{}' }, /exactly one of/],
    [{ 'kafka.topic': 't', quickstart: 'nonsense' }, /quickstart/],
    [{ quickstart: 'users' }, /kafka\.topic/],
    [{ 'kafka.topic': 't', quickstart: 'users', 'schema.keyfield': 'x' }, /no field 'x'/],
    [{ 'kafka.topic': 't', 'schema.string': '{' }, /no JSON/],
    [{ 'kafka.topic': 't', 'schema.filename': '/nowhere' }, /'\/nowhere'/],
  ])('%j is refused at start and by validate', (config: Record<string, string>, message) => {
    expect(() => connector.start(config)).toThrow(message);
    expect(
      connector
        .validate(config)
        .flatMap(({ errorMessages }) => errorMessages)
        .join('\n'),
    ).toMatch(message);
  });

  it('takes a schema from a file, and has the defaults of Confluent', async () => {
    const path = join(tempDir('datagen'), 's.avsc');
    writeFileSync(path, '{"type":"record","name":"r","fields":[{"name":"f","type":"int"}]}');
    expect(await generate({ 'schema.filename': path }, 1)).toMatchObject([{ key: null, topic: 't' }]);
    const defaults = Object.fromEntries(
      [...connector.config().keys.values()].map((key) => [key.name, key.defaultValue]),
    );
    expect(defaults).toEqual({
      'kafka.topic': null,
      'max.interval': 500,
      iterations: -1,
      'schema.string': '',
      'schema.filename': '',
      'schema.keyfield': '',
      quickstart: '',
      'random.seed': null,
    });
  });
});
