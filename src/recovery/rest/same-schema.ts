/**
 * A schema that a subject has alive already, as another version. Asked for it once more, a registry answers with the one that is there, refuses
 * it for its other id (422/42207), or makes a second version of it, by its release: none of these is what a restore promises.
 */
import { agreeing, counted } from '../../foundation/counted.ts';
import { contextOf } from '../../registry/subject-context.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import type { LeftOutVersions } from './left-out-versions.ts';
import type { TargetIndex, TargetVersion } from './target-index.ts';

const NAMED = 10;

export class SameSchemas {
  private readonly state: RegistryState;
  private readonly target: TargetIndex;
  private readonly others: string[] = [];
  private otherIds = 0;

  constructor({ state, target }: { readonly state: RegistryState; readonly target: TargetIndex }) {
    this.state = state;
    this.target = target;
  }

  /** The living version that is in the way of making this one; undefined: none, or one that the plan soft-deletes before. */
  inTheWayOf({ subject, version }: VersionState, content: string): TargetVersion | undefined {
    for (const there of this.target.living(subject, content)) {
      const meant = this.state.version(subject, there.version);
      if (there.version !== version && !(meant?.deleted === true && meant.id === there.id)) return there;
    }
    return undefined;
  }

  /** Of a version that is imported: whether the registry will have two ids for one schema. */
  sees({ subject, version, id }: VersionState, content: string): void {
    const context = contextOf(subject);
    const there = this.target.ofContent(context, content);
    if (there === undefined || there.id === id || this.target.ofId(context, id) !== undefined) return;
    if (++this.otherIds > NAMED) return;
    this.others.push(
      `${subject} version ${version} (id ${id}; ${there.subject} version ${there.version} has id ${there.id})`,
    );
  }

  /** Lines of a plan's summary. */
  inWords(): readonly string[] {
    if (this.otherIds === 0) return [];
    const more = this.otherIds > NAMED ? ` and ${this.otherIds - NAMED} more` : '';
    return [
      `${counted(this.otherIds, 'schema')} ${agreeing(this.otherIds, 'gets', 'get')} a second id, as the registry has ${agreeing(this.otherIds, 'it', 'them')} under another one: ${this.others.join(', ')}${more}.`,
    ];
  }
}

/** In words, after the name of a version. */
export function sameAs({ version, id }: TargetVersion): string {
  return `the registry has the same schema there as version ${version} (id ${id})`;
}

/**
 * By version, lower ones first. A soft-deleted version with the schema of a living one comes before it, as does one that has to be soft-deleted to
 * make room for another one: a registry that has the living one takes no other. All other deleted ones come last, so that their subjects have a
 * living version meanwhile: a subject without loses its settings.
 */
export function ranks(versions: readonly VersionState[], target: TargetIndex): (version: VersionState) => number {
  const living = new Set<string>();
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const keysOf = ({ subject, id, content }: VersionState): readonly string[] => [
    `${id} ${subject}`,
    `${content} ${subject}`,
  ];
  for (const version of versions) {
    for (const key of keysOf(version)) {
      if (!version.deleted) living.add(key);
      if (seen.has(key)) repeated.add(key);
      seen.add(key);
    }
  }
  return (version) => {
    if (!version.deleted) return 1;
    const isAlive = target.version(version.subject, version.version)?.deleted === false;
    return keysOf(version).some((key) => living.has(key) || (isAlive && repeated.has(key))) ? 0 : 2;
  };
}

/** In words: living versions of a backup that are one schema of one subject, of which REST takes only one. */
export function repeatedIn(
  state: RegistryState,
  refused: Pick<LeftOutVersions, 'has'>,
  { looksAtTexts }: { readonly looksAtTexts: boolean },
): string[] {
  const found: string[] = [];
  for (const subject of state.subjects()) {
    const seen = new Map<number | string, VersionState>();
    for (const version of state.versions(subject)) {
      if (version.deleted || refused.has(version)) continue;
      const before = seen.get(version.id) ?? (looksAtTexts ? seen.get(version.content) : undefined);
      if (before === undefined) {
        seen.set(version.id, version).set(version.content, version);
        continue;
      }
      const what =
        before.id === version.id
          ? `have one id, ${version.id}`
          : `are one schema under ids ${before.id} and ${version.id}`;
      found.push(
        `versions ${before.version} and ${version.version} of subject ${subject} ${what}, and REST takes only one`,
      );
    }
  }
  return found;
}
