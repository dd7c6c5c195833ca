/**
 * Karapace's `GET /_health`: the one registry whose nodes say themselves who is primary and how far they have read. `healthy` means
 * nothing here: a node that replays its topic and denies existing ids is healthy, too.
 */
import type { RegistryRequest } from './endpoints.ts';

export interface NodeHealth {
  /** null: it doesn't say. */
  readonly isPrimary: boolean | null;
  readonly isReady: boolean;
  /** As the primary advertises itself; null: it knows of none. */
  readonly primaryUrl: string | null;
  /** Offsets of the topic of the schemas: what it has read, and the end as it knows it. null: it doesn't say. */
  readonly readOffset: number | null;
  readonly endOffset: number | null;
  readonly generation: number | null;
}

/** Who is primary by the nodes' own words. */
export type HealthReading =
  /** `node`: the one of ours that said so itself; null: others named a URL, which may be dead. */
  | { readonly kind: 'primary'; readonly url: string; readonly node: string | null; readonly isReady: boolean }
  | { readonly kind: 'none'; readonly reason: string }
  /** They contradict each other. */
  | { readonly kind: 'electing'; readonly reason: string };

/** It hangs when the broker is gone. */
export function healthRequest(timeoutMs: number): RegistryRequest {
  return {
    operation: 'meta',
    method: 'GET',
    path: '/_health',
    channel: 'read',
    timeoutMs,
    expects: (json) => readHealth(json) !== undefined,
  };
}

/** undefined: not such a resource. Older versions have the fields at the top, later ones under `status`. */
export function readHealth(json: unknown): NodeHealth | undefined {
  const top = fieldsOf(json);
  const status = fieldsOf(top?.['status']) ?? top;
  if (status === undefined) return undefined;
  const ready = status['schema_registry_ready'];
  if (typeof ready !== 'boolean') return undefined;
  const isPrimary = status['schema_registry_is_primary'];
  const primaryUrl = status['schema_registry_primary_url'];
  return {
    isPrimary: typeof isPrimary === 'boolean' ? isPrimary : null,
    isReady: ready,
    primaryUrl: typeof primaryUrl === 'string' ? originOf(primaryUrl) : null,
    readOffset: integerOf(status['schema_registry_reader_current_offset']),
    endOffset: integerOf(status['schema_registry_reader_highest_offset']),
    generation: integerOf(status['schema_registry_coordinator_generation_id']),
  };
}

/** It has read its topic to the end: what it denies does not exist. */
export function hasCaughtUp(health: NodeHealth): boolean {
  const { isReady, readOffset, endOffset } = health;
  return isReady && (readOffset === null || endOffset === null || readOffset >= endOffset);
}

/** By node URL, those that answered lately. */
export function readAllHealth(nodes: ReadonlyMap<string, NodeHealth>): HealthReading {
  const claiming = [...nodes].filter(([, { isPrimary }]) => isPrimary === true);
  const ready = claiming.filter(([, { isReady }]) => isReady);
  // One that slept through its replacement still believes in itself: the later election counts, then who is ready.
  const newest = Math.max(...claiming.map(([, { generation }]) => generation ?? -1));
  const candidates = [claiming, claiming.filter(([, { generation }]) => (generation ?? -1) === newest), ready].find(
    (list) => list.length === 1,
  );
  const winner = candidates?.[0];
  if (winner !== undefined) {
    const [node, { primaryUrl, isReady }] = winner;
    return { kind: 'primary', url: primaryUrl ?? node, node, isReady };
  }
  if (claiming.length > 1) return { kind: 'electing', reason: 'several nodes say that they are primary' };
  const named = new Set([...nodes.values()].flatMap(({ primaryUrl }) => (primaryUrl === null ? [] : [primaryUrl])));
  const [url] = named;
  if (url === undefined) return { kind: 'none', reason: 'no node knows of a primary' };
  return named.size === 1
    ? { kind: 'primary', url, node: null, isReady: false }
    : { kind: 'electing', reason: 'the nodes do not agree on the primary' };
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Readonly<Record<string, unknown>>)
    : undefined;
}

function integerOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

/** Without path, user and password; with the port as it was written. */
function originOf(text: string): string | null {
  if (text.length > 500) return null;
  const match = /^(https?):\/\/(?:[^/@]*@)?(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?(?:\/|$)/i.exec(text);
  if (match === null) return null;
  const [, scheme = '', host = '', port] = match;
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}`.toLowerCase();
}
