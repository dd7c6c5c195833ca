/** What one worker's schema store holds, sorted by kind. */
import type { CompactedLogEntry } from '../../registry/compacted-log.ts';
import {
  asBinding,
  asGuid,
  asProof,
  asSchema,
  asVersion,
  HEADER_KEY,
  isNodeKey,
  isServedKey,
  parseEntry,
  type StoredGuid,
  type StoredProof,
  type StoredSchema,
  type StoredVersion,
} from '../../registry/stored-entries.ts';

/** A store that is read once. Whoever implements it must not disturb the worker that may be writing it. */
export interface StoreSource {
  /** As the user named it. */
  readonly name: string;
  /** The living entries, and how many were damaged. */
  load(signal: AbortSignal): Promise<{ readonly entries: readonly CompactedLogEntry[]; readonly damaged: number }>;
}

export interface StoreContents {
  readonly name: string;
  readonly schemas: readonly StoredSchema[];
  readonly proofs: readonly StoredProof[];
  readonly versions: readonly StoredVersion[];
  readonly guids: readonly StoredGuid[];
  /** By node's URL: the cluster that answered there. */
  readonly nodes: ReadonlyMap<string, string>;
  /** Entries that are damaged, or of no kind that is known. */
  readonly unreadable: number;
  /** Entries that a newer version of the worker wrote. */
  readonly newer: number;
}

export async function readStore(source: StoreSource, signal: AbortSignal): Promise<StoreContents> {
  const { entries, damaged } = await source.load(signal);
  const schemas: StoredSchema[] = [];
  const proofs: StoredProof[] = [];
  const versions: StoredVersion[] = [];
  const guids: StoredGuid[] = [];
  const nodes = new Map<string, string>();
  let unreadable = damaged;
  let newer = 0;
  for (const { key, value } of entries) {
    if (value === null || key === HEADER_KEY || isServedKey(key)) continue;
    const parsed = parseEntry(value);
    if (parsed.kind === 'newer') newer += 1;
    if (parsed.kind === 'unreadable') unreadable += 1;
    if (parsed.kind !== 'entry') continue;
    const [schema, guid, proof] = [asSchema(parsed.value), asGuid(parsed.value), asProof(parsed.value)];
    const version = asVersion(parsed.value);
    const binding = isNodeKey(key) ? asBinding(parsed.value) : undefined;
    if (binding !== undefined) nodes.set(nodeOf(key), binding.clusterId);
    else if (schema !== undefined) schemas.push(schema);
    else if (guid !== undefined) guids.push(guid);
    else if (proof !== undefined) proofs.push(proof);
    else if (version !== undefined) versions.push(version);
    else unreadable += 1;
  }
  return { name: source.name, schemas, proofs, versions, guids, nodes, unreadable, newer };
}

function nodeOf(key: string): string {
  const [, node] = JSON.parse(key) as readonly unknown[];
  return String(node);
}
