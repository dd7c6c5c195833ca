/** Compares the versions of two registries: one is in memory as a state, the other comes by in batches. */
import type { SchemaValue } from '../records/schemas-record.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import type { FindingBook, FindingPlace } from './finding-book.ts';
import { isSameForm } from './same-form.ts';

/** A version of the other side. */
export type SeenVersion = Pick<VersionState, 'subject' | 'version' | 'id' | 'content' | 'deleted'> & {
  /** Of its record there, where it has one. */
  readonly offset?: number;
};

export interface ComparisonOptions {
  readonly book: FindingBook;
  readonly base: RegistryState;
  /** Texts of the base by the offsets of its state. */
  readonly baseValues: (offsets: readonly number[]) => Promise<ReadonlyMap<number, SchemaValue>>;
  readonly other: 'node' | 'place';
  /** What the findings call the other side. */
  readonly name: string;
  /** Which versions are soft-deleted is known on both sides; else those that are so are not compared. */
  readonly comparesDeleted: boolean;
  /** The other side did not tell all: what it lacks is no error. */
  readonly isPartial: boolean;
}

type Mismatch = { readonly base: VersionState; readonly seen: SeenVersion };

/** Texts that are read to be compared, per comparison; what is more is taken to differ. */
const MAX_READ = 100_000;

export class VersionComparison {
  private readonly options: ComparisonOptions;
  /** Offsets of the base's versions that the other side has. */
  private readonly there = new Set<number>();
  private read = 0;

  constructor(options: ComparisonOptions) {
    this.options = options;
  }

  /** `values`: texts of the other side, in the order of `seen`; asked only where contents differ. */
  async take(
    seen: readonly SeenVersion[],
    values: (of: readonly SeenVersion[]) => Promise<readonly (SchemaValue | undefined)[]>,
  ): Promise<void> {
    const mismatches: Mismatch[] = [];
    for (const version of seen) {
      const base = this.options.base.version(version.subject, version.version);
      if (base === undefined) this.only(version);
      else if (this.compare(base, version)) mismatches.push({ base, seen: version });
    }
    if (mismatches.length === 0) return;
    const compared = this.read < MAX_READ ? mismatches : [];
    this.read += compared.length;
    const others = await values(compared.map(({ seen: each }) => each));
    const bases = await this.options.baseValues(compared.map(({ base }) => base.offset));
    for (const [n, mismatch] of mismatches.entries())
      this.contents(mismatch, bases.get(mismatch.base.offset), others[n]);
  }

  /** When all of the other side came by. */
  end(): void {
    const { base, book, name, other, isPartial, comparesDeleted } = this.options;
    for (const subject of base.subjects()) {
      for (const version of base.versions(subject)) {
        if (this.there.has(version.offset) || (version.deleted && !comparesDeleted)) continue;
        const kind = other === 'node' ? 'missing-at-node' : 'missing-in-place';
        const severity = isPartial ? { severity: 'warning' as const } : {};
        const message = `${name} lacks ${nameOf(version)} (id ${version.id}${version.deleted ? ', soft-deleted' : ''}).`;
        book.add(kind, { ...this.placeOf(version), ...severity, offsets: [version.offset] }, message);
      }
    }
  }

  private only(seen: SeenVersion): void {
    const { book, name, other, comparesDeleted } = this.options;
    if (seen.deleted && !comparesDeleted) return;
    const message = `Only ${name} has ${nameOf(seen)} (id ${seen.id}).`;
    book.add(other === 'node' ? 'only-at-node' : 'only-in-place', this.placeOf(seen), message);
  }

  /** Whether the contents differ. */
  private compare(base: VersionState, seen: SeenVersion): boolean {
    const { book, name, other, comparesDeleted } = this.options;
    this.there.add(base.offset);
    const at = { ...this.placeOf(base), offsets: [base.offset] };
    if (base.id !== seen.id) {
      const message = `${nameOf(base)} has id ${base.id}, and id ${seen.id} in ${name}.`;
      book.add(other === 'node' ? 'other-id-at-node' : 'other-id-in-place', at, message);
    }
    if (comparesDeleted && base.deleted !== seen.deleted) {
      const where = seen.deleted ? `in ${name} only` : `but not in ${name}`;
      book.add('deleted-differs', at, `${nameOf(base)} is soft-deleted ${where}.`);
    }
    return base.content !== seen.content;
  }

  private contents({ base }: Mismatch, value: SchemaValue | undefined, theirs: SchemaValue | undefined): void {
    const { book, name, other } = this.options;
    const at = { ...this.placeOf(base), offsets: [base.offset] };
    if (value !== undefined && theirs !== undefined && isSameForm(value, theirs)) {
      book.add('text-differs-only-in-form', at, `${nameOf(base)} is spelled otherwise in ${name}.`);
      return;
    }
    const message = `${nameOf(base)} (id ${base.id}) is another schema in ${name}.`;
    book.add(other === 'node' ? 'other-content-at-node' : 'other-content-in-place', at, message);
  }

  private placeOf({ subject, version, id }: SeenVersion | VersionState): FindingPlace {
    return { subject, version, id, node: this.options.name };
  }
}

const nameOf = ({ subject, version }: SeenVersion | VersionState): string => `${subject} version ${version}`;
