/**
 * Versions in columns instead of objects: 66 bytes for each unless digests are cut, and some 27 for its places in the indexes, so that a million
 * fit. A row never moves.
 */
import { contextOf } from '../../registry/subject-context.ts';
import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { SchemaType } from '../records/schemas-record.ts';
import type { VersionState } from './registry-state.ts';
import { RowInts } from './row-columns.ts';

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
  /** At least as many bytes as are kept. */
  readonly content: Uint8Array;
  readonly text: Uint8Array;
}

export interface DigestBytes {
  /** Of the digest of the content; 32 unless told. */
  readonly content?: number;
  /** Of the text's; 12 unless told. With 0 nobody may ask for it. */
  readonly text?: number;
}

export class VersionTable {
  private readonly contentBytes: number;
  private readonly textBytes: number;
  private readonly chunks: Chunk[] = [];
  private rowCount = 0;
  private readonly subjects: string[] = [];
  private readonly subjectIndex = new Map<string, number>();
  /** By number of the subject, the one of its context. */
  private readonly contexts = new RowInts();
  private readonly contextNames: string[] = [];
  private readonly contextIndex = new Map<string, number>();
  private readonly typeNames: SchemaType[] = ['AVRO', 'JSON', 'PROTOBUF'];
  private readonly references = new Map<Row, readonly SchemaReference[]>();

  /** How much of each digest is kept. */
  constructor({ content = DIGEST, text = SHORT }: DigestBytes = {}) {
    this.contentBytes = content;
    this.textBytes = text;
  }

  /** How many rows there are, of versions that are gone too. */
  get size(): number {
    return this.rowCount;
  }

  add(version: NewVersion): Row {
    const row = this.rowCount++;
    if (row >> CHUNK_BITS >= this.chunks.length) this.chunks.push(newChunk(this.contentBytes, this.textBytes));
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
    chunk.contents.set(version.content.subarray(0, this.contentBytes), at * this.contentBytes);
    chunk.texts.set(version.text.subarray(0, this.textBytes), at * this.textBytes);
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

  /** Of its subject; '' is the default one. */
  context(row: Row): string {
    return this.contextNames[this.contextNumber(row)] ?? '';
  }

  /** Numbers stand for contexts as for subjects. */
  contextNumber(row: Row): number {
    return this.contexts.get(this.subjectNumber(row));
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
    const { textBytes } = this;
    const at = (row & (CHUNK - 1)) * textBytes;
    return this.chunk(row).texts.compare(text, 0, textBytes, at, at + textBytes) === 0;
  }

  referencesOf(row: Row): readonly SchemaReference[] {
    return this.references.get(row) ?? NONE;
  }

  /** By content: equal ones come beside each other. */
  compareContents(a: Row, b: Row): number {
    const { contentBytes: bytes } = this;
    const [of, at] = [this.chunk(b), (b & (CHUNK - 1)) * bytes];
    const from = (a & (CHUNK - 1)) * bytes;
    return this.chunk(a).contents.compare(of.contents, at, at + bytes, from, from + bytes);
  }

  hasSameContent(a: Row, b: Row): boolean {
    return this.compareContents(a, b) === 0;
  }

  /** The bytes of its digest; not to be kept, as the row may change. */
  contentOf(row: Row): Buffer {
    const at = (row & (CHUNK - 1)) * this.contentBytes;
    return this.chunk(row).contents.subarray(at, at + this.contentBytes);
  }

  /** The first 32 bits of the digest, in whose order {@link compareContents} is as well. */
  contentPrefix(row: Row): number {
    const { contents } = this.chunk(row);
    const at = (row & (CHUNK - 1)) * this.contentBytes;
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
      content: this.contentOf(row).toString('hex'),
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
    const context = contextOf(subject);
    const number = this.contextIndex.get(context) ?? this.contextNames.push(context) - 1;
    this.contextIndex.set(context, number);
    this.contexts.set(index, number);
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

function newChunk(contentBytes: number, textBytes: number): Chunk {
  return {
    ids: new Int32Array(CHUNK),
    versions: new Int32Array(CHUNK),
    subjects: new Uint32Array(CHUNK),
    offsets: new Float64Array(CHUNK),
    deleted: new Uint8Array(CHUNK),
    types: new Uint8Array(CHUNK),
    contents: Buffer.alloc(CHUNK * contentBytes),
    texts: Buffer.alloc(CHUNK * textBytes),
  };
}
