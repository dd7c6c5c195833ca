/** Where the REST API listens and under which address it is known. RestServer of Kafka Connect 4.1.1. */
import { networkInterfaces } from 'node:os';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

export const REST_LISTENER = defineErrorCode('holdfast.rest.listener', {
  what: 'The REST API can not listen where it was told to.',
  mend: 'Free the port, or name another one in listeners or admin.listeners.',
});

export interface Listener {
  readonly scheme: 'http' | 'https';
  /** Empty for all interfaces. */
  readonly host: string;
  readonly port: number;
}

/** `http://:8083` -> all interfaces, port 8083. @throws ConfigError `holdfast.rest.listener` */
export function parseListener(text: string): Listener {
  const match = /^([^/:]+):\/\/(\[?[0-9a-zA-Z\-%._:]*\]?):(\d+)\/?$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ConfigError("Listener doesn't have the right format (protocol://hostname:port).", {
      code: REST_LISTENER,
    });
  }
  const scheme = match[1]?.toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') {
    throw new ConfigError('Listener protocol must be either "http" or "https".', { code: REST_LISTENER });
  }
  return { scheme, host: (match[2] ?? '').replace(/^\[(.*)\]$/, '$1'), port };
}

export interface AdvertisedSettings {
  readonly hostName: string | null;
  readonly port: number | null;
  /** `rest.advertised.listener` */
  readonly scheme: string | null;
}

/**
 * The address that others are told, as `worker_id` has it: the settings first, then the first listener of the advertised scheme, which is
 * http wherever there is one.
 * @param ports the ports that are really listened on, in the order of the listeners; a listener may say 0
 * @throws ConfigError `holdfast.rest.listener` if no listener has the scheme of `rest.advertised.listener`
 */
export function advertisedAddress(
  listeners: readonly Listener[],
  ports: readonly number[],
  settings: AdvertisedSettings,
): { readonly scheme: 'http' | 'https'; readonly host: string; readonly port: number } {
  const wanted =
    textOf(settings.scheme)?.toLowerCase() ?? (listeners.some(({ scheme }) => scheme === 'http') ? 'http' : 'https');
  const index = listeners.findIndex(({ scheme }) => scheme === wanted);
  const listener = listeners[index];
  if (listener === undefined) {
    throw new ConfigError(
      `rest.advertised.listener is ${wanted}, but listeners has none of that protocol. Add one, or leave the setting out.`,
      { code: REST_LISTENER },
    );
  }
  return {
    scheme: listener.scheme,
    host: textOf(settings.hostName) ?? (listener.host === '' ? localAddress() : listener.host),
    port: settings.port ?? ports[index] ?? listener.port,
  };
}

/** For a client on this machine. */
export function localUrlOf(listener: Listener, port: number): string {
  const host = ['', '::', '0.0.0.0'].includes(listener.host) ? '127.0.0.1' : listener.host;
  return `${listener.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function localAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found !== undefined) return found.address;
  }
  return '127.0.0.1';
}

/** As Kafka Connect: an empty setting is none. */
function textOf(setting: string | null): string | undefined {
  return setting === null || setting === '' ? undefined : setting;
}
