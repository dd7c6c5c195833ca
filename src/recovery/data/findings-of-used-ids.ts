/** What the ids that data carries say about a registry: the ones that nothing resolves make that data unreadable. */
import { agreeing, counted } from '../../foundation/counted.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { Finding } from '../verify/finding.ts';
import { isFarAbove } from './use-book.ts';
import type { IdUse, PartFigures, SchemaUse, UsedIds } from './used-ids.ts';

/** Ids that are told one by one; what is more is counted. */
const MAX_TOLD = 1000;
/** Places of one id that a message names. */
const MAX_PLACES = 5;
/** An id far above all others is believed when at least one in so many records of its part carries it. */
const RARE = 100;
/** Numbers of Java's serializers have eight bytes, and the small ones begin with zeros. */
const NUMBER_BYTES = 8;

/**
 * `id-in-data-unresolved` (error): an id that the registry does not resolve. `id-in-data-implausible` (note, one per topic and part): what
 * begins with a zero byte as an id would, but hardly is one. `guid-in-data-unchecked` (note): a GUID that is none of `resolvedGuids`.
 * `data-unread` (warning): what could not be looked at.
 */
export function findingsOfUsedIds(
  state: RegistryState,
  used: UsedIds,
  resolvedGuids: ReadonlySet<string> = new Set(),
): readonly Finding[] {
  const { missing, implausible } = unresolvedIds(state, used);
  return [
    ...missing.slice(0, MAX_TOLD).map((uses) => unresolvedId(uses, state)),
    ...(missing.length > MAX_TOLD ? [moreUnresolved(missing.length - MAX_TOLD)] : []),
    ...implausible.map((uses) => implausibleIds(uses, state)),
    ...guidsUnchecked(used.guids.filter(({ guid }) => !resolvedGuids.has(guid))),
    ...used.unread.map(unreadData),
    ...used.parts.filter(({ crowdedOut }) => crowdedOut > 0).map(crowdedOut),
  ];
}

/**
 * By context: the highest id that data carries and nothing resolves, so that a registry must have given it out. What is far above all that
 * is known does not count: it may be of another registry, and an id that was reserved for it can't be had back.
 */
export function highestUnresolved(state: RegistryState, used: UsedIds): Readonly<Record<string, number>> {
  const highest: Record<string, number> = {};
  for (const [use] of unresolvedIds(state, used).missing) {
    if (use === undefined || isFarAbove(use.id, state.maxId(use.context))) continue;
    highest[use.context] = Math.max(use.id, highest[use.context] ?? 0);
  }
  return highest;
}

interface UnresolvedIds {
  /** Uses by id and context. */
  readonly missing: readonly (readonly IdUse[])[];
  /** Uses by topic and part. */
  readonly implausible: readonly (readonly IdUse[])[];
}

function unresolvedIds(state: RegistryState, used: UsedIds): UnresolvedIds {
  const resolved = new Set<string>();
  const unresolved = new Map<string, IdUse[]>();
  for (const use of used.ids) {
    if (state.byId(use.context, use.id) !== undefined) resolved.add(partOf(use));
    else {
      const key = JSON.stringify([use.context, use.id]);
      const uses = unresolved.get(key);
      if (uses === undefined) unresolved.set(key, [use]);
      else uses.push(use);
    }
  }
  const figures = new Map(used.parts.map((part) => [partOf(part), part]));
  const missing: (readonly IdUse[])[] = [];
  const implausible = new Map<string, IdUse[]>();
  for (const uses of unresolved.values()) {
    const highest = state.maxId(uses[0]?.context ?? '');
    const believed = uses.filter((use) => isBelieved(use, { highest, figures: figures.get(partOf(use)), resolved }));
    if (believed.length > 0) missing.push(believed);
    for (const use of uses) {
      if (believed.includes(use)) continue;
      const others = implausible.get(partOf(use));
      if (others === undefined) implausible.set(partOf(use), [use]);
      else others.push(use);
    }
  }
  return { missing, implausible: [...implausible.values()] };
}

function isBelieved(
  use: IdUse,
  known: {
    readonly highest: number;
    readonly figures: PartFigures | undefined;
    /** Parts in which some id is resolved. */
    readonly resolved: ReadonlySet<string>;
  },
): boolean {
  if (use.id < 0) return false;
  // A whole part of keys or values of eight bytes none of which means a schema: numbers.
  if (use.shortest === NUMBER_BYTES && use.longest === NUMBER_BYTES && !known.resolved.has(partOf(use))) return false;
  if (!isFarAbove(use.id, known.highest)) return true;
  return use.records * RARE >= (known.figures?.present ?? 0);
}

function unresolvedId(uses: readonly IdUse[], state: RegistryState): Finding {
  const { id, context } = uses[0] as IdUse;
  const records = uses.reduce((sum, each) => sum + each.records, 0);
  const elsewhere = [...state.contexts()].filter((each) => each !== context && state.byId(each, id) !== undefined);
  const highest = state.maxId(context);
  const hint =
    elsewhere.length > 0
      ? ` Context ${elsewhere.map((each) => (each === '' ? 'of no name' : `'${each}'`)).join(', ')} knows this id: are the topics looked up in the right one?`
      : id > highest
        ? ` It is above the highest id here, ${highest}: the registry has lost what was registered last, or these records are of another registry.`
        : '';
  return {
    name: 'id-in-data-unresolved',
    severity: 'error',
    id,
    context,
    message: `${counted(records, 'record')} ${agreeing(records, 'carries', 'carry')} schema id ${id}, and nothing here resolves it: ${places(uses)}.${hint}`,
    mend: 'Nobody can read these records until the id is back. Look for it in other backups (verify each with --used-by), in what workers know (restore --from-store), and at who wrote the records.',
  };
}

function moreUnresolved(more: number): Finding {
  return {
    name: 'id-in-data-unresolved',
    severity: 'error',
    message: `${more} more schema ids in data are resolved by nothing here.`,
    mend: 'Mend those that are listed first, or search fewer topics at a time.',
  };
}

function implausibleIds(uses: readonly IdUse[], state: RegistryState): Finding {
  const { topic, part, context } = uses[0] as IdUse;
  const records = uses.reduce((sum, each) => sum + each.records, 0);
  const some = [...new Set(uses.map(({ id }) => id))].slice(0, MAX_PLACES).join(', ');
  return {
    name: 'id-in-data-implausible',
    severity: 'note',
    context,
    message: `${counted(records, 'record')} of topic ${topic} ${agreeing(records, 'has', 'have')} a ${part} that begins with a zero byte but hardly with a schema id (read as one: ${some}; the highest known is ${state.maxId(context)}): ${places(uses)}.`,
    mend: 'Nothing, if the topic holds numbers, UUIDs or the like. If its producers do use the registry, they use another one.',
  };
}

function guidsUnchecked(guids: UsedIds['guids']): readonly Finding[] {
  const byGuid = new Map<string, SchemaUse[]>();
  for (const use of guids) byGuid.set(use.guid, [...(byGuid.get(use.guid) ?? []), use]);
  return [...byGuid].slice(0, MAX_TOLD).map(([guid, uses]) => ({
    name: 'guid-in-data-unchecked',
    severity: 'note',
    message: `${uses.reduce((sum, each) => sum + each.records, 0)} records name their schema by the GUID ${guid}, which is of no schema here without metadata and rules; of those that have some, only the registry knows it: ${places(uses)}.`,
    mend: `Ask the running registry: GET /schemas/guids/${guid}.`,
  }));
}

function unreadData({ topic, partition, first, last, reason }: UsedIds['unread'][number]): Finding {
  return {
    name: 'data-unread',
    severity: 'warning',
    message: `Topic ${topic}, partition ${partition}, could not be read from offset ${first} to ${last}; ids in there are not known. ${reason}`,
    mend: "Check the broker's disk, then search again.",
  };
}

function crowdedOut({ topic, part, crowdedOut }: PartFigures): Finding {
  return {
    name: 'data-unread',
    severity: 'warning',
    message: `${counted(crowdedOut, 'record')} of topic ${topic} ${agreeing(crowdedOut, 'has', 'have')} a ${part} with an id that was not kept, because there are too many different ones.`,
    mend: 'Search fewer topics at a time; if the topic holds numbers or UUIDs, leave it out.',
  };
}

function places(uses: readonly SchemaUse[]): string {
  const told = uses.slice(0, MAX_PLACES).map(({ topic, partition, part, first, last, records }) => {
    const where = first === last ? `offset ${first}` : `offsets ${first} to ${last} (${records} records)`;
    return `${part} of ${topic}-${partition} at ${where}`;
  });
  const more = uses.length - told.length;
  return `${told.join(', ')}${more > 0 ? `, and ${more} partitions more` : ''}`;
}

function partOf({ topic, part }: { readonly topic: string; readonly part: string }): string {
  return `${part} ${topic}`;
}
