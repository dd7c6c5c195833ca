/** Threads that come and go, and buffers that go over to them, leave neither memory nor handles behind. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processUsage } from '../support/process-usage.ts';
import { tempDir } from '../support/temp-dir.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

const plugins = join(import.meta.dirname, '..', 'fixtures', 'plugins');

function start(dir: string, connectors: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  return WorkerProcess.start({
    dir,
    bootstrapServers: `embedded:${join(dir, 'broker')}`,
    settings: { 'plugin.path': plugins, 'task.isolation': 'own' },
    connectors,
  });
}

const source = (more: Readonly<Record<string, string>> = {}) => ({
  'connector.class': 'com.example.MisbehavingSource',
  'tasks.max': '1',
  topic: 't',
  ...more,
});
const sink = { 'connector.class': 'com.example.MisbehavingSink', topics: 't' };

describe('a worker with tasks in threads', () => {
  it('has as many threads as before when connectors were restarted and deleted, and ends by itself', async () => {
    const worker = await start(tempDir('threads'), { good: source() });
    await eventually('it runs', async () => (await worker.status('good')).tasks[0]?.state === 'RUNNING');
    const before = processUsage(worker.process.pid).threads;
    for (let round = 0; round < 3; round++) {
      await worker.send('PUT', '/connectors/other/config', source({ topic: `t${round}` }));
      await worker.request('POST', '/connectors/other/restart?includeTasks=true');
      await eventually('it runs', async () => (await worker.status('other')).tasks[0]?.state === 'RUNNING');
      expect((await worker.request('DELETE', '/connectors/other')).status).toBe(204);
    }
    await eventually('the threads are gone', async () => processUsage(worker.process.pid).threads <= before);
    // Nothing keeps the process: it is not told to exit.
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
  });

  it('holds on to no buffer that went over: memory stays where it was while records flow', async () => {
    const bytes = 64 * 1024;
    const worker = await start(tempDir('threads'), {
      big: source({ bytes: String(bytes), 'batch.records': '50' }),
      out: { ...sink },
    });
    const seen = async (): Promise<number> => {
      const { body } = await worker.request('GET', '/connectors/big/offsets');
      const { offsets } = body as { offsets: { offset: { n: number } }[] };
      return offsets[0]?.offset.n ?? 0;
    };
    await eventually('it is warm', async () => (await seen()) > 1_000);
    const warm = processUsage(worker.process.pid).rssBytes;
    const from = await seen();
    // Some 250 MiB each way.
    await eventually('much has flown', async () => (await seen()) > from + 4_000, 90_000);
    const grown = processUsage(worker.process.pid).rssBytes - warm;
    console.log(
      `${Math.round((((await seen()) - from) * bytes) / 2 ** 20)} MiB flowed each way; resident memory changed by ${Math.round(grown / 2 ** 20)} MiB`,
    );
    expect(grown).toBeLessThan(100 * 2 ** 20);
    expect((await worker.stop()).code).toBe(0);
  }, 150_000);
});
