import { appendFileSync, chmodSync, mkdirSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { DataError, Schemas, type SourceRecord } from 'holdfast/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStreamSourceConnector } from '../../../../connectors/file/source-connector.ts';
import { FileStreamSourceTask } from '../../../../connectors/file/source-task.ts';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { MemoryOffsets, sourceTaskContext } from '../../../../src/testing/task-contexts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

let folder: string;
let file: string;
let clock: ManualClock;
let abort: AbortController;
let log: ReturnType<typeof recordingLogger>;
const open: FileStreamSourceTask[] = [];

beforeEach(() => {
  folder = tempDir('file-source');
  file = join(folder, 'in.txt');
  clock = new ManualClock();
  abort = new AbortController();
  log = recordingLogger();
});

afterEach(async () => {
  for (const task of open.splice(0)) await task.stop();
});

async function start(config: Record<string, string> = {}, position?: number | bigint): Promise<FileStreamSourceTask> {
  const offsets = new MemoryOffsets();
  if (position !== undefined) offsets.commit({ filename: file }, { position });
  const task = new FileStreamSourceTask();
  task.initialize(sourceTaskContext({ offsets, clock, logger: log.logger, signal: abort.signal }));
  await task.start({ file, topic: 'lines', ...config });
  open.push(task);
  return task;
}

/** One poll; waits in it pass at once. */
async function poll(task: FileStreamSourceTask): Promise<readonly SourceRecord[]> {
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

async function drain(task: FileStreamSourceTask): Promise<SourceRecord[]> {
  const all: SourceRecord[] = [];
  for (;;) {
    const records = await poll(task);
    if (records.length === 0) return all;
    all.push(...records);
  }
}

const values = (records: readonly SourceRecord[]): unknown[] => records.map(({ value }) => value);
const positions = (records: readonly SourceRecord[]): unknown[] =>
  records.map((each) => each.sourceOffset?.['position']);

describe('the records', () => {
  it('carry topic, no key, a STRING value, the time, and the byte position after their line', async () => {
    writeFileSync(file, 'one\nzwölf\n\nvier\n');
    const records = await drain(await start());
    expect(values(records)).toEqual(['one', 'zwölf', '', 'vier']);
    expect(positions(records)).toEqual([4, 11, 12, 17]);
    const [first] = records;
    expect(first).toMatchObject({ topic: 'lines', key: null, keySchema: null, kafkaPartition: null });
    expect(first?.valueSchema).toBe(Schemas.STRING);
    expect(first?.sourcePartition).toEqual({ filename: file });
    expect(first?.timestamp).toBe(1_700_000_000_000);
  });

  it.each([
    ['\\r\\n', 'a\r\nb\r\n', ['a', 'b'], [3, 6]],
    ['a lone \\r', 'a\rb\rc\n', ['a', 'b', 'c'], [2, 4, 6]],
    ['a \\r at the very end, whose \\n may follow', 'a\nb\r', ['a'], [2]],
    ['mixed ends and \\r\\r', 'a\r\r\nb\n\r', ['a', '', 'b'], [2, 4, 6]],
    ['NUL bytes', 'a\0b\n', ['a\0b'], [4]],
    ['a byte order mark, which Java keeps too', '\uFEFFa\n', ['\uFEFFa'], [5]],
    ['only line ends', '\n\n', ['', ''], [1, 2]],
  ])('know %s', async (_name, content, lines, ends) => {
    writeFileSync(file, content);
    const records = await drain(await start());
    expect(values(records)).toEqual(lines);
    expect(positions(records)).toEqual(ends);
  });

  it('replace invalid UTF-8, and count its bytes as they are', async () => {
    writeFileSync(file, Buffer.from([0x61, 0xff, 0x0a, 0xc3, 0xa9, 0x0a, 0x62, 0x0d, 0x0a]));
    const records = await drain(await start());
    expect(values(records)).toEqual(['a\uFFFD', 'é', 'b']);
    expect(positions(records)).toEqual([3, 6, 9]);
  });

  it('are the same wherever the reads of the file happen to end', async () => {
    const lines = Array.from({ length: 400 }, (_, index) => `${index} ${'é€x\u{1F600}'.repeat(index % 7)}`);
    const content = Buffer.from(`${lines.map((line, index) => line + ['\n', '\r\n', '\r'][index % 3]).join('')}\n`);
    writeFileSync(file, '');
    const task = await start();
    const got: SourceRecord[] = [];
    for (let at = 0, step = 1; at < content.length; at += step, step = (step % 97) + 1) {
      appendFileSync(file, content.subarray(at, at + step));
      got.push(...(await drain(task)));
    }
    // The last line ends in `\r`, and the `\n` after it is part of its end.
    const expected = lines.map((line) => line);
    if (lines.length % 3 !== 0) expected.push('');
    expect(values(got)).toEqual(expected);
    expect(got.at(-1)?.sourceOffset?.['position']).toBe(content.length);
  }, 60_000);

  it('come at most batch.size at a time', async () => {
    writeFileSync(file, 'x\n'.repeat(25));
    const task = await start({ 'batch.size': '10' });
    expect((await poll(task)).length).toBe(10);
    expect((await poll(task)).length).toBe(10);
    expect((await poll(task)).length).toBe(5);
    expect((await poll(task)).length).toBe(0);
  });

  it('resume after the stored position, whether it is a number or a bigint', async () => {
    writeFileSync(file, 'one\ntwo\nthree\n');
    expect(values(await drain(await start({}, 4)))).toEqual(['two', 'three']);
    expect(values(await drain(await start({}, 8n)))).toEqual(['three']);
  });
});

describe('a file that changes', () => {
  it('is waited for, and said to be missing once', async () => {
    const task = await start();
    expect(await poll(task)).toEqual([]);
    expect(await poll(task)).toEqual([]);
    expect(log.lines.filter(({ message }) => message.includes('does not exist yet'))).toHaveLength(1);
    writeFileSync(file, 'late\n');
    expect(values(await drain(task))).toEqual(['late']);
  });

  it('keeps its last line until the end of the line is there', async () => {
    writeFileSync(file, 'one\ntw');
    const task = await start();
    expect(values(await drain(task))).toEqual(['one']);
    appendFileSync(file, 'o');
    expect(await drain(task)).toEqual([]);
    appendFileSync(file, '\nthree\n');
    const rest = await drain(task);
    expect(values(rest)).toEqual(['two', 'three']);
    expect(positions(rest)).toEqual([8, 14]);
  });

  it('is read to its end after it was renamed, last line included, and then its successor', async () => {
    writeFileSync(file, 'one\n');
    const task = await start();
    expect(values(await drain(task))).toEqual(['one']);
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, 'two\nthr');
    writeFileSync(file, 'new\n');
    const got = [...(await drain(task))];
    appendFileSync(`${file}.1`, 'ee');
    for (let looks = 0; looks < 4; looks++) got.push(...(await drain(task)));
    expect(values(got)).toEqual(['two', 'three', 'new']);
    // After the old file's last line the next line to read is the first of the new file.
    expect(positions(got)).toEqual([8, 0, 4]);
  });

  it('is followed while it has no name', async () => {
    writeFileSync(file, 'one\n');
    const task = await start();
    await drain(task);
    renameSync(file, `${file}.1`);
    expect(await drain(task)).toEqual([]);
    appendFileSync(`${file}.1`, 'two\n');
    expect(values(await drain(task))).toEqual(['two']);
    unlinkSync(`${file}.1`);
    expect(await drain(task)).toEqual([]);
  });

  it('is read from its start when it was cut', async () => {
    writeFileSync(file, 'one\ntwo\npart');
    const task = await start();
    expect(values(await drain(task))).toEqual(['one', 'two']);
    truncateSync(file, 0);
    appendFileSync(file, 'new\n');
    const got = [...(await drain(task)), ...(await drain(task))];
    expect(values(got)).toEqual(['part', 'new']);
    expect(positions(got)).toEqual([0, 4]);
    expect(log.lines.some(({ level, message }) => level === 'warn' && message.includes('shorter'))).toBe(true);
  });

  it('is read from its start when the stored position lies beyond its end, or within a line', async () => {
    writeFileSync(file, 'short\nfile\n');
    expect(values(await drain(await start({}, 100)))).toEqual(['short', 'file']);
    expect(values(await drain(await start({}, 3)))).toEqual(['short', 'file']);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
    expect(values(await drain(await start({}, 11)))).toEqual([]);
  });
});

describe('limits and failures', () => {
  it('reads a line of 20 MB', async () => {
    const long = 'y'.repeat(20 * 1024 * 1024);
    writeFileSync(file, `a\n${long}\nb\n`);
    const records = await drain(await start());
    expect(records.map(({ value }) => (value as string).length)).toEqual([1, long.length, 1]);
    expect(positions(records)).toEqual([2, long.length + 3, long.length + 5]);
  });

  it.each(['\n', ''])('refuses a line above max.line.bytes (end %j)', async (end) => {
    writeFileSync(file, `ok\n${'y'.repeat(101)}${end}`);
    const task = await start({ 'max.line.bytes': '100', 'batch.size': '1' });
    expect(values(await poll(task))).toEqual(['ok']);
    const failure = await poll(task).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataError);
    expect(failure).toMatchObject({ code: 'holdfast.file.line-too-long' });
    expect(String(failure)).toContain('at byte 3');
    expect(String(failure)).toContain('max.line.bytes');
  });

  it('fails for a folder and for a device', async () => {
    mkdirSync(file);
    await expect(poll(await start())).rejects.toMatchObject({ code: 'holdfast.file.not-regular' });
    await expect(poll(await start({ file: '/dev/null' }))).rejects.toThrow(/pipe or device/);
  });

  it('fails for a file in something that is no folder', async () => {
    writeFileSync(file, '');
    await expect(poll(await start({ file: join(file, 'below') }))).rejects.toMatchObject({
      code: 'holdfast.file.unreadable',
    });
  });

  it.skipIf(process.getuid?.() === 0)('fails for a file that it may not read, naming it and the way out', async () => {
    writeFileSync(file, 'secret\n');
    chmodSync(file, 0);
    await expect(poll(await start())).rejects.toThrow(/in\.txt.*may not read it.*EACCES/);
  });

  it('refuses a stored position that is no integer', async () => {
    await expect(start({}, 1.5)).rejects.toThrow(/Offset position is the incorrect type/);
    await expect(start({}, -1)).rejects.toThrow(/Offset position is the incorrect type/);
  });

  it('ends a waiting poll at once when it is asked to stop', async () => {
    const task = await start();
    const polling = Promise.resolve(task.poll(abort.signal));
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error('stop'));
    expect(await polling).toBeNull();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the standard input', () => {
  let original: PropertyDescriptor | undefined;
  let stdin: PassThrough;

  beforeEach(() => {
    original = Object.getOwnPropertyDescriptor(process, 'stdin');
    stdin = new PassThrough();
    Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  });

  afterEach(() => {
    if (original !== undefined) Object.defineProperty(process, 'stdin', original);
  });

  it('is read without offsets, its last line at its end', async () => {
    const task = await start({ file: '' });
    expect(await poll(task)).toEqual([]);
    stdin.write('one\ntw');
    const first = await poll(task);
    expect(values(first)).toEqual(['one']);
    expect(first[0]).toMatchObject({ sourcePartition: null, sourceOffset: null });
    stdin.end('o\nend');
    const rest: SourceRecord[] = [];
    for (let polls = 0; polls < 4; polls++) rest.push(...(await poll(task)));
    expect(values(rest)).toEqual(['two', 'end']);
  });

  it('ends a waiting poll at once when it is asked to stop', async () => {
    const task = await start({ file: '' });
    const polling = Promise.resolve(task.poll(abort.signal));
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await polling).toBeNull();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the connector', () => {
  const connector = new FileStreamSourceConnector();
  const partition = { filename: '/a' };
  const alter = (
    offset: unknown,
    config: Record<string, string> = { file: '/a', topic: 't' },
    of: unknown = partition,
  ) => connector.alterOffsets(config, [{ partition: of, offset } as never]);

  it('makes one task, whatever tasks.max says', () => {
    connector.start({ file: '/a', topic: 't', name: 'n' });
    expect(connector.taskConfigs()).toEqual([{ file: '/a', topic: 't', name: 'n' }]);
  });

  it('accepts offsets that the task can start from', () => {
    expect(alter({ position: 5 })).toBe(true);
    expect(alter({ position: 5n })).toBe(true);
    expect(alter({ position: 0, extra: true })).toBe(true);
    expect(alter(null)).toBe(true);
    expect(alter(null, undefined, { filename: '/an-earlier-one' })).toBe(true);
  });

  it('lets the offset of any partition be taken away, as Kafka Connect does', () => {
    expect(alter(null, undefined, {})).toBe(true);
    expect(alter(null, undefined, null)).toBe(true);
    // What is wrong with the offset is told before what is wrong with the partition.
    expect(() => alter({}, undefined, {})).toThrow(
      "Offset objects should either be null or contain the key 'position'",
    );
  });

  it.each([
    [{ position: -1 }, "The value for the 'position' key in the offset should be a non-negative value"],
    [{ position: 'x' }, "The value for the 'position' key in the offset is expected to be a Long value"],
    [{ position: 1.5 }, "The value for the 'position' key in the offset is expected to be a Long value"],
    [{ position: null }, "The value for the 'position' key in the offset is expected to be a Long value"],
    [{ pos: 1 }, "Offset objects should either be null or contain the key 'position'"],
  ])('refuses the offset %j in the words of Kafka Connect', (offset, message) => {
    expect(() => alter(offset)).toThrow(message);
  });

  it('refuses partitions and the standard input in the words of Kafka Connect', () => {
    expect(() => alter({ position: 1 }, undefined, null)).toThrow('Partition objects cannot be null');
    expect(() => alter({ position: 1 }, undefined, { file: '/a' })).toThrow(
      "Partition objects should contain the key 'filename'",
    );
    expect(() => alter({ position: 1 }, { topic: 't' })).toThrow(
      "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.",
    );
  });

  it('names its settings as Kafka Connect does', () => {
    expect([...connector.config().keys.keys()]).toEqual(['file', 'topic', 'batch.size', 'max.line.bytes']);
    expect(() => connector.start({ 'batch.size': '0' })).toThrow(/topic[\s\S]*batch\.size/);
  });
});
