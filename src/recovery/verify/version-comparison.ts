/** Compares the versions of two registries: one is in memory as a state, the other comes by in batches. */
import type { SchemaValue } from '../records/schemas-record.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import type { FindingBook, FindingPlace } from './finding-book.ts';
import { formOf } from './same-form.ts';

/** A version of the other side. */
export type SeenVersion = Pick<VersionState, 'subject' | 'version' | 'id' | 'content' | 'deleted'> & {
  /** Of its record there, where it has one. */
  readonly offset?: number;
};

export interface ComparisonOptions {
  readonly book: FindingBook;
  readonly base: RegistryState;
  /** Texts of the base by the offsets of its state, in any order; asked once, at the end. */
  readonly baseValues: (offsets: readonly number[]) => AsyncIterable<ReadonlyMap<number, SchemaValue>>;
  readonly other: 'node' | 'place';
  /** What the findings call the other side. */
  readonly name: string;
  /** Which versions are soft-deleted is known on both sides; else those that are so are not compared. */
  readonly comparesDeleted: boolean;
  /** The other side did not tell all: what it lacks is no error. */
  readonly isPartial: boolean;
  /**
   * The other side may have been restored through REST: Confluent's registry then removes for good what is soft-deleted below a version of the
   * same subject and id. False unless told.
   */
  readonly supersedes?: boolean;
}

type Mismatch = { readonly base: VersionState; readonly seen: SeenVersion };

/** Texts of the other side that are in memory at a time. */
const BATCH = 50;

export class VersionComparison {
  private readonly options: ComparisonOptions;
  /** By offset, of the base's versions that the other side has: the id there. */
  private readonly there = new Map<number, number>();
  /** Versions whose contents differ, by the base's offset: the form of the other side's. Texts are not kept. */
  private readonly differing = new Map<number, string | undefined>();

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
    for (let at = 0; at < mismatches.length; at += BATCH) {
      const some = mismatches.slice(at, at + BATCH);
      const theirs = await values(some.map(({ seen: each }) => each));
      for (const [n, { base }] of some.entries()) {
        const value = theirs[n];
        this.differing.set(base.offset, value === undefined ? undefined : formOf(value));
      }
    }
  }

  /** When all of the other side came by. */
  async end(): Promise<void> {
    await this.compareForms();
    const { base, book, name, other, isPartial, comparesDeleted } = this.options;
    for (const subject of base.subjects()) {
      for (const version of base.versions(subject)) {
        if (this.there.has(version.offset) || (version.deleted && !comparesDeleted)) continue;
        const by = this.supersederOf(version);
        if (by !== undefined) {
          const message = `${name} lacks ${nameOf(version)}, which was soft-deleted: version ${by.version} has its id ${version.id}, which is resolved all the same.`;
          book.add('superseded-at-node', { ...this.placeOf(version), offsets: [version.offset] }, message);
          continue;
        }
        const kind = other === 'node' ? 'missing-at-node' : 'missing-in-place';
        const severity = isPartial ? { severity: 'warning' as const } : {};
        const message = `${name} lacks ${nameOf(version)} (id ${version.id}${version.deleted ? ', soft-deleted' : ''}).`;
        book.add(kind, { ...this.placeOf(version), ...severity, offsets: [version.offset] }, message);
      }
    }
  }

  /** The version whose import removed this one at the other side, where it is under the same id; undefined: that is not why it is lacking. */
  private supersederOf({ subject, version, id, deleted }: VersionState): VersionState | undefined {
    if (!deleted || this.options.supersedes !== true) return undefined;
    const { base } = this.options;
    return base.versions(subject).find((each) => each.version > version && this.there.get(each.offset) === id);
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
    this.there.set(base.offset, seen.id);
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

  private async compareForms(): Promise<void> {
    const { differing } = this;
    if (differing.size === 0) return;
    const offsets = [...differing.keys()].sort((a, b) => a - b);
    const sameForm = new Set<number>();
    for await (const values of this.options.baseValues(offsets)) {
      for (const [offset, value] of values) if (differing.get(offset) === formOf(value)) sameForm.add(offset);
    }
    for (const subject of this.options.base.subjects()) {
      for (const version of this.options.base.versions(subject)) {
        if (differing.has(version.offset)) this.differs(version, sameForm.has(version.offset));
      }
    }
  }

  private differs(base: VersionState, isSameForm: boolean): void {
    const { book, name, other } = this.options;
    const at = { ...this.placeOf(base), offsets: [base.offset] };
    if (isSameForm) {
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
