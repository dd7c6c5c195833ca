/** Sends the requests of a plan; whether one was done is read from the registry, never from a note of ours. */
import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DataError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import type { PlannedSight } from '../plan/plan.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { answeredSchema } from './answered-schema.ts';
import { ARCHIVE_HEADERS, apicurioArchive, archiveIn } from './apicurio-archive.ts';
import { ImportLooks } from './import-looks.ts';
import type { ApiAnswer, RegistryApi } from './registry-api.ts';
import { isPartOf, textContent } from './rest-content.ts';
import { REST_DENIED, REST_UNAVAILABLE } from './rest-errors.ts';
import type { RequestStep } from './restore-steps.ts';

/** How long a node may take to show what it took: it may be a replica that lags. */
const SHOWN_WITHIN_MS = 30_000;

export async function isDone(
  api: RegistryApi,
  { done }: Pick<RequestStep, 'done'>,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await api.ask('GET', done.path, signal);
  if (done.is === 'absent') return answer.status === 404;
  if (answer.status !== 200 || !isPartOf(done.body, answer.json)) return false;
  return done.is !== 'exact' || !isJsonObject(answer.json) || isPartOf({ ...answer.json, subject: null }, done.body);
}

/** Whether what it concerns is not what its plan made: it is left alone then. Asked after {@link isDone}. */
export async function isOthers(
  api: RegistryApi,
  { only = [] }: Pick<RequestStep, 'only'>,
  signal: AbortSignal,
): Promise<boolean> {
  for (const sight of only) {
    const { status, json } = await api.ask('GET', sight.path, signal);
    // Nothing is there, or not all of what was to be made.
    if (status === 404) continue;
    if (sight.is === 'absent' || status !== 200 || !isSeen(sight, json)) return true;
    if (sight.content === undefined) continue;
    const found = answeredSchema(json, false);
    if (found === undefined || textContent(found) !== sight.content) return true;
  }
  return false;
}

function isSeen({ is, body }: PlannedSight, found: unknown): boolean {
  if (is !== 'among') return isPartOf(body, found);
  return Array.isArray(found) && Array.isArray(body) && found.every((each) => body.includes(each));
}

/** What became of a step: sent now, found done, or left alone, as what is there is not its plan's. */
export type StepOutcome = 'sent' | 'done' | 'others';

export interface RequestStepOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of the run that it is a step of; absent: it is looked at before and after. */
  readonly looks?: ImportLooks;
}

/**
 * What became of it; 'done': it was: it was done already. When it resolves, the node shows what was asked for, or has answered that it is there
 * ({@link ImportLooks}). Sent again it changes nothing, so a run that was killed is simply run again.
 * @throws DataError `holdfast.recovery.rest-denied` with the registry's own words, or where somebody else's version is in the way of an import; EnvironmentError `holdfast.recovery.rest-unavailable`;
 *   what {@link RegistryApi.ask} throws
 */
export async function runRequestStep(
  api: RegistryApi,
  step: RequestStep,
  { clock, signal, looks = new ImportLooks(undefined) }: RequestStepOptions,
): Promise<StepOutcome> {
  if (looks.wasDone(step)) return 'done';
  const shown = shownBy(step);
  if (!(await looks.isFreshNow(step, (path) => api.ask('GET', path, signal)))) {
    const isSuperseded = shown.done !== step.done && (await isDone(api, step, signal));
    if (isSuperseded || (await isDone(api, shown, signal))) return 'done';
    await refuseOthersVersion(api, step, signal);
  }
  if (await isOthers(api, step, signal)) return 'others';
  const answer = await send(api, step, signal);
  const isTaken = (answer.status >= 200 && answer.status < 300) || (isFirstOfTwo(step) && answer.status === 404);
  // An earlier try may have got through whose answer was lost.
  if (!isTaken && !(await isDone(api, shown, signal))) throw denied(api, step, answer);
  if (isProvenLater(step) || (isTaken && looks.isShownBy(step, answer.json))) return 'sent';
  const until = clock.monotonic() + SHOWN_WITHIN_MS;
  const backoff = new Backoff({ initialMs: 10, maxMs: 500, jitter: 'none' });
  while (!(await isDone(api, shown, signal))) {
    if (clock.monotonic() > until) {
      throw new EnvironmentError(
        `The registry at ${api.node} took ${step.method} ${step.path}, but GET ${shown.done.path} does not show it. See whether it reads its topic, and run the plan again.`,
        { code: REST_UNAVAILABLE },
      );
    }
    await clock.sleep(backoff.next(), signal);
  }
  looks.shown(step);
  return 'sent';
}

/** A registry in mode IMPORT overwrites what it has as the version. */
async function refuseOthersVersion(
  api: RegistryApi,
  { method, path, body }: RequestStep,
  signal: AbortSignal,
): Promise<void> {
  if (method !== 'POST' || !isJsonObject(body) || typeof body['version'] !== 'number') return;
  const place = `${path}/${body['version']}`;
  const { status, json } = await api.ask('GET', `${place}?deleted=true`, signal);
  if (status !== 200 || !isJsonObject(json) || json['id'] === body['id']) return;
  throw new DataError(
    `The registry has id ${String(json['id'])} at ${place} by now, where id ${String(body['id'])} was to be imported: somebody registered it ` +
      'meanwhile, and it was left as it is. The undo file takes back what was done before. Then make the plan again.',
    { code: REST_DENIED, details: { node: api.node, path: place, id: json['id'] } },
  );
}

function send(api: RegistryApi, { method, path, body }: RequestStep, signal: AbortSignal): Promise<ApiAnswer> {
  const archive = isJsonObject(body) ? archiveIn(body) : undefined;
  if (archive === undefined) return api.ask(method, path, signal, body === null ? undefined : body);
  // Apicurio's own API, which is at the same host below another path.
  return api.origin().send(method, path, signal, { body: apicurioArchive(archive), headers: ARCHIVE_HEADERS });
}

/** Entering IMPORT is done when what needs it is done; see `enterImportStep`. So is the deletion of a config that is set anew. */
function isProvenLater({ method, path, done }: RequestStep): boolean {
  const isEntering = method === 'PUT' && path.startsWith('/mode') && !done.path.startsWith('/mode');
  return isEntering || isFirstOfTwo({ method, done });
}

/** An import is shown by its own version, also one that is done when a later one is there; see `superseded`. */
function shownBy({ method, path, body, done }: RequestStep): Pick<RequestStep, 'done'> {
  if (method !== 'POST' || !isJsonObject(body) || typeof body['version'] !== 'number') return { done };
  const own = `${path}/${body['version']}`;
  if (done.path === own || done.path === `${own}?deleted=true`) return { done };
  return { done: { path: `${own}?deleted=true`, is: 'equal', body: { version: body['version'], id: body['id'] } } };
}

/** Deleting a config that is set anew right after; see `configAnewSteps`. */
function isFirstOfTwo({ method, done }: Pick<RequestStep, 'method' | 'done'>): boolean {
  return method === 'DELETE' && done.is === 'exact';
}

function denied(api: RegistryApi, { method, path, body }: RequestStep, answer: ApiAnswer): DataError {
  const mode = path.startsWith('/mode') && method === 'PUT' ? ` ${JSON.stringify(body)}` : '';
  return new DataError(
    `The registry refuses ${method} ${path}${mode}: ${answer.reason}. ${howToMend(path, answer)} The undo file takes back what was done before.`,
    { code: REST_DENIED, details: { node: api.node, status: answer.status, errorCode: answer.errorCode } },
  );
}

function howToMend(path: string, { status, errorCode }: ApiAnswer): string {
  if (path.startsWith('/mode') && (status === 405 || status === 404)) {
    return 'It has no mode IMPORT: restore into a new topic (--into new-topic).';
  }
  if (path.startsWith('/mode') && errorCode === 42205) {
    return 'Set mode.mutability=true in its settings, or restore into a new topic (--into new-topic).';
  }
  return 'See to that, and run the plan again: what was done is found done.';
}
