/**
 * `ssl.endpoint.identification.algorithm` of Kafka clients: by default the name in a certificate has to be the one that is connected to; empty
 * turns that off, and nothing else: whose certificate it is, is checked all the same.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError, EnvironmentError } from '../../../src/sdk/errors/index.ts';
import { freePort } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTlsMaterial } from '../../support/tls.ts';
import { openBroker } from './kafka-tools.ts';

const tls = createTlsMaterial(tempDir('names'));
const stranger = createTlsMaterial(tempDir('names-stranger'));
const UNCHECKED = { 'ssl.endpoint.identification.algorithm': '' };

/** By host: the certificate is for the first. */
const servers = new Map<string, Server>();
/** Requests that came through the handshake. */
let requests = 0;
beforeAll(async () => {
  for (const host of ['127.0.0.1', '127.0.0.2']) {
    const server = createServer({ key: tls.server.key, cert: tls.server.cert }, (socket) => {
      socket.on('error', () => {});
      // No Kafka: it hears the first request, and hangs up.
      socket.once('data', () => {
        requests++;
        socket.destroy();
      });
    });
    server.on('tlsClientError', () => {});
    server.listen(await freePort(), host);
    await once(server, 'listening');
    servers.set(host, server);
  }
});
afterAll(() => {
  for (const server of servers.values()) server.close();
});

/** How the first request of a client ends, and whether it was sent. */
async function ask(host: string, cluster: Record<string, string>, client: Record<string, string> = {}) {
  const before = requests;
  const { port } = (servers.get(host) as Server).address() as AddressInfo;
  const broker = openBroker(`${host}:${port}`, { 'security.protocol': 'SSL', ...cluster });
  const failure: unknown = await broker
    .admin({ settings: client, logger: silentLogger })
    .listTopics(AbortSignal.timeout(3_000))
    .catch((error: unknown) => error);
  await broker.close();
  return { failure, wasSent: requests > before };
}

describe('the name in the certificate of a broker', () => {
  const trusted = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': tls.ca };
  const unknown = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': stranger.ca };

  it('is refused by default where it is another, in words that say which and what helps', async () => {
    for (const algorithm of [{}, { 'ssl.endpoint.identification.algorithm': 'https' }]) {
      const { failure, wasSent } = await ask('127.0.0.2', { ...trusted, ...algorithm });
      expect(failure).toBeInstanceOf(ConfigError);
      expect(failure).toMatchObject({ code: 'holdfast.broker.authentication' });
      expect((failure as Error).message).toMatch(
        /^The certificate of Kafka at 127\.0\.0\.2:\d+ is for another host \(.*127\.0\.0\.2.*\)\. Name the brokers as .*ssl\.endpoint\.identification\.algorithm empty/,
      );
      expect(wasSent).toBe(false);
    }
  });

  it('is taken where it is the right one', async () => {
    const { failure, wasSent } = await ask('127.0.0.1', trusted);
    expect(failure).not.toBeInstanceOf(ConfigError);
    expect(wasSent).toBe(true);
  });

  it.each([
    ['of the worker', { ...trusted, ...UNCHECKED }, {}],
    ['of one client, as an override of a connector', trusted, UNCHECKED],
  ])('is not looked at with an empty setting %s', async (_, cluster, client) => {
    const { failure, wasSent } = await ask('127.0.0.2', cluster, client);
    expect(failure).not.toBeInstanceOf(ConfigError);
    if (failure instanceof EnvironmentError) expect(failure.message).not.toMatch(/certificate/i);
    expect(wasSent).toBe(true);
  });

  it.each([
    ['of the worker', { ...unknown, ...UNCHECKED }, {}],
    ['of one client', unknown, UNCHECKED],
    ['of the worker, where the system is trusted', UNCHECKED, {}],
  ])(
    'does not make a certificate of an unknown authority good with an empty setting %s',
    async (_, cluster, client) => {
      const { failure, wasSent } = await ask('127.0.0.2', cluster, client);
      expect(failure).toBeInstanceOf(ConfigError);
      expect(failure).toMatchObject({ code: 'holdfast.broker.authentication' });
      expect((failure as Error).message).toMatch(
        /CERT_SIGNATURE_FAILURE|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT/,
      );
      expect(wasSent).toBe(false);
    },
  );
});
