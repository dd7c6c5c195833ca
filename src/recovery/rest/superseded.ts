/**
 * Soft-deleted versions that a registry may remove for good while a plan runs: Confluent's removes those below a version of the same subject and
 * id when that one is made (KafkaSchemaRegistry.register, "Tombstone previous version with the same ID").
 */
import type { VersionState } from '../state/registry-state.ts';
import type { RestoreItem } from './compare-with-target.ts';
import { type VersionKey, versionKey } from './list-schemas.ts';
import type { TargetVersion } from './target-index.ts';

/** By version, the one that is made later and takes its place. Once that is there, it was there before. */
export type Superseded = ReadonlyMap<VersionKey, VersionState>;

const NAMED = 10;

/**
 * @param items in the order in which they are imported
 * @param putBack before all of those
 */
export function superseded(items: readonly RestoreItem[], putBack: readonly TargetVersion[]): Superseded {
  const found = new Map<VersionKey, VersionState>();
  const laterOnes = new Map<string, VersionState[]>();
  const look = (version: Pick<VersionState, 'subject' | 'version' | 'id'>): void => {
    const by = laterOnes.get(idInSubject(version))?.find((later) => later.version > version.version);
    if (by !== undefined) found.set(versionKey(version), by);
  };
  for (const { version, action } of [...items].reverse()) {
    if (version.deleted) look(version);
    if (action === 'delete') continue;
    const key = idInSubject(version);
    const known = laterOnes.get(key);
    if (known === undefined) laterOnes.set(key, [version]);
    else known.push(version);
  }
  for (const version of putBack) look(version);
  return found;
}

/** Lines of a plan's summary. */
export function supersededInWords(all: Superseded): readonly string[] {
  if (all.size === 0) return [];
  const shown = [...all].slice(0, NAMED).map(([key, { subject, version, id }]) => {
    const below = key.slice(0, key.indexOf(' '));
    return `version ${below} of subject ${subject} (below version ${version}, id ${id})`;
  });
  const more = all.size > NAMED ? ` and ${all.size - NAMED} more` : '';
  return [
    `Confluent's registry removes for good what is soft-deleted below a version of its id: ${shown.join(', ')}${more}.`,
  ];
}

function idInSubject({ subject, id }: Pick<VersionState, 'subject' | 'id'>): string {
  return `${id} ${subject}`;
}
