import { Agent } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { fuzzedRequest } from '../support/fuzz-requests.ts';
import { type FuzzedAnswer, fuzzedText, residentBytes, sendFuzzed, wrongIn } from '../support/fuzz-run.ts';
import { seededRandom, testSeed } from '../support/seeded-random.ts';
import { type ComparedWorker, startWorkerPair, type WorkerPair } from './pair/worker-pair.ts';

const ALONE = 12_000;
const BOTH = 1_500;

describeWithKafka('generated and mutated requests', (kafka) => {
  let pair: WorkerPair;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  beforeAll(async () => {
    pair = await startWorkerPair({ bootstrapServers: kafka().bootstrapServers });
  }, 120_000);
  afterAll(async () => {
    agent.destroy();
    await pair?.stop();
  });

  it(`${ALONE} to Holdfast: never a crash, nothing but JSON, bounded memory`, async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const wrong: string[] = [];
    for (let i = 0; i < ALONE; i++) {
      const request = fuzzedRequest(random, 'f-');
      const answer = await sendFuzzed(pair.holdfast.url, agent, request).catch((error: Error) => error);
      const problem = answer instanceof Error ? answer.message : wrongIn(answer, request);
      if (problem !== null) wrong.push(`${problem}: ${fuzzedText(request)}`);
      if (!pair.holdfast.isRunning) throw new Error(`seed ${seed}: it ended after ${fuzzedText(request)}`);
      if (i % 500 === 499) await deleteAll(pair.holdfast);
    }
    await deleteAll(pair.holdfast);
    expect(wrong, `seed ${seed}`).toEqual([]);
    expect(residentBytes(pair.holdfast.pid)).toBeLessThan(800 << 20);
  }, 600_000);

  it(`${BOTH} to both: no 500 of ours where Kafka Connect has a 4xx, and the same connectors`, async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const wrong: string[] = [];
    for (let i = 0; i < BOTH; i++) {
      const request = fuzzedRequest(random, 'f-');
      // A connector that reads and writes is on one broker for both: only stopped ones, whose topics nobody touches.
      const [theirs, ours] = await Promise.all(
        [pair.upstream, pair.holdfast].map((worker) =>
          sendFuzzed(worker.url, agent, request).catch((error: Error) => error),
        ),
      );
      const problem = difference(theirs, ours);
      if (problem !== null) wrong.push(`${problem}: ${fuzzedText(request)}`);
      if (i % 100 === 99) {
        const [names, own] = await Promise.all([namesOf(pair.upstream), namesOf(pair.holdfast)]);
        if (names.join('\n') !== own.join('\n')) wrong.push(`connectors: upstream ${names}; ours ${own}`);
        await Promise.all([deleteAll(pair.upstream), deleteAll(pair.holdfast)]);
      }
    }
    expect(wrong, `seed ${seed}`).toEqual([]);
  }, 600_000);
});

type Outcome = FuzzedAnswer | Error | undefined;

function difference(theirs: Outcome, ours: Outcome): string | null {
  if (ours === undefined || ours instanceof Error) return theirs instanceof Error ? null : `ours: ${ours?.message}`;
  if (theirs === undefined || theirs instanceof Error) return null;
  if (ours.status >= 500 && theirs.status < 500) return `upstream ${theirs.status}, ours ${ours.status} ${ours.text}`;
  if (ours.status < 300 && theirs.status >= 300) return `upstream ${theirs.status} ${theirs.text}, ours ${ours.status}`;
  if (ours.status >= 300 && theirs.status < 300) return `upstream ${theirs.status}, ours ${ours.status} ${ours.text}`;
  return null;
}

async function namesOf(worker: ComparedWorker): Promise<string[]> {
  const response = await fetch(`${worker.url}/connectors`);
  return ((await response.json()) as string[]).sort();
}

async function deleteAll(worker: ComparedWorker): Promise<void> {
  for (const name of await namesOf(worker)) {
    await fetch(`${worker.url}/connectors/${encodeURIComponent(name)}`, { method: 'DELETE' });
  }
}
