/** Which imports need no look at the registry of their own, as a list or an answer has told it already. */
import { isJsonObject } from '../records/json-bytes.ts';
import type { ApiAnswer } from './registry-api.ts';
import type { RequestStep } from './restore-steps.ts';

/**
 * By path, what a registry had of the versions that a plan imports, each under its id and with its content. Absent: it was not there. What was
 * soft-deleted may be gone by now, as entering IMPORT removes it; what lives is not.
 */
export type ListedVersions = ReadonlyMap<string, 'living' | 'deleted'>;

/**
 * A look costs as much as the import. One is left out only where what it would show is known: that nothing was there, or that the version lived,
 * from the list that the run began with; that the version is there, from the answer. What a run leaves out is looked at again when all was sent.
 *
 * That list is older than mode IMPORT: what somebody registered in between would be overwritten. So a subject's versions are listed once more
 * before the first import into it, when nobody else can register there.
 *
 * Holds one number for each subject, and the paths of what its subjects have beside the list.
 */
export class ImportLooks {
  /** undefined: any may be there. */
  private readonly listed: ListedVersions | undefined;
  /** Paths of versions that may be there without being listed. */
  private readonly maybe = new Set<string>();
  /** Paths of the subjects' versions that were listed once more. */
  private readonly relisted = new Set<string>();
  /** By path of a subject's versions, the last one of this run that is known to be there. */
  private readonly proven = new Map<string, number>();

  /** @param listed what the registry had when the run began; undefined: not known */
  constructor(listed: ListedVersions | undefined) {
    this.listed = listed;
  }

  /** Whether it was done when the run began: what it is done by was listed as living. */
  wasDone({ method, path, done }: RequestStep): boolean {
    const isImport = method === 'POST' || (method === 'PUT' && path.startsWith('/mode'));
    return isImport && done.is === 'equal' && this.listed?.get(done.path) === 'living';
  }

  /**
   * Whether it can't have been done yet. An import that is soft-deleted right after is asked for all the same: sent once more, it would be alive
   * again.
   */
  isFresh(step: RequestStep): boolean {
    const { method, path, done } = step;
    const version = withoutQuery(done.path);
    if (this.listed === undefined || !version.startsWith('/subjects/')) return false;
    if (this.listed.has(version) || this.maybe.has(version)) return false;
    return isLivingImport(step) || (method === 'PUT' && path.startsWith('/mode'));
  }

  /** As {@link isFresh}, now that IMPORT is on. @param ask for what a path has */
  async isFreshNow(
    step: RequestStep,
    ask: (path: string) => Promise<Pick<ApiAnswer, 'status' | 'json'>>,
  ): Promise<boolean> {
    const { method, path } = step;
    if (!this.isFresh(step)) return false;
    if (method !== 'POST' || this.relisted.has(path)) return true;
    const { status, json } = await ask(`${path}?deleted=true`);
    if (status !== 404 && !(status === 200 && Array.isArray(json))) return false;
    for (const version of Array.isArray(json) ? json : []) this.maybe.add(`${path}/${String(version)}`);
    this.relisted.add(path);
    return this.isFresh(step);
  }

  /** It was refused, or its answer was lost: it may have got through. */
  failed({ done }: RequestStep): void {
    this.maybe.add(withoutQuery(done.path));
  }

  /**
   * Whether the answer says that it is there: under the id that was asked for and, if it tells no version, right after one that was there. A
   * registry that passes over `version` would give it that very one. The first of a subject is always looked at: the node that shows it has read
   * all that was written before, mode IMPORT included.
   */
  isShownBy(step: RequestStep, json: unknown): boolean {
    const { body, path } = step;
    if (!isLivingImport(step) || !isJsonObject(body) || !isJsonObject(json) || json['id'] !== body['id']) return false;
    const version = body['version'];
    const before = this.proven.get(path);
    if (before === undefined || typeof version !== 'number') return false;
    const isTold = json['version'] === version || (json['version'] === undefined && version === before + 1);
    if (isTold) this.proven.set(path, version);
    return isTold;
  }

  /** It was looked at after it was sent, and is there. */
  shown(step: RequestStep): void {
    const { body, path } = step;
    if (isLivingImport(step) && isJsonObject(body)) this.proven.set(path, Number(body['version']));
  }
}

/** Nor one that is done when a later one is there; see `superseded`. */
function isLivingImport({ method, path, body, done }: RequestStep): boolean {
  return method === 'POST' && isJsonObject(body) && done.path === `${path}/${String(body['version'])}`;
}

export function withoutQuery(path: string): string {
  return path.replace(/\?.*$/, '');
}
