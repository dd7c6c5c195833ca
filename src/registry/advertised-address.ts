/** Which of our URLs leads to the node that advertises itself under another name. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Addresses of a host; empty when it has none or can't be resolved. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

export const resolveByDns: ResolveHost = async (host) => {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
};

/** By the text alone: the same host and port, whatever the scheme (TLS may end before the node); any name of loopback is the same. */
export function matchAddress(advertised: string, nodes: readonly string[]): string | null {
  const wanted = placeOf(advertised);
  if (wanted === undefined) return null;
  const rank = (node: string): number => {
    const place = placeOf(node);
    if (place?.port !== wanted.port) return 0;
    const isSameHost = place.host === wanted.host;
    if (!isSameHost && !(place.isLoopback && wanted.isLoopback)) return 0;
    return (isSameHost ? 3 : 1) + (place.scheme === wanted.scheme ? 1 : 0);
  };
  const best = nodes.toSorted((a, b) => rank(b) - rank(a))[0];
  return best !== undefined && rank(best) > 0 ? best : null;
}

/** By address: a name of ours that resolves to an address of the advertised one, at the same port. */
export async function resolveAddress(
  advertised: string,
  nodes: readonly string[],
  resolve: ResolveHost,
): Promise<string | null> {
  const wanted = placeOf(advertised);
  if (wanted === undefined) return null;
  const candidates = nodes.filter((node) => placeOf(node)?.port === wanted.port);
  if (candidates.length === 0) return null;
  const addressesOf = async (host: string): Promise<readonly string[]> =>
    isIP(host) === 0 ? await resolve(host) : [host];
  const addresses = await addressesOf(wanted.host);
  if (addresses.length === 0) return null;
  for (const node of candidates) {
    const ours = await addressesOf(placeOf(node)?.host ?? '');
    if (ours.some((address) => addresses.includes(address))) return node;
  }
  return null;
}

interface Place {
  readonly host: string;
  readonly port: string;
  readonly scheme: string;
  readonly isLoopback: boolean;
}

function placeOf(text: string): Place | undefined {
  try {
    const { hostname, port, protocol } = new URL(text);
    const host = hostname.replace(/^\[|\]$/g, '');
    return {
      host,
      scheme: protocol,
      port: port === '' ? (protocol === 'https:' ? '443' : '80') : port,
      isLoopback: host === 'localhost' || host === '::1' || /^127\./.test(host),
    };
  } catch {
    return undefined;
  }
}
