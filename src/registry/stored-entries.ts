/**
 * What the schema store keeps, and its format: keys are JSON arrays, values are JSON objects whose member `v` is the version of the
 * format. Values without `v` are of version 1, which was written before there was another.
 */
import { defineErrorCode } from '../sdk/errors/index.ts';
import type { SchemaReference, SchemaText } from '../sdk/schema-view.ts';
import { contextOf } from './subject-context.ts';
import { isUsableId } from './usable-ids.ts';

export const REGISTRY_STORE_NEWER = defineErrorCode('holdfast.registry.store-newer', {
  what: 'The schema store holds entries that a newer version of the worker wrote. They are not used, and left as they are.',
  mend: 'Nothing, if the older worker is wanted for a while; otherwise run the newer version again.',
});

/** The version that this worker writes, and the highest that it reads. */
export const STORE_FORMAT = 1;

/** How the registry vouched for an id. Only the first two let a record be written: they name a subject and a schema. */
export type Proof = 'registered' | 'looked-up' | 'read';

export interface StoredSchema extends SchemaText {
  readonly clusterId: string;
  /** Ids count per context; '' is the default one. */
  readonly context: string;
  readonly id: number;
  /** contentFingerprint of the text. */
  readonly fingerprint: string;
  /** The text is the one we sent, not one that the registry gave back. */
  readonly sent: boolean;
  /** ms since the epoch at which the registry first vouched for it. */
  readonly time: number;
  /** The primary's epoch at that time. */
  readonly epoch: string;
}

/** The registry acknowledged exactly this text under this subject. */
export interface StoredProof {
  readonly clusterId: string;
  readonly subject: string;
  /** textFingerprint of what was asked. */
  readonly text: string;
  readonly normalize: boolean;
  readonly proof: Exclude<Proof, 'read'>;
  readonly id: number;
  /** ms since the epoch of the acknowledgement, and the primary's epoch then. */
  readonly time: number;
  readonly epoch: string;
  /** ms since the epoch of the second look that found the id with equal content; absent: it is still to come. */
  readonly confirmedAt?: number;
  /** ms since the epoch at which the registry contradicted it: no record is written by it until it is acknowledged or confirmed anew. */
  readonly contradictedAt?: number;
}

/** A version of a subject, for references. Never for `latest`. */
export interface StoredVersion {
  readonly clusterId: string;
  readonly subject: string;
  readonly version: number;
  readonly id: number;
}

/** The schema that a GUID stands for; a GUID is made of the content, so that there is nothing to compare it with. */
export interface StoredGuid extends SchemaText {
  readonly clusterId: string;
  readonly guid: string;
  readonly time: number;
  readonly epoch: string;
}

/** The cluster that answered at a node. */
export interface StoredBinding {
  readonly clusterId: string;
}

/** A registry served at this node with settings of this kind; see ServedSettings. */
export interface StoredServed {
  readonly node: string;
  /** Hash of the settings that are no secrets. */
  readonly open: string;
  /** Random, in hexadecimal digits. */
  readonly salt: string;
  /** A few bits of a slow hash of the secrets. */
  readonly mark: string;
}

const keyOf = (...parts: readonly (string | number | boolean)[]): string => JSON.stringify(parts);

/** Says which version wrote last; of a newer one it is the first thing that an older worker notices. */
export const HEADER_KEY = keyOf('header');
export const nodeKey = (node: string): string => keyOf('node', node);
export const schemaKey = (clusterId: string, context: string, id: number): string =>
  keyOf('schema', clusterId, context, id);
export const proofKey = (clusterId: string, subject: string, text: string, normalize: boolean): string =>
  keyOf('proof', clusterId, subject, text, normalize);
export const versionKey = (clusterId: string, subject: string, version: number): string =>
  keyOf('version', clusterId, subject, version);
export const guidKey = (clusterId: string, guid: string): string => keyOf('guid', clusterId, guid);
export const servedKey = (node: string, open: string): string => keyOf('served', node, open);

export function isNodeKey(key: string): boolean {
  return key.startsWith('["node",');
}

export function isServedKey(key: string): boolean {
  return key.startsWith('["served",');
}

/** Entries that say what the others mean, and of settings; they are few and never make room. */
export function isPermanent(key: string): boolean {
  return isNodeKey(key) || isServedKey(key);
}

type Fields = Readonly<Record<string, unknown>>;

export type ParsedEntry =
  | { readonly kind: 'entry'; readonly value: object }
  /** Of a newer format: neither read nor touched. */
  | { readonly kind: 'newer'; readonly format: number }
  | { readonly kind: 'unreadable' };

export function parseEntry(text: string): ParsedEntry {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return { kind: 'unreadable' };
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return { kind: 'unreadable' };
  const { v = 1, ...value } = fields as { readonly v?: unknown };
  if (typeof v !== 'number') return { kind: 'unreadable' };
  return v > STORE_FORMAT ? { kind: 'newer', format: v } : { kind: 'entry', value };
}

export function formatEntry(value: object): string {
  return JSON.stringify({ v: STORE_FORMAT, ...value });
}

/** The schema without which an entry is of no use; null: it is of use by itself. */
export function schemaNeededBy(value: unknown): string | null {
  const proof = asProof(value) ?? asVersion(value);
  return proof === undefined ? null : schemaKey(proof.clusterId, contextOf(proof.subject), proof.id);
}

/** An entry of a cluster as it is under another name of the same cluster; undefined: it is of another one, or of none. */
export function underOtherName(value: object, from: string, to: string): { key: string; value: object } | undefined {
  const entry = asSchema(value) ?? asProof(value) ?? asVersion(value) ?? asGuid(value);
  if (entry?.clusterId !== from) return undefined;
  const named = { ...entry, clusterId: to };
  if ('fingerprint' in named) return { key: schemaKey(to, named.context, named.id), value: named };
  if ('guid' in named) return { key: guidKey(to, named.guid), value: named };
  if ('proof' in named) return { key: proofKey(to, named.subject, named.text, named.normalize), value: named };
  return { key: versionKey(to, named.subject, named.version), value: named };
}

/** What is damaged is as good as unknown. */
export function asBinding(value: unknown): StoredBinding | undefined {
  return checked(value, isBinding);
}

export function asSchema(value: unknown): StoredSchema | undefined {
  return checked(value, isSchema);
}

export function asGuid(value: unknown): StoredGuid | undefined {
  return checked(value, isGuid);
}

export function asProof(value: unknown): StoredProof | undefined {
  return checked(value, isProof);
}

export function asVersion(value: unknown): StoredVersion | undefined {
  return checked(value, isVersion);
}

export function asServed(value: unknown): StoredServed | undefined {
  return checked(value, isServed);
}

export function isReference(value: unknown): value is SchemaReference {
  if (typeof value !== 'object' || value === null) return false;
  const { name, subject, version } = value as Fields;
  return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number';
}

function checked<T>(value: unknown, is: (fields: Fields) => boolean): T | undefined {
  return typeof value === 'object' && value !== null && is(value as Fields) ? (value as T) : undefined;
}

const isBinding = (fields: Fields): boolean => typeof fields['clusterId'] === 'string';
const hasId = ({ id }: Fields): boolean => typeof id === 'number' && isUsableId(id);
const isSchema = (fields: Fields): boolean =>
  typeof fields['fingerprint'] === 'string' && hasId(fields) && isText(fields);
const isGuid = (fields: Fields): boolean => typeof fields['guid'] === 'string' && isText(fields);
const isText = (fields: Fields): boolean =>
  typeof fields['schema'] === 'string' &&
  typeof fields['schemaType'] === 'string' &&
  Array.isArray(fields['references']) &&
  (fields['references'] as readonly unknown[]).every(isReference);
const isProof = (fields: Fields): boolean =>
  hasId(fields) &&
  typeof fields['clusterId'] === 'string' &&
  typeof fields['subject'] === 'string' &&
  (fields['proof'] === 'registered' || fields['proof'] === 'looked-up');
const isServed = (fields: Fields): boolean => typeof fields['salt'] === 'string' && typeof fields['mark'] === 'string';
const isVersion = (fields: Fields): boolean =>
  hasId(fields) &&
  typeof fields['clusterId'] === 'string' &&
  typeof fields['subject'] === 'string' &&
  typeof fields['version'] === 'number';
