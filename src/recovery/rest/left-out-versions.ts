/** Versions that a registry refuses to import, known before anything is sent: half a restore would be left otherwise. */

import type { SchemaReference } from '../../sdk/schema-view.ts';
import { referred } from '../records/referenced-subject.ts';
import type { VersionState } from '../state/registry-state.ts';
import { type VersionKey, versionKey } from './list-schemas.ts';
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
  private readonly known = new Set<VersionKey>();
  private readonly subjects = new Set<string>();
  private readonly left = new Map<VersionKey, LeftOutVersion>();

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
      this.known.add(versionKey(version));
      this.subjects.add(version.subject);
    }
  }

  /** Whether it would be refused; then it is left out, and what is asked for later and refers to it is as well. */
  refuses(version: VersionState): boolean {
    const reason = this.lacking(version) ?? this.unparsable.get(version.offset);
    if (reason === undefined) return false;
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
        return `${nameOf(version)} refers to ${reference.subject} version ${reference.version}, which ${why}.`;
      }
    }
    return undefined;
  }

  private whyNotThere({ subject, version }: Pick<SchemaReference, 'subject' | 'version'>): string | undefined {
    if (this.target.version(subject, version) !== undefined) return undefined;
    const nowhere = 'neither the backup nor the registry has';
    // Of -1: the latest one, whichever that is.
    if (version < 1) return this.subjects.has(subject) || hasAny(this.target, subject) ? undefined : nowhere;
    if (!this.known.has(versionKey({ subject, version }))) return nowhere;
    return this.has({ subject, version }) ? 'is left out itself' : undefined;
  }
}

/** Lines of a plan's summary. */
export function leftOutInWords(all: readonly LeftOutVersion[]): readonly string[] {
  const lines = all.slice(0, NAMED).map(({ reason }) => `Left out, as the registry would refuse it: ${reason}`);
  return all.length > NAMED ? [...lines, `And ${all.length - NAMED} more are left out.`] : lines;
}

function hasAny(target: TargetIndex, subject: string): boolean {
  return [...target.versions(subject)].length > 0;
}

function nameOf({ subject, version, id }: VersionState): string {
  return `${subject} version ${version} (id ${id})`;
}
