/** The nodes of a live registry, each asked by itself: `--registry URL[,URL]` with the settings of `--registry-config`. */
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { HttpTransport } from '../../registry/http-transport.ts';
import { NodeExchange } from '../../registry/node-exchange.ts';
import { openCredentials } from '../../registry/open-credentials.ts';
import { parseRegistrySettings, type RegistrySettings } from '../../registry/registry-settings.ts';
import { userInfoSecrets } from '../../registry/secrets-sent.ts';
import { ServedSettings } from '../../registry/served-settings.ts';
import { UndiciTransport } from '../../registry/undici-transport.ts';
import { RegistryApi } from './registry-api.ts';

export interface OpenNodesOptions {
  /** As given to `--registry`; credentials may stand in them. */
  readonly urls: readonly string[];
  /** Confluent's client settings: `basic.auth.user.info`, `bearer.auth.*`, `schema.registry.ssl.*`, `proxy.*`, `request.header.*`. */
  readonly properties: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Requests under way at each node; 8 unless told. */
  readonly parallel?: number;
  /** How long a node that gives no usable answer is asked again, ms; two minutes unless told. */
  readonly giveUpAfterMs?: number;
  /** In place of sockets. */
  readonly transport?: HttpTransport;
}

export interface RegistryNodes {
  /** One for each URL, in their order. */
  readonly nodes: readonly RegistryApi[];
  close(): Promise<void>;
}

/** A page of schemas, or a registration that a primary waits for, may take its time. */
const LEAST_REQUEST_TIMEOUT_MS = 60_000;

/** Asks nothing yet. @throws ConfigError that names every mistake in the settings, and none of their values */
export function openNodes(options: OpenNodesOptions): RegistryNodes {
  const { urls, properties, clock, logger, parallel = 8, giveUpAfterMs = 120_000 } = options;
  const settings = parseRegistrySettings({ ...properties, 'schema.registry.url': urls.join(',') });
  const { toNodes, direct } = transportsOf(settings, options, parallel);
  const served = new ServedSettings({ settings, store: null, logger });
  const exchange = new NodeExchange({
    transport: toNodes,
    credentials: openCredentials({ settings, served, clock, direct }),
    clock,
    requestTimeoutMs: Math.max(settings.values['http.read.timeout.ms'], LEAST_REQUEST_TIMEOUT_MS),
    headers: settings.headers,
    secrets: settings.proxy?.userInfo == null ? [] : userInfoSecrets(settings.proxy.userInfo.value()),
  });
  return {
    nodes: settings.nodes.map((node) => {
      const onWaiting = (reason: string): void => {
        const seconds = Math.round(giveUpAfterMs / 1000);
        logger.warn('The registry gives no usable answer, waiting for it', { node, reason, seconds });
      };
      return new RegistryApi({ node, exchange, clock, parallel, giveUpAfterMs, onWaiting });
    }),
    async close() {
      await toNodes.close();
      if (direct !== toNodes) await direct.close();
    },
  };
}

/** An OAuth server is reached past the proxy of the registry. */
function transportsOf(
  { tls, proxy, values }: RegistrySettings,
  { clock, logger, transport }: OpenNodesOptions,
  connections: number,
): { readonly toNodes: HttpTransport; readonly direct: HttpTransport } {
  if (transport !== undefined) return { toNodes: transport, direct: transport };
  const shared = { clock, connectTimeoutMs: values['http.connect.timeout.ms'], connections, tls };
  const toNodes = new UndiciTransport({ ...shared, logger, ...(proxy === null ? {} : { proxy }) });
  return { toNodes, direct: proxy === null ? toNodes : new UndiciTransport(shared) };
}
