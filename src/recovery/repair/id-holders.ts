/** Which schema an id stands for, and whether another one is the same: asked before an id comes back, or goes to somebody else. */
import { contextOf } from '../../registry/subject-context.ts';
import { readRecord } from '../records/read-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';

/** The schema of a record; undefined: none can be read there. */
export async function schemaAt(snapshot: Snapshot, offset: number): Promise<SchemaValue | undefined> {
  const [record] = await snapshot.at([offset]);
  const read = record === undefined ? undefined : readRecord(record);
  return read?.ok === true && read.record.kind === 'schema' ? read.record.value : undefined;
}

/** Who holds the id of this schema with another content; undefined: nobody. */
export async function otherHolder(
  schema: SchemaValue,
  holders: { readonly snapshot: Snapshot; readonly state: RegistryState },
): Promise<VersionState | undefined> {
  const holder = holders.state.byId(contextOf(schema.subject), schema.id);
  if (holder === undefined) return undefined;
  if (holder.subject === schema.subject && holder.version === schema.version) return undefined;
  const held = await schemaAt(holders.snapshot, holder.offset);
  return held === undefined || !isSame(held, schema) ? holder : undefined;
}

/** By what an id stands for; texts that differ in spaces or the order of fields only are the same, as registries have them. */
function isSame(a: SchemaValue, b: SchemaValue): boolean {
  const meant = ({ schemaType, references, metadata, ruleSet, schema }: SchemaValue): string =>
    JSON.stringify([
      schemaType,
      references,
      sorted(metadata ?? null),
      sorted(ruleSet ?? null),
      text(schemaType, schema),
    ]);
  return meant(a) === meant(b);
}

function text(schemaType: string, schema: string): unknown {
  if (schemaType === 'PROTOBUF') return schema;
  try {
    return sorted(JSON.parse(schema));
  } catch {
    return schema;
  }
}

function sorted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== 'object' || json === null) return json;
  const fields = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, value]) => [name, sorted(value)]));
}
