import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCoordinator } from '../../../src/registry/registry-coordinator.ts';
import { RegistryHost } from '../../../src/registry/registry-host.ts';
import type { SchemaAnswer } from '../../../src/sdk/schema-view.ts';
import { freePort } from '../../support/ports.ts';
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
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const seen: { authorization: string | undefined; client: unknown; header: unknown }[] = [];

/** Knows id 1 and keeps who asked for it. */
async function serve(options: ServerOptions | null): Promise<string> {
  seen.length = 0;
  const port = await freePort();
  const listener: Parameters<typeof createPlainServer>[1] = (request, response) => {
    const peer = request.socket as Partial<TLSSocket>;
    seen.push({
      authorization: request.headers.authorization,
      client: peer.getPeerCertificate?.()?.subject?.CN,
      header: request.headers['x-tenant'],
    });
    const found = request.url === '/schemas/ids/1';
    response
      .writeHead(found ? 200 : 404)
      .end(JSON.stringify(found ? { schema: '"string"' } : { error_code: 404, message: '' }));
  };
  const server = options === null ? createPlainServer(listener) : createServer(options, listener);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${port}`;
}

async function ask(config: Record<string, string>): Promise<{ words: string; answer: SchemaAnswer; shown: string }> {
  const { logger, lines } = recordingLogger();
  const gates = new GateBook({ clock: systemClock });
  const coordinator = new RegistryCoordinator({ clock: systemClock, logger, gates, store: null });
  closers.push(() => coordinator.close());
  const host = new RegistryHost({
    clock: systemClock,
    ask: async (message) => structuredClone(await coordinator.serve(structuredClone(message))),
    defaults: { 'registry.patience.ms': '5000' },
  });
  const view = host.schemaView(config);
  await view.resolve([byId(1)], new AbortController().signal);
  const answer = view.peek(byId(1));
  const shown = JSON.stringify([answer, String((answer as { error?: Error }).error?.stack), lines, gates.snapshots()]);
  return { words: wordsOf(answer), answer, shown };
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
