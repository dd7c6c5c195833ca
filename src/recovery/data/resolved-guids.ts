/**
 * Which GUIDs of data are those of schemas in a registry. Confluent's makes a GUID of the content: the MD5 of the text, and then of name,
 * subject and version (four bytes, big-endian) of each reference. Of schemas with metadata or rules it takes those as well, so that theirs
 * are not known here.
 */
import { createHash } from 'node:crypto';
import { readRecord } from '../records/read-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** undefined: it has metadata or rules. */
export function guidOf({ schema, references, metadata, ruleSet }: SchemaValue): string | undefined {
  if (metadata !== undefined || ruleSet !== undefined) return undefined;
  const hash = createHash('md5').update(schema);
  for (const { name, subject, version } of references) {
    const number = Buffer.alloc(4);
    number.writeInt32BE(version);
    hash.update(name).update(subject).update(number);
  }
  return hash.digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * One pass over the snapshot, none where nothing is wanted.
 * @param state what the snapshot means: a schema that was removed since does not count
 */
export async function resolvedGuids(
  {
    snapshot,
    state,
    wanted,
  }: {
    readonly snapshot: Snapshot;
    readonly state: RegistryState;
    readonly wanted: readonly string[];
  },
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const resolved = new Set<string>();
  if (wanted.length === 0) return resolved;
  const asked = new Set(wanted);
  for await (const records of snapshot.records()) {
    signal.throwIfAborted();
    for (const raw of records) {
      const read = readRecord(raw);
      if (!read.ok || read.record.kind !== 'schema') continue;
      const { subject, version, value } = read.record;
      const guid = guidOf(value);
      if (guid === undefined || !asked.has(guid)) continue;
      if (state.version(subject, version)?.offset === raw.offset) resolved.add(guid);
    }
  }
  return resolved;
}
