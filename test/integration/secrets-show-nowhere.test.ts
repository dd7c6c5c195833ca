// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of config providers look like this
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPinoLogger } from '../../src/cli/pino-logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';

const PLUGIN = new URL('../support/leaky-plugin.ts', import.meta.url).href;

/** Given as text: they show where a client reads back what it sent, and nowhere else. */
const LITERAL = {
  typed: 'L1-typed-8f3a',
  password: 'L2-password-77b0',
  token: 'L3-token-c01d',
  url: 'L4-urlpass-19ee',
  jaas: 'L5-jaas-5d2c',
  transform: 'L6-transform-e00f',
  override: 'L7-override-a1b2',
  header: 'L8-header-33dd',
};
/** Given by config providers or to the worker: they show nowhere at all. */
const HIDDEN = {
  file: 'H1-file-9c8d7e',
  dir: 'H2-dir-multi\nline-of-a-key-4711',
  env: 'H3-env-6a5b4c',
  vault: 'H4-vault-0f1e2d',
  rotated: 'H5-rotated-aabbcc',
  registry: 'H6-registry-112233',
  admin: 'H7-admin-445566',
  unseal: 'H8-unseal-778899',
  keyPassword: 'H9-keypw-ddeeff',
  number: 'H10-not-a-number-1',
};

const dir = tempDir('secrets');
const logFile = join(dir, 'worker.log');
const shown: { what: string; text: string; isOwn: boolean }[] = [];
let connect: EmbeddedConnect;

function jaas(password: string): string {
  return `org.apache.kafka.common.security.plain.PlainLoginModule required username="svc" password="${password}";`;
}

/** Asks, and keeps everything of the answer. `isOwn`: it gives a client what it stored. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
  isOwn = false,
): Promise<{ status: number; body: unknown }> {
  const answer = await connect.request(method, path, body);
  const headers = JSON.stringify([...answer.headers]);
  shown.push({ what: `${method} ${path}`, text: `${answer.status} ${headers} ${JSON.stringify(answer.body)}`, isOwn });
  return answer;
}

function config(mode: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    'connector.class': 'test.LeakySourceConnector',
    topic: 'leaks',
    mode,
    typed: LITERAL.typed,
    plain: '${file:SECRETS:file}',
    'db.password': LITERAL.password,
    'x.api.token': LITERAL.token,
    'db.url': `jdbc:pg://app:${LITERAL.url}@db/x?k=\${env:HOLDFAST_TEST_SECRET}`,
    'kafka.sasl.jaas.config': jaas(LITERAL.jaas),
    'producer.override.sasl.jaas.config': jaas(LITERAL.override),
    'http.request.header.authorization': `Bearer ${LITERAL.header}`,
    'pem.key': '${dir:SECRETDIR:dir}',
    'from.vault': '${vault:db:vault}',
    ...more,
  };
}

async function create(name: string, settings: Record<string, string>): Promise<number> {
  const text = JSON.stringify({ name, config: settings })
    .replaceAll('SECRETS', join(dir, 'secrets.properties'))
    .replaceAll('SECRETDIR', join(dir, 'mounted'));
  const { status } = await ask('POST', '/connectors', JSON.parse(text), true);
  return status;
}

beforeAll(async () => {
  await mkdir(join(dir, 'mounted'));
  writeFileSync(join(dir, 'mounted', 'dir'), HIDDEN.dir);
  writeFileSync(join(dir, 'secrets.properties'), `file=${HIDDEN.file}\nnumber=${HIDDEN.number}\n`);
  process.env['HOLDFAST_TEST_SECRET'] = HIDDEN.env;
  const { VAULT } = (await import(PLUGIN)) as { VAULT: Map<string, string> };
  VAULT.set('vault', HIDDEN.vault);
  VAULT.set('registry', HIDDEN.registry);
  connect = await EmbeddedConnect.start({
    dir,
    pluginModules: [PLUGIN],
    logger: await createPinoLogger({ level: 'trace', pretty: false, file: logFile }),
    settings: {
      'config.providers': 'file, dir,env,vault',
      'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
      'config.providers.dir.class': 'DirectoryConfigProvider',
      'config.providers.env.class': 'holdfast.config.provider.EnvVarConfigProvider',
      'config.providers.vault.class': 'Vault',
      'config.providers.vault.param.unseal.token': HIDDEN.unseal,
      'schema.registry.url': 'http://127.0.0.1:9',
      'basic.auth.credentials.source': 'USER_INFO',
      'basic.auth.user.info': 'svc:${vault:registry}',
      'admin.sasl.jaas.config': jaas(HIDDEN.admin),
      'producer.ssl.key.password': HIDDEN.keyPassword,
    },
  });
}, 60_000);

afterAll(async () => {
  await connect?.stop();
  delete process.env['HOLDFAST_TEST_SECRET'];
});

/** Where each connector goes wrong, and whether in a thread. */
const FAILING: Readonly<Record<string, string | undefined>> = {
  start: 'inline',
  raise: 'inline',
  'task-start': 'inline',
  'task-configs': 'inline',
  poll: 'inline',
  park: 'inline',
  'threaded-start': 'shared',
  'threaded-raise': 'shared',
  'threaded-task-start': 'shared',
  'threaded-poll': 'shared',
  'threaded-uncaught': 'own',
};

async function createAll(): Promise<void> {
  const started = ['ok', 'stop'].map((mode) => create(`c-${mode}`, config(mode)));
  for (const [name, isolation = ''] of Object.entries(FAILING)) {
    started.push(create(`c-${name}`, config(name.replace('threaded-', ''), { 'task.isolation': isolation })));
  }
  const sink = { 'connector.class': 'test.LeakySinkConnector', topics: 'leaks' };
  const deadLetters = {
    ...sink,
    transforms: 't',
    'transforms.t.type': 'test.LeakyTransform',
    'transforms.t.pw': LITERAL.transform,
    'transforms.t.key': '${file:SECRETS:file}',
    'errors.tolerance': 'all',
    'errors.log.enable': 'true',
    'errors.log.include.messages': 'true',
    'errors.deadletterqueue.topic.replication.factor': '1',
    'errors.deadletterqueue.context.headers.enable': 'true',
  };
  const dead = (topic: string) => ({ ...deadLetters, 'errors.deadletterqueue.topic.name': topic });
  started.push(create('c-dlq', config('ok', dead('dead-inline'))));
  started.push(create('c-threaded-dlq', config('ok', { ...dead('dead-threaded'), 'task.isolation': 'shared' })));
  started.push(create('c-put', config('put', sink)));
  started.push(create('c-threaded-put', config('put', { ...sink, 'task.isolation': 'shared' })));
  const registry = {
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.schema.registry.url': `http://svc:${LITERAL.url}@127.0.0.1:9`,
  };
  started.push(create('c-registry', config('ok', registry)));
  started.push(create('c-threaded-registry', config('ok', { ...registry, 'task.isolation': 'shared' })));
  await Promise.all(started);
}

/** Every operation on a connector, and every question about it. */
async function useAll(name: string): Promise<void> {
  const path = `/connectors/${name}`;
  await ask('PUT', `${path}/pause`);
  await ask('PUT', `${path}/resume`);
  await ask('POST', `${path}/restart?includeTasks=true`);
  await ask('POST', `${path}/tasks/0/restart`);
  for (const each of ['', '/config', '/tasks', '/tasks-config']) await ask('GET', path + each, undefined, true);
  for (const each of ['/status', '/tasks/0/status', '/topics', '/offsets']) await ask('GET', path + each);
  await ask('PUT', `${path}/stop`);
  await ask('GET', `${path}/status`);
  await ask('PATCH', `${path}/offsets`, { offsets: [{ partition: { a: 1 }, offset: null }] });
  await ask('PUT', `${path}/resume`);
}

describe('Invariant 8: a secret never shows', () => {
  it('whatever connectors, tasks, transformations and providers do with it, and wherever they run', async () => {
    const events = readEvents();
    await createAll();
    // It did go wrong everywhere.
    const failed = async (name: string): Promise<boolean> => {
      const { connector, tasks } = await connect.status(name);
      return connector.state === 'FAILED' || tasks.some(({ state, parked }) => state === 'FAILED' || parked != null);
    };
    for (const name of [...Object.keys(FAILING), 'put', 'threaded-put', 'registry', 'threaded-registry']) {
      await connect.waitFor(`c-${name} to go wrong`, () => failed(`c-${name}`), 30_000);
    }
    for (const topic of ['dead-inline', 'dead-threaded']) {
      await connect.waitFor(
        `a dead letter in ${topic}`,
        async () => filesOf(topic).includes('__connect.errors.'),
        30_000,
      );
    }
    expect(readAll(join(dir, 'broker')).includes('could not log in with')).toBe(true);

    // Mistakes in values.
    const wrong = config('ok', {
      size: '${file:SECRETS:number}',
      transforms: 't',
      'transforms.t.type': '${vault:vault}',
    });
    expect(await create('c-wrong', wrong)).toBe(400);
    expect(await create('c-sealed', config('ok', { size: '${vault:sealed:x}' }))).toBe(500);
    expect(await create('c-missing', config('ok', { a: '${file:/nonexistent:x}' }))).toBe(500);
    expect(shown.at(-1)?.text).toContain('Could not read properties from file /nonexistent');
    for (const plugin of ['LeakySource', 'LeakySourceConnector']) {
      const text = JSON.stringify({ name: 'v', ...wrong })
        .replaceAll('SECRETS', join(dir, 'secrets.properties'))
        .replaceAll('SECRETDIR', join(dir, 'mounted'));
      await ask('PUT', `/connector-plugins/${plugin}/config/validate`, JSON.parse(text), false);
    }

    const names = (await connect.request('GET', '/connectors')).body as string[];
    expect(names.length).toBe(Object.keys(FAILING).length + 8);
    await Promise.all(names.map((name) => useAll(name)));
    await ask('GET', '/connectors?expand=status');
    await ask('GET', '/connectors?expand=info', undefined, true);
    for (const path of [
      '/',
      '/health',
      '/connector-plugins',
      '/admin/loggers',
      '/registries',
      '/holdfast/openapi.json',
    ])
      await ask('GET', path);
    const metrics = await (await fetch(`${connect.url}/metrics`)).text();
    shown.push({ what: '/metrics', text: metrics, isOwn: false });
    const seen = await events();
    expect(seen).toContain('event:');
    shown.push({ what: '/registries/events', text: seen, isOwn: false });
  }, 120_000);

  it('and a rotated one restarts what uses it', async () => {
    const { VAULT } = (await import(PLUGIN)) as { VAULT: Map<string, string> };
    const started = (): number =>
      readFileSync(logFile, 'utf8').split('have changed. The connector that uses them').length - 1;
    expect(started()).toBe(0);
    VAULT.set('vault', HIDDEN.rotated);
    await connect.waitFor('restarts', async () => started() >= 8, 30_000);
    await connect.waitForTasks('c-ok', 'RUNNING', 30_000);
    await ask('GET', '/connectors?expand=status');
    await ask('DELETE', '/connectors/c-stop');
    await connect.stop();
  }, 90_000);

  it('was asserted of every answer, log line, metric, file and dead letter', () => {
    const log = readFileSync(logFile, 'utf8');
    expect(log.split('\n').length).toBeGreaterThan(500);
    expect(log.includes('[hidden]')).toBe(true);
    const files = ['worker.log', 'connect.offsets', 'broker', 'schema-store'].map((name) => ({
      what: name,
      text: readAll(join(dir, name)),
      isOwn: false,
    }));
    const leaks: string[] = [];
    for (const { what, text, isOwn } of [...shown, ...files]) {
      const secrets = Object.entries(isOwn ? HIDDEN : { ...HIDDEN, ...LITERAL });
      for (const [name, secret] of secrets) {
        for (const form of formsOf(secret)) {
          const at = text.indexOf(form);
          if (at >= 0) leaks.push(`${name} in ${what}: …${text.slice(Math.max(0, at - 80), at + form.length + 20)}…`);
        }
      }
    }
    expect(leaks).toEqual([]);
  });
});

/** What `/registries/events` sends until it is asked for. */
function readEvents(): () => Promise<string> {
  const end = new AbortController();
  let text = '';
  const read = (async () => {
    const { body } = await fetch(`${connect.url}/registries/events`, { signal: end.signal });
    for await (const piece of body ?? []) text += Buffer.from(piece).toString('utf8');
  })().catch(() => {});
  return async () => {
    await connect.waitFor('an event', async () => text.includes('event:'));
    end.abort();
    await read;
    return text;
  };
}

function formsOf(secret: string): string[] {
  const lines = secret.split('\n');
  return [
    ...new Set([
      ...lines,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]),
  ];
}

/** What the broker keeps of a topic. */
function filesOf(topic: string): string {
  const broker = join(dir, 'broker');
  const files = readdirSync(broker, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.includes(topic))
    .map((file) => readAll(join(broker, file)))
    .join('');
}

/** All that is under a path, as latin1, so that nothing is lost. */
function readAll(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return '';
  if (!found.isDirectory()) return found.isFile() ? readFileSync(path, 'latin1') : '';
  return readdirSync(path)
    .map((name) => readAll(join(path, name)))
    .join('\n');
}
