import { Agent } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fuzzedRequest } from '../support/fuzz-requests.ts';
import { fuzzedText, residentBytes, sendFuzzed, wrongIn } from '../support/fuzz-run.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** The long run, beside the real Kafka Connect, is in test/compat. */
it('no request ends the worker, leaves half a connector behind, or is answered by anything but JSON', async () => {
  const dir = tempDir('fuzz');
  const worker = await WorkerProcess.start({
    dir,
    bootstrapServers: `embedded:${join(dir, 'broker')}`,
    connectors: {},
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const random = seededRandom(20_251_129);
  const created = new Set<string>();
  const wrong: string[] = [];
  try {
    for (let i = 0; i < 3_000; i++) {
      const request = fuzzedRequest(random, 'f-');
      const answer = await sendFuzzed(worker.url, agent, request).catch((error: Error) => error);
      const problem = answer instanceof Error ? answer.message : wrongIn(answer, request);
      if (problem !== null) wrong.push(`${problem}: ${fuzzedText(request)}`);
      if (!(answer instanceof Error) && answer.status === 201)
        created.add((JSON.parse(answer.text) as { name: string }).name);
      if (!worker.process.isRunning) throw new Error(`the worker ended after ${fuzzedText(request)}`);
      if (i % 300 === 299) await deleteAll();
    }
    expect(wrong).toEqual([]);
    expect(created.size, 'some are created, or the requests are no test').toBeGreaterThan(3);
    expect(residentBytes(worker.process.pid)).toBeLessThan(700 << 20);
    expect((await worker.request('GET', '/health')).status).toBe(200);
  } finally {
    agent.destroy();
    await worker.stop();
  }

  async function deleteAll(): Promise<void> {
    const { body } = await worker.request('GET', '/connectors');
    for (const name of body as string[]) {
      if (!created.has(name)) wrong.push(`${JSON.stringify(name)} is there, and no answer said that it was created`);
      const config = await worker.request('GET', `/connectors/${encodeURIComponent(name)}/config`).catch(() => null);
      if (config !== null && config.status === 200) {
        expect(config.body, 'a connector is whole').toHaveProperty(['connector.class']);
      }
      await worker.request('DELETE', `/connectors/${encodeURIComponent(name)}`);
    }
  }
}, 180_000);
