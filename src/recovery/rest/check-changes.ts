/** Whether a registry is still what a plan of requests was made for: what others registered since may be in its way. */
import type { Clock } from '../../foundation/clock.ts';
import { contextOf } from '../../registry/subject-context.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { TARGET_CHANGED } from '../restore/restore-errors.ts';
import { MAX_ID_UNTOLD, type WitnessedVersion } from '../snapshot/rest-witness.ts';
import { answeredSchema } from './answered-schema.ts';
import { archiveIn } from './apicurio-archive.ts';
import type { ListedVersions } from './import-looks.ts';
import type { RegistryApi } from './registry-api.ts';
import type { RequestStep } from './restore-steps.ts';
import { sameAs } from './same-schema.ts';
import { TargetIndex } from './target-index.ts';
import { versionPath } from './walk-subjects.ts';
import { witnessVersions } from './witness-node.ts';

export interface CheckChangesOptions {
  readonly plan: Pick<Plan, 'header' | 'read'>;
  readonly api: RegistryApi;
  readonly clock: Clock;
  /** For temporary files; its owner removes it. */
  readonly folder: string;
  readonly onProgress?: (done: number) => void;
}

const NAMED = 20;

/**
 * Nothing is written. Every version that the registry has is listed, and compared with every import of the plan. Ids that were given out since
 * are no change while a plan goes on that was begun, as long as none is in the way. An undo asks by itself before each of its steps.
 * @returns the versions of its imports that are there, as they are to be; undefined: it was not looked at, or not all was told
 * @throws ConfigError `holdfast.recovery.target-changed` that names what changed; what asking throws
 */
export async function refuseChangedRegistry(
  options: CheckChangesOptions,
  signal: AbortSignal,
): Promise<ListedVersions | undefined> {
  const { plan, api, clock, folder, onProgress } = options;
  const { target, undoes } = plan.header;
  if (target.kind !== 'registry') throw new RangeError('not a plan for a registry');
  if (undoes !== undefined) return undefined;
  const witness = await witnessVersions({
    ...{ api, clock, folder, signal },
    ...(onProgress === undefined ? {} : { onProgress: ({ done }) => onProgress(done) }),
  });
  const index = await TargetIndex.read(witness, folder, signal);
  try {
    const own = await madeOrDeletedBy(plan, signal);
    const reasons: string[] = [];
    const present = new Map<string, 'living' | 'deleted'>();
    let isBegun = false;
    let more = 0;
    for await (const steps of plan.read(0, signal)) {
      for (const version of steps.flatMap((step) => (step.do === 'request' ? importedBy(step) : []))) {
        const { subject, version: number } = version;
        const there = index.version(subject, number);
        // What is there otherwise is a reason, with which this never returns.
        if (there !== undefined) present.set(versionPath(subject, number), there.deleted ? 'deleted' : 'living');
        const reason = inTheWayOf(version, index, { own, maxIds: target.maxIds ?? {} });
        if (reason === 'done') isBegun = true;
        else if (reason !== undefined && reasons.length < NAMED) reasons.push(reason);
        else if (reason !== undefined) more++;
      }
    }
    if (!isBegun) reasons.unshift(...givenOut(target.maxIds, index));
    if (reasons.length > 0) throw changed(api.node, reasons, more, isBegun);
    return witness.missing.every((each) => each.startsWith(MAX_ID_UNTOLD)) ? present : undefined;
  } finally {
    await index.close();
  }
}

/** Paths of versions that the plan makes or soft-deletes. */
async function madeOrDeletedBy(plan: Pick<Plan, 'read'>, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const paths = new Set<string>();
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      if (step.do !== 'request') continue;
      if (step.method === 'DELETE') paths.add(step.path);
      for (const { subject, version } of importedBy(step)) paths.add(versionPath(subject, version));
    }
  }
  return paths;
}

/** The versions that it makes; none for any other step. */
export function importedBy({ method, path, body }: RequestStep): readonly WitnessedVersion[] {
  if (method !== 'POST' || !isJsonObject(body)) return [];
  const archive = archiveIn(body);
  if (archive !== undefined) return archive;
  const subject = decodeURIComponent(/^\/subjects\/([^/]+)\/versions$/.exec(path)?.[1] ?? '');
  const version = answeredSchema({ ...body, subject }, false);
  return version === undefined ? [] : [version];
}

/** In words; `done`: it is there and alive, or under an id that was free, which it was not when the plan was made. */
function inTheWayOf(
  value: WitnessedVersion,
  index: TargetIndex,
  { own, maxIds }: { readonly own: ReadonlySet<string>; readonly maxIds: Readonly<Record<string, number>> },
): string | 'done' | undefined {
  const { subject, version, id } = value;
  const name = `version ${version} of subject ${subject} (id ${id})`;
  const content = index.contentOf(value);
  const there = index.version(subject, version);
  if (there !== undefined) {
    if (there.id !== id) return `${name}: id ${there.id} is there now`;
    if (there.content !== content) return `${name}: another schema is there now`;
    const wasFree = id > (maxIds[contextOf(subject)] ?? 0);
    return there.deleted && !wasFree ? undefined : 'done';
  }
  const holder = index.ofId(contextOf(subject), id);
  if (holder !== undefined && holder.content !== content) {
    return `${name}: the registry has id ${id} for version ${holder.version} of subject ${holder.subject} now`;
  }
  // What keeps an id is the same schema each time, and is gone as soon as it was written.
  if (isReservedSubject(subject)) return undefined;
  const twin = index.living(subject, content).find((each) => !own.has(versionPath(subject, each.version)));
  return twin === undefined ? undefined : `${name}: ${sameAs(twin)} now`;
}

function givenOut(planned: Readonly<Record<string, number>> | undefined, index: TargetIndex): readonly string[] {
  if (planned === undefined) return [];
  return [...index.contexts()].flatMap((context) => {
    const now = index.maxId(context);
    const then = planned[context] ?? 0;
    const where = context === '' ? '' : ` of context ${context}`;
    return now > then
      ? [`ids${where} up to ${now} are given out there, and it were ${then} when the plan was made`]
      : [];
  });
}

function changed(node: string, reasons: readonly string[], more: number, isBegun: boolean): ConfigError {
  const others = more > 0 ? `; and ${more} more` : '';
  const mend = isBegun
    ? 'This run sent nothing. An earlier one did: its undo file takes that back. Then make the plan again.'
    : 'This run sent nothing. If an earlier run of this plan was cut short, mode IMPORT may be on: run its undo file first. Then make the plan again.';
  return new ConfigError(
    `The registry at ${node} is not what the plan was made for: ${reasons.join('; ')}${others}. ${mend}`,
    { code: TARGET_CHANGED, details: { reasons, total: reasons.length + more } },
  );
}
