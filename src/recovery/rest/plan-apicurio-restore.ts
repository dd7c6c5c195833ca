/** How a snapshot is restored into Apicurio, which has no mode IMPORT, but imports archives with the ids in them. */
import { contextOf } from '../../registry/subject-context.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { PlannedSight } from '../plan/plan.ts';
import { reservedSubject } from '../records/reserved-id.ts';
import type { JsonObject, SchemaValue } from '../records/schemas-record.ts';
import { ARCHIVE_PATH, type ArchivedVersion } from './apicurio-archive.ts';
import { type RestoreItem, valuesAt } from './compare-with-target.ts';
import { type Dependent, dependencyOrder } from './dependency-order.ts';
import type { PlannedRequests } from './plan-registry-restore.ts';
import type { RegistryRestore, SettingChange } from './registry-restore.ts';
import { restContent } from './rest-content.ts';
import { REST_CONFLICT } from './rest-errors.ts';
import { configStep, isSame, type RequestStep, softDeleteStep } from './restore-steps.ts';
import type { TargetIndex } from './target-index.ts';
import { subjectPath } from './walk-subjects.ts';

/** Versions in one archive, but for a subject that has more by itself. */
const VERSIONS = 500;

/** @throws DataError `holdfast.recovery.rest-conflict` for what Apicurio can't take, before anything is sent */
export function planApicurioRestore(restore: RegistryRestore): Pick<PlannedRequests, 'steps'> & {
  readonly undo: Pick<PlannedRequests, 'steps'>;
} {
  const conflicts = restore.items.flatMap((item) => conflictOf(item, restore));
  if (conflicts.length > 0) {
    throw new DataError(
      `The snapshot can not be restored into Apicurio: ${conflicts.slice(0, 20).join('; ')}${conflicts.length > 20 ? `; and ${conflicts.length - 20} more` : ''}. ` +
        'Nothing was written. Leave these out (--only), or restore them under other names (--map).',
      { code: REST_CONFLICT, details: { conflicts: conflicts.slice(0, 1000), total: conflicts.length } },
    );
  }
  return { steps: () => archiveSteps(restore), undo: { steps: () => undoSteps(restore) } };
}

function conflictOf({ version, action }: RestoreItem, { target }: RegistryRestore): readonly string[] {
  const { subject } = version;
  if (contextOf(subject) !== '') return [`${subject} is in a context, which Apicurio does not have`];
  if (action === 'delete') return [];
  // Measured: a version that is added to a subject that is there never becomes its latest.
  const [there] = target.versions(subject);
  return there === undefined ? [] : [`subject ${subject} is there already with other versions`];
}

async function* archiveSteps(restore: RegistryRestore): AsyncGenerator<RequestStep> {
  const { snapshot, target, items, reserved, configs } = restore;
  const seen = new Set<string>();
  const ids = new Set<number>();
  const mark = (value: SchemaValue): ArchivedVersion => {
    const content = restContent(value);
    const repeated = !ids.has(value.id) && (seen.has(content) || target.ofContent('', content) !== undefined);
    ids.add(value.id);
    seen.add(content);
    return repeated ? { ...value, repeated } : value;
  };
  for (const subjects of archivesOf(items)) {
    const values = await valuesAt(snapshot, subjects);
    yield archiveStep(
      values.map(([, value]) => mark(value)),
      target,
    );
  }
  for (const { version, action } of items) {
    if (action === 'delete') yield softDeleteStep(version.subject, version.version);
  }
  if (reserved.length > 0) yield archiveStep(reserved, target);
  for (const change of configs) if (isKept(change)) yield configStep(change.place, levelAlone(change.after));
}

/** Measured: to set NONE for a subject takes its level away, and the one of the whole registry holds for it. */
function isKept({ place, after }: SettingChange): boolean {
  return after?.['compatibilityLevel'] !== undefined && (place === '' || after['compatibilityLevel'] !== 'NONE');
}

function levelAlone(config: JsonObject | undefined): JsonObject | undefined {
  return config === undefined ? undefined : { compatibilityLevel: config['compatibilityLevel'] };
}

/** For the summary of a plan. */
export function notKeptByApicurio({ configs, modes }: RegistryRestore): readonly string[] {
  const levels = configs.filter((change) => !isKept(change)).map(({ place }) => place);
  const told = modes.filter(({ after }) => after !== undefined).map(({ place }) => place);
  return [
    ...(levels.length > 0 ? [`Apicurio keeps no level NONE of a subject: ${levels.slice(0, 10).join(', ')}.`] : []),
    ...(told.length > 0 ? ['Apicurio has no modes: those of the backup are left out.'] : []),
    'Apicurio keeps of configs the compatibility level alone.',
  ];
}

/** By subject. */
function importedOf(items: readonly RestoreItem[]): ReadonlyMap<string, RestoreItem['version'][]> {
  const bySubject = new Map<string, RestoreItem['version'][]>();
  for (const { version, action } of items) {
    if (action !== 'import') continue;
    const versions = bySubject.get(version.subject);
    if (versions === undefined) bySubject.set(version.subject, [version]);
    else versions.push(version);
  }
  return bySubject;
}

/** Whole subjects together, each one's versions in their order. */
function* archivesOf(items: readonly RestoreItem[]): Generator<readonly RestoreItem['version'][]> {
  let archive: RestoreItem['version'][] = [];
  for (const versions of importedOf(items).values()) {
    archive.push(...versions.sort((a, b) => a.version - b.version));
    if (archive.length < VERSIONS) continue;
    yield archive;
    archive = [];
  }
  if (archive.length > 0) yield archive;
}

/** Done when its last subject has all of its versions: of a subject that is soft-deleted as a whole, Apicurio tells no more. */
function archiveStep(archive: readonly ArchivedVersion[], target: TargetIndex): RequestStep {
  const last = archive.at(-1);
  if (last === undefined) throw new RangeError('an archive holds a version');
  const { subject } = last;
  const versions = [...target.versions(subject), ...archive.filter((each) => each.subject === subject)];
  const body = versions.map(({ version }) => version).sort((a, b) => a - b);
  return {
    ...{ do: 'request', method: 'POST', path: ARCHIVE_PATH, body: { archive }, change: '+' },
    done: { path: `${subjectPath(subject)}/versions?deleted=true`, is: 'equal', body },
  };
}

function deleteStep(path: string, absent: string, only: readonly PlannedSight[]): RequestStep {
  const done = { path: absent, is: 'absent', body: null } as const;
  return { do: 'request', method: 'DELETE', path, body: null, change: '-', done, only };
}

/** Invariant 10: Apicurio counts its ids by itself, and goes on from the highest that there ever was. */
async function* undoSteps({ snapshot, items, configs }: RegistryRestore): AsyncGenerator<RequestStep> {
  const bySubject = importedOf(items);
  // Whole subjects: of one that is soft-deleted as a whole it does not tell which versions it has.
  for (const subject of usersFirst(items)) {
    const path = subjectPath(subject);
    const values = (await valuesAt(snapshot, bySubject.get(subject) ?? [])).map(([, value]) => value);
    const all = values.map(({ version }) => version).sort((a, b) => a - b);
    // Nothing but what was imported: somebody may have registered another version meanwhile, or the restore never ran.
    const same: readonly PlannedSight[] = [
      { path: `${path}/versions?deleted=true`, is: 'among', body: all },
      ...values.filter(({ deleted }) => !deleted).flatMap(isSame),
    ];
    yield deleteStep(path, `${path}/versions`, same);
    // What was left alone is live; of what is deleted softly it tells nothing more.
    yield deleteStep(`${path}?permanent=true`, `${path}/versions?deleted=true`, [
      { path: `${path}/versions`, is: 'absent', body: null },
    ]);
  }
  for (const change of configs) if (isKept(change)) yield configStep(change.place, change.before);
}

/** Subjects before those that they refer to, which Apicurio keeps from being deleted. Those that refer to each other in a circle come last. */
function usersFirst(items: readonly RestoreItem[]): readonly string[] {
  const bySubject = new Map<string, Dependent & { readonly references: SchemaReference[] }>();
  for (const { version, action } of items) {
    const { subject, references } = version;
    if (action !== 'import' || subject === reservedSubject('')) continue;
    const whole = bySubject.get(subject) ?? { subject, version: 0, id: 0, references: [] };
    bySubject.set(subject, whole);
    for (const each of references) if (each.subject !== subject) whole.references.push({ ...each, version: 0 });
  }
  const { order } = dependencyOrder([...bySubject.values()]);
  return [...new Set([...order.map(({ subject }) => subject).reverse(), ...bySubject.keys()])];
}
