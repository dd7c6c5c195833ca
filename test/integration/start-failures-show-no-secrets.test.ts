// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of config providers look like this
/** Invariant 8 for what a worker says when it can't start, or when a plugin takes it down: on both streams. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HoldfastProcess, runHoldfast } from '../support/holdfast-process.ts';
import { writeProperties } from '../support/properties-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const SECRETS = [
  'K1-pw-5d2c77',
  'K2-url-19ee33',
  'K3-info-8f3a11',
  'K4-plugin-77b0aa',
  'K5-given-c01dbb',
  'K6-env-e00fcc',
];
const [password, inUrl, userInfo, ofPlugin, given, ofEnvironment] = SECRETS as [
  string,
  string,
  string,
  string,
  string,
  string,
];

/** Settings that are right, and have a secret wherever one can be. */
const SECRET_SETTINGS = {
  'producer.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="svc" password="${password}";`,
  'schema.registry.url': `http://svc:${inUrl}@127.0.0.1:1`,
  'basic.auth.credentials.source': 'USER_INFO',
  'basic.auth.user.info': `svc:${userInfo}`,
};

async function run(
  settings: Readonly<Record<string, string>>,
  more: { readonly connector?: Record<string, string>; readonly env?: Record<string, string> } = {},
): Promise<HoldfastProcess> {
  const dir = tempDir('secret-start');
  writeFileSync(join(dir, 'plugin.mjs'), PLUGIN);
  writeFileSync(join(dir, 'given.properties'), `secret=${given}\n`);
  const worker = join(dir, 'worker.properties');
  const replaced = Object.entries({
    'bootstrap.servers': `embedded:${join(dir, 'broker')}`,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'offset.storage.file.filename': join(dir, 'connect.offsets'),
    listeners: 'http://127.0.0.1:0',
    'log.level': 'trace',
    'plugin.path': dir,
    'config.providers': 'file',
    'config.providers.file.class': 'FileConfigProvider',
    ...settings,
  }).map(([key, value]) => [key, value.replaceAll('{dir}', dir)] as const);
  writeProperties(worker, Object.fromEntries(replaced));
  const file = join(dir, 'c.properties');
  writeProperties(file, {
    name: 'c',
    'connector.class': 'test.TellingSource',
    'db.password': ofPlugin,
    'db.key': `\${file:${join(dir, 'given.properties')}:secret}`,
    ...more.connector,
  });
  const files = more.connector === undefined ? [] : [file];
  const process = await runHoldfast(['standalone', worker, ...files], { cwd: dir, env: more.env ?? {} });
  await process.waitForExit();
  return process;
}

function expectNoSecret({ lines }: HoldfastProcess): void {
  expect(lines.filter((line) => SECRETS.some((secret) => line.includes(secret)))).toEqual([]);
}

/** Says all that it knows wherever `mode` says so. */
const PLUGIN = `const configDef = { validate: () => [] };
const tell = (config) => new Error('no login with ' + JSON.stringify(config));
export default {
  name: 'telling', version: '1', sdkContractVersion: 1, [Symbol.for('holdfast.plugin')]: true,
  connectors: [{ className: 'test.TellingSource', type: 'source', create: class {
    version() { return '1'; }
    config() { return configDef; }
    start(config) {
      console.log(tell(config));
      process.stderr.write(new TextEncoder().encode(tell(config).message + '\\n'));
      if (config.mode === 'start') throw tell(config);
      if (config.mode === 'timer') setTimeout(() => { throw tell(config); }, 1);
      if (config.mode === 'rejection') setTimeout(() => { Promise.reject(String(tell(config))); }, 1);
    }
    taskConfigs() { return []; }
    stop() {}
  } }],
  configProviders: [{ className: 'test.SealedConfigProvider', create: class {
    configure(config) { if (config.mode === 'throw') throw tell(config); this.config = config; }
    get() { throw tell(this.config); }
  } }],
};`;

describe.concurrent('no secret shows', () => {
  it.each<[what: string, settings: Record<string, string>, says: RegExp]>([
    [
      'in JAAS that can not be read, before a Kafka that is away',
      {
        'bootstrap.servers': '127.0.0.1:1',
        'security.protocol': 'SASL_PLAINTEXT',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': `PlainLoginModule required password="${password}`,
      },
      /sasl\.jaas\.config can't be read/,
    ],
    [
      'in a number from a config provider',
      { 'offset.flush.interval.ms': '${file:{dir}/given.properties:secret}' },
      /Invalid value \$\{file:.*:secret\} for configuration offset\.flush\.interval\.ms/,
    ],
    [
      'in what a config provider says',
      {
        'config.providers': 'sealed',
        'config.providers.sealed.class': 'test.SealedConfigProvider',
        'config.providers.sealed.param.unseal.token': ofPlugin,
        'group.id': '${sealed:x}',
      },
      /no login with .*"unseal.token":"\[hidden\]"/,
    ],
    [
      'in what a config provider says that can not be configured',
      {
        'config.providers': 'sealed',
        'config.providers.sealed.class': 'test.SealedConfigProvider',
        'config.providers.sealed.param.unseal.token': ofPlugin,
        'config.providers.sealed.param.mode': 'throw',
      },
      /no login with .*"unseal.token":"\[hidden\]"/,
    ],
    ['in a URL that is none', { 'schema.registry.url': `svc:${inUrl}@nowhere:x` }, /schema\.registry\.url/],
    ['in a listener', { listeners: `http://svc:${inUrl}@127.0.0.1:1` }, /Listener doesn't have the right format/],
  ])('%s', async (_, settings, says) => {
    const process = await run({ ...SECRET_SETTINGS, ...settings });
    expect(process.stderr.join('\n')).toMatch(says);
    expectNoSecret(process);
  });

  it('in the password of a key store, from the environment', async () => {
    const process = await run(
      { ...SECRET_SETTINGS, listeners: 'https://127.0.0.1:0', 'ssl.keystore.location': '{dir}/given.properties' },
      { env: { CONNECT_SSL_KEYSTORE_PASSWORD: ofEnvironment } },
    );
    expect(process.stderr.join('\n')).toMatch(/ssl\.keystore/);
    expectNoSecret(process);
  });

  it.each([
    ['start', 3, /Failed to transition connector c to state STARTED/],
    ['timer', 3, /Error: no login with .*"db\.password":"\[hidden\]","db.key":"\[hidden\]"/],
    ['start in a thread', 3, /^no login with .*"db\.password":"\[hidden\]"/m],
    ['rejection', 3, /Error: no login with .*"db\.password":"\[hidden\]","db.key":"\[hidden\]"/],
  ])('in what a plugin writes and throws: %s', async (mode, code, says) => {
    const isolation = mode.includes('thread') ? 'own' : 'inline';
    const connector = { mode: mode.split(' ')[0] ?? '', 'task.isolation': isolation };
    const process = await run(SECRET_SETTINGS, { connector });
    expect((await process.waitForExit()).code).toBe(code);
    expect(process.stderr.join('\n')).toMatch(says);
    expect(process.stdout.join('\n')).toContain('Error: no login with');
    expect(process.stderr).toContainEqual(expect.stringMatching(/^no login with .*\[hidden\]/));
    expectNoSecret(process);
  });
});
