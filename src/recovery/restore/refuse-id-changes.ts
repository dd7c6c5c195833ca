/** Ids that would stand for something else than at the target by now: refused, unless they were chosen one by one. */
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { PlannedId } from '../plan/plan.ts';
import type { IdChanges, IdCollision } from './id-changes.ts';
import { ID_COLLISION } from './restore-errors.ts';

/** By context, '' for the default one: ids that may stand for another schema from then on, or for nothing; `all`: any. */
export type OverwriteIds = 'all' | Readonly<Record<string, readonly number[]>>;

/** So many are named in a message. */
const NAMED = 10;
const DETAILED = 100;

/**
 * An id that would stand for two schemas at once is refused even if it was chosen.
 * @throws ConfigError `holdfast.recovery.id-collision`, with the ids in its details
 */
export function refuseIdChanges(
  { collisions, changed, lost }: IdChanges,
  topic: string,
  overwriteIds: OverwriteIds = {},
): void {
  if (collisions.length > 0) {
    throw new ConfigError(
      `In ${topic}, ids of the backup stand for other schemas by now: ${named(collisions)}. Records in data topics may carry either, so ` +
        `nothing is written over. They stand there for ${holdersOf(collisions)}. If those were registered after the topic had lost what the ` +
        `backup has, leave them out first, after which their producers register them anew: holdfast schemas repair corrupt-records${dropping(collisions)}. ` +
        'If they are right: restore the subjects of the backup into a context of their own with --map, or leave them out with --only.',
      { code: ID_COLLISION, details: { collisions: collisions.slice(0, DETAILED) } },
    );
  }
  const isRefused = ({ context, id }: PlannedId): boolean =>
    overwriteIds !== 'all' && overwriteIds[context]?.includes(id) !== true;
  const changedIds = changed.filter(isRefused);
  const lostIds = lost.filter(isRefused);
  if (changedIds.length + lostIds.length === 0) return;
  const parts = [
    ...(changedIds.length === 0
      ? []
      : [`ids stand for other schemas than in the backup, which has: ${named(changedIds)}`]),
    ...(lostIds.length === 0 ? [] : [`ids would stand for nothing any more: ${named(lostIds)}`]),
  ];
  const first = changedIds[0] ?? lostIds[0];
  throw new ConfigError(
    `In ${topic}, ${parts.join('; and ')}. Records in data topics may carry either meaning. Find out which one they were written with ` +
      `(verify --used-by), then choose each id that is to mean what the backup says, as with --overwrite-id ${textOf(first)}, or all of ` +
      'them with --overwrite-id all; or leave the subjects out with --only.',
    {
      code: ID_COLLISION,
      details: { changedIds: changedIds.slice(0, DETAILED), lostIds: lostIds.slice(0, DETAILED) },
    },
  );
}

/** For the summary: every one of them. */
export function idChangeLines({ changed, lost }: IdChanges): readonly string[] {
  const where = ({ context }: PlannedId): string => (context === '' ? '' : ` of the context ${context}`);
  return [
    ...changed.map(
      (one) =>
        `id ${one.id}${where(one)} stands for the schema of ${one.subject} version ${one.version} from then on, and for another one now`,
    ),
    ...lost.map(
      (one) =>
        `id ${one.id}${where(one)} stands for nothing from then on, as ${one.subject} version ${one.version} gets another`,
    ),
  ];
}

function named(ids: readonly PlannedId[]): string {
  const shown = ids.slice(0, NAMED).map(({ context, id, subject, version }) => {
    return `${id} of ${subject} version ${version}${context === '' ? '' : ` in the context ${context}`}`;
  });
  return `${shown.join('; ')}${ids.length > NAMED ? ` and ${ids.length - NAMED} more` : ''}`;
}

function holdersOf(collisions: readonly IdCollision[]): string {
  const held = [...new Map(collisions.flatMap(({ heldBy }) => heldBy).map((one) => [one.offset, one])).values()];
  const shown = held.slice(0, NAMED).map(({ id, subject, version, offset }) => {
    return `${subject} version ${version} (id ${id}, offset ${offset})`;
  });
  return `${shown.join('; ')}${held.length > NAMED ? ` and ${held.length - NAMED} more` : ''}`;
}

/** Flags for so many records as a command line takes; who runs it again is told of the rest. */
function dropping(collisions: readonly IdCollision[]): string {
  const offsets = [...new Set(collisions.flatMap(({ heldBy }) => heldBy).map(({ offset }) => offset))];
  return offsets
    .slice(0, DETAILED)
    .map((offset) => ` --drop-offset ${offset}`)
    .join('');
}

function textOf(id: PlannedId | undefined): string {
  return id === undefined ? 'ID' : `${id.context === '' ? '' : `${id.context}=`}${id.id}`;
}
