import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import {
  ConnectDate,
  ConnectTimestamp,
  DataError,
  type Schema,
  SchemaBuilder,
  Schemas,
  SinkRecord,
  type SourceRecord,
  Struct,
} from 'holdfast/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordFileSinkTask } from '../../../../../connectors/file/records/sink-task.ts';
import { RecordFileSourceConnector } from '../../../../../connectors/file/records/source-connector.ts';
import { RecordFileSourceTask } from '../../../../../connectors/file/records/source-task.ts';
import { recordingLogger } from '../../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../../src/foundation/manual-clock.ts';
import { MemoryOffsets, sinkTaskContext, sourceTaskContext } from '../../../../../src/testing/task-contexts.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

let folder: string;
let clock: ManualClock;
let abort: AbortController;
let log: ReturnType<typeof recordingLogger>;
const open: { stop(): Promise<void> }[] = [];

beforeEach(() => {
  folder = tempDir('records');
  clock = new ManualClock();
  abort = new AbortController();
  log = recordingLogger();
});

afterEach(async () => {
  for (const task of open.splice(0)) await task.stop();
});

type Offset = Readonly<Record<string, string | number | bigint | boolean | null>>;

async function source(config: Record<string, string>, offset?: Offset): Promise<RecordFileSourceTask> {
  const offsets = new MemoryOffsets();
  if (offset !== undefined) offsets.commit({ filename: config['file'] ?? '' }, offset);
  const task = new RecordFileSourceTask();
  task.initialize(sourceTaskContext({ offsets, clock, logger: log.logger, signal: abort.signal }));
  open.push(task);
  await task.start({ topic: 'rows', ...config });
  return task;
}

/** One poll; waits in it pass at once. */
async function poll(task: RecordFileSourceTask): Promise<readonly SourceRecord[]> {
  let done = false;
  const polling = Promise.resolve(task.poll(abort.signal)).finally(() => {
    done = true;
  });
  polling.catch(() => {});
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.pendingTimers > 0) await clock.advance(1000);
  }
  return (await polling) ?? [];
}

async function drain(task: RecordFileSourceTask, quietPolls = 3): Promise<SourceRecord[]> {
  const all: SourceRecord[] = [];
  for (let quiet = 0; quiet < quietPolls; ) {
    const records = await poll(task);
    quiet = records.length === 0 ? quiet + 1 : 0;
    all.push(...records);
  }
  return all;
}

function write(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

async function read(
  name: string,
  content: string | Buffer,
  config: Record<string, string> = {},
): Promise<SourceRecord[]> {
  return drain(await source({ file: write(name, content), ...config }));
}

const structs = (records: readonly SourceRecord[]): Record<string, unknown>[] =>
  records.map(({ value }) => {
    const struct = value as Struct;
    return Object.fromEntries(struct.schema.fields.map((field) => [field.name, struct.get(field)]));
  });
const typesOf = (records: readonly SourceRecord[]): string[] =>
  ((records[0]?.valueSchema ?? null)?.fields ?? []).map(
    ({ name, schema }) => `${name} ${schema.type}${schema.optional ? '?' : ''}`,
  );

describe('the inferred schema', () => {
  it('has a type for a column that every value is of, without losing a digit', async () => {
    const records = await read(
      'a.csv',
      [
        'int,big,float,bool,text,zip,long,mixed,empty,opt',
        '1,9223372036854775807,1.5,true,x,00501,3.14159265358979323846,1,,7',
        '-2,-9223372036854775808,.097,false,y,10001,1,true,,',
        '',
      ].join('\n'),
    );
    expect(typesOf(records)).toEqual([
      'int INT64',
      'big INT64',
      'float FLOAT64',
      'bool BOOLEAN',
      'text STRING',
      'zip STRING',
      'long STRING',
      'mixed STRING',
      'empty STRING?',
      'opt INT64?',
    ]);
    expect(structs(records)[1]).toEqual({
      int: -2n,
      big: -9223372036854775808n,
      float: 0.097,
      bool: false,
      text: 'y',
      zip: '10001',
      long: '1',
      mixed: 'true',
      empty: null,
      opt: null,
    });
    expect(records[0]?.valueSchema?.name).toBe('rows');
    expect(records[0]?.valueSchema).toBe(records[1]?.valueSchema);
  });

  it('is STRING for integers beyond 64 bits, and for fractions beside integers that no double holds', async () => {
    const records = await read('a.csv', 'a,b\n9223372036854775808,9007199254740993\n1,0.5\n');
    expect(typesOf(records)).toEqual(['a STRING', 'b STRING']);
    expect(structs(records)[0]).toEqual({ a: '9223372036854775808', b: '9007199254740993' });
  });

  it('is optional throughout where the file has more rows than the sample', async () => {
    expect(typesOf(await read('a.csv', 'a,b\n1,x\n2,y\n', { 'schema.infer.rows': '1' }))).toEqual([
      'a INT64?',
      'b STRING?',
    ]);
  });

  it('refuses a later value that does not fit, naming file, row, column, and value; the rows before it come first', async () => {
    const task = await source({ file: write('a.csv', 'a,b\n1,x\n2,y\nthree,z\n'), 'schema.infer.rows': '1' });
    expect(structs(await poll(task))).toHaveLength(2);
    const failure = await poll(task).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataError);
    expect(String(failure)).toMatch(/byte 12 of '.*a\.csv' \(record 3\).*'a'.*INT64.*'three'/);
  });

  it('refuses a later value that the type would change', async () => {
    const task = await source({ file: write('a.csv', 'a\n1\n007\n'), 'schema.infer.rows': '1' });
    await poll(task);
    await expect(poll(task)).rejects.toThrow(/'007'/);
  });

  it('follows nested JSON, and names keys that Avro would not take', async () => {
    const records = await read(
      'a.jsonl',
      '{"id":1,"big":9007199254740993,"tags":["a"],"at":{"lat name":1.5,"n":null},"mixed":1}\n{"id":2,"tags":[],"at":{"lat name":2,"n":3},"mixed":"x"}\n',
      { 'field.name.adjustment.mode': 'avro', topic: 'my-rows' },
    );
    expect(typesOf(records)).toEqual(['id INT64', 'big INT64?', 'tags ARRAY', 'at STRUCT', 'mixed STRING']);
    const [first = {}, second = {}] = structs(records);
    expect(first).toMatchObject({ id: 1n, big: 9007199254740993n, tags: ['a'], mixed: '1' });
    expect((first['at'] as Struct).get('lat_name')).toBe(1.5);
    expect((second['at'] as Struct).get('n')).toBe(3n);
    expect(records[0]?.valueSchema?.name).toBe('my_rows');
    expect((first['at'] as Struct).schema.name).toBe('my_rows.at');
  });

  it('refuses two columns that would become one field', async () => {
    await expect(read('a.csv', 'a b,a_b\n1,2\n', { 'field.name.adjustment.mode': 'avro' })).rejects.toThrow(
      /'a b' and 'a_b'/,
    );
  });
});

describe('delimited text', () => {
  it('keeps quoted delimiters, quotes, line ends and empty texts, and tells null from the empty text', async () => {
    const records = await read('a.csv', 'a,b\r\n"x,1","say ""hi"""\r\n"two\r\nlines",\r\n"",in"side\r\n');
    expect(structs(records)).toEqual([
      { a: 'x,1', b: 'say "hi"' },
      { a: 'two\r\nlines', b: null },
      { a: '', b: 'in"side' },
    ]);
  });

  it('drops a byte order mark, skips blank lines, and takes a last row without an end once the file rests', async () => {
    const records = await read('a.csv', '\uFEFFa,b\n1,2\n\n3,4');
    expect(structs(records)).toEqual([
      { a: 1n, b: 2n },
      { a: 3n, b: 4n },
    ]);
    expect(records.map(({ sourceOffset }) => sourceOffset)).toEqual([
      { position: 11, row: 1 },
      { position: 15, row: 2 },
    ]);
  });

  it('waits for the end of the last row if told so', async () => {
    const file = write('a.csv', 'a\n1\n2');
    const task = await source({ file, 'unterminated.record': 'wait' });
    expect(structs(await drain(task))).toEqual([{ a: 1n }]);
    appendFileSync(file, '2\n');
    expect(structs(await drain(task))).toEqual([{ a: 22n }]);
  });

  it('has other delimiters, quotes, null texts, and columns without a header', async () => {
    expect(structs(await read('a.tsv', "a\tb\n1\t'x\ty'\n\\N\tz\n", { quote: "'", 'null.value': '\\N' }))).toEqual([
      { a: 1n, b: 'x\ty' },
      { a: null, b: 'z' },
    ]);
    expect(structs(await read('b.csv', '1;2\n', { header: 'false', columns: 'x, y', delimiter: ';' }))).toEqual([
      { x: 1n, y: 2n },
    ]);
    await expect(read('c.csv', '1,2\n', { header: 'false' })).rejects.toThrow(/set 'columns'/);
  });

  it.each([
    ['a row of another length', 'a,b\n1,2\n3\n4,5\n', /record 2.*has 1 columns, where 2/],
    ['text after a closing quote', 'a,b\n1,2\n"x"y,3\n4,5\n', /text after the closing quote of column 1/],
    ['a quote that is never closed', 'a,b\n1,2\n4,5\n"x,3\n', /never closed/],
  ])('refuses %s, or skips it', async (_name, content, message) => {
    const task = await source({ file: write('a.csv', content) });
    expect((await poll(task)).length).toBeGreaterThan(0);
    await expect(drain(task)).rejects.toThrow(message);
    const rest = await read('b.csv', content, { 'behavior.on.malformed.records': 'warn' });
    expect(structs(rest)).toEqual([
      { a: 1n, b: 2n },
      { a: 4n, b: 5n },
    ]);
    expect(log.lines.filter(({ message: text }) => text.includes('Skipped'))).toHaveLength(1);
  });

  it('refuses a header with a name twice or none', async () => {
    await expect(read('a.csv', 'a,a\n1,2\n')).rejects.toThrow(/column 'a' twice/);
    await expect(read('b.csv', 'a,\n1,2\n')).rejects.toThrow(/without a name/);
  });

  it('does not let a quote that is never closed fill the memory', async () => {
    const file = write('a.csv', `a\nok\n"${'x'.repeat(2000)}`);
    const task = await source({ file, 'max.record.bytes': '1000', 'schema.infer.rows': '1' });
    expect(structs(await poll(task))).toEqual([{ a: 'ok' }]);
    await expect(drain(task)).rejects.toMatchObject({ code: 'holdfast.file.line-too-long' });
  });

  it('waits for a file that does not exist, has no header yet, or no row yet', async () => {
    const file = join(folder, 'late.csv');
    const task = await source({ file });
    expect(await drain(task)).toEqual([]);
    writeFileSync(file, '');
    expect(await drain(task)).toEqual([]);
    appendFileSync(file, 'a,b\n');
    expect(await drain(task)).toEqual([]);
    appendFileSync(file, '1,2\n');
    expect(structs(await drain(task))).toEqual([{ a: 1n, b: 2n }]);
  });

  it('reads the header of a file that takes the place of the old one', async () => {
    const file = write('a.csv', 'a,b\n1,2\n');
    const task = await source({ file });
    await drain(task);
    renameSync(file, `${file}.1`);
    writeFileSync(file, 'b,c\nx,y\n');
    const records = await drain(task, 5);
    expect(structs(records)).toEqual([{ b: 'x', c: 'y' }]);
    expect(records[0]?.sourceOffset).toEqual({ position: 8, row: 1 });
  });
});

describe('JSON', () => {
  it('array elements come one by one, whatever stands inside of them', async () => {
    const objects = [
      { a: 'x]},{"', b: [1, 2] },
      { a: '\\"[', b: [] },
      { a: '', b: [3] },
    ];
    const records = await read('a.json', `\n [ ${objects.map((each) => JSON.stringify(each)).join(' ,\n')} ] \n`);
    expect(structs(records)).toEqual(objects.map(({ a, b }) => ({ a, b: b.map(BigInt) })));
  });

  it.each([
    ['a.json', '[{"a":1}, 5]', /no JSON object in an array/],
    ['a.json', '[{"a":1}] {"a":2}', /follows the end/],
    ['a.json', '[{"a":1},{"a":', /cut off/],
    ['a.jsonl', '{"a":1}\n[1]\n', /no JSON object/],
    ['a.jsonl', '{"a":1}\n{"a":\n', /is no JSON/],
    ['a.jsonl', '{"a":1}\n{"b":1}\n', /'b'|'a'/],
  ])('%s %s is refused', async (name, content, message) => {
    await expect(read(name, content, { 'schema.infer.rows': '1' })).rejects.toThrow(message);
  });
});

describe('a given schema', () => {
  const CONNECT = JSON.stringify({
    type: 'struct',
    name: 'com.acme.Row',
    fields: [
      { field: 'a', type: 'int32' },
      { field: 'day', type: 'int32', name: ConnectDate.LOGICAL_NAME, version: 1, optional: true },
      { field: 'missing', type: 'string', optional: true },
    ],
  });
  const AVRO = JSON.stringify({
    type: 'record',
    name: 'Row',
    namespace: 'com.acme',
    fields: [
      { name: 'a', type: 'int' },
      { name: 'day', type: ['null', { type: 'int', logicalType: 'date' }] },
      { name: 'missing', type: ['null', 'string'] },
    ],
  });

  it.each([
    ['Connect', CONNECT],
    ['Avro', AVRO],
  ])('in the form of %s rules types, and leaves out other columns', async (_name, schema) => {
    const records = await read('a.csv', 'other,day,a\nx,2020-02-29,007\ny,,8\n', { schema });
    expect(structs(records)).toEqual([
      { a: 7, day: new Date('2020-02-29T00:00:00Z'), missing: null },
      { a: 8, day: null, missing: null },
    ]);
    expect(records[0]?.valueSchema?.name).toBe('com.acme.Row');
  });

  it('may come from a file', async () => {
    const path = write('schema.json', CONNECT);
    expect(structs(await read('a.jsonl', '{"a":1,"day":"2020-01-01","more":2}\n', { 'schema.file': path }))).toEqual([
      { a: 1, day: new Date('2020-01-01T00:00:00Z'), missing: null },
    ]);
  });

  it.each([
    ['{', /is no JSON/],
    ['{"type":"int32"}', /need a struct/],
    ['{"type":"struct","fields":[{"field":"a","type":"int33"}]}', /at a has the unknown type "int33"/],
    ['{"type":"record","name":"r","fields":[{"name":"a","type":["int","string"]}]}', /at a is a union/],
  ])('that is wrong is named: %s', (schema, message) => {
    expect(() => new RecordFileSourceConnector().start({ file: 'a.csv', topic: 't', schema })).toThrow(message);
  });

  it('whose required field has no column is refused', async () => {
    await expect(read('a.csv', 'b\n1\n', { schema: CONNECT })).rejects.toThrow(/'a' is required.*columns/);
  });
});

describe('offsets, keys, pace', () => {
  it.each([
    ['a.csv', 'a,b\n1,"x\ny"\n2,z\n3,w'],
    ['a.jsonl', '{"a":1}\n\n{"a":2}\n{"a":3}'],
    ['a.json', '[{"a":1},{"a":2}, {"a":3}]'],
  ])('%s goes on after every offset with exactly the rest', async (name, content) => {
    const file = write(name, content);
    const all = await drain(await source({ file }));
    expect(all).toHaveLength(3);
    for (const [index, record] of all.entries()) {
      const rest = await drain(await source({ file }, record.sourceOffset as Offset));
      expect(structs(rest)).toEqual(structs(all.slice(index + 1)));
      expect(rest.map(({ sourceOffset }) => sourceOffset)).toEqual(
        all.slice(index + 1).map(({ sourceOffset }) => sourceOffset),
      );
    }
  });

  it('the key is a field if one is named', async () => {
    const [record] = await read('a.csv', 'a,b\n1,x\n', { 'key.field': 'b' });
    expect(record).toMatchObject({ key: 'x' });
    expect(record?.keySchema?.type).toBe('STRING');
    await expect(read('b.csv', 'a,b\n1,x\n', { 'key.field': 'c' })).rejects.toThrow(/no field 'c'/);
  });

  it('max.records.per.second holds over time', async () => {
    const file = write('a.csv', `a\n${'1\n'.repeat(1000)}`);
    const task = await source({ file, 'max.records.per.second': '100' });
    const startedAt = clock.monotonic();
    let count = 0;
    while (count < 200) {
      const polling = Promise.resolve(task.poll(abort.signal));
      let done = false;
      void polling.then(() => {
        done = true;
      });
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve));
        if (clock.pendingTimers > 0) await clock.advance(clock.nextTimerInMs ?? 1);
      }
      count += (await polling)?.length ?? 0;
    }
    const seconds = (clock.monotonic() - startedAt) / 1000;
    expect(count / seconds).toBeGreaterThan(80);
    expect(count / seconds).toBeLessThan(110);
  });

  it('a waiting poll ends at once when it is asked to stop', async () => {
    const task = await source({ file: join(folder, 'none.csv') });
    const polling = Promise.resolve(task.poll(abort.signal));
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await polling).toBeNull();
    expect(clock.pendingTimers).toBe(0);
  });

  it('the name of the file has to tell the format, or the setting', () => {
    const connector = new RecordFileSourceConnector();
    expect(() => connector.start({ file: 'data.txt', topic: 't' })).toThrow(/set 'format'/);
    connector.start({ file: 'data.txt', topic: 't', format: 'csv' });
    expect(() => connector.start({ file: 'a.csv', topic: 't', delimiter: 'xx' })).toThrow(/one ASCII character/);
    expect(() => connector.start({ file: 'a.csv', topic: 't', delimiter: '"' })).toThrow(/must differ/);
  });
});

describe('the sink', () => {
  async function sink(config: Record<string, string>, reporter: { report(): Promise<void> } | null = null) {
    const task = new RecordFileSinkTask();
    task.initialize(sinkTaskContext({ reporter }));
    open.push(task);
    await task.start(config);
    return task;
  }
  const record = (value: unknown, valueSchema: Schema | null = null): SinkRecord =>
    new SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset: 9, value, valueSchema });
  const schema = SchemaBuilder.struct().field('b', Schemas.OPTIONAL_STRING).field('a', Schemas.OPTIONAL_INT64).build();
  const row = (b: string | null, a: bigint | null) => record(new Struct(schema).put('b', b).put('a', a), schema);

  it('writes the header once, over restarts, and keeps the order of the columns', async () => {
    const file = join(folder, 'out.csv');
    let task = await sink({ file });
    await task.put([row('x', 1n), row(null, null), row('', 9223372036854775807n), row('a,"b"\n', -1n)]);
    await task.flush();
    await task.stop();
    task = await sink({ file });
    const other = SchemaBuilder.struct().field('a', Schemas.INT64).build();
    await task.put([
      record(new Struct(other).put('a', 5n), other),
      record(
        new Map<string, unknown>([
          ['a', 6n],
          ['b', 'm'],
        ]),
      ),
    ]);
    expect(readFileSync(file, 'utf8')).toBe('b,a\nx,1\n,\n"",9223372036854775807\n"a,""b""\n",-1\n,5\nm,6\n');
  });

  it('mends a file that a crash cut at any byte, within quotes too', async () => {
    const rows = [row('x', 1n), row('two\nlines ""\n', 2n), row('y', 3n)];
    const complete = join(folder, 'complete.csv');
    const first = await sink({ file: complete });
    await first.put(rows);
    const whole = readFileSync(complete);
    const ends = [4, 8, whole.length - 4, whole.length];
    for (let cut = 1; cut < whole.length; cut++) {
      const file = write(`cut-${cut}.csv`, whole.subarray(0, cut));
      const task = await sink({ file });
      const kept = Math.max(0, ...ends.filter((end) => end <= cut));
      expect(readFileSync(file).equals(whole.subarray(0, kept)), `cut at ${cut}`).toBe(true);
      await task.stop();
    }
  });

  it('leaves a file alone whose columns hold bare quotes', async () => {
    const file = write('bare.csv', 'a\n5" disk\n3\n');
    await sink({ file });
    expect(readFileSync(file, 'utf8')).toBe('a\n5" disk\n3\n');
  });

  it('writes JSON lines without loss', async () => {
    const file = join(folder, 'out.jsonl');
    const task = await sink({ file });
    const nested = SchemaBuilder.struct()
      .field('big', Schemas.INT64)
      .field('f', Schemas.FLOAT32)
      .field('bytes', Schemas.BYTES)
      .field('at', ConnectTimestamp.SCHEMA)
      .field('tags', SchemaBuilder.array(Schemas.STRING).build())
      .field('map', SchemaBuilder.map(Schemas.STRING, Schemas.INT64).build())
      .field('none', Schemas.OPTIONAL_STRING)
      .build();
    const value = new Struct(nested)
      .put('big', 9223372036854775807n)
      .put('f', Math.fround(0.1))
      .put('bytes', Buffer.from([1, 2]))
      .put('at', new Date(0))
      .put('tags', ['é', '"'])
      .put('map', new Map([['k', 2n]]));
    await task.put([record(value, nested), record({ a: 1 }), record('text')]);
    expect(readFileSync(file, 'utf8')).toBe(
      '{"big":9223372036854775807,"f":0.1,"bytes":"AQI=","at":"1970-01-01T00:00:00.000Z","tags":["é","\\""],"map":{"k":2},"none":null}\n{"a":1}\n"text"\n',
    );
  });

  it('reports what it can not write, or fails, and writes the rest', async () => {
    const more = SchemaBuilder.struct().field('a', Schemas.INT64).field('new', Schemas.STRING).build();
    const bad = [
      record(new Struct(more).put('a', 1n).put('new', 'x'), more),
      record('no struct', Schemas.STRING),
      record(null),
    ];
    let reported = 0;
    const file = join(folder, 'out.csv');
    const task = await sink({ file }, { report: async () => void reported++ });
    await task.put([row('x', 1n), ...bad, row('y', 2n)]);
    expect(reported).toBe(3);
    expect(readFileSync(file, 'utf8')).toBe('b,a\nx,1\ny,2\n');
    const strict = await sink({ file });
    for (const each of bad) await expect(strict.put([each])).rejects.toThrow(/t-0@9/);
    const lenient = await sink({ file, 'behavior.on.null.values': 'ignore' });
    await lenient.put([record(null)]);
    expect(readFileSync(file, 'utf8')).toBe('b,a\nx,1\ny,2\n');
  });

  it('writes chosen columns only, and refuses a file that has others', async () => {
    const file = join(folder, 'out.csv');
    const task = await sink({ file, columns: 'a' });
    await task.put([row('x', 1n)]);
    expect(readFileSync(file, 'utf8')).toBe('a\n1\n');
    await expect(sink({ file, columns: 'b' })).rejects.toThrow(/has the columns a, but 'columns' says b/);
    await expect(sink({ file: join(folder, 'x.txt'), format: 'json' })).rejects.toThrow(/jsonl/);
  });
});

describe('source and sink', () => {
  async function roundTrip(
    from: string,
    to: string,
    config: Record<string, string> = {},
    back: Record<string, string> = {},
  ) {
    const records = await drain(await source({ file: from, ...config }));
    const sinkTask = new RecordFileSinkTask();
    sinkTask.initialize(sinkTaskContext());
    await sinkTask.start({ file: to });
    await sinkTask.put(
      records.map(
        ({ value, valueSchema }, kafkaOffset) =>
          new SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset, value, valueSchema }),
      ),
    );
    await sinkTask.flush();
    await sinkTask.stop();
    const again = await drain(await source({ file: to, ...back }));
    expect(structs(again)).toEqual(structs(records));
    return records;
  }

  const data = fileURLToPath(new URL('../../../../../node_modules/vega-datasets/data', import.meta.url));

  it.each([
    ['zipcodes.csv', 42_049],
    ['birdstrikes.csv', 10_000],
    ['species.csv', 12_360],
    ['airports.csv', 3376],
    ['flights-20k.json', 20_000],
    ['unemployment.tsv', 3218],
  ])('carry %s without changing a value', async (name, count) => {
    for (const to of ['out.csv', 'out.jsonl']) {
      const records = await roundTrip(join(data, name), join(folder, to));
      expect(records).toHaveLength(count);
    }
  });

  it('carry every text and number', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            text: fc.option(fc.string({ unit: 'binary' })),
            int: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
            float: fc.double({ noNaN: true, noDefaultInfinity: true }),
          }),
          { minLength: 1, maxLength: 20 },
        ),
        fc.constantFrom('csv', 'jsonl'),
        async (rows, format) => {
          const schema = {
            type: 'struct',
            fields: [
              { field: 'text', type: 'string', optional: true },
              { field: 'int', type: 'int64', optional: true },
              { field: 'float', type: 'double' },
            ],
          };
          const from = write(
            'p.jsonl',
            rows
              .map((each) => JSON.stringify(each, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)))
              .join('\n')
              .replace(/"int":"(-?\d+)"/g, '"int":$1')
              .concat('\n'),
          );
          const to = join(folder, `p-${Math.random()}.${format}`);
          const config = { schema: JSON.stringify(schema) };
          const records = await roundTrip(from, to, config, config);
          expect(structs(records).map(({ int, text }) => ({ int, text }))).toEqual(
            rows.map(({ int, text }) => ({ int, text })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
