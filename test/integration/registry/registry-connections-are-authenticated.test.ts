import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { type LogLine, recordingLogger } from '../../../src/foundation/logger.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCoordinator } from '../../../src/registry/registry-coordinator.ts';
import { RegistryHost } from '../../../src/registry/registry-host.ts';
import type { SchemaAnswer } from '../../../src/sdk/schema-view.ts';
import { HttpProxy } from '../../support/http-proxy.ts';
import { OAuthServer } from '../../support/oauth-server.ts';
import { freePort } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTlsMaterial, type TlsMaterial } from '../../support/tls.ts';
import { byId, wordsOf } from '../../unit/registry/worker-of-registries.ts';

let folder: string;
let tls: TlsMaterial;
const closers: (() => Promise<unknown> | unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-tls-'));
  tls = createTlsMaterial(folder);
});
afterEach(async () => {
  accepts = undefined;
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Which Authorization headers the registry takes; all when undefined. */
let accepts: ((authorization: string | undefined) => boolean) | undefined;
const seen: { authorization: string | undefined; client: unknown; header: unknown }[] = [];

/** Stops the server that was started last. */
let stopServing = async (): Promise<void> => {};

/** Knows the ids 1 to 3 and keeps who asked for them. */
async function serve(options: ServerOptions | null, host = '127.0.0.1', at?: number): Promise<string> {
  seen.length = 0;
  const port = at ?? (await freePort());
  const listener: Parameters<typeof createPlainServer>[1] = (request, response) => {
    const peer = request.socket as Partial<TLSSocket>;
    seen.push({
      authorization: request.headers.authorization,
      client: peer.getPeerCertificate?.()?.subject?.CN,
      header: request.headers['x-tenant'],
    });
    if (accepts !== undefined && !accepts(request.headers.authorization)) {
      response.writeHead(401).end(JSON.stringify({ error_code: 40101, message: 'Unauthorized' }));
      return;
    }
    if (request.url === '/subjects') {
      response.writeHead(200).end('[]');
      return;
    }
    const found = /^\/schemas\/ids\/[123]$/.test(request.url ?? '');
    response
      .writeHead(found ? 200 : 404)
      .end(JSON.stringify(found ? { schema: '"string"' } : { error_code: 404, message: '' }));
  };
  const server = options === null ? createPlainServer(listener) : createServer(options, listener);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  stopServing = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  closers.push(stopServing);
  return `${host}:${port}`;
}

interface Asked {
  readonly words: string;
  readonly answer: SchemaAnswer;
  readonly shown: string;
  /** Waits until there is an answer for good. */
  readonly settled: (id?: number) => Promise<string>;
  /** The first answer about another id. */
  readonly next: (id: number) => Promise<string>;
  readonly lines: readonly LogLine[];
}

async function ask(config: Record<string, string>, worker: Record<string, string> = {}): Promise<Asked> {
  const { logger, lines } = recordingLogger();
  const gates = new GateBook({ clock: systemClock });
  const coordinator = new RegistryCoordinator({ clock: systemClock, logger, gates, store: null });
  closers.push(() => coordinator.close());
  const host = new RegistryHost({
    clock: systemClock,
    ask: async (message) => structuredClone(await coordinator.serve(structuredClone(message))),
    defaults: { 'registry.patience.ms': '5000', ...worker },
  });
  const view = host.schemaView(config);
  await view.resolve([byId(1)], new AbortController().signal);
  const answer = view.peek(byId(1));
  const shown = JSON.stringify([answer, String((answer as { error?: Error }).error?.stack), lines, gates.snapshots()]);
  const next = async (id: number): Promise<string> => {
    await view.resolve([byId(id)], new AbortController().signal);
    return wordsOf(view.peek(byId(id)));
  };
  const settled = async (id = 1): Promise<string> => {
    for (;;) {
      await view.resolve([byId(id)], new AbortController().signal);
      const now = view.peek(byId(id));
      if (now.kind !== 'waiting' && now.kind !== 'unasked') return wordsOf(now);
      await systemClock.sleep(50);
    }
  };
  gates.onSnapshot((snapshot) => host.gateChanged(structuredClone(snapshot)));
  for (const snapshot of gates.snapshots()) host.gateChanged(structuredClone(snapshot));
  return { words: wordsOf(answer), answer, shown, settled, next, lines };
}

describe('a connection to a registry', () => {
  it('trusts the authority of the PEM file, and shows its own certificate', async () => {
    const at = await serve({
      key: tls.server.key,
      cert: tls.server.cert,
      ca: tls.ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const keyStore = join(folder, 'client.pem');
    writeFileSync(keyStore, `${tls.client.cert}\n${tls.client.key}`);
    const trust = { 'schema.registry.url': `https://${at}`, 'schema.registry.ssl.truststore.location': tls.caFile };
    const files = await ask({ ...trust, 'schema.registry.ssl.keystore.location': keyStore });
    expect(files.words).toBe('known 1');
    expect(seen.at(-1)?.client).toBe('holdfast-client');
    const texts = await ask({
      'schema.registry.url': `https://${at}`,
      'schema.registry.ssl.truststore.certificates': tls.ca,
      'schema.registry.ssl.keystore.certificate.chain': tls.client.cert,
      'schema.registry.ssl.keystore.key': tls.client.key,
    });
    expect(texts.words).toBe('known 1');
    expect(texts.shown).not.toContain('PRIVATE KEY');
  });

  it('fails as a matter of configuration when the authority is unknown', async () => {
    const at = await serve({ key: tls.server.key, cert: tls.server.cert });
    expect((await ask({ 'schema.registry.url': `https://${at}` })).words).toBe('refused holdfast.registry.url');
  });

  it('fails as a matter of configuration when TLS meets a plain port', async () => {
    const at = await serve(null);
    expect((await ask({ 'schema.registry.url': `https://${at}` })).words).toBe('refused holdfast.registry.url');
  });

  it('fails as a matter of configuration when a PEM file is not there', async () => {
    const failed = ask({
      'schema.registry.url': 'https://127.0.0.1:1',
      'schema.registry.ssl.truststore.location': '/none.pem',
    });
    expect((await failed).words).toBe('refused holdfast.registry.url');
  });

  it.each([
    ['the URL', (at: string) => ({ 'schema.registry.url': `http://ann:p%40ss@${at}` }), `Basic ${btoa('ann:p@ss')}`],
    [
      'basic.auth.user.info',
      (at: string) => ({
        'schema.registry.url': `http://${at}`,
        'basic.auth.credentials.source': 'USER_INFO',
        'basic.auth.user.info': 'ann:p@ss:word',
      }),
      `Basic ${btoa('ann:p@ss:word')}`,
    ],
    [
      'bearer.auth.token',
      (at: string) => ({ 'schema.registry.url': `http://${at}`, 'bearer.auth.token': 'tok-en' }),
      'Bearer tok-en',
    ],
  ])('sends the credentials of %s', async (_where, config, authorization) => {
    const at = await serve(null);
    const { words, shown } = await ask({ ...config(at), 'request.header.X-Tenant': 'blue' });
    expect(words).toBe('known 1');
    expect(seen.at(-1)).toMatchObject({ authorization, header: 'blue' });
    expect(shown).not.toMatch(/p@ss|p%40ss|tok-en/);
  });
});

const errorOf = ({ answer }: Asked): string => String((answer as { error?: Error }).error?.message);

describe('TLS material in other forms', () => {
  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

  it.runIf(hasOpenssl)(
    'a PKCS12 key store shows who we are; a wrong password is a mistake that shows nothing',
    async () => {
      const at = await serve({
        key: tls.server.key,
        cert: tls.server.cert,
        ca: tls.ca,
        requestCert: true,
        rejectUnauthorized: true,
      });
      const store = join(folder, 'client.p12');
      const made = spawnSync('openssl', [
        ...['pkcs12', '-export', '-in', tls.clientCertFile, '-inkey', tls.clientKeyFile],
        ...['-certfile', tls.caFile, '-out', store, '-passout', 'pass:st0re-pw'],
      ]);
      expect(String(made.stderr)).toBe('');
      const config = {
        'schema.registry.url': `https://${at}`,
        'schema.registry.ssl.truststore.location': tls.caFile,
        'schema.registry.ssl.keystore.location': store,
        'schema.registry.ssl.keystore.type': 'PKCS12',
        'schema.registry.ssl.keystore.password': 'st0re-pw',
      };
      const asked = await ask(config);
      expect(asked.words).toBe('known 1');
      expect(seen.at(-1)?.client).toBe('holdfast-client');
      expect(asked.shown).not.toContain('st0re-pw');
      const wrong = await ask({ ...config, 'schema.registry.ssl.keystore.password': 'wr0ng-pw' });
      expect(wrong.words).toBe('refused holdfast.registry.url');
      expect(errorOf(wrong)).toContain('Check that they belong together, and schema.registry.ssl.keystore.password');
      expect(wrong.shown).not.toContain('wr0ng-pw');
      const trust = await ask({ ...config, 'schema.registry.ssl.truststore.location': store });
      expect(errorOf(trust)).toContain(`openssl pkcs12 -in ${store} -nokeys -out ${join(folder, 'client.pem')}`);
    },
  );

  it('a JKS is told by its content, with the command that converts it', async () => {
    const store = join(folder, 'trust.jks');
    writeFileSync(store, Buffer.from('feedfeed00000002', 'hex'));
    const asked = await ask({
      'schema.registry.url': 'https://127.0.0.1:1',
      'schema.registry.ssl.truststore.location': store,
    });
    expect(errorOf(asked)).toContain(`keytool -list -rfc -keystore ${store} > ${join(folder, 'trust.pem')}`);
  });

  it('the name in a certificate is checked, unless the algorithm is empty', async () => {
    const at = await serve({ key: tls.server.key, cert: tls.server.cert }, '127.0.0.2');
    const config = {
      'schema.registry.url': `https://${at}`,
      'schema.registry.ssl.truststore.location': tls.caFile,
    };
    expect((await ask(config)).words).toBe('refused holdfast.registry.url');
    const unchecked = { ...config, 'schema.registry.ssl.endpoint.identification.algorithm': '' };
    expect((await ask(unchecked)).words).toBe('known 1');
    // Whose certificate it is, is checked all the same.
    const stranger = createTlsMaterial(tempDir('registry-stranger'));
    const unknown = await ask({ ...unchecked, 'schema.registry.ssl.truststore.location': stranger.caFile });
    expect(unknown.words).toBe('refused holdfast.registry.url');
  });

  it('only the versions of TLS that are enabled are spoken', async () => {
    const at = await serve({ key: tls.server.key, cert: tls.server.cert, maxVersion: 'TLSv1.2' });
    const config = {
      'schema.registry.url': `https://${at}`,
      'schema.registry.ssl.truststore.location': tls.caFile,
    };
    expect((await ask({ ...config, 'schema.registry.ssl.enabled.protocols': 'TLSv1.2' })).words).toBe('known 1');
    const newer = await ask({ ...config, 'schema.registry.ssl.enabled.protocols': 'TLSv1.3' });
    expect(newer.words).toBe('refused holdfast.registry.url');
  });
});

describe('TLS files that are renewed while the worker runs', () => {
  const renewals = (lines: readonly LogLine[]) =>
    lines.filter(({ message }) => message.includes('TLS file')).map(({ level, fields }) => [level, fields['code']]);

  /** A second authority, and all that it signed. */
  const renewed = async (): Promise<TlsMaterial> => {
    const other = await mkdtemp(join(tmpdir(), 'registry-tls-'));
    closers.push(() => rm(other, { recursive: true, force: true }));
    return createTlsMaterial(other);
  };

  it('are used without a restart, whether the authority or the client certificate is new', async () => {
    const [trust, keys] = [join(folder, 'renewed-ca.pem'), join(folder, 'renewed-client.pem')];
    const place = (material: TlsMaterial): void => {
      writeFileSync(trust, material.ca);
      writeFileSync(keys, `${material.client.cert}\n${material.client.key}`);
    };
    const demanding = ({ server, ca }: TlsMaterial): ServerOptions => ({
      key: server.key,
      cert: server.cert,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    place(tls);
    const at = await serve(demanding(tls));
    const port = Number(at.split(':')[1]);
    const asked = await ask({
      'schema.registry.url': `https://${at}`,
      'schema.registry.ssl.truststore.location': trust,
      'schema.registry.ssl.keystore.location': keys,
    });
    expect(asked.words).toBe('known 1');
    const second = await renewed();
    await stopServing();
    await serve(demanding(second), '127.0.0.1', port);
    place(second);
    expect(await asked.settled(2)).toBe('known 2');
    // The authority of the server stays: now the client alone is not known any more.
    const third = await renewed();
    await stopServing();
    await serve({ ...demanding(second), ca: third.ca }, '127.0.0.1', port);
    writeFileSync(keys, `${third.client.cert}\n${third.client.key}`);
    expect(await asked.settled(3)).toBe('known 3');
    expect(seen.at(-1)?.client).toBe('holdfast-client');
    expect(renewals(asked.lines)).toEqual([
      ['info', undefined],
      ['info', undefined],
    ]);
  });

  it('end the outage of a registry that had its certificate renewed before, however they were written', async () => {
    const trust = join(folder, 'late-ca.pem');
    writeFileSync(trust, tls.ca);
    const at = await serve({ key: tls.server.key, cert: tls.server.cert });
    const asked = await ask({
      'schema.registry.url': `https://${at}`,
      'schema.registry.ssl.truststore.location': trust,
      'registry.probe.max.ms': '500',
    });
    expect(asked.words).toBe('known 1');
    const second = await renewed();
    await stopServing();
    await serve({ key: second.server.key, cert: second.server.cert }, '127.0.0.1', Number(at.split(':')[1]));
    expect(await asked.next(2)).toBe('waiting read');
    writeFileSync(trust, second.ca.slice(0, 300));
    const warned = (): boolean => renewals(asked.lines).length > 0;
    while (!warned()) await systemClock.sleep(50);
    expect(await asked.next(2)).toBe('waiting read');
    writeFileSync(trust, second.ca);
    expect(await asked.settled(2)).toBe('known 2');
    expect(renewals(asked.lines)).toEqual([
      ['warn', 'holdfast.registry.tls-files'],
      ['info', undefined],
    ]);
  });
});

describe('a proxy', () => {
  const proxied = async (): Promise<HttpProxy> => {
    const proxy = await HttpProxy.start();
    closers.push(() => proxy.stop());
    return proxy;
  };

  it('passes on plain http by its URL and https through a tunnel, and learns who we are if it asks', async () => {
    const proxy = await proxied();
    const plain = await serve(null);
    const config = { ...proxy.settings, 'proxy.user.info': 'ann:pr0xy-pw' };
    const asked = await ask({ ...config, 'schema.registry.url': `http://${plain}` });
    expect(asked.words).toBe('known 1');
    expect(proxy.seen).toContain(`GET http://${plain}/schemas/ids/1`);
    expect(proxy.seen.filter((line) => line.startsWith('CONNECT'))).toEqual([]);
    expect(asked.shown).not.toContain('pr0xy-pw');
    const secure = await serve({ key: tls.server.key, cert: tls.server.cert });
    const tunnelled = await ask({
      ...config,
      'schema.registry.url': `https://${secure}`,
      'schema.registry.ssl.truststore.location': tls.caFile,
    });
    expect(tunnelled.words).toBe('known 1');
    expect(proxy.seen).toContain(`CONNECT ${secure}`);
    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${btoa('ann:pr0xy-pw')}`]));
  });

  it.each(['http', 'https'])('that answers 502 is an outage that ends: %s', async (scheme) => {
    const proxy = await proxied();
    proxy.refusal = 502;
    const at = await serve(scheme === 'http' ? null : { key: tls.server.key, cert: tls.server.cert });
    const asked = await ask({
      ...proxy.settings,
      'schema.registry.url': `${scheme}://${at}`,
      ...(scheme === 'http' ? {} : { 'schema.registry.ssl.truststore.location': tls.caFile }),
    });
    expect(asked.words).toBe('waiting read');
    expect(errorOf(asked)).toContain('502');
    proxy.refusal = undefined;
    expect(await asked.settled()).toBe('known 1');
  });

  it.each(['http', 'https'])('that can not be reached is an outage that names it: %s', async (scheme) => {
    const proxy = await HttpProxy.start();
    const { settings } = proxy;
    await proxy.stop();
    const asked = await ask({
      ...settings,
      'proxy.user.info': 'ann:pr0xy-pw',
      'schema.registry.url': `${scheme}://127.0.0.1:1`,
    });
    expect(asked.words).toBe('waiting read');
    expect(errorOf(asked)).toContain(
      `the proxy 127.0.0.1:${settings['proxy.port']} could not be reached (ECONNREFUSED), nor ${scheme}://127.0.0.1:1 through it: check proxy.host and proxy.port`,
    );
    expect(asked.shown).not.toContain('pr0xy-pw');
  });

  it.each(['http', 'https'])('that wants to know who we are is a matter of configuration: %s', async (scheme) => {
    const proxy = await proxied();
    proxy.refusal = 407;
    const asked = await ask({ ...proxy.settings, 'schema.registry.url': `${scheme}://127.0.0.1:1` });
    expect(asked.words).toBe('refused holdfast.registry.url');
  });
});

describe('an OAuth server', () => {
  const SECRET = 'cl13nt-s3cr3t';
  const issuing = async (): Promise<OAuthServer> => {
    const server = await OAuthServer.start();
    closers.push(() => server.stop());
    return server;
  };
  const oauth = (server: OAuthServer): Record<string, string> => ({
    'bearer.auth.credentials.source': 'OAUTHBEARER',
    'bearer.auth.issuer.endpoint.url': server.url,
    'bearer.auth.client.id': 'me',
    'bearer.auth.client.secret': SECRET,
    'bearer.auth.scope': 'registry',
  });

  it('issues one token for all requests, and another one after a 401', async () => {
    const server = await issuing();
    const at = await serve(null);
    accepts = (authorization) => authorization === 'Bearer t0k3n-2-of-the-server';
    const asked = await ask({ ...oauth(server), 'schema.registry.url': `http://${at}` });
    expect(asked.words).toBe('known 1');
    expect(server.asked).toEqual(
      Array(2).fill({
        authorization: `Basic ${btoa(`me:${SECRET}`)}`,
        form: { grant_type: 'client_credentials', scope: 'registry' },
      }),
    );
    expect(seen.filter(({ authorization }) => authorization === undefined)).toEqual([]);
    expect(asked.shown).not.toContain(SECRET);
    expect(asked.shown).not.toContain('t0k3n-');
  });

  it('that is away is an outage that ends', async () => {
    const server = await issuing();
    const { url } = server;
    const at = await serve(null);
    const config = { ...oauth(server), 'schema.registry.url': `http://${at}` };
    await server.stop();
    const asked = await ask(config);
    expect(asked.words).toBe('waiting read');
    expect(errorOf(asked)).toContain(`the OAuth token endpoint ${url} gives no token: ECONNREFUSED`);
    expect(seen).toEqual([]);
    await server.listen(Number(new URL(url).port));
    expect(await asked.settled()).toBe('known 1');
  });

  it('that refuses the client is a matter of configuration', async () => {
    const server = await issuing();
    server.reply = { status: 401, body: JSON.stringify({ error: 'invalid_client', error_description: SECRET }) };
    const at = await serve(null);
    const asked = await ask({ ...oauth(server), 'schema.registry.url': `http://${at}` });
    expect(asked.words).toBe('refused holdfast.registry.authorization');
    expect(errorOf(asked)).toContain('refuses the client: HTTP 401 invalid_client');
    expect(asked.shown).not.toContain(SECRET);
  });

  it('is found through the login to Kafka that the worker has', async () => {
    const server = await issuing();
    const at = await serve(null);
    const worker = {
      'schema.registry.url': `http://${at}`,
      'sasl.jaas.config': `OAuthBearerLoginModule required clientId="me" clientSecret="${SECRET}";`,
      'sasl.oauthbearer.token.endpoint.url': server.url,
    };
    const inherited = await ask({ 'bearer.auth.credentials.source': 'SASL_OAUTHBEARER_INHERIT' }, worker);
    expect(inherited.words).toBe('known 1');
    expect(seen.at(-1)?.authorization).toBe(`Bearer ${server.token}`);
    const login = 'PlainLoginModule required username="ann" password="pw";';
    const basic = await ask(
      { 'basic.auth.credentials.source': 'SASL_INHERIT' },
      { ...worker, 'sasl.jaas.config': login },
    );
    expect(basic.words).toBe('known 1');
    expect(seen.at(-1)?.authorization).toBe(`Basic ${btoa('ann:pw')}`);
  });
});
