/** The steps of the Dockerfile that need no Docker engine, run by hand in a clean folder, and the container that comes of them. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createEmbeddedBroker } from '../../src/broker/embedded/embedded-broker.ts';
import { createEmbeddedRegistry } from '../../src/embedded-registry/embedded-registry.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import type { SupervisedProcess } from '../support/child-process.ts';
import { copyOf, parseDockerfile } from '../support/docker/dockerfile.ts';
import { ImageFolder, letThrough } from '../support/docker/image-folder.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const STRING = 'org.apache.kafka.connect.storage.StringConverter';

let image: ImageFolder;
let container: SupervisedProcess | undefined;

beforeAll(async () => {
  image = await ImageFolder.build(dockerfile, root);
}, 180_000);

afterEach(async () => {
  await container?.stop();
  container = undefined;
  // What was mounted is not there in the next container.
  rmSync(image.path('/etc/holdfast'), { recursive: true });
  for (const folder of ['connectors', 'plugins']) mkdirSync(image.path(`/etc/holdfast/${folder}`), { recursive: true });
});

async function healthy(env: Readonly<Record<string, string>>): Promise<void> {
  await container?.waitUntil(async () => (await image.checkHealth(env)).code === 0, { timeoutMs: 30_000 });
}

function write(inside: string, text: string): string {
  const file = image.path(inside);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('the Docker image', () => {
  test('has the built worker and its production dependencies, and nothing of the workshop', () => {
    expect(dockerfile.stages.map((stage) => stage.base)).toEqual(['node:24-slim', 'node:24-slim']);
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    for (const name of Object.keys(dependencies))
      expect(existsSync(image.path(`/opt/holdfast/node_modules/${name}`)), name).toBe(true);
    for (const name of ['typescript-native', 'vitest', 'vega-datasets']) {
      expect(devDependencies[name]).toBeDefined();
      expect(existsSync(image.path(`/opt/holdfast/node_modules/${name}`)), name).toBe(false);
    }
    expect(existsSync(image.path('/opt/holdfast/src'))).toBe(false);
    expect(existsSync(image.path('/opt/holdfast/test'))).toBe(false);
    expect(statSync(realpathSync(image.path('/usr/local/bin/holdfast'))).mode & 0o111).toBe(0o111);
  });

  test('is built from what .dockerignore lets through, and from all of it', () => {
    const copied = dockerfile.stages
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword }) => keyword === 'COPY')
      .map(({ text }) => copyOf(text))
      .filter(({ from }) => from === undefined)
      .flatMap(({ sources }) => sources);
    expect([...new Set(copied)].sort()).toEqual([...letThrough(join(root, '.dockerignore'))].sort());
  });

  test('runs as nobody special, keeps its data in the volume and is stopped by SIGTERM', () => {
    const { user, volumes, workdir, stopSignal } = image.settings;
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(volumes).toContain(workdir);
    expect(stopSignal).toBe('SIGTERM');
  });

  test('says which required variables are missing', async () => {
    container = await image.start({ env: {} });
    expect(await container.waitForExit()).toEqual({ code: 2, signal: null });
    for (const name of ['BOOTSTRAP_SERVERS', 'KEY_CONVERTER', 'VALUE_CONVERTER']) {
      expect(container.log()).toContain(`CONNECT_${name}`);
    }
    container = await image.start({
      env: { CONNECT_BOOTSTRAP_SERVERS: 'kafka:9092', CONNECT_VALUE_CONVERTER: STRING },
    });
    expect((await container.waitForExit()).code).toBe(2);
    expect(container.log()).toContain('CONNECT_KEY_CONVERTER');
    expect(container.log()).not.toContain('CONNECT_BOOTSTRAP_SERVERS');
  });

  test('starts from CONNECT_ variables alone, with mounted connectors and plugins, and stops gracefully', async () => {
    const port = await freePort();
    const env = {
      CONNECT_BOOTSTRAP_SERVERS: `embedded:${image.path('/var/lib/holdfast/broker')}`,
      CONNECT_KEY_CONVERTER: STRING,
      CONNECT_VALUE_CONVERTER: STRING,
      CONNECT_LISTENERS: `http://127.0.0.1:${port}`,
    };
    const input = write('/etc/holdfast/input.txt', 'Dover\nHarwich\n');
    const output = image.path('/var/lib/holdfast/output.txt');
    write(
      '/etc/holdfast/connectors/1-source.properties',
      `name=ports-source\nconnector.class=FileStreamSource\nfile=${input}\ntopic=ports\n`,
    );
    write(
      '/etc/holdfast/connectors/2-sink.json',
      JSON.stringify({
        name: 'ports-sink',
        config: { 'connector.class': 'FileStreamSink', topics: 'ports', file: output },
      }),
    );
    write('/etc/holdfast/plugins/numbers.mjs', pluginOfGuide());
    const numbers = image.path('/var/lib/holdfast/numbers.txt');
    write(
      '/etc/holdfast/connectors/3-numbers.properties',
      'name=numbers-source\nconnector.class=NumbersSource\ntopic=numbers\nup.to=3\n',
    );
    write(
      '/etc/holdfast/connectors/4-numbers.properties',
      `name=numbers-sink\nconnector.class=NumbersSink\ntopics=numbers\nfile=${numbers}\n`,
    );

    expect((await image.checkHealth(env)).code).toBe(1);
    container = await image.start({ env });
    await healthy(env);
    await container.waitUntil(() => existsSync(output) && readFileSync(output, 'utf8') === 'Dover\nHarwich\n', {
      timeoutMs: 30_000,
    });
    await container.waitUntil(() => existsSync(numbers) && readFileSync(numbers, 'utf8') === '1\n2\n3\n', {
      timeoutMs: 30_000,
    });
    const { body } = await fetchJson(`http://127.0.0.1:${port}/connector-plugins`);
    expect(body).toContainEqual({ class: 'example.NumbersSourceConnector', type: 'source', version: '1.0.0' });

    container.kill('SIGTERM');
    expect(await container.waitForExit()).toEqual({ code: 0, signal: null });
    const offsets = image.path('/var/lib/holdfast/.holdfast/connect.offsets');
    expect(statSync(offsets).size).toBeGreaterThan(0);
    if (process.getuid?.() === 0) expect(statSync(offsets).uid).toBe(1000);
  });

  test('takes a mounted worker file, below the variables', async () => {
    const [fromFile, fromVariable] = [await freePort(), await freePort()];
    write(
      '/etc/holdfast/worker.properties',
      `bootstrap.servers=embedded:${image.path('/var/lib/holdfast/other')}\nkey.converter=${STRING}\nvalue.converter=${STRING}\nlisteners=http://127.0.0.1:${fromFile}\nconnector.files.dir=${image.path('/var/lib')}\n`,
    );
    container = await image.start({ env: {} });
    await healthy({});
    expect((await fetchJson(`http://127.0.0.1:${fromFile}/connectors`)).body).toEqual([]);
    await container.stop();

    const env = { CONNECT_LISTENERS: `http://127.0.0.1:${fromVariable}` };
    container = await image.start({ env });
    await healthy(env);
    expect((await fetchJson(`http://127.0.0.1:${fromVariable}/`)).status).toBe(200);
    await expect(fetchJson(`http://127.0.0.1:${fromFile}/`)).rejects.toThrow();
  });
  test("runs the Compose file's worker and connectors, here on embedded ones in place of Kafka and the registries", async () => {
    const clock = systemClock;
    const registryBroker = await createEmbeddedBroker({ dir: tempDir('registry'), clock, logger: silentLogger });
    const [first, second] = [await freePort(), await freePort()];
    const registry = await createEmbeddedRegistry({
      broker: registryBroker,
      nodes: 2,
      host: '127.0.0.1',
      ports: [first, second],
      clock,
      logger: silentLogger,
    });
    try {
      const { worker } = (parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as Compose).services;
      const port = await freePort();
      const env = {
        ...worker.environment,
        CONNECT_BOOTSTRAP_SERVERS: `embedded:${image.path('/var/lib/holdfast/compose')}`,
        CONNECT_VALUE_CONVERTER_SCHEMA_REGISTRY_URL: registry.nodes.map(({ url }) => url).join(','),
        CONNECT_OFFSET_STORAGE_FILE_FILENAME: image.path('/var/lib/holdfast/compose.offsets'),
        CONNECT_LISTENERS: `http://127.0.0.1:${port}`,
      };
      const mounted = join(root, 'docker/connectors');
      for (const name of readdirSync(mounted)) {
        const text = readFileSync(join(mounted, name), 'utf8');
        write(
          `/etc/holdfast/connectors/${name}`,
          text.replaceAll('/var/lib/holdfast', image.path('/var/lib/holdfast')),
        );
      }
      const output = image.path('/var/lib/holdfast/orders.jsonl');
      container = await image.start({ env });
      await healthy(env);
      await container.waitUntil(() => existsSync(output) && readFileSync(output, 'utf8').split('\n').length > 10, {
        timeoutMs: 30_000,
      });
      const order = JSON.parse(readFileSync(output, 'utf8').split('\n')[0] ?? '') as Record<string, unknown>;
      expect(Object.keys(order)).toEqual(['ordertime', 'orderid', 'itemid', 'orderunits', 'address']);
      expect((await fetchJson(`${registry.nodes[0]?.url}/subjects`)).body).toEqual(['orders-value']);
      const { body } = await fetchJson(`http://127.0.0.1:${port}/connectors/orders-source/status`);
      expect(body.tasks[0]).toMatchObject({ state: 'RUNNING', worker_id: expect.stringMatching(/^worker:/) });
      container.kill('SIGTERM');
      expect(await container.waitForExit()).toEqual({ code: 0, signal: null });
    } finally {
      await registry.stop();
      await registryBroker.close();
    }
  });
});

interface Compose {
  readonly services: { readonly worker: { readonly environment: Readonly<Record<string, string>> } };
}

/** The plugin of the guide, as its readers copy it. */
function pluginOfGuide(): string {
  const guide = readFileSync(join(root, 'docs/guides/writing-a-connector.md'), 'utf8');
  const [, code] = /^```js\n([\s\S]*?)^```$/m.exec(guide) ?? [];
  if (code === undefined) throw new Error('the guide to writing a connector has no plugin');
  return code;
}
