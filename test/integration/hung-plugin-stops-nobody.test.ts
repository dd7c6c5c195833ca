/** A plugin whose calls never return: the worker stops within its deadline, tasks restart on a fresh host, and REST answers meanwhile (invariant 7). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answersWithinASecond } from '../support/answers-within-a-second.ts';
import { tempDir } from '../support/temp-dir.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

const DEADLINE_MS = 2_000;
const plugins = join(import.meta.dirname, '..', 'fixtures', 'plugins');

async function start(
  dir: string,
  connectors: Readonly<Record<string, Readonly<Record<string, string>>>>,
  isolation: string,
): Promise<WorkerProcess> {
  return WorkerProcess.start({
    dir,
    bootstrapServers: `embedded:${join(dir, 'broker')}`,
    settings: {
      'plugin.path': plugins,
      'task.shutdown.graceful.timeout.ms': String(DEADLINE_MS),
      'task.isolation': isolation,
    },
    connectors,
  });
}

const source = (hang: string, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  'connector.class': 'com.example.HangingSource',
  topic: 't',
  hang,
  ...more,
});
const sink = (hang: string, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  'connector.class': 'com.example.HangingSink',
  topics: 't',
  hang,
  ...more,
});

/** The REST API answers in time while `during` goes on. */
async function restAnswers(worker: WorkerProcess, during: Promise<unknown>): Promise<void> {
  let isOver = false;
  void during.finally(() => {
    isOver = true;
  });
  do {
    expect((await answersWithinASecond(() => worker.request('GET', '/connectors'))).status).toBe(200);
  } while (!isOver);
  await during;
}

describe.each(['inline', 'own'])('a worker with a plugin call that never returns, task.isolation=%s', (isolation) => {
  // A connector's own stop has Kafka Connect's five seconds; all others have the one deadline together.
  it.each([
    [['poll', 'put', 'start', 'stop'], DEADLINE_MS],
    [['connector-stop'], 5_000],
  ])('stops in time in spite of %s', async (hangs, limitMs) => {
    const hung = hangs.map((hang) => [hang, hang === 'put' ? sink(hang) : source(hang)]);
    const worker = await start(
      tempDir('hung'),
      { good: source('never'), out: sink('never'), ...Object.fromEntries(hung) },
      isolation,
    );
    for (const hang of hangs) if (!hang.endsWith('stop')) await worker.process.waitForLine(`hanging in ${hang}`);
    const running = ['good', 'out', ...hangs.filter((hang) => hang.endsWith('stop'))];
    await restAnswers(
      worker,
      eventually('the others run', async () => {
        const states = await Promise.all(running.map(async (name) => (await worker.status(name)).tasks[0]?.state));
        return states.every((state) => state === 'RUNNING');
      }),
    );
    const stopAt = performance.now();
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    const stopMs = performance.now() - stopAt;
    console.log(`${hangs} hung; the worker stopped within ${Math.round(stopMs)} ms of ${limitMs}`);
    // With a deadline for each of those that hang it would take four of them.
    expect(stopMs).toBeLessThan(limitMs + 4_000);
  });

  it.each([
    ['poll', 'a source'],
    ['put', 'a sink'],
  ])('restarts a task that hangs in %s on a fresh host', async (hang) => {
    const dir = tempDir('hung');
    const once = join(dir, 'released');
    const worker = await start(
      dir,
      {
        good: source(hang === 'poll' ? hang : 'never', { once }),
        out: sink(hang === 'put' ? hang : 'never', { once }),
      },
      isolation,
    );
    await worker.process.waitForLine(`hanging in ${hang}`);
    writeFileSync(once, '');
    const name = hang === 'put' ? 'out' : 'good';
    await restAnswers(worker, worker.request('POST', `/connectors/${name}/tasks/0/restart`));
    await worker.process.waitForLine('put record 0');
    await worker.process.waitForLine('put record 3');
    await eventually('it runs', async () => (await worker.status(name)).tasks[0]?.state === 'RUNNING');
    // Each record reached the sink once, in order: what the hung call held came again, and nothing else.
    const put = worker.process.lines
      .filter((line) => line.startsWith('put record'))
      .map((line) => Number(line.slice(11)));
    expect(put).toEqual(put.map((_, n) => n));
    expect((await worker.stop()).code).toBe(0);
  });
});
