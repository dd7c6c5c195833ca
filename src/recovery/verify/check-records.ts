/** Looks at one record after the other, as they are replayed. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { contextOf } from '../../registry/subject-context.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { ReadRecord, SchemasRecord } from '../records/schemas-record.ts';
import { textDigest } from '../state/content-digest.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';
import { EarlyReferences } from './early-references.ts';
import type { FindingBook, FindingPlace } from './finding-book.ts';
import { hashOf, KeyEncodings, type RowAt } from './key-encodings.ts';
import { PurgedVersions, placeOf, splitPlace } from './purged-versions.ts';
import type { SoundTexts } from './sound-texts.ts';

/** What a producer sends at most by default (max.request.size). */
const LARGE = 1_048_576;
/** Damaged records, and empty deletions, that are followed until a later record of the same key; what is more is told as it is. */
const MAX_FOLLOWED = 100_000;

interface Followed {
  readonly tell: () => void;
  readonly offset: number;
  readonly what: string;
}

type SchemaRecord = Extract<SchemasRecord, { readonly kind: 'schema' }>;
type GoneRecord = Extract<SchemasRecord, { readonly kind: 'schema-gone' }>;

export class RecordsCheck {
  readonly purged = new PurgedVersions();
  private readonly state: StateReplay;
  private readonly sound: SoundTexts;
  private readonly early: EarlyReferences;
  private readonly book: FindingBook;
  private readonly keys = new KeyEncodings();
  private readonly followed = new Map<string, Followed>();
  private readonly writtenByKarapace: () => boolean;
  private legacyKeys = 0;
  private readonly legacyOffsets: number[] = [];
  private backwards = 0;
  private readonly backwardOffsets: number[] = [];
  private largest = 0;

  constructor(parts: {
    readonly state: StateReplay;
    /** Told of every text. */
    readonly sound: SoundTexts;
    readonly book: FindingBook;
    /** Asked at the end. */
    readonly writtenByKarapace: () => boolean;
  }) {
    this.state = parts.state;
    this.sound = parts.sound;
    this.early = new EarlyReferences({ state: parts.state });
    this.book = parts.book;
    this.writtenByKarapace = parts.writtenByKarapace;
  }

  /** Rows whose references did not all lead somewhere when they were read. */
  get readEarly(): ReadonlySet<Row> {
    return this.early.rows;
  }

  /** Whether compaction leaves a version below an offset under another encoding of its key than its newest record has. */
  staysBefore(subject: string, version: number, offset: number): boolean {
    return this.keys.staysBefore(placeOf(subject, version), offset);
  }

  /** Bytes of the largest record. */
  get largestRecord(): number {
    return this.largest;
  }

  /** Applies the record to the state as well. */
  see(raw: RawRecord, read: ReadRecord): void {
    this.measure(raw, read);
    const key = raw.key;
    const before = key === null ? undefined : this.takeFollowed(key);
    if (before !== undefined) {
      const message = `The record at ${before.offset} (${before.what}) is superseded by the one at ${raw.offset}.`;
      this.book.add('superseded-record', { offsets: [before.offset, raw.offset] }, message);
    }
    if (!read.ok) this.unreadable(raw, read);
    const record = read.ok ? read.record : read.problem === 'key-value-mismatch' ? read.overlooked : undefined;
    if (key === null || record === undefined) this.state.apply(raw.offset, read);
    else this.readable(raw, key, read, record);
  }

  /** What can be told only behind the last record. */
  end(): void {
    for (const { tell } of this.followed.values()) tell();
    const isThere = (place: string): boolean => {
      const at = splitPlace(place);
      return at === undefined || this.state.rowOf(at.subject, at.version) !== undefined;
    };
    for (const { place, offsets } of this.keys.found(isThere)) this.twoKeys(place, offsets, isThere(place));
    if (this.legacyKeys > 0) {
      const message = `${counted(this.legacyKeys, 'record')} ${agreeing(this.legacyKeys, 'has a key', 'have keys')} in another encoding than registries write today.`;
      this.book.add('legacy-key', { offsets: this.legacyOffsets }, message);
    }
    if (this.backwards > 0) {
      const message = `${counted(this.backwards, 'id')} came after higher ones.`;
      this.book.add('ids-backwards', { offsets: this.backwardOffsets }, message);
    }
  }

  private readable(raw: RawRecord, key: Uint8Array, read: ReadRecord, record: SchemasRecord): void {
    if (read.ok && !read.hasCanonicalKey) {
      this.legacyKeys++;
      keepOffset(this.legacyOffsets, raw.offset);
    }
    if ('absence' in record && record.absence === 'empty') this.followEmpty(raw, key, record);
    const at = { hash: hashOf(key), offset: raw.offset };
    if (record.kind === 'schema') this.schema(raw, read, record, at.hash);
    else if (record.kind === 'schema-gone') this.gone(raw, read, record, at.hash);
    else {
      this.state.apply(raw.offset, read);
      if (record.kind !== 'config' && record.kind !== 'mode') return;
      const name = `${record.kind} ${record.subject ?? ''}`;
      if (record.value === null) this.keys.settingGone(name, at);
      else this.keys.settingWritten(name, at);
    }
  }

  private schema(raw: RawRecord, read: ReadRecord, record: SchemaRecord, hash: number): void {
    const { subject, version, value } = record;
    const { state } = this;
    const { offset } = raw;
    const place = placeOf(subject, version);
    const before = state.rowOf(subject, version);
    if (before !== undefined) this.rewritten(before, record, offset);
    const purged = this.purged.take(place);
    if (purged !== undefined && purged.id !== value.id) {
      const offsets = [purged.offset, offset];
      const message = `${shown(subject, version)} had id ${purged.id}, was purged at ${purged.offset} and came back with id ${value.id}.`;
      this.book.add('reborn-version', { subject, version, id: purged.id, offsets }, message);
    }
    const context = contextOf(subject);
    const isNewId = state.byId(context, value.id) === undefined;
    if (isNewId && value.id < state.maxId(context) && !isReservedSubject(subject)) {
      this.backwards++;
      keepOffset(this.backwardOffsets, offset);
    }
    const isEarly = this.early.isEarly(record);
    const beforeAt = this.at(before);
    state.apply(offset, read);
    const row = state.rowOf(subject, version);
    if (row === undefined) return;
    this.sound.see(row, value);
    this.early.note(row, isEarly);
    this.keys.versionWritten(place, { row, before: beforeAt }, { hash, offset });
  }

  private gone(raw: RawRecord, read: ReadRecord, { subject, version }: GoneRecord, hash: number): void {
    const { offset } = raw;
    const place = placeOf(subject, version);
    const before = this.state.rowOf(subject, version);
    if (before !== undefined) this.purged.add(place, { offset, id: this.state.versionTable.id(before) });
    this.state.apply(offset, read);
    this.keys.versionGone(place, this.at(before), { hash, offset });
  }

  private at(row: Row | undefined): RowAt | undefined {
    return row === undefined ? undefined : { row, offset: this.state.versionTable.offset(row) };
  }

  private rewritten(before: Row, { subject, version, value }: SchemaRecord, offset: number): void {
    const table = this.state.versionTable;
    const id = table.id(before);
    const isOther = id !== value.id;
    if (!isOther && table.hasText(before, textDigest(value.schema))) return;
    const offsets = [table.offset(before), offset];
    const what = isOther ? `id ${id}, now ${value.id}` : `another text under the same id ${id}`;
    this.book.add(
      'version-rewritten',
      { subject, version, id, offsets },
      `${shown(subject, version)} had ${what}, and was not deleted in between.`,
    );
  }

  private unreadable(raw: RawRecord, read: Extract<ReadRecord, { readonly ok: false }>): void {
    const { problem, reason, subject, version } = read;
    const { offset, key, value } = raw;
    const at: FindingPlace = {
      ...(subject === undefined ? {} : { subject }),
      ...(version === undefined ? {} : { version }),
      offsets: [offset],
    };
    const tell = (): void => this.book.add(problem, at, `The record at ${offset}: ${reason}.`);
    // A reader dies of it whether or not it is superseded, and nobody reads a deletion under a key that nobody can read.
    if (problem === 'unknown-keytype' || key === null) tell();
    else if (value !== null) this.follow(key, { tell, offset, what: problem });
  }

  private followEmpty(raw: RawRecord, key: Uint8Array, record: SchemasRecord): void {
    const { offset, headers } = raw;
    const isKarapaces = headers.some(({ key: name }) => name === 'X-Registry-Version');
    const subject = 'subject' in record && record.subject !== null ? { subject: record.subject } : {};
    const version = 'version' in record ? { version: record.version } : {};
    const tell = (): void => {
      const severity = isKarapaces || this.writtenByKarapace() ? 'note' : 'warning';
      const message = `The deletion at ${offset} has an empty value instead of null.`;
      this.book.add('empty-delete', { ...subject, ...version, severity, offsets: [offset] }, message);
    };
    this.follow(key, { tell, offset, what: 'an empty deletion' });
  }

  private follow(key: Uint8Array, followed: Followed): void {
    if (this.followed.size >= MAX_FOLLOWED) followed.tell();
    else this.followed.set(latin1(key), followed);
  }

  private takeFollowed(key: Uint8Array): Followed | undefined {
    if (this.followed.size === 0) return undefined;
    const text = latin1(key);
    const followed = this.followed.get(text);
    if (followed !== undefined) this.followed.delete(text);
    return followed;
  }

  private twoKeys(place: string, offsets: readonly number[], isThere: boolean): void {
    const at = splitPlace(place);
    const name = at === undefined ? `The ${place.trim()} of the registry` : shown(at.subject, at.version);
    const what = isThere
      ? 'lies under several encodings of its key'
      : 'was deleted under another encoding of its key than it has: it comes back when compaction has removed the deletion';
    this.book.add('two-keys', { ...at, offsets }, `${name} ${what}.`);
  }

  private measure({ key, value, offset }: RawRecord, read: ReadRecord): void {
    const size = (key?.length ?? 0) + (value?.length ?? 0);
    this.largest = Math.max(this.largest, size);
    if (size <= LARGE) return;
    const subject = read.ok && 'subject' in read.record ? read.record.subject : undefined;
    const at = typeof subject === 'string' ? { subject, offsets: [offset] } : { offsets: [offset] };
    this.book.add('large-record', at, `The record at ${offset} has ${size} bytes.`);
  }
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const shown = (subject: string, version: number): string => `${subject} version ${version}`;

function keepOffset(offsets: number[], offset: number): void {
  if (offsets.length < 10) offsets.push(offset);
}
