/** What no waiting mends: it is reported with its code, and everything before it stays delivered and committed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeOffsetMap } from '../../src/storage/offset-codec.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { offsetsIn } from '../support/offsets-in.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, withBroker } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

const LARGE = 20 * 1024 * 1024;
const BEFORE = 'one\ntwo\n';
const AFTER = 'three\nfour\n';

interface Pipeline {
  readonly connect: EmbeddedConnect;
  readonly topic: string;
  readonly input: string;
  readonly text: string;
  output(): string;
  /** Byte position that is committed for the input. */
  committed(): Promise<number>;
}

async function pipeline(
  kafka: string | null,
  source: Readonly<Record<string, string>>,
  sink: Readonly<Record<string, string>> = {},
  topicConfigs: Readonly<Record<string, string>> = {},
): Promise<Pipeline> {
  const dir = tempDir('bad-input');
  const topic = uniqueName('large');
  const input = join(dir, 'in.txt');
  const outputFile = join(dir, 'out.txt');
  const text = `${BEFORE}${'x'.repeat(LARGE)}\n${AFTER}`;
  writeFileSync(input, text);
  const servers = kafka ?? `embedded:${join(dir, 'broker')}`;
  await withBroker(servers, (broker) => createTopic(broker, topic, 1, topicConfigs));
  const connect = await EmbeddedConnect.start({ dir, settings: { 'bootstrap.servers': servers } });
  await connect.create(`${topic}-source`, { 'connector.class': 'FileStreamSource', file: input, topic, ...source });
  await connect.create(`${topic}-sink`, {
    'connector.class': 'FileStreamSink',
    file: outputFile,
    topics: topic,
    ...sink,
  });
  return {
    connect,
    topic,
    input,
    text,
    output: () => {
      try {
        return readFileSync(outputFile, 'utf8');
      } catch {
        return '';
      }
    },
    async committed() {
      const [entry] = offsetsIn(join(dir, 'connect.offsets'));
      return entry === undefined ? 0 : Number(decodeOffsetMap(entry[1])?.['position']);
    },
  };
}

function largeLines(kafka: () => string | null): void {
  it('fails the task with the code of it under errors.tolerance=none, and commits what came before', async () => {
    const { connect, topic, output, committed } = await pipeline(kafka(), {});
    const status = await connect.waitForTasks(`${topic}-source`, 'FAILED', 30_000);
    expect(status.tasks[0]?.trace).toContain('holdfast.broker.record.too.large');
    expect(status.tasks[0]?.trace).toContain('max.request.size');
    await connect.waitFor('the lines before', async () => output().startsWith(BEFORE));
    expect(await committed()).toBe(BEFORE.length);
    await connect.stop();
  });

  it('leaves only it out under errors.tolerance=all, and commits beyond it', async () => {
    const { connect, topic, output, committed, text } = await pipeline(kafka(), {
      'errors.tolerance': 'all',
      'errors.log.enable': 'true',
    });
    await connect.waitFor('the other lines', async () => output() === BEFORE + AFTER, 30_000);
    await connect.waitFor('its offset', async () => (await committed()) === text.length);
    await connect.waitForTasks(`${topic}-source`, 'RUNNING');
    await connect.stop();
  });

  it('takes it where the limits are raised', async () => {
    const limit = String(2 * LARGE);
    const { connect, output, committed, text } = await pipeline(
      kafka(),
      { 'producer.override.max.request.size': limit, 'producer.override.buffer.memory': String(4 * LARGE) },
      {},
      { 'max.message.bytes': limit },
    );
    await connect.waitFor('all lines', async () => output().length === text.length, 40_000);
    expect(output() === text).toBe(true);
    await connect.waitFor('its offset', async () => (await committed()) === text.length);
    await connect.stop();
  });
}

describe('a line of 20 MB on the embedded broker', () => largeLines(() => null));
describeWithKafka('a line of 20 MB on a real Kafka', (kafka) => largeLines(() => kafka().bootstrapServers));

/** Root reads everything, unless it gives that right away. */
const isRoot = process.getuid?.() === 0;
const withoutPrivileges = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
const canWithhold = !isRoot || spawnSync('setpriv', ['--version'], { stdio: 'ignore' }).status === 0;
if (!canWithhold) process.stderr.write('SKIPPED: to take the right to read from root, setpriv is needed\n');

describe('a file that can not be used', () => {
  it('fails its task, and says which file and why', async () => {
    const dir = tempDir('unreadable');
    const connect = await EmbeddedConnect.start({ dir });
    const loop = join(dir, 'loop');
    symlinkSync(loop, loop);
    mkdirSync(join(dir, 'folder'));
    writeFileSync(join(dir, 'file'), '');
    const cases = [
      ['a link to itself, read', 'FileStreamSource', loop, 'holdfast.file.unreadable', 'ELOOP'],
      ['a folder, read', 'FileStreamSource', join(dir, 'folder'), 'holdfast.file.not-regular', 'is a folder'],
      ['below a file, read', 'FileStreamSource', join(dir, 'file/x'), 'holdfast.file.unreadable', 'ENOTDIR'],
      ['a link to itself, written', 'FileStreamSink', loop, 'holdfast.file.unwritable', 'ELOOP'],
      ['a folder, written', 'FileStreamSink', join(dir, 'folder'), 'holdfast.file.not-regular', 'is a folder'],
      ['no folder, written', 'FileStreamSink', join(dir, 'none/x'), 'holdfast.file.unwritable', 'ENOENT'],
    ] as const;
    for (const [n, [what, plugin, file, code, why]] of cases.entries()) {
      const name = `case-${n}`;
      await connect.create(name, { 'connector.class': plugin, file, topic: 't', topics: 't' });
      const [task] = (await connect.waitForTasks(name, 'FAILED')).tasks;
      expect(task?.trace, what).toContain(code);
      expect(task?.trace, what).toContain(file);
      expect(task?.trace, what).toContain(why);
    }
    await connect.stop();
  });

  it.skipIf(!canWithhold)(
    'without the right to read it fails the task, which goes on after a restart with it',
    async () => {
      const dir = tempDir('forbidden');
      const file = join(dir, 'in.txt');
      const output = join(dir, 'out.txt');
      writeFileSync(file, 'one\n', { mode: 0o000 });
      const worker = await WorkerProcess.start({
        dir: join(dir, 'worker'),
        bootstrapServers: `embedded:${join(dir, 'broker')}`,
        launcher: withoutPrivileges,
        connectors: {
          source: { 'connector.class': 'FileStreamSource', file, topic: 't' },
          sink: { 'connector.class': 'FileStreamSink', file: output, topics: 't' },
        },
      });
      const [trace = ''] = await eventually('the task failed', async () => {
        const failures = await worker.failures('source');
        return failures.length > 0 && failures;
      });
      expect(trace).toContain('holdfast.file.unreadable');
      expect(trace).toContain('EACCES');
      expect(trace).toContain(file);
      expect(await worker.failures('sink')).toEqual([]);
      chmodSync(file, 0o644);
      expect((await worker.request('POST', '/connectors/source/tasks/0/restart')).status).toBe(204);
      await eventually('the line', () => readFileSync(output, 'utf8') === 'one\n');
      expect((await worker.stop()).code).toBe(0);
    },
  );
});
