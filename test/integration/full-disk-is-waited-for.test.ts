/** Invariant 3 on a disk that is full under the sink's file, the embedded broker, or the offset file: parked, and on as soon as there is room. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { recordingLogger } from '../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { smallDisk } from '../support/small-disk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { readTopic, textOf, withBroker } from '../support/topic-content.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

const LINE = `${'x'.repeat(92)}\n`;
const disk = smallDisk(8);
afterAll(() => disk?.unmount());

function numbered(from: number, count: number): string {
  return Array.from({ length: count }, (_, n) => `${String(from + n).padStart(6, '0')} ${LINE}`).join('');
}

describe.skipIf(disk === null)('a full disk', () => {
  const small = disk?.dir ?? '';
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };

  it('under the file of a sink parks the sink, and tears and repeats nothing', async () => {
    const dir = tempDir('full');
    const input = join(dir, 'in.txt');
    const output = join(small, 'out.txt');
    writeFileSync(input, numbered(0, 1_000));
    const connect = await EmbeddedConnect.start({ dir });
    await connect.create('source', { 'connector.class': 'FileStreamSource', file: input, topic: 't' });
    await connect.create('sink', { 'connector.class': 'FileStreamSink', file: output, topics: 't' });
    await connect.waitFor('the first lines', async () => read(output).length === 100_000);
    disk?.fill(150_000);
    appendFileSync(input, numbered(1_000, 10_000));
    const parked = await connect.waitFor('the sink is parked', async () => {
      const [task] = (await connect.status('sink')).tasks;
      return task?.parked && task;
    });
    expect(parked.state).toBe('RUNNING');
    expect(parked.parked).toMatchObject({
      code: 'holdfast.file.storage-unavailable',
      reason: expect.stringContaining('no space is left'),
    });
    // A reader sees whole lines only.
    expect(read(output).length % 100).toBe(0);
    disk?.free();
    await connect.waitFor('every line', async () => read(output).length >= 1_100_000, 30_000);
    expect(read(output) === numbered(0, 11_000)).toBe(true);
    await connect.waitFor('the park is over', async () => !(await connect.status('sink')).tasks[0]?.parked);
    await connect.stop();
  });

  it('under the embedded broker parks the source', async () => {
    const dir = tempDir('full');
    const servers = `embedded:${join(small, 'broker')}`;
    const input = join(dir, 'in.txt');
    const output = join(dir, 'out.txt');
    writeFileSync(input, numbered(0, 1_000));
    const connect = await EmbeddedConnect.start({ dir, settings: { 'bootstrap.servers': servers } });
    await connect.create('source', { 'connector.class': 'FileStreamSource', file: input, topic: 't' });
    await connect.create('sink', { 'connector.class': 'FileStreamSink', file: output, topics: 't' });
    await connect.waitFor('the first lines', async () => read(output).length === 100_000);
    disk?.fill(300_000);
    appendFileSync(input, numbered(1_000, 20_000));
    const parked = await connect.waitFor('the source is parked', async () => {
      const [task] = (await connect.status('source')).tasks;
      return task?.parked && task;
    });
    expect(parked.state).toBe('RUNNING');
    expect(parked.parked).toMatchObject({ dependency: 'broker', reason: expect.stringContaining('no space is left') });
    disk?.free();
    await connect.waitFor('every line', async () => read(output).length >= 2_100_000, 30_000);
    await connect.stop();
    const [values = []] = await withBroker(servers, (broker) => readTopic(broker, 't'));
    expect(values.map((record) => `${textOf(record)}\n`).join('') === numbered(0, 21_000)).toBe(true);
    expect(read(output) === numbered(0, 21_000)).toBe(true);
  });

  it('under the offset file lets records flow, and commits when there is room again', async () => {
    const dir = tempDir('full');
    const input = join(dir, 'in.txt');
    const output = join(dir, 'out.txt');
    const settings = { 'offset.storage.file.filename': join(small, 'offsets', 'connect.offsets') };
    writeFileSync(input, numbered(0, 1_000));
    const source = { 'connector.class': 'FileStreamSource', file: input, topic: 't' };
    const sink = { 'connector.class': 'FileStreamSink', file: output, topics: 't' };
    const stored = (): number => Number(/position\W+(\d+)/.exec(read(settings['offset.storage.file.filename']))?.[1]);
    const { logger, lines } = recordingLogger('warn');
    let connect = await EmbeddedConnect.start({ dir, settings, logger });
    await connect.create('source', source);
    await connect.create('sink', sink);
    await connect.waitFor('the first offset', async () => stored() === 100_000);
    disk?.fill(0);
    appendFileSync(input, numbered(1_000, 1_000));
    await connect.waitFor('the lines flow on', async () => read(output).length === 200_000);
    await connect.waitFor('a commit that failed for want of space', async () =>
      lines.some(
        ({ message, fields }) => /could not be committed/.test(message) && /ENOSPC/.test(String(fields['err'])),
      ),
    );
    // What is stored stays whole and as it was.
    expect(stored()).toBe(100_000);
    await connect.waitForTasks('source', 'RUNNING');
    disk?.free();
    await connect.waitFor('the new offset', async () => stored() === 200_000);
    await connect.stop();
    appendFileSync(input, numbered(2_000, 1_000));
    connect = await EmbeddedConnect.start({ dir, settings });
    await connect.create('source', source);
    await connect.create('sink', sink);
    await connect.waitFor('the rest', async () => read(output).length >= 300_000);
    expect(read(output) === numbered(0, 3_000)).toBe(true);
    await connect.stop();
  });

  it('is survived by a worker that is stopped or killed in the midst of it', async () => {
    const dir = tempDir('full');
    const servers = `embedded:${join(small, 'killed')}`;
    const input = join(dir, 'in.txt');
    const output = join(dir, 'out.txt');
    const setting = {
      dir,
      bootstrapServers: servers,
      settings: { 'task.shutdown.graceful.timeout.ms': '40000' },
      connectors: {
        source: { 'connector.class': 'FileStreamSource', file: input, topic: 't' },
        sink: { 'connector.class': 'FileStreamSink', file: output, topics: 't' },
      },
    };
    let lines = 0;
    const add = (count: number): void => {
      appendFileSync(input, numbered(lines, count));
      lines += count;
    };
    add(1_000);
    for (const end of ['kill', 'stop'] as const) {
      const worker = await WorkerProcess.start(setting);
      await eventually('the lines so far', () => read(output).length >= lines * 100);
      disk?.fill(100_000);
      add(10_000);
      await eventually('the source is parked', async () => (await worker.status('source')).tasks[0]?.parked);
      if (end === 'kill') await worker.kill();
      // A parked worker stops at once: it would be killed if it waited for its tasks.
      else expect(await worker.stop(10_000)).toEqual({ code: 0, signal: null });
      disk?.fill(0);
      const early = await WorkerProcess.spawn(setting);
      const isReady = await Promise.race([
        early.process.waitForLine('The worker is ready.').then(() => true),
        early.process.waitForExit().then(() => false),
      ]).catch(() => false);
      if (isReady) {
        expect(await early.failures('source', 'sink')).toEqual([]);
        expect((await early.stop()).code).toBe(0);
      } else {
        // Where not even the broker's own files fit, there is nothing to start on, and that is said.
        expect((await early.process.waitForExit()).code).toBe(3);
        expect(early.process.stderr.join('\n')).toMatch(/no space is left.*\[holdfast\.broker\./);
      }
      disk?.free();
    }
    const worker = await WorkerProcess.start(setting);
    await eventually('every line', () => new Set(read(output).split('\n')).size === lines + 1);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    const [values = []] = await withBroker(servers, (broker) => readTopic(broker, 't'));
    for (const delivered of [values.map(textOf), read(output).split('\n').slice(0, -1)]) {
      const first = [...new Set(delivered)];
      expect(first.map((line) => `${line}\n`).join('') === numbered(0, lines)).toBe(true);
    }
  });
});
