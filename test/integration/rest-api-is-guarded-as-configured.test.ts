/** TLS, client certificates, basic authentication and admin listeners, on a worker that really listens. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { createWorker, type HoldfastWorker } from '../../dist/src/index.js';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTlsMaterial } from '../support/tls.ts';

const converter = 'org.apache.kafka.connect.storage.StringConverter';
const dir = tempDir('rest-guard');
const tls = createTlsMaterial(dir);
let worker: HoldfastWorker | null = null;

async function start(settings: Readonly<Record<string, string>>): Promise<HoldfastWorker> {
  const folder = tempDir('rest-guard-worker');
  worker = await createWorker({
    settings: {
      'bootstrap.servers': `embedded:${join(folder, 'broker')}`,
      'key.converter': converter,
      'value.converter': converter,
      'offset.storage.file.filename': join(folder, 'offsets'),
      listeners: 'http://127.0.0.1:0',
      ...settings,
    },
  });
  await worker.start();
  return worker;
}

afterEach(async () => {
  await worker?.stop();
  worker = null;
});

const key = {
  'listeners.https.ssl.keystore.type': 'PEM',
  'listeners.https.ssl.keystore.key': tls.server.key,
  'listeners.https.ssl.keystore.certificate.chain': tls.server.cert,
  'listeners.https.ssl.truststore.type': 'PEM',
  'listeners.https.ssl.truststore.location': tls.caFile,
};

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly serial: string;
}

function get(url: string, client: { readonly key?: string; readonly cert?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca: tls.ca, agent: false, ...client }, (response) => {
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, serial }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('https listeners', () => {
  test('serve the certificate of listeners.https. beside plain http, and Location has the scheme', async () => {
    const { restUrl } = await start({ ...key, listeners: 'https://127.0.0.1:0' });
    expect(restUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect((await get(`${restUrl}/connectors`)).body).toBe('[]');
  });

  test('without client authentication any client is let in, whatever it shows', async () => {
    const other = createTlsMaterial(tempDir('rest-guard-other'));
    const { restUrl } = await start({ ...key, listeners: 'https://127.0.0.1:0' });
    expect((await get(`${restUrl}/`, other.client)).status).toBe(200);
  });

  test.each([
    ['required', false, true, false],
    ['requested', true, true, false],
  ])('ssl.client.auth=%s: none %s, trusted %s, foreign %s', async (auth, none, trusted, foreign) => {
    const other = createTlsMaterial(tempDir('rest-guard-other'));
    const { restUrl } = await start({
      ...key,
      'listeners.https.ssl.client.auth': auth,
      listeners: 'https://127.0.0.1:0',
    });
    const isLetIn = (client: { key?: string; cert?: string }): Promise<boolean> =>
      get(`${restUrl}/`, client).then(
        ({ status }) => status === 200,
        () => false,
      );
    expect([await isLetIn({}), await isLetIn(tls.client), await isLetIn(other.client)]).toEqual([
      none,
      trusted,
      foreign,
    ]);
  });

  test("take the worker's own ssl. settings where none has the prefix, and none of them where one has", async () => {
    const own = Object.fromEntries(
      Object.entries(key).map(([name, value]) => [name.replace('listeners.https.', ''), value]),
    );
    const { restUrl } = await start({ ...own, listeners: 'https://127.0.0.1:0' });
    expect((await get(`${restUrl}/`)).status).toBe(200);
    await worker?.stop();
    const refused = start({ ...own, 'listeners.https.ssl.client.auth': 'none', listeners: 'https://127.0.0.1:0' });
    await expect(refused).rejects.toThrow('listeners.https.ssl.keystore.location is missing');
    worker = null;
  });

  test('refuse a Java keystore with the command that converts it, and a wrong password by its key', async () => {
    const jks = join(dir, 'server.jks');
    writeFileSync(jks, Buffer.from('feedfeed00000002', 'hex'));
    const settings = { listeners: 'https://127.0.0.1:0', 'listeners.https.ssl.keystore.location': jks };
    await expect(start(settings)).rejects.toThrow(/keytool -importkeystore .*-deststoretype PKCS12/);
    const wrong = {
      listeners: 'https://127.0.0.1:0',
      'listeners.https.ssl.keystore.location': join(import.meta.dirname, '../fixtures/tls/client.p12'),
      'listeners.https.ssl.keystore.type': 'PKCS12',
      'listeners.https.ssl.keystore.password': 'hunter2',
    };
    const failure = await start(wrong).catch((error: Error) => error.message);
    expect(failure).toContain('listeners.https.ssl.keystore.password');
    expect(failure).not.toContain('hunter2');
  });

  test('serve a certificate that was renewed on disk without a restart', { timeout: 40_000 }, async () => {
    const file = join(dir, 'renewed.pem');
    writeFileSync(file, tls.server.key + tls.server.cert);
    const { restUrl } = await start({
      listeners: 'https://127.0.0.1:0',
      'listeners.https.ssl.keystore.location': file,
    });
    const before = (await get(`${restUrl}/`)).serial;
    const renewed = createTlsMaterial(tempDir('rest-guard-renewed'));
    writeFileSync(`${file}.new`, renewed.server.key + renewed.server.cert);
    copyFileSync(`${file}.new`, file);
    const serial = (): Promise<string> =>
      new Promise((resolve, reject) => {
        request(`${restUrl}/`, { rejectUnauthorized: false, agent: false }, (response) => {
          resolve((response.socket as TLSSocket).getPeerCertificate().serialNumber);
          response.resume();
        })
          .on('error', reject)
          .end();
      });
    await expect.poll(serial, { timeout: 30_000, interval: 500 }).not.toBe(before);
    expect(readFileSync(file, 'utf8')).toContain('CERTIFICATE');
  });
});

describe('admin listeners', () => {
  test('serve /admin and nothing else, and take it from the main listeners', async () => {
    const port = await freePort();
    const { restUrl } = await start({ 'admin.listeners': `http://127.0.0.1:${port}` });
    const admin = `http://127.0.0.1:${port}`;
    const status = async (url: string): Promise<number> => (await fetch(url)).status;
    expect(await Promise.all([`${admin}/admin/loggers`, `${admin}/connectors`, `${admin}/`].map(status))).toEqual([
      200, 404, 404,
    ]);
    expect(await Promise.all([`${restUrl}/admin/loggers`, `${restUrl}/connectors`].map(status))).toEqual([404, 200]);
  });

  test('an empty setting serves it nowhere', async () => {
    const { restUrl } = await start({ 'admin.listeners': '' });
    expect((await fetch(`${restUrl}/admin/loggers`)).status).toBe(404);
  });
});

describe('basic authentication', () => {
  const extension = 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension';
  const users = join(dir, 'users.properties');
  writeFileSync(users, 'operator=s3cret\n');
  const headers = { authorization: `Basic ${Buffer.from('operator:s3cret').toString('base64')}` };

  test('asks for the users of a JAAS file on the main listeners, and not on those of /admin', async () => {
    const jaas = join(dir, 'jaas.conf');
    writeFileSync(
      jaas,
      `KafkaConnect { org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required file="${users}"; };`,
    );
    const port = await freePort();
    const { restUrl } = await start({
      'rest.extension.classes': extension,
      'java.security.auth.login.config': jaas,
      'admin.listeners': `http://127.0.0.1:${port}`,
    });
    for (const path of ['/', '/health', '/connectors', '/metrics', '/holdfast/openapi.json']) {
      expect([path, (await fetch(restUrl + path)).status, (await fetch(restUrl + path, { headers })).status]).toEqual([
        path,
        401,
        200,
      ]);
    }
    expect((await fetch(`http://127.0.0.1:${port}/admin/loggers`)).status).toBe(200);
  });

  test('refuses to start without users, and other extensions', async () => {
    await expect(start({ 'rest.extension.classes': extension })).rejects.toThrow('rest.basic.auth.file');
    await expect(start({ 'rest.extension.classes': 'com.acme.Audit' })).rejects.toThrow('com.acme.Audit');
    await expect(
      start({ 'rest.extension.classes': extension, 'rest.basic.auth.file': join(dir, 'nobody') }),
    ).rejects.toThrow(/credentials file .*nobody can't be read/);
  });
});
