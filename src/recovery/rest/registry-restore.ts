/** What a restore through REST was decided to do, and the requests that do it. */
import type { JsonObject, SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { VersionState } from '../state/registry-state.ts';
import { type RestoreItem, valuesAt } from './compare-with-target.ts';
import { covers } from './import-scopes.ts';
import { versionKey } from './list-schemas.ts';
import { type PutBack, untilLastDeleted } from './put-back.ts';
import {
  configStep,
  enterImportStep,
  importStep,
  isThere,
  modeStep,
  type RequestStep,
  softDeleteStep,
} from './restore-steps.ts';
import type { Superseded } from './superseded.ts';
import type { TargetIndex } from './target-index.ts';
import type { UnlockedPlaces } from './unlocked-places.ts';

export interface SettingChange {
  /** '' is the whole registry. */
  readonly place: string;
  readonly before: JsonObject | undefined;
  readonly after: JsonObject | undefined;
}

/** Everything that was decided; the steps follow from it. */
export interface RegistryRestore {
  readonly snapshot: Snapshot;
  readonly target: TargetIndex;
  readonly items: readonly RestoreItem[];
  /** Places that have to be in mode IMPORT. */
  readonly scopes: ReadonlySet<string>;
  /** Read-only places that have to be written to. */
  readonly unlocked: UnlockedPlaces;
  /** What entering IMPORT may remove, and has to be put back: each after what it refers to, what is made live among them. */
  readonly putBack: readonly PutBack[];
  /** As of {@link superseded}. */
  readonly superseded: Superseded;
  /** Soft-deleted schemas that keep the highest ids. */
  readonly reserved: readonly SchemaValue[];
  readonly configs: readonly SettingChange[];
  /** Subjects before contexts before the registry. */
  readonly modes: readonly SettingChange[];
  readonly maxIds: Readonly<Record<string, number>>;
}

/** In the order in which they are sent; texts are read as they are needed. */
export async function* restoreSteps(restore: RegistryRestore): AsyncGenerator<RequestStep> {
  const { snapshot, target, items, scopes, putBack, reserved, configs, modes, superseded, unlocked } = restore;
  const imported = [...items.filter(({ action }) => action !== 'delete').map(({ version }) => version), ...reserved];
  for (const [place, done] of unlocked) yield { ...modeStep(place, 'READWRITE'), done };
  for (const place of scopes) {
    const last = imported.findLast(({ subject }) => covers(place, subject));
    if (last !== undefined) yield enterImportStep(place, !target.isEmpty, isThere(last));
  }
  for (const { version, then } of untilLastDeleted(putBack)) {
    const value = await target.value(version);
    yield* putBackSteps(value, then, superseded.get(versionKey(version)));
  }
  for (let at = 0; at < items.length; at += 100) {
    const batch = items.slice(at, at + 100);
    const values = await valuesAt(
      snapshot,
      batch.map(({ version }) => version),
    );
    for (const [index, { action, version }] of batch.entries()) {
      const value = values[index]?.[1];
      if (action === 'delete') yield softDeleteStep(version.subject, version.version);
      else if (value !== undefined) yield* importSteps(value, superseded.get(versionKey(value)));
    }
  }
  for (const { version, then } of putBack) {
    if (then === 'later') yield softDeleteStep(version.subject, version.version);
  }
  for (const value of reserved) yield* importSteps(value);
  for (const { place, after } of configs) yield configStep(place, after);
  for (const { place, after } of modes) yield modeStep(place, modeOf(after));
}

/**
 * Deleted at once: what comes after may be the same schema, or refer to it, which would keep it from being deleted.
 * @param by as of {@link superseded}
 */
export function* importSteps(value: SchemaValue, by?: VersionState): Generator<RequestStep> {
  const step = importStep(value);
  yield by === undefined ? step : { ...step, done: isThere(by) };
  if (value.deleted) yield softDeleteStep(value.subject, value.version);
}

/** Counts as imported when it is soft-deleted, whatever comes of it then. */
export function* putBackSteps(value: SchemaValue, then: PutBack['then'], by?: VersionState): Generator<RequestStep> {
  const [step, deletion] = importSteps(value, by);
  if (step !== undefined) yield step;
  if (deletion !== undefined && then === 'deleted') yield deletion;
}

export function modeOf(value: JsonObject | undefined): string | undefined {
  const mode = value?.['mode'];
  return typeof mode === 'string' ? mode : undefined;
}
