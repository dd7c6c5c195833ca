import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { type HoldfastProcess, runHoldfast } from '../support/holdfast-process.ts';
import { freePort } from '../support/ports.ts';
import { writeProperties } from '../support/properties-file.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, withBroker } from '../support/topic-content.ts';

interface Setup {
  readonly dir: string;
  readonly port: number;
  run(options?: {
    settings?: Record<string, string>;
    files?: string[];
    env?: Record<string, string>;
  }): Promise<HoldfastProcess>;
}

async function setUp(): Promise<Setup> {
  const dir = tempDir('start-failure');
  const port = await freePort();
  return {
    dir,
    port,
    run: ({ settings = {}, files = [], env = {} } = {}) => {
      const worker = join(dir, 'worker.properties');
      writeProperties(worker, {
        'bootstrap.servers': `embedded:${join(dir, 'broker')}`,
        'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
        'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
        'offset.storage.file.filename': join(dir, 'connect.offsets'),
        listeners: `http://127.0.0.1:${port}`,
        ...settings,
      });
      return runHoldfast(['standalone', worker, ...files], { cwd: dir, env });
    },
  };
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** It ended by itself, with that code, and its last words are one line with the code of the error. */
async function expectEnd(process: HoldfastProcess, exitCode: number, words: RegExp): Promise<void> {
  const { code, signal } = await process.waitForExit();
  expect({ code, signal, stderr: process.stderr }).toEqual({
    code: exitCode,
    signal: null,
    stderr: [expect.stringMatching(words)],
  });
  expect(process.stderr[0]).toMatch(/^holdfast: .* \[holdfast\.[a-z.-]+\]$/);
}

describe('a worker that cannot start ends by itself and says why', () => {
  it('a port that is taken: 2', async () => {
    const { port, run } = await setUp();
    const other = await listen(port);
    try {
      await expectEnd(await run(), 2, /can't listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\[holdfast\.rest\.listener\]$/);
    } finally {
      other.close();
    }
  });

  it('the second of several listeners is taken: 2, and the first is let go', async () => {
    const { port, run } = await setUp();
    const other = await listen(port);
    const first = await freePort();
    try {
      const settings = { listeners: `http://127.0.0.1:${first},http://127.0.0.1:${port}` };
      await expectEnd(await run({ settings }), 2, /EADDRINUSE/);
    } finally {
      other.close();
    }
    (await listen(first)).close();
  });

  it('an offset file that is none: 2, and it is left as it is', async () => {
    const { dir, run } = await setUp();
    writeFileSync(join(dir, 'connect.offsets'), 'not an offset file\n');
    await expectEnd(await run(), 2, /connect\.offsets can't be used: it is not an offset file of Holdfast/);
  });

  it("an offset file of Kafka Connect's that is cut off: 2", async () => {
    const { dir, run } = await setUp();
    writeFileSync(
      join(dir, 'connect.offsets'),
      Buffer.from('aced0005737200116a6176612e7574696c2e486173684d6170', 'hex'),
    );
    await expectEnd(await run(), 2, /no offset file of Kafka Connect's standalone worker/);
  });

  it('an embedded folder that another worker holds: not 0, and that worker goes on', async () => {
    const { run } = await setUp();
    const first = await run();
    await first.waitForLine('The worker is ready.');
    const second = await run({ settings: { listeners: 'http://127.0.0.1:0' } });
    const { code } = await second.waitForExit();
    expect(code === 2 || code === 3).toBe(true);
    expect(second.stderr).toEqual([expect.stringMatching(/^holdfast: .*broker.*\[holdfast\.[a-z.-]+\]$/)]);
    expect(first.isRunning).toBe(true);
    expect((await first.stop()).code).toBe(0);
  });

  it('a connector file with mistakes: 2, all of them named', async () => {
    const { dir, run } = await setUp();
    const file = join(dir, 'c.properties');
    writeProperties(file, { name: 'c', 'connector.class': 'FileStreamSource', 'tasks.max': '0' });
    const process = await run({ files: [file] });
    expect((await process.waitForExit()).code).toBe(2);
    const text = process.stderr.join('\n');
    expect(text).toContain('Invalid value 0 for configuration tasks.max');
    expect(text).toContain('Missing required configuration "topic"');
    expect(text).toContain('[holdfast.connector.config-invalid]');
  });

  it('a connector file without a name: 2, before anything is started', async () => {
    const { dir, run } = await setUp();
    const file = join(dir, 'c.properties');
    writeProperties(file, { 'connector.class': 'FileStreamSource' });
    const process = await run({ files: [file] });
    await expectEnd(process, 2, /c\.properties has no name\..*\[holdfast\.cli\.file-invalid\]$/);
    expect(process.stdout.join('\n')).not.toContain('The REST API listens');
  });

  it('two connector files of one name: 2', async () => {
    const { dir, run } = await setUp();
    const files = ['a', 'b'].map((name) => {
      const file = join(dir, `${name}.properties`);
      writeProperties(file, { name: 'same', 'connector.class': 'FileStreamSource', topic: 't' });
      return file;
    });
    await expectEnd(await run({ files }), 2, /have the same name, same\./);
  });

  it('a converter that no plugin offers: 2, at once', async () => {
    const { run } = await setUp();
    const process = await run({ settings: { 'value.converter': 'com.example.Nope' } });
    expect((await process.waitForExit()).code).toBe(2);
    expect(process.stderr.join('\n')).toContain(
      'Invalid value com.example.Nope for configuration value.converter: Class com.example.Nope could not be found.',
    );
  });

  it('a schema store that cannot be read: not 0, and the broker is let go', async () => {
    const { dir, run } = await setUp();
    mkdirSync(join(dir, 'store/schemas.log'), { recursive: true });
    const process = await run({ settings: { 'schema.store.dir': join(dir, 'store') } });
    const { code, signal } = await process.waitForExit();
    expect([code === 0, signal]).toEqual([false, null]);
    const again = await run();
    await again.waitForLine('The worker is ready.');
    expect((await again.stop()).code).toBe(0);
  });

  it('a topic for the schema store that would lose entries: 2, and the topic is left as it is', async () => {
    const { dir, run } = await setUp();
    const embedded = `embedded:${join(dir, 'broker')}`;
    await withBroker(embedded, (broker) => createTopic(broker, 'schemas', 2));
    const settings = { 'bootstrap.servers': embedded, 'schema.store.topic': 'schemas' };
    const process = await run({ settings });
    await expectEnd(
      process,
      2,
      /Topic 'schemas', named by schema\.store\.topic, can't be used: it has 2 partitions and must have one\..*\[holdfast\.storage\.topic\.unfit\]$/,
    );
    const fit = await run({ settings: { ...settings, 'schema.store.topic': 'other' } });
    await fit.waitForLine('The worker is ready.');
    expect((await fit.stop()).code).toBe(0);
    await withBroker(embedded, async (broker) => {
      const [topic] = await broker.admin({ settings: {}, logger: silentLogger }).describeTopics(['schemas']);
      expect(topic?.partitions).toHaveLength(2);
    });
  });

  it('a connector whose start throws: 3', async () => {
    const { dir, run } = await setUp();
    writeFileSync(join(dir, 'plugin.mjs'), throwingPlugin('throw new Error("no such database")'));
    const file = join(dir, 'c.properties');
    writeProperties(file, { name: 'c', 'connector.class': 'test.OddSource' });
    const process = await run({ settings: { 'plugin.path': dir }, files: [file] });
    await expectEnd(
      process,
      3,
      /Failed to transition connector c to state STARTED \[holdfast\.connector\.start-failed\]$/,
    );
    // What it failed with stands in the log, once.
    expect(process.stdout.filter((line) => line.includes('no such database'))).toHaveLength(1);
  });

  it('a connector whose start never returns: SIGTERM ends the worker all the same', async () => {
    const { dir, run } = await setUp();
    writeFileSync(join(dir, 'plugin.mjs'), throwingPlugin('setInterval(() => {}, 1e6); return new Promise(() => {})'));
    const file = join(dir, 'c.properties');
    writeProperties(file, { name: 'c', 'connector.class': 'test.OddSource' });
    const process = await run({ settings: { 'plugin.path': dir }, files: [file] });
    await process.waitForLine('The REST API listens.');
    expect(await process.stop({ graceMs: 15_000 })).toMatchObject({ code: 0, signal: null });
  });
});

function throwingPlugin(start: string): string {
  return `const configDef = { validate: () => [] };
export default {
  name: 'odd', version: '1', sdkContractVersion: 1, [Symbol.for('holdfast.plugin')]: true,
  connectors: [{ className: 'test.OddSource', type: 'source', create: class {
    version() { return '1'; }
    config() { return configDef; }
    start() { ${start}; }
    taskConfigs() { return []; }
    stop() {}
  } }],
};`;
}

describe('the command line', () => {
  it('runs without a file from CONNECT_ variables alone', async () => {
    const { dir, port } = await setUp();
    const process = await runHoldfast(['standalone'], {
      cwd: dir,
      env: {
        CONNECT_BOOTSTRAP_SERVERS: `embedded:${join(dir, 'broker')}`,
        CONNECT_KEY_CONVERTER: 'org.apache.kafka.connect.storage.StringConverter',
        CONNECT_VALUE_CONVERTER: 'String',
        CONNECT_REST_PORT: String(port),
        CONNECT_REST_ADVERTISED_HOST_NAME: 'connect.example',
        CONNECT_SETTNG: 'misspelt',
      },
    });
    await process.waitForLine('The worker is ready.');
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(await health.json()).toMatchObject({ status: 'healthy' });
    const lines = process.stdout.map((line) => JSON.parse(line) as { level: string; msg: string; keys?: string[] });
    const unknown = lines.filter(({ msg }) => msg.includes('not known'));
    expect(unknown).toMatchObject([{ level: 'warn', keys: ['settng'] }]);
    expect((await process.stop()).code).toBe(0);
  });

  it('serves every listener, and names the first in worker_id', async () => {
    const { dir, port, run } = await setUp();
    const second = await freePort();
    const file = join(dir, 'c.json');
    writeFileSync(
      file,
      JSON.stringify({
        name: 'c',
        config: { 'connector.class': 'FileStreamSource', topic: 't', file: join(dir, 'in') },
      }),
    );
    const settings = { listeners: `http://127.0.0.1:${port}, http://127.0.0.1:${second}` };
    const process = await run({ settings, files: [file] });
    await process.waitForLine('The worker is ready.');
    for (const each of [port, second]) {
      const status = await fetch(`http://127.0.0.1:${each}/connectors/c/status`);
      expect(await status.json()).toMatchObject({ connector: { worker_id: `127.0.0.1:${port}` } });
    }
    expect((await process.stop()).code).toBe(0);
  });

  it.each([
    [['standalone'], 1],
    [['standalone', 'no-such-file.properties'], 2],
    [['nonsense'], 1],
    [['standalone', '--nonsense'], 1],
    [['--help'], 0],
    [['standalone', '--help'], 0],
    [[], 1],
  ] as const)('%j ends with %i', async (args, code) => {
    const clean = Object.fromEntries(
      Object.keys(process.env)
        .filter((name) => name.startsWith('CONNECT_'))
        .map((name) => [name, undefined]),
    );
    const run = await runHoldfast(args, { env: clean });
    expect((await run.waitForExit()).code).toBe(code);
    expect(run.lines.join('\n')).toMatch(code === 2 ? /no-such-file/ : /Usage: holdfast|holdfast standalone/);
  });
});
