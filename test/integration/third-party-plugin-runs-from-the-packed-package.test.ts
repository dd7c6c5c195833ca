/** A stranger's plugin: plain JavaScript, outside the repository, with a copy of the SDK of its own, run by the worker of the packed package. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fetchJson } from '../support/fetch-json.ts';
import { runHoldfast } from '../support/holdfast-process.ts';
import { freePort } from '../support/ports.ts';
import { writeProperties } from '../support/properties-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

const PLUGIN = `
import { ConfigDef, RetriableError, SchemaBuilder, Schemas, SourceRecord, Struct, definePlugin } from 'holdfast/sdk';

const CONFIG = ConfigDef.of({
  topic: { type: 'STRING', importance: 'high', documentation: 'Where to.' },
});
const SCHEMA = SchemaBuilder.struct().name('stranger.Value').field('n', Schemas.INT64).field('text', Schemas.OPTIONAL_STRING).build();

class StrangerTask {
  attempts = 0;
  async start(config) {
    this.topic = config.topic;
    const stored = await this.context.offsetStorageReader.offset({ stranger: 'yes' });
    this.next = stored === null ? 0 : Number(stored.n) + 1;
  }
  initialize(context) { this.context = context; }
  poll() {
    this.attempts += 1;
    // An error of this copy's class: the worker must know it for what it is.
    if (this.attempts === 1) throw new RetriableError('not yet');
    if (this.next >= 3) return new Promise((resolve) => setTimeout(() => resolve(null), 50));
    const n = this.next++;
    return [new SourceRecord({
      sourcePartition: { stranger: 'yes' }, sourceOffset: { n }, topic: this.topic,
      valueSchema: SCHEMA, value: new Struct(SCHEMA).put('n', 9007199254740993n + BigInt(n)).put('text', n === 1 ? null : 'row ' + n),
    })];
  }
  stop() {}
}

class StrangerConnector {
  version() { return '9.8.7'; }
  config() { return CONFIG; }
  start(config) { this.settings = config; }
  taskClass() { return StrangerTask; }
  taskConfigs() { return [this.settings]; }
  stop() {}
}

export default definePlugin({
  name: 'stranger', version: '9.8.7',
  connectors: [{ type: 'source', className: 'com.stranger.StrangerSourceConnector', create: StrangerConnector }],
});
`;

describe('a plugin of a third party', () => {
  it('loads from plugin.path and runs with its own copy of the SDK', async () => {
    const dir = tempDir('third-party');
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir], {
      cwd: ROOT,
    });
    const tarball = join(dir, (JSON.parse(stdout) as { filename: string }[])[0]?.filename ?? '');

    // The worker: installed from the tarball like any user would.
    const project = join(dir, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"name":"user","private":true}');
    await run(
      'npm',
      ['install', '--no-audit', '--no-fund', '--prefer-offline', '--omit=dev', '--omit=optional', tarball],
      { cwd: project },
    );

    // The plugin: elsewhere, with a second copy of the package.
    const plugin = join(dir, 'plugins', 'stranger');
    const copy = join(plugin, 'node_modules', 'holdfast');
    mkdirSync(copy, { recursive: true });
    await run('tar', ['-xzf', tarball, '-C', copy, '--strip-components=1']);
    writeFileSync(
      join(plugin, 'package.json'),
      '{"name":"stranger","version":"9.8.7","type":"module","exports":"./index.js"}',
    );
    writeFileSync(join(plugin, 'index.js'), PLUGIN);
    writeFileSync(join(dir, 'plugins', 'broken.mjs'), 'export default 1;');

    const port = await freePort();
    writeProperties(join(project, 'worker.properties'), {
      'bootstrap.servers': 'embedded:data',
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
      'plugin.path': join(dir, 'plugins'),
      listeners: `http://127.0.0.1:${port}`,
    });
    writeProperties(join(project, 'source.properties'), {
      name: 'stranger',
      'connector.class': 'StrangerSource',
      topic: 't',
    });
    writeProperties(join(project, 'sink.properties'), {
      name: 'out',
      'connector.class': 'FileStreamSink',
      topics: 't',
      file: 'out.txt',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    });
    const holdfast = await runHoldfast(['standalone', 'worker.properties', 'source.properties', 'sink.properties'], {
      cwd: project,
      program: join(project, 'node_modules', 'holdfast', 'dist', 'src', 'cli', 'main.js'),
    });
    try {
      await holdfast.waitForLine(/The worker is ready/, { timeoutMs: 15_000 });
      const plugins = (await fetchJson(`http://127.0.0.1:${port}/connector-plugins`)).body as object[];
      expect(plugins).toContainEqual({
        class: 'com.stranger.StrangerSourceConnector',
        type: 'source',
        version: '9.8.7',
      });
      expect(holdfast.lines.join('\n')).toMatch(/left out, for it could not be loaded/);
      const expected =
        '{"n":9007199254740993,"text":"row 0"}\n{"n":9007199254740994,"text":null}\n{"n":9007199254740995,"text":"row 2"}\n';
      const deadline = Date.now() + 15_000;
      const read = (): string =>
        readdirSync(project).includes('out.txt') ? readFileSync(join(project, 'out.txt'), 'utf8') : '';
      while (read() !== expected && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(read()).toBe(expected);
      const status = (await fetchJson(`http://127.0.0.1:${port}/connectors/stranger/status`)).body as {
        tasks: { state: string }[];
      };
      expect(status.tasks[0]?.state).toBe('RUNNING');
    } finally {
      await holdfast.stop();
    }
  }, 120_000);
});
