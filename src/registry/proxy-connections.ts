/** Connections to nodes through a proxy, whose own failures are told from those of the nodes behind it. */
import { type Agent, buildConnector, Client, type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { OpenDispatcher } from './dispatcher-pools.ts';
import type { ProxySettings } from './registry-settings.ts';

/** There is no connection to the proxy, so that nothing was sent to anybody; the cause says why. */
export class ProxyUnreached extends Error {
  /** `host:port`; who we are to it is no part of it. */
  readonly proxy: string;

  constructor(proxy: string, cause: Error) {
    super(`no connection to the proxy ${proxy}`, { cause });
    this.name = 'ProxyUnreached';
    this.proxy = proxy;
  }
}

/** @param connect How a node is connected to, through a tunnel: its time limit in ms, which the proxy has as well, and TLS. */
export function openThroughProxy(
  { url, userInfo }: ProxySettings,
  connect: buildConnector.BuildOptions & { readonly timeout: number },
  common: Agent.Options,
): OpenDispatcher {
  const toProxy = naming(new URL(url).host, buildConnector({ timeout: connect.timeout }));
  return (connections) =>
    new ProxyAgent({
      ...common,
      uri: url,
      connections,
      requestTls: connect,
      // Plain http is asked for by its whole URL, as every proxy understands it; https goes through a tunnel.
      proxyTunnel: false,
      clientFactory: (origin) => new Pool(origin, { connect: toProxy }),
      // Nodes of https bring their tunnel along. Nothing else than the proxy is connected to over http.
      factory: (origin, options) =>
        dispatcherOf(origin, new URL(origin).protocol === 'http:' ? { ...options, connect: toProxy } : options),
      ...(userInfo === null ? {} : { token: `Basic ${Buffer.from(userInfo.value(), 'utf8').toString('base64')}` }),
    });
}

/** undici's own choice. */
function dispatcherOf(origin: string | URL, options: Pool.Options): Dispatcher {
  return options.connections === 1 ? new Client(origin, options) : new Pool(origin, options);
}

function naming(proxy: string, connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(new ProxyUnreached(proxy, error), null);
    });
}
