import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, type Schema, SchemaBuilder, Schemas, SinkRecord, Struct } from 'holdfast/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AppendHandle, FileAppender } from '../../../../connectors/file/file-appender.ts';
import { FileStreamSinkConnector } from '../../../../connectors/file/sink-connector.ts';
import { FileStreamSinkTask } from '../../../../connectors/file/sink-task.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { sinkTaskContext } from '../../../../src/testing/task-contexts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

let file: string;
const tasks: FileStreamSinkTask[] = [];
const appenders: FileAppender[] = [];

beforeEach(() => {
  file = join(tempDir('file-sink'), 'out.txt');
});

afterEach(async () => {
  for (const task of tasks.splice(0)) await task.stop();
  for (const appender of appenders.splice(0)) await appender.close();
});

async function start(config: Record<string, string> = { file }): Promise<FileStreamSinkTask> {
  const task = new FileStreamSinkTask();
  task.initialize(sinkTaskContext());
  tasks.push(task);
  await task.start(config);
  return task;
}

const record = (value: unknown, valueSchema: Schema | null = Schemas.STRING): SinkRecord =>
  new SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset: 0, value, valueSchema });
const content = (): string => readFileSync(file, 'utf8');

describe('lines', () => {
  it('are what Java shows of the values', async () => {
    const schema = SchemaBuilder.struct().field('a', Schemas.INT32).field('b', Schemas.FLOAT64).build();
    const task = await start();
    await task.put([
      record('text'),
      record(''),
      record(null, null),
      record(7n, Schemas.INT64),
      record(1, Schemas.FLOAT64),
      record(new Struct(schema).put('a', 1).put('b', 2), schema),
      record(new Map([['k', 'v']]), null),
      record([1, 2], null),
      record(true, Schemas.BOOLEAN),
    ]);
    expect(content()).toBe('text\n\nnull\n7\n1.0\nStruct{a=1,b=2.0}\n{k=v}\n[1, 2]\ntrue\n');
  });

  it('are appended to what is there', async () => {
    writeFileSync(file, 'before\n');
    const task = await start();
    await task.put([]);
    await task.put([record('after')]);
    await task.flush();
    expect(content()).toBe('before\nafter\n');
  });

  it('go to the standard output when there is no file', async () => {
    let text = '';
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation(((bytes: Buffer, done: () => void) => {
      text += bytes.toString();
      done();
      return true;
    }) as never);
    try {
      const task = await start({});
      await task.put([record('a'), record('b')]);
      await task.flush();
    } finally {
      spy.mockRestore();
    }
    expect(text).toBe('a\nb\n');
  });

  it('of several tasks never mix', async () => {
    const [one, two] = [await start(), await start()];
    const batch = (text: string): SinkRecord[] => Array.from({ length: 3000 }, () => record(text.repeat(100)));
    await Promise.all([one.put(batch('1')), two.put(batch('2')), one.put(batch('1')), two.put(batch('2'))]);
    const lines = content().trimEnd().split('\n');
    expect(lines).toHaveLength(12_000);
    expect(lines.every((line) => /^(1{100}|2{100})$/.test(line))).toBe(true);
    for (let batchAt = 0; batchAt < 12_000; batchAt += 3000) {
      expect(new Set(lines.slice(batchAt, batchAt + 3000)).size).toBe(1);
    }
  });
});

describe('after a crash', () => {
  it('a torn last line is moved aside, so that every line is complete', async () => {
    writeFileSync(file, 'one\ntw');
    const task = await start();
    await task.put([record('two')]);
    expect(content()).toBe('one\ntwo\n');
    expect(readFileSync(`${file}.torn`, 'utf8')).toBe('tw\n');
  });

  it.each([10, 70_000, 200_000])('a torn line of %i bytes is found', async (bytes) => {
    writeFileSync(file, `one\n${'x'.repeat(bytes)}`);
    await start();
    expect(content()).toBe('one\n');
    expect(readFileSync(`${file}.torn`, 'utf8').length).toBe(bytes + 1);
  });

  it('a file of complete lines is left alone', async () => {
    writeFileSync(file, 'one\n');
    await start();
    expect(content()).toBe('one\n');
    expect(existsSync(`${file}.torn`)).toBe(false);
  });
});

describe('failures', () => {
  /** Writes until `budget` bytes are used up, then fails; like a full disk it takes a part of the last write. */
  function disk(limits: { budget: number; syncFails?: boolean }) {
    return async (path: string): Promise<AppendHandle> => {
      const handle = await open(path, 'a+');
      const full = (): Error => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      return {
        read: handle.read.bind(handle),
        stat: handle.stat.bind(handle),
        truncate: handle.truncate.bind(handle),
        close: handle.close.bind(handle),
        datasync: async () => {
          if (limits.syncFails) throw Object.assign(new Error('EIO'), { code: 'EIO' });
          await handle.datasync();
        },
        write: (async (bytes: Buffer, at: number, length: number) => {
          const taken = Math.min(length, limits.budget);
          if (taken === 0) throw full();
          limits.budget -= taken;
          return handle.write(bytes, at, taken, null);
        }) as never,
      };
    };
  }

  async function appender(limits: { budget: number; syncFails?: boolean }): Promise<FileAppender> {
    const one = await FileAppender.open({ file, logger: silentLogger, open: disk(limits) });
    appenders.push(one);
    return one;
  }

  it('a full disk leaves no half batch, parks, and the batch is there once after space is free', async () => {
    const limits = { budget: 12 };
    const one = await appender(limits);
    await one.append([Buffer.from('one\n')]);
    const failure = await one
      .append([Buffer.from('two\n'), Buffer.from('three\nfour\n')])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EnvironmentError);
    expect(failure).toMatchObject({ code: 'holdfast.file.storage-unavailable' });
    expect(String(failure)).toContain(file);
    expect(content()).toBe('one\n');
    limits.budget = 1000;
    await one.append([Buffer.from('two\n'), Buffer.from('three\nfour\n')]);
    expect(content()).toBe('one\ntwo\nthree\nfour\n');
  });

  it('lines that another process appended meanwhile are not cut away', async () => {
    const limits = { budget: 6 };
    const one = await appender(limits);
    await one.append([Buffer.from('one\n')]);
    appendFileSync(file, 'theirs\n');
    await expect(one.append([Buffer.from('two\n')])).rejects.toBeInstanceOf(EnvironmentError);
    limits.budget = 1000;
    await one.append([Buffer.from('two\n')]);
    expect(content()).toBe('one\ntheirs\ntw\ntwo\n');
  });

  it('a sync that fails makes every task with unsynced lines ask for its records again, once', async () => {
    const limits = { budget: 1000, syncFails: true };
    const [one, two, idle] = [await appender(limits), await appender(limits), await appender(limits)];
    await one.append([Buffer.from('1\n')]);
    await two.append([Buffer.from('2\n')]);
    await expect(one.flush()).rejects.toMatchObject({ code: 'holdfast.file.write-lost' });
    limits.syncFails = false;
    // The system reports a failed sync only once: this one would succeed.
    await expect(two.flush()).rejects.toMatchObject({ code: 'holdfast.file.write-lost' });
    await idle.flush();
    await one.flush();
  });

  it('a missing folder, a folder in place of the file, and a name below a file fail with what to do', async () => {
    await expect(start({ file: join(file, '..', 'nowhere', 'out.txt') })).rejects.toThrow(
      /its folder does not exist \(ENOENT\)/,
    );
    await expect(start({ file: join(file, '..') })).rejects.toMatchObject({ code: 'holdfast.file.not-regular' });
    writeFileSync(file, '');
    await expect(start({ file: join(file, 'below') })).rejects.toMatchObject({ code: 'holdfast.file.unwritable' });
  });
});

describe('the connector', () => {
  it('makes as many tasks as allowed, all with the same file', () => {
    const connector = new FileStreamSinkConnector();
    connector.start({ file: '/a', topics: 't' });
    expect(connector.taskConfigs(2)).toEqual([
      { file: '/a', topics: 't' },
      { file: '/a', topics: 't' },
    ]);
    expect(connector.alterOffsets()).toBe(true);
  });
});
