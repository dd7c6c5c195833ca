/**
 * Versions in columns instead of objects: 66 bytes for each, and some 27 for its places in the indexes, so that a million fit. A row never moves.
 */
import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { SchemaType } from '../records/schemas-record.ts';
import type { VersionState } from './registry-state.ts';

export type Row = number;

const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
const DIGEST = 32;
/** Of the text alone: enough to tell two texts of one id apart. */
const SHORT = 12;
const NONE: readonly SchemaReference[] = [];

interface Chunk {
  readonly ids: Int32Array;
  readonly versions: Int32Array;
  readonly subjects: Uint32Array;
  readonly offsets: Float64Array;
  readonly deleted: Uint8Array;
  readonly types: Uint8Array;
  readonly contents: Buffer;
  readonly texts: Buffer;
}

export interface NewVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: SchemaType;
  readonly references: readonly SchemaReference[];
  readonly deleted: boolean;
  readonly offset: number;
  /** 32 bytes each. */
  readonly content: Uint8Array;
  readonly text: Uint8Array;
}

export class VersionTable {
  private readonly chunks: Chunk[] = [];
  private rowCount = 0;
  private readonly subjects: string[] = [];
  private readonly subjectIndex = new Map<string, number>();
  private readonly typeNames: SchemaType[] = ['AVRO', 'JSON', 'PROTOBUF'];
  private readonly references = new Map<Row, readonly SchemaReference[]>();

  /** How many rows there are, of versions that are gone too. */
  get size(): number {
    return this.rowCount;
  }

  add(version: NewVersion): Row {
    const row = this.rowCount++;
    if (row >> CHUNK_BITS >= this.chunks.length) this.chunks.push(newChunk());
    this.set(row, version);
    return row;
  }

  /** Overwrites all of it. */
  set(row: Row, version: NewVersion): void {
    const chunk = this.chunk(row);
    const at = row & (CHUNK - 1);
    chunk.ids[at] = version.id;
    chunk.versions[at] = version.version;
    chunk.subjects[at] = this.indexOf(version.subject);
    chunk.offsets[at] = version.offset;
    chunk.deleted[at] = version.deleted ? 1 : 0;
    chunk.types[at] = this.typeOf(version.schemaType);
    chunk.contents.set(version.content.subarray(0, DIGEST), at * DIGEST);
    chunk.texts.set(version.text.subarray(0, SHORT), at * SHORT);
    if (version.references.length > 0) this.references.set(row, version.references);
    else if (this.references.size > 0) this.references.delete(row);
  }

  id(row: Row): number {
    return this.chunk(row).ids[row & (CHUNK - 1)] ?? 0;
  }

  version(row: Row): number {
    return this.chunk(row).versions[row & (CHUNK - 1)] ?? 0;
  }

  subject(row: Row): string {
    return this.subjects[this.chunk(row).subjects[row & (CHUNK - 1)] ?? 0] ?? '';
  }

  /** Numbers stand for subjects, from 0 in the order of their coming; the same one always for the same. */
  subjectNumber(row: Row): number {
    return this.chunk(row).subjects[row & (CHUNK - 1)] ?? 0;
  }

  /** undefined: no version of it ever came. */
  numberOf(subject: string): number | undefined {
    return this.subjectIndex.get(subject);
  }

  get subjectNames(): readonly string[] {
    return this.subjects;
  }

  offset(row: Row): number {
    return this.chunk(row).offsets[row & (CHUNK - 1)] ?? 0;
  }

  isDeleted(row: Row): boolean {
    return this.chunk(row).deleted[row & (CHUNK - 1)] === 1;
  }

  setDeleted(row: Row): void {
    this.chunk(row).deleted[row & (CHUNK - 1)] = 1;
  }

  hasText(row: Row, text: Uint8Array): boolean {
    const at = (row & (CHUNK - 1)) * SHORT;
    return this.chunk(row).texts.compare(text, 0, SHORT, at, at + SHORT) === 0;
  }

  referencesOf(row: Row): readonly SchemaReference[] {
    return this.references.get(row) ?? NONE;
  }

  /** By content: equal ones come beside each other. */
  compareContents(a: Row, b: Row): number {
    const [of, at] = [this.chunk(b), (b & (CHUNK - 1)) * DIGEST];
    const from = (a & (CHUNK - 1)) * DIGEST;
    return this.chunk(a).contents.compare(of.contents, at, at + DIGEST, from, from + DIGEST);
  }

  /** The 32 bytes of its digest; not to be kept, as the row may change. */
  contentOf(row: Row): Buffer {
    const at = (row & (CHUNK - 1)) * DIGEST;
    return this.chunk(row).contents.subarray(at, at + DIGEST);
  }

  /** The first 32 bits of the digest, in whose order {@link compareContents} is as well. */
  contentPrefix(row: Row): number {
    const { contents } = this.chunk(row);
    const at = (row & (CHUNK - 1)) * DIGEST;
    const [a = 0, b = 0, c = 0, d = 0] = [contents[at], contents[at + 1], contents[at + 2], contents[at + 3]];
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  state(row: Row): VersionState {
    const chunk = this.chunk(row);
    const at = row & (CHUNK - 1);
    return {
      subject: this.subject(row),
      version: this.version(row),
      id: this.id(row),
      schemaType: this.typeNames[chunk.types[at] ?? 0] ?? 'AVRO',
      references: this.referencesOf(row),
      content: chunk.contents.toString('hex', at * DIGEST, (at + 1) * DIGEST),
      deleted: this.isDeleted(row),
      offset: this.offset(row),
    };
  }

  private chunk(row: Row): Chunk {
    const chunk = this.chunks[row >> CHUNK_BITS];
    if (chunk === undefined) throw new RangeError(`there is no row ${row}`);
    return chunk;
  }

  private indexOf(subject: string): number {
    const known = this.subjectIndex.get(subject);
    if (known !== undefined) return known;
    const index = this.subjects.push(subject) - 1;
    this.subjectIndex.set(subject, index);
    return index;
  }

  /** More than 256 types of schemas no registry has; all above are the last one. */
  private typeOf(type: SchemaType): number {
    const known = this.typeNames.indexOf(type);
    if (known >= 0) return known;
    if (this.typeNames.length > 255) return 255;
    return this.typeNames.push(type) - 1;
  }
}

function newChunk(): Chunk {
  return {
    ids: new Int32Array(CHUNK),
    versions: new Int32Array(CHUNK),
    subjects: new Uint32Array(CHUNK),
    offsets: new Float64Array(CHUNK),
    deleted: new Uint8Array(CHUNK),
    types: new Uint8Array(CHUNK),
    contents: Buffer.alloc(CHUNK * DIGEST),
    texts: Buffer.alloc(CHUNK * SHORT),
  };
}
