/**
 * What the members of a registry's group tell each other, protocol type `sr`, version `v0`: JSON, as Confluent's and Karapace's
 * nodes write it (SchemaRegistryIdentity.java, SchemaRegistryProtocol.java, schema_coordinator.py; Karapace's also as seen on the wire).
 */
import type { RegistryVendor } from './vendor-profile.ts';

export const ELECTION_PROTOCOL_TYPE = 'sr';
export const ELECTION_PROTOCOL = 'v0';

/** A node, as it is known to the others. */
export interface NodeIdentity {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Whether it may become the primary. */
  readonly isEligible: boolean;
}

/** `error` of an assignment. */
export const ELECTION_ERRORS = { NONE: 0, DUPLICATE_URLS: 1 } as const;

export interface ElectionAssignment {
  readonly error: number;
  /** Member id of the primary; null: none. */
  readonly memberId: string | null;
  /** null: no node is eligible, and the registry is there for reading only. */
  readonly primary: NodeIdentity | null;
}

export function urlOf({ scheme, host, port }: NodeIdentity): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const encode = (json: object): Uint8Array => Buffer.from(JSON.stringify(json));

/** The version that Karapace's nodes tell; the one whose behaviour was measured. */
const KARAPACE_VERSION = '6.2.0';

function identityJson(vendor: RegistryVendor, { scheme, host, port, isEligible }: NodeIdentity): object {
  return vendor === 'karapace'
    ? { version: 2, karapace_version: KARAPACE_VERSION, host, port, scheme, master_eligibility: isEligible }
    : { version: 1, host, port, master_eligibility: isEligible, scheme };
}

export function encodeIdentity(vendor: RegistryVendor, identity: NodeIdentity): Uint8Array {
  return encode(identityJson(vendor, identity));
}

/** null: not readable, of a version that nobody knows. */
export function decodeIdentity(bytes: Uint8Array): NodeIdentity | null {
  return identityOf(parse(bytes));
}

export function encodeAssignment(vendor: RegistryVendor, { error, memberId, primary }: ElectionAssignment): Uint8Array {
  const identity = primary === null ? {} : { master_identity: identityJson(vendor, primary) };
  const master = memberId === null ? {} : { master: memberId };
  return encode(
    vendor === 'karapace' ? { ...master, ...identity, error } : { version: 1, error, ...master, ...identity },
  );
}

/** A primary that is not eligible is none: Karapace names such a node when there is no other. null: not readable. */
export function decodeAssignment(bytes: Uint8Array): ElectionAssignment | null {
  const json = parse(bytes);
  if (json === null) return null;
  const identity = identityOf(json['master_identity']);
  const primary = identity?.isEligible === true ? identity : null;
  const { error, master } = json;
  return {
    error: typeof error === 'number' ? error : 0,
    memberId: typeof master === 'string' ? master : null,
    primary,
  };
}

/** What the group's leader hands out to everybody: the eligible member with the smallest URL wins, and nobody stays for that alone. */
export function elect(
  vendor: RegistryVendor,
  members: readonly { readonly memberId: string; readonly identity: NodeIdentity }[],
): ElectionAssignment {
  const byUrl = new Map(members.map((member) => [urlOf(member.identity), member]));
  if (vendor === 'confluent' && byUrl.size < members.length) {
    return { error: ELECTION_ERRORS.DUPLICATE_URLS, memberId: null, primary: null };
  }
  const smallest = (isEligible: boolean) =>
    [...byUrl]
      .filter(([, { identity }]) => identity.isEligible === isEligible)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, member]) => member)[0];
  const winner = smallest(true) ?? (vendor === 'karapace' ? smallest(false) : undefined);
  return { error: ELECTION_ERRORS.NONE, memberId: winner?.memberId ?? null, primary: winner?.identity ?? null };
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}

function identityOf(json: unknown): NodeIdentity | null {
  if (!isObject(json)) return null;
  const { scheme, host, port, master_eligibility: isEligible } = json;
  if (typeof host !== 'string' || typeof port !== 'number') return null;
  return { scheme: scheme === 'https' ? 'https' : 'http', host, port, isEligible: isEligible === true };
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
