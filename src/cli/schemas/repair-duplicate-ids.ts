/** `holdfast schemas repair duplicate-ids`: what each id stands for and who carries it; and an id of its own for those that are chosen. */
import { counted } from '../../foundation/counted.ts';
import type { IdUse } from '../../recovery/data/used-ids.ts';
import { consequencesInPlace } from '../../recovery/repair/consequences.ts';
import { type DuplicateId, duplicateIds, shownDuplicate } from '../../recovery/repair/duplicate-ids.ts';
import { giveNewIds } from '../../recovery/repair/give-new-id.ts';
import { planRepair } from '../../recovery/repair/plan-repair.ts';
import { waitOf } from './check-nodes-after.ts';
import { planPath } from './plan-path.ts';
import { nothingToMend, readTopic } from './repair-in-place.ts';
import { parseVersion, type RepairOptions } from './repair-options.ts';
import { EXIT_FINDINGS } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';
import { showAndRun } from './show-and-run.ts';
import { type UsedByOptions, usedIdsOf } from './used-by.ts';

export interface DuplicateIdsOptions extends RepairOptions, UsedByOptions {
  readonly giveNewId?: readonly string[];
}

/** Returns the exit code: that of findings where ids are shared and nothing was chosen. */
export async function repairDuplicateIds(session: SchemasSession, options: DuplicateIdsOptions): Promise<number> {
  const { signal, clock } = session;
  const wait = waitOf(session, options);
  const chosen = (options.giveNewId ?? []).map((text) => parseVersion(text, '--give-new-id'));
  const { snapshot, states } = await readTopic(session, {});
  const { topic } = snapshot.facts;
  if (topic === undefined) throw new Error('a topic that was read has facts');
  const duplicates = await duplicateIds(snapshot, states);
  const uses = duplicates.length === 0 ? undefined : await usesOf(session, options, duplicates);
  const listed = duplicates.flatMap((duplicate) => [
    ...shownDuplicate(duplicate),
    ...(uses === undefined ? [] : shownUses(duplicate, uses)),
  ]);
  if (chosen.length === 0) {
    const text = duplicates.length === 0 ? ['Every id stands for one schema.'] : [...listed, '', ...HOW];
    session.print({ json: { duplicates, uses: uses ?? null, plan: null, ran: false, undo: null, run: null }, text });
    return duplicates.length === 0 ? 0 : EXIT_FINDINGS;
  }
  const repair = await giveNewIds({ snapshot, states, duplicates, chosen });
  if (repair.writes === 0) return nothingToMend(session, repair);
  const consequences = await consequencesInPlace(snapshot, repair);
  const path = await planPath(options, 'repair-duplicate-ids', clock.now());
  const plan = await planRepair({ repair, snapshot, facts: topic, path, now: clock.now(), notes: listed }, signal);
  return showAndRun(session, plan, { ...options, wait, consequences, facts: topic });
}

const HOW = [
  'Data that carries such an id was written with one of its schemas: find out with which, by the time at which each was registered and with',
  '--used-by TOPICS. Then give the other one an id of its own: holdfast schemas repair duplicate-ids --give-new-id SUBJECT:VERSION.',
];

async function usesOf(
  session: SchemasSession,
  { usedBy, ...options }: DuplicateIdsOptions,
  duplicates: readonly DuplicateId[],
): Promise<readonly IdUse[] | undefined> {
  if (usedBy === undefined) return undefined;
  const ids = new Set(duplicates.map(({ id }) => id));
  const used = await usedIdsOf(session, { ...options, usedBy }, { ids });
  for (const { topic: name, partition, first, last, reason } of used.unread) {
    session.note(`warning: ${name}-${partition}, offsets ${first} to ${last}, could not be read: ${reason}`);
  }
  return used.ids;
}

function shownUses({ id, context }: DuplicateId, uses: readonly IdUse[]): readonly string[] {
  const here = uses.filter((use) => use.id === id && use.context === context).map(shownUse);
  if (here.length > 0) return here;
  const flag = context === '' ? '' : `; --data-context TOPIC=${context} says which data that context is for`;
  return [`  carried by no record that was searched${flag}`];
}

function shownUse({ topic, partition, part, records, ranges, isCoarse }: IdUse): string {
  const shown = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
  return `  carried by ${counted(records, part)} of ${topic}-${partition}, offsets ${shown}${isCoarse ? ' (among others)' : ''}`;
}
