/** How a snapshot is restored through a live registry's own REST API: in mode IMPORT, under the ids and versions that were. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { contextOf } from '../../registry/subject-context.ts';
import { reservedSchema, reservedSubject } from '../records/reserved-id.ts';
import type { JsonObject, SchemaValue } from '../records/schemas-record.ts';
import { findUnparsable } from '../repair/find-unparsable.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { compareWithTarget } from './compare-with-target.ts';
import { covers, emptiedSubjects, importScopes } from './import-scopes.ts';
import { type LeftOutVersion, leftOutInWords } from './left-out-versions.ts';
import { versionKey } from './list-schemas.ts';
import { type NotCarried, notCarried, notCarriedInWords } from './not-carried.ts';
import { notKeptByApicurio, planApicurioRestore } from './plan-apicurio-restore.ts';
import { inImportOrder, putBackInWords } from './put-back.ts';
import { type RegistryRestore, restoreSteps, type SettingChange } from './registry-restore.ts';
import { undoInWords, undoSteps } from './registry-undo.ts';
import { isPartOf } from './rest-content.ts';
import type { RequestStep } from './restore-steps.ts';
import { superseded, supersededInWords } from './superseded.ts';
import { keepsMetadata, type TargetIndex } from './target-index.ts';
import { unlockedPlaces } from './unlocked-places.ts';

export interface RegistryRestoreOptions {
  /** Chosen and renamed already: all of it is restored. */
  readonly snapshot: Snapshot;
  /** Of the snapshot, as Confluent's registry reads it. */
  readonly state: RegistryState;
  /** What the registry has. Stays open until the steps were read. */
  readonly target: TargetIndex;
  /** By context: ids that were given out, as far as is known from elsewhere. */
  readonly minIds?: Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
}

export interface PlannedRequests {
  /** By context, as in a plan's header. */
  readonly maxIds: Readonly<Record<string, number>>;
  readonly summary: readonly string[];
  /** Texts are read as they are needed; may be iterated again. */
  steps(): AsyncIterable<RequestStep>;
}

export interface RegistryPlan extends PlannedRequests {
  readonly dropped: NotCarried;
  readonly undo: PlannedRequests;
}

/**
 * Nothing is sent. Ids and versions that are there with the same content are left alone. What the registry would refuse, since its text is no
 * schema or what it refers to is nowhere, is left out, and named in the summary: a run that is refused half way leaves a registry in IMPORT.
 * @throws as {@link compareWithTarget}
 */
export async function planRegistryRestore(options: RegistryRestoreOptions): Promise<RegistryPlan> {
  const { snapshot, state, target, minIds = {}, signal } = options;
  const isApicurio = target.witness.vendor === 'apicurio';
  // Apicurio takes an archive as it is.
  const unparsable = isApicurio ? undefined : await findUnparsable(snapshot, signal);
  const { items, same, leftOut, kept, otherIds } = await compareWithTarget(snapshot, state, target, unparsable, signal);
  const { reserved, maxIds } = reservations(state, target, minIds, leftOut);
  const scopes = importScopes(
    items,
    reserved.map(({ subject }) => subject),
    target,
  );
  const inTheWay = new Set(items.map(({ version }) => `${version.version} ${version.subject}`));
  const removed = [...target.softDeleted()].filter(
    ({ subject, version }) =>
      !inTheWay.has(`${version} ${subject}`) && [...scopes].some((place) => covers(place, subject)),
  );
  const putBack = await inImportOrder(removed, items, target);
  const emptied = new Set(emptiedSubjects(items, target).keys());
  const configs = configChanges(state, target, emptied);
  const unlocked = unlockedPlaces({ target, scopes, items, configs });
  const restore: RegistryRestore = {
    ...{ snapshot, target, items, scopes, putBack, reserved, maxIds },
    superseded: superseded(items, removed),
    ...{ configs, unlocked },
    modes: modeChanges({ state, target, scopes: new Set([...scopes, ...unlocked.keys()]), emptied }),
  };
  const dropped = await notCarried({
    snapshot,
    imported: items.filter(({ action }) => action === 'import').map(({ version }) => version),
    keepsMetadata: keepsMetadata(target.witness.vendor),
    signal,
  });
  const requests = isApicurio
    ? planApicurioRestore(restore)
    : { steps: () => restoreSteps(restore), undo: { steps: () => undoSteps(restore) } };
  return {
    maxIds,
    summary: isApicurio
      ? [
          ...summaryOf({ ...restore, scopes: new Set(), putBack: [] }, same),
          ...notCarriedInWords(dropped),
          ...keptAliveInWords(kept),
          ...notKeptByApicurio(restore),
        ]
      : [
          ...summaryOf(restore, same),
          ...leftInImport(restore),
          ...keptAliveInWords(kept),
          ...(target.witness.vendor === 'confluent' ? supersededInWords(restore.superseded) : []),
          ...otherIds,
          ...leftOutInWords(leftOut),
          ...notCarriedInWords(dropped),
          ...keptFields(state, target),
        ],
    dropped,
    steps: requests.steps,
    undo: {
      maxIds: Object.fromEntries(Object.entries(maxIds).map(([context, id]) => [context, id + 1])),
      summary: [
        'Deletes for good what the plan imported, and puts configs and modes back.',
        'Keeps the highest ids from being given out again.',
        ...(isApicurio ? [] : undoInWords(restore)),
      ],
      steps: requests.undo.steps,
    },
  };
}

/** Invariant 10: the highest id that was ever given out, here or there, stays the highest. */
function reservations(
  state: RegistryState,
  target: TargetIndex,
  minIds: Readonly<Record<string, number>>,
  leftOut: readonly LeftOutVersion[],
): { readonly reserved: readonly SchemaValue[]; readonly maxIds: Readonly<Record<string, number>> } {
  const maxIds: Record<string, number> = {};
  const reserved: SchemaValue[] = [];
  const lacking = new Set(leftOut.map(({ version }) => versionKey(version)));
  for (const context of new Set([...state.contexts(), ...target.contexts(), ...Object.keys(minIds)])) {
    const isLeftOut = leftOut.some(({ version }) => contextOf(version.subject) === context);
    const ids = isLeftOut ? [...idsBut(state, context, lacking)] : state.ids(context);
    let top = target.highestId(context);
    for (const id of ids) top = Math.max(top, id);
    const highest = Math.max(state.maxId(context), target.maxId(context), minIds[context] ?? 0);
    // The id of what is left out stays free for it: once mended, it may be restored.
    const maxId = highest > top && isIdOf(leftOut, context, highest) ? highest + 1 : highest;
    maxIds[context] = maxId;
    if (maxId <= top) continue;
    const subject = reservedSubject(context);
    const taken = [...state.versions(subject), ...target.versions(subject)].map(({ version }) => version);
    reserved.push(reservedSchema(context, maxId, Math.max(0, ...taken) + 1));
  }
  return { reserved, maxIds };
}

function* idsBut(state: RegistryState, context: string, lacking: ReadonlySet<string>): Generator<number> {
  for (const subject of state.subjects()) {
    if (contextOf(subject) !== context) continue;
    for (const version of state.versions(subject)) if (!lacking.has(versionKey(version))) yield version.id;
  }
}

function isIdOf(leftOut: readonly LeftOutVersion[], context: string, id: number): boolean {
  return leftOut.some(({ version }) => version.id === id && contextOf(version.subject) === context);
}

/** @param emptied subjects whose settings the registry may take away meanwhile: those are set again */
function configChanges(
  state: RegistryState,
  target: TargetIndex,
  emptied: ReadonlySet<string>,
): readonly SettingChange[] {
  const { configs } = target.witness;
  const changes: SettingChange[] = [];
  for (const place of emptied) {
    const before = configs[place];
    const after = withoutSubject({ ...before, ...state.config(place)?.value });
    if (before !== undefined) changes.push({ place, before, after });
  }
  for (const subject of state.configSubjects()) {
    const place = subject ?? '';
    const after = state.config(subject)?.value;
    const before = configs[place];
    if (before !== undefined && emptied.has(place)) continue;
    if (after !== undefined && !(before !== undefined && isPartOf(withoutSubject(after), before))) {
      changes.push({ place, before, after: withoutSubject(after) });
    }
  }
  return changes;
}

/** To set a config leaves the fields alone that it does not name, and to delete it first would leave a time with none. */
function keptFields(state: RegistryState, { witness }: TargetIndex): readonly string[] {
  const kept: string[] = [];
  for (const subject of state.configSubjects()) {
    const before = withoutSubject(witness.configs[subject ?? ''] ?? {});
    const value = state.config(subject)?.value ?? {};
    const fields = Object.keys(before).filter((field) => !(field in value) && !isPartOf(before[field], null));
    if (fields.length > 0) kept.push(`${subject ?? 'the registry'} (${fields.join(', ')})`);
  }
  if (kept.length === 0) return [];
  const more = kept.length > 10 ? ` and ${kept.length - 10} more` : '';
  return [`What configs of the registry say beside those of the backup stays: ${kept.slice(0, 10).join(', ')}${more}.`];
}

function withoutSubject({ subject: _, ...value }: JsonObject): JsonObject {
  return value;
}

/**
 * What the snapshot says, and where it says nothing what is there.
 * @param scopes places whose mode is another one meanwhile
 * @param emptied as of {@link configChanges}
 */
function modeChanges({
  state,
  target,
  scopes,
  emptied,
}: {
  readonly state: RegistryState;
  readonly target: TargetIndex;
  readonly scopes: ReadonlySet<string>;
  readonly emptied: ReadonlySet<string>;
}): readonly SettingChange[] {
  const { modes } = target.witness;
  const said = new Map<string, JsonObject>();
  for (const subject of state.modeSubjects()) {
    const mode = state.mode(subject)?.value;
    if (mode !== undefined) said.set(subject ?? '', withoutSubject(mode));
  }
  const lost = [...emptied].filter((subject) => modes[subject] !== undefined);
  const again = new Set([...scopes, ...lost]);
  const places = [...new Set([...said.keys(), ...again])];
  const changes = places.map((place) => ({ place, before: modes[place], after: said.get(place) ?? modes[place] }));
  const width = (place: string): number => (place === '' ? 2 : place.endsWith(':') ? 1 : 0);
  return changes
    .filter(({ place, before, after }) => again.has(place) || after?.['mode'] !== before?.['mode'])
    .sort((a, b) => width(a.place) - width(b.place));
}

/** The mode that was there is there again in the end, and is no mode to live with. */
function leftInImport({ target, modes }: RegistryRestore): readonly string[] {
  const after = new Map(modes.map((change) => [change.place, change.after?.['mode']]));
  const left = Object.entries(target.witness.modes)
    .filter(([place, { mode }]) => mode === 'IMPORT' && (after.get(place) ?? mode) === 'IMPORT')
    .map(([place]) => (place === '' ? 'the whole registry' : place));
  if (left.length === 0) return [];
  const more = left.length > 10 ? ` and ${left.length - 10} more` : '';
  return [
    `Mode IMPORT is on already, and stays on, for ${left.slice(0, 10).join(', ')}${more}: where a run that was cut short has left it, apply its undo file first.`,
  ];
}

function keptAliveInWords(kept: readonly string[]): readonly string[] {
  if (kept.length === 0) return [];
  const more = kept.length > 10 ? `; and ${kept.length - 10} more` : '';
  return [`Stays alive, though the backup has it soft-deleted: ${kept.slice(0, 10).join('; ')}${more}.`];
}

function summaryOf(
  { items, scopes, putBack, reserved, configs, target }: RegistryRestore,
  same: number,
): readonly string[] {
  const of = (action: string): number => items.filter((item) => item.action === action).length;
  const subjects = new Set(items.map(({ version }) => version.subject)).size;
  const where = [...scopes].map((place) => (place === '' ? 'the whole registry' : place));
  const shown = where.length > 10 ? `${where.length} subjects` : where.join(', ');
  return [
    `${counted(of('import'), 'version')} of ${counted(subjects, 'subject')} ${agreeing(of('import'), 'is', 'are')} imported under ${agreeing(of('import'), 'its id', 'their ids')}; ${same} ${agreeing(same, 'is', 'are')} there already.`,
    ...(of('undelete') > 0
      ? [`${counted(of('undelete'), 'soft-deleted version')} ${agreeing(of('undelete'), 'lives', 'live')} again.`]
      : []),
    ...(of('delete') > 0
      ? [`${counted(of('delete'), 'version')} ${agreeing(of('delete'), 'is', 'are')} soft-deleted.`]
      : []),
    ...(where.length > 0 ? [`Meanwhile nobody else can register schemas in ${shown} (mode IMPORT).`] : []),
    ...putBackInWords(putBack, target),
    ...(configs.length > 0
      ? [`${counted(configs.length, 'config')} ${agreeing(configs.length, 'is', 'are')} set.`]
      : []),
    ...reserved.map(({ subject, id }) => {
      const context = contextOf(subject);
      return `Id ${id}${context === '' ? '' : ` of context ${context}`} is reserved, so that it is not given out again.`;
    }),
  ];
}
