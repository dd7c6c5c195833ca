/**
 * What the description of the group in which a registry elects says about its primary. Everything in it was written by others:
 * what is not understood is never taken for a primary.
 *
 * Source: SchemaRegistryProtocol, SchemaRegistryIdentity and SchemaRegistryCoordinator of Confluent's registry, schema_coordinator.py of
 * Karapace; the same bytes seen from a Kafka 4.1.1 with Karapace 6.2.0.
 */
import { isIPv6 } from 'node:net';
import type { DescribedGroup } from './group-describer.ts';

/** A node as it calls itself, which need not be an address that we reach. */
export interface PrimaryIdentity {
  /** null: known by its URL only. */
  readonly memberId: string | null;
  /** `scheme://host:port`; null: unknown, or there is none. */
  readonly url: string | null;
}

export type GroupReading =
  | {
      readonly kind: 'primary';
      readonly memberId: string;
      readonly url: string;
      /** URLs of all members that could be read. */
      readonly members: readonly string[];
    }
  /** The group works and has named nobody: no member may become primary. */
  | { readonly kind: 'none'; readonly reason: string }
  /** An election is under way: whoever was primary is the last one known. */
  | { readonly kind: 'electing'; readonly reason: string }
  /** No members at all: there is no such group, or every node is gone. */
  | { readonly kind: 'empty'; readonly reason: string }
  /** Not the group of a registry, or not understood. */
  | { readonly kind: 'unusable'; readonly reason: string };

const PROTOCOL_TYPE = 'sr';
const MAX_BYTES = 65_536;
const MAX_TEXT = 500;
const HOST = /^[A-Za-z0-9._-]{1,253}$/;
/** Printable, so that it can stand in a log line. */
const MEMBER_ID = /^[\x21-\x7e]+$/;

interface Assignment {
  readonly error: number;
  readonly master: string | null;
  readonly url: string | null;
  readonly isEligible: boolean;
}

export function readGroup(group: DescribedGroup): GroupReading {
  const { state, members, protocolType } = group;
  if (state === 'Dead' || state === 'Empty') return { kind: 'empty', reason: `the group is ${state}` };
  if (state === 'Unknown') return { kind: 'unusable', reason: 'the state of the group is not known' };
  if (protocolType !== PROTOCOL_TYPE) {
    return { kind: 'unusable', reason: 'it is not the group of a schema registry (its protocol type is not sr)' };
  }
  if (state !== 'Stable') return { kind: 'electing', reason: `the group is ${state}` };
  // A member that has just joined has no assignment yet.
  const texts = members.map(({ assignment }) => assignment).filter(({ length }) => length > 0);
  if (texts.length === 0) return { kind: 'electing', reason: 'no member has an assignment yet' };
  const assignments = texts.map(readAssignment);
  const [first] = assignments;
  if (first === undefined) return { kind: 'unusable', reason: 'its assignments are not understood' };
  if (assignments.includes(undefined)) return { kind: 'unusable', reason: 'its assignments are not understood' };
  if (!assignments.every((other) => other !== undefined && isSame(first, other))) {
    return { kind: 'electing', reason: 'the members do not agree on the primary' };
  }
  const { error, master, url, isEligible } = first;
  if (error === 1) return { kind: 'none', reason: 'two nodes advertise the same URL (DUPLICATE_URLS)' };
  if (error !== 0) return { kind: 'none', reason: `the election failed with error ${error}` };
  if (master === null || url === null) return { kind: 'none', reason: 'no node is eligible' };
  // Karapace names a node all the same when none is eligible; it takes no writes.
  if (!isEligible) return { kind: 'none', reason: 'no node is eligible' };
  if (!members.some(({ memberId }) => memberId === master)) {
    return { kind: 'electing', reason: 'the primary that is named is no member' };
  }
  return {
    kind: 'primary',
    memberId: master,
    url,
    members: [url, ...members.flatMap(({ metadata }) => urlsIn(metadata))],
  };
}

/** `{"version":1,"error":0,"master":"<memberId>","master_identity":{...}}`; unknown fields are no trouble. */
function readAssignment(bytes: Uint8Array): Assignment | undefined {
  if (bytes.length > MAX_BYTES) return undefined;
  const fields = fieldsOf(parse(bytes));
  if (fields === undefined) return undefined;
  const error = fields['error'] ?? 0;
  if (typeof error !== 'number' || !Number.isInteger(error)) return undefined;
  const master = fields['master'] ?? null;
  if (master !== null && (typeof master !== 'string' || master.length > MAX_TEXT || !MEMBER_ID.test(master))) {
    return undefined;
  }
  const identity = fields['master_identity'] ?? null;
  if (identity === null) return { error, master, url: null, isEligible: false };
  const node = fieldsOf(identity);
  const url = node === undefined ? undefined : urlOf(node);
  if (node === undefined || url === undefined) return undefined;
  const isEligible = node['master_eligibility'] ?? node['leader_eligibility'] ?? true;
  return { error, master, url, isEligible: isEligible === true };
}

function urlsIn(metadata: Uint8Array): readonly string[] {
  const node = metadata.length > MAX_BYTES ? undefined : fieldsOf(parse(metadata));
  const url = node === undefined ? undefined : urlOf(node);
  return url === undefined ? [] : [url];
}

function urlOf(node: Readonly<Record<string, unknown>>): string | undefined {
  const { host, port, scheme = 'http' } = node;
  if (typeof host !== 'string' || typeof port !== 'number' || typeof scheme !== 'string') return undefined;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const lower = scheme.toLowerCase();
  if (lower !== 'http' && lower !== 'https') return undefined;
  if (HOST.test(host)) return `${lower}://${host.toLowerCase()}:${port}`;
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  // Without a zone, which would be of use on one machine only.
  return isIPv6(bare) && !bare.includes('%') ? `${lower}://[${bare.toLowerCase()}]:${port}` : undefined;
}

function isSame(a: Assignment, b: Assignment): boolean {
  return a.error === b.error && a.master === b.master && a.url === b.url && a.isEligible === b.isEligible;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Readonly<Record<string, unknown>>)
    : undefined;
}
