/** Every example of the guide on the REST API's security, run as it stands but for its ports and folders. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createWorker, type HoldfastWorker } from '../../dist/src/index.js';
import { parseProperties } from '../../src/foundation/java-properties.ts';
import { parseWorkerConfig } from '../../src/runtime/config/worker-config.ts';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTlsMaterial } from '../support/tls.ts';

const guide = readFileSync(new URL('../../docs/guides/rest-security.md', import.meta.url), 'utf8');
const dir = tempDir('rest-guide');
const tls = createTlsMaterial(dir);
const jaas = join(dir, 'jaas.conf');
let worker: HoldfastWorker | undefined;

writeFileSync(join(dir, 'server.pem'), `${tls.server.key}${tls.server.cert}`);
writeFileSync(join(dir, 'clients-ca.pem'), tls.ca);
writeFileSync(join(dir, 'secrets.properties'), 'keystore=p12-password\n');
writeFileSync(join(dir, 'users.properties'), 'operator=s3cret-of-operator\n');
const p12 = ['-export', '-out', join(dir, 'server.p12'), '-passout', 'pass:p12-password'];
execFileSync('openssl', ['pkcs12', ...p12, '-in', tls.serverCertFile, '-inkey', tls.serverKeyFile], {
  stdio: 'ignore',
});
writeFileSync(jaas, replaced(/^KafkaConnect \{[\s\S]*?^\};$/m.exec(guide)?.[0] ?? ''));

const base = { 'key.converter': 'StringConverter', 'value.converter': 'StringConverter' };

function replaced(text: string): string {
  return text.replaceAll('/etc/holdfast', dir);
}

/** The example under that heading; the second one, say. */
function example(heading: string, nth = 0): Record<string, string> {
  const section = guide.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  const blocks = [...section.matchAll(/```properties\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  return parseProperties(Buffer.from(replaced(blocks[nth] ?? '')));
}

async function start(settings: Readonly<Record<string, string>>, more: Record<string, string> = {}): Promise<string> {
  const known = parseWorkerConfig({ ...base, 'bootstrap.servers': 'embedded:x', ...settings });
  expect([known.unknown, known.withoutEffect]).toEqual([[], {}]);
  const folder = tempDir('rest-guide-worker');
  const listeners = (settings['listeners'] ?? 'http://127.0.0.1:0').replace(/\/\/[\d.]+:\d+/g, '//127.0.0.1:0');
  worker = await createWorker({
    settings: {
      ...base,
      'bootstrap.servers': `embedded:${join(folder, 'broker')}`,
      'offset.storage.file.filename': join(folder, 'offsets'),
      ...settings,
      listeners,
      ...more,
    },
  });
  await worker.start();
  return worker.restUrl;
}

afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function ask(url: string, options: object = {}): Promise<Answer> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    send(url, { ca: tls.ca, agent: false, ...options }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    })
      .on('error', reject)
      .end();
  });
}

describe('the guide on the security of the REST API', () => {
  test('two listeners, and the address that others are told', async () => {
    const settings = example('Where it listens');
    const url = await start(settings, { 'listeners.https.ssl.keystore.location': join(dir, 'server.pem') });
    expect((await ask(`${url}/connectors`)).status).toBe(200);
    expect(settings['rest.advertised.listener']).toBe('https');
  });

  test('https with a PEM file', async () => {
    const url = await start(example('https'));
    expect(url).toMatch(/^https:/);
    expect((await ask(`${url}/connectors`)).status).toBe(200);
  });

  test('https with a PKCS12 store whose password is elsewhere, for clients with a certificate only', async () => {
    const url = await start(example('https', 1));
    const { key, cert } = tls.client;
    expect((await ask(`${url}/connectors`, { key, cert })).status).toBe(200);
    await expect(ask(`${url}/connectors`)).rejects.toThrow();
  });

  test.each(['our setting', 'KAFKA_OPTS'])('user and password, named by %s', async (how) => {
    const { 'rest.basic.auth.file': file, ...rest } = example('User and password');
    expect(file).toBe(join(dir, 'users.properties'));
    const before = process.env['KAFKA_OPTS'];
    if (how === 'KAFKA_OPTS') process.env['KAFKA_OPTS'] = `-Xmx1G -Djava.security.auth.login.config=${jaas}`;
    const url = await start(how === 'KAFKA_OPTS' ? rest : { ...rest, 'rest.basic.auth.file': file ?? '' });
    if (before === undefined) delete process.env['KAFKA_OPTS'];
    expect((await ask(`${url}/health`)).status).toBe(401);
    expect((await ask(`${url}/health`, { auth: 'operator:wrong' })).status).toBe(401);
    expect((await ask(`${url}/health`, { auth: 'operator:s3cret-of-operator' })).status).toBe(200);
  });

  test('/admin on a listener of its own', async () => {
    const port = await freePort();
    const settings = example('/admin');
    expect(settings['admin.listeners']).toBe('http://127.0.0.1:9083');
    const url = await start({ ...settings, 'admin.listeners': `http://127.0.0.1:${port}` });
    expect((await ask(`${url}/admin/loggers`)).status).toBe(404);
    expect((await ask(`http://127.0.0.1:${port}/admin/loggers`)).status).toBe(200);
    expect((await ask(`http://127.0.0.1:${port}/connectors`)).status).toBe(404);
  });

  test('pages of other origins, and headers of every answer', async () => {
    const url = await start({ ...example('Pages'), ...example('Headers') });
    const from = async (origin: string) =>
      (await ask(`${url}/connectors`, { headers: { origin } })).headers['access-control-allow-origin'];
    expect(await from('https://ui.example')).toBe('https://ui.example');
    expect(await from('https://a.corp.example')).toBe('https://a.corp.example');
    expect(await from('https://evilcorp.example')).toBeUndefined();
    const { headers } = await ask(`${url}/connectors`);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'cache-control': 'no-cache, no-store',
      'strict-transport-security': 'max-age=31536000',
    });
  });
});
