import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { cached, mavenJars } from '../support/java-libs.ts';
import { DifferenceFilter } from './pair/allowed-differences.ts';
import { compareAnswers, neutral } from './pair/compare-answers.ts';
import { recordPassed } from './pair/results.ts';
import { type ComparedWorker, startWorkerPair, type WorkerPair } from './pair/worker-pair.ts';
import { allowedDifferences } from './rest/allowed.ts';

const run = promisify(execFile);
const support = fileURLToPath(new URL('../support', import.meta.url));

/** Prints a line of JSON for each call of a client against that worker. */
type Client = (worker: ComparedWorker) => Promise<{ readonly stdout: string }>;

interface Call {
  readonly call: string;
  readonly answer: unknown;
}

describeWithKafka('public clients see no difference', (kafka) => {
  const filter = new DifferenceFilter({ allowed: allowedDifferences });
  const passed: string[] = [];
  let pair: WorkerPair;
  beforeAll(async () => {
    pair = await startWorkerPair({ bootstrapServers: kafka().bootstrapServers });
  }, 120_000);
  afterAll(async () => {
    await pair?.stop();
  });

  async function differences(client: Client): Promise<string[]> {
    const [theirs, ours] = await Promise.all(
      [pair.upstream, pair.holdfast].map(async (worker) => {
        const { stdout } = await client(worker);
        return stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Call);
      }),
    );
    if (theirs === undefined || ours === undefined) throw new Error('two workers were asked');
    expect(ours.map(({ call }) => call)).toEqual(theirs.map(({ call }) => call));
    return theirs.flatMap(({ call, answer }, i) => {
      const [upstream, holdfast] = [answer, ours[i]?.answer].map((body) => ({ status: 200, headers: {}, body }));
      if (upstream === undefined || holdfast === undefined) return [];
      return filter
        .remaining(`public-clients/${call}`, compareAnswers(upstream, holdfast, pair))
        .filter(({ at }) => !OURS.test(`${call} ${at}`))
        .map((each) => `${i} ${call} ${neutral(JSON.stringify(each), pair.holdfast)}`);
    });
  }

  it('kafka-connect-py 1.0.0, all its calls', async (context) => {
    const python = await run('python3', ['-m', 'pip', '--version']).then(
      () => true,
      () => false,
    );
    if (!python) context.skip('python3 with pip is missing, which the client is written for');
    const library = await cached('kafka-connect-py-1.0.0', async (dir) => {
      await run('python3', ['-m', 'pip', 'install', '-q', '--target', dir, 'kafka-connect-py==1.0.0']);
    });
    const env = { ...process.env, PYTHONPATH: library, PYTHONDONTWRITEBYTECODE: '1' };
    const calls = join(support, 'python/connect_calls.py');
    const found = await differences(({ url, prefix }) =>
      run('python3', [calls, url, prefix], { env, maxBuffer: 64 << 20 }),
    );
    expect(found).toEqual([]);
    passed.push('kafka-connect-py 1.0.0');
  });

  it('kafka-connect-client 4.0.4, all its calls', async () => {
    const jars = await mavenJars('org.sourcelab:kafka-connect-client:4.0.4');
    const calls = join(support, 'java/ConnectClientCalls.java');
    const found = await differences(({ url, prefix }) =>
      run('java', ['-Xmx128m', '-cp', `${jars}/*`, calls, url, prefix], { maxBuffer: 64 << 20 }),
    );
    expect(found).toEqual([]);
    passed.push('kafka-connect-client 4.0.4');
    if (passed.length === 2) recordPassed('clients', `all calls of ${passed.join(' and ')}`);
  });
});

/** Plugins are more of ours, in the order of their names, and a task says when it is parked. */
const OURS = /^(list_connector_plugins|getConnectorPlugins) |\.parked$/;
