import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { cached } from '../support/java-libs.ts';
import { compareAnswers, neutral } from './pair/compare-answers.ts';
import { type ComparedWorker, startWorkerPair, type WorkerPair } from './pair/worker-pair.ts';

const run = promisify(execFile);
const calls = fileURLToPath(new URL('../support/python/connect_calls.py', import.meta.url));

describeWithKafka('public clients see no difference', (kafka) => {
  let pair: WorkerPair;
  beforeAll(async () => {
    pair = await startWorkerPair({ bootstrapServers: kafka().bootstrapServers });
  }, 120_000);
  afterAll(async () => {
    await pair?.stop();
  });

  it('kafka-connect-py 1.0.0, all its calls', async (context) => {
    const python = await run('python3', ['-m', 'pip', '--version']).then(
      () => true,
      () => false,
    );
    if (!python) context.skip('python3 with pip is missing, which the client is written for');
    const library = await cached('kafka-connect-py-1.0.0', async (dir) => {
      await run('python3', ['-m', 'pip', 'install', '-q', '--target', dir, 'kafka-connect-py==1.0.0']);
    });
    const answersOf = async (worker: ComparedWorker): Promise<{ call: string; answer: unknown }[]> => {
      const env = { ...process.env, PYTHONPATH: library, PYTHONDONTWRITEBYTECODE: '1' };
      const { stdout } = await run('python3', [calls, worker.url, worker.prefix], { env, maxBuffer: 64 << 20 });
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { call: string; answer: unknown });
    };
    const [theirs, ours] = await Promise.all([answersOf(pair.upstream), answersOf(pair.holdfast)]);
    expect(ours.map(({ call }) => call)).toEqual(theirs.map(({ call }) => call));
    const differences = theirs.flatMap(({ call, answer }, i) => {
      const answers = [answer, ours[i]?.answer].map((body) => ({ status: 200, headers: {}, body }));
      const [upstream, holdfast] = answers;
      if (upstream === undefined || holdfast === undefined) return [];
      return compareAnswers(upstream, holdfast, pair)
        .filter(({ at }) => !OURS.test(`${call} ${at}`))
        .map((each) => `${i} ${call} ${neutral(JSON.stringify(each), pair.holdfast)}`);
    });
    expect(differences).toEqual([]);
  });
});

/** Plugins are more of ours, with our versions, and so are the recommended ones; a task has another class, and says when it is parked. */
const OURS = /^list_connector_plugins |recommended_values|\.task\.class$|\.parked$/;
