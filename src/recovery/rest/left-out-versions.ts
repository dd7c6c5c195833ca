/** Versions that a registry refuses to import, known before anything is sent: half a restore would be left otherwise. */

import type { SchemaReference } from '../../sdk/schema-view.ts';
import { LATEST, referred } from '../records/referenced-subject.ts';
import type { VersionState } from '../state/registry-state.ts';
import type { RestoreItem } from './compare-with-target.ts';
import { type VersionKey, versionKey } from './list-schemas.ts';
import { superseded } from './superseded.ts';
import type { TargetIndex } from './target-index.ts';

export interface LeftOutVersion {
  readonly version: VersionState;
  /** A sentence that names it. */
  readonly reason: string;
}

/** Of a summary. */
const NAMED = 100;

/** Asked for each version after what it refers to. Holds a key for each version. */
export class LeftOutVersions {
  private readonly unparsable: ReadonlyMap<number, string>;
  private readonly target: TargetIndex;
  /** Whether it is soft-deleted. */
  private readonly known = new Map<VersionKey, boolean>();
  private readonly subjects = new Set<string>();
  /** With a version that is there, and stays, once all that was asked for so far is restored. */
  private readonly living = new Set<string>();
  private readonly left = new Map<VersionKey, LeftOutVersion>();
  /** By what Confluent's registry removes for good, the version that takes its place. */
  private readonly removed: ReadonlyMap<VersionKey, VersionState>;

  constructor(parts: {
    /** Of the snapshot. */
    readonly versions: readonly VersionState[];
    /** By offset, why it is no schema. */
    readonly unparsable: ReadonlyMap<number, string>;
    readonly target: TargetIndex;
  }) {
    this.unparsable = parts.unparsable;
    this.target = parts.target;
    for (const version of parts.versions) {
      this.known.set(versionKey(version), version.deleted);
      this.subjects.add(version.subject);
    }
    this.removed = parts.target.witness.vendor === 'confluent' ? removedOf(parts.versions, parts.target) : new Map();
  }

  /** Whether it would be refused; then it is left out, and what is asked for later and refers to it is as well. */
  refuses(version: VersionState): boolean {
    const reason = this.lacking(version) ?? this.unparsable.get(version.offset);
    if (reason === undefined) {
      if (!version.deleted) this.living.add(version.subject);
      return false;
    }
    this.leaveOut(version, reason);
    return true;
  }

  /** @param why in words, without a full stop */
  add(version: VersionState, why: string): void {
    this.leaveOut(version, `${why}.`);
  }

  private leaveOut(version: VersionState, reason: string): void {
    const name = nameOf(version);
    this.left.set(versionKey(version), { version, reason: reason.startsWith(name) ? reason : `${name}: ${reason}` });
  }

  has(version: Pick<VersionState, 'subject' | 'version'>): boolean {
    return this.left.has(versionKey(version));
  }

  all(): Iterable<LeftOutVersion> {
    return this.left.values();
  }

  private lacking(version: VersionState): string | undefined {
    for (const reference of version.references) {
      const why = this.whyNotThere(referred(reference, version.subject));
      if (why !== undefined) {
        const to = reference.version === LATEST ? 'the latest version of ' : '';
        const number = reference.version === LATEST ? '' : ` version ${reference.version}`;
        return `${nameOf(version)} refers to ${to}${reference.subject}${number}, which ${why}.`;
      }
    }
    return undefined;
  }

  private whyNotThere({ subject, version }: Pick<SchemaReference, 'subject' | 'version'>): string | undefined {
    const nowhere = 'neither the backup nor the registry has';
    if (version === LATEST) {
      if (this.living.has(subject) || this.livesOn(subject)) return undefined;
      const isKnown = this.subjects.has(subject) || [...this.target.versions(subject)].length > 0;
      return isKnown ? 'there is not: all of them are soft-deleted or left out themselves' : nowhere;
    }
    const by = this.removed.get(versionKey({ subject, version }));
    if (by !== undefined && !this.has(by)) {
      return `is soft-deleted, and removed for good by Confluent's registry when version ${by.version} of the same id is imported`;
    }
    if (this.target.version(subject, version) !== undefined) return undefined;
    if (!this.known.has(versionKey({ subject, version }))) return nowhere;
    return this.has({ subject, version }) ? 'is left out itself' : undefined;
  }

  /** The registry has a version of it that the restore does not delete. */
  private livesOn(subject: string): boolean {
    return [...this.target.versions(subject)].some(
      ({ version, deleted }) => !deleted && this.known.get(versionKey({ subject, version })) !== true,
    );
  }
}

/** As of `superseded`, of all that may be imported. */
function removedOf(versions: readonly VersionState[], target: TargetIndex): ReadonlyMap<VersionKey, VersionState> {
  const made: RestoreItem[] = versions
    .filter((version) => {
      const there = target.version(version.subject, version.version);
      return there === undefined || (there.deleted && !version.deleted);
    })
    .map((version) => ({ version, action: 'import' }));
  return superseded(made, [...target.softDeleted()]);
}

/** Lines of a plan's summary. */
export function leftOutInWords(all: readonly LeftOutVersion[]): readonly string[] {
  const lines = all.slice(0, NAMED).map(({ reason }) => `Left out, as the registry would refuse it: ${reason}`);
  return all.length > NAMED ? [...lines, `And ${all.length - NAMED} more are left out.`] : lines;
}

function nameOf({ subject, version, id }: VersionState): string {
  return `${subject} version ${version} (id ${id})`;
}
