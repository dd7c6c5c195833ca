import { brandClass } from '../../foundation/brand.ts';
import { DataError } from '../errors/index.ts';
import { type BigDecimal, isBigDecimal } from './big-decimal.ts';
import { valuesEqual } from './equality.ts';
import { javaText } from './java-text.ts';
import { ConnectDate, ConnectTime, ConnectTimestamp, Decimal } from './logical.ts';
import { type Schema, SchemaType, schemasEqual } from './schema.ts';
import { SchemaAndValue } from './schema-and-value.ts';
import { Schemas } from './schemas.ts';
import { fitsType } from './validate-value.ts';

/** One header. Immutable. */
export class Header {
  readonly key: string;
  readonly schema: Schema | null;
  readonly value: unknown;

  constructor(key: string, schema: Schema | null, value: unknown) {
    if (key === null || key === undefined) throw new DataError('Null header keys are not permitted');
    this.key = key;
    this.schema = schema;
    this.value = value ?? null;
  }

  /** The same value under another key. */
  rename(key: string): Header {
    return key === this.key ? this : new Header(key, this.schema, this.value);
  }

  /** Another value under the same key. */
  with(schema: Schema | null, value: unknown): Header {
    return new Header(this.key, schema, value);
  }

  equals(other: unknown): boolean {
    return (
      other instanceof Header &&
      this.key === other.key &&
      schemasEqual(this.schema, other.schema) &&
      valuesEqual(this.value, other.value)
    );
  }

  toString(): string {
    return `ConnectHeader(key=${this.key}, value=${javaText(this.value, this.schema)}, schema=${String(this.schema)})`;
  }

  static {
    brandClass(Header, Symbol.for('holdfast.data.Header'));
  }
}

/** Shared by all empty headers, and so never written to. */
const NONE: Header[] = [];

/**
 * The headers of a record: an ordered multimap, in which a key may occur several times.
 *
 * Changing methods return `this`. An empty one costs no list, and a duplicate shares its list until either is changed.
 */
export class ConnectHeaders implements Iterable<Header> {
  private list: Header[];
  /** True while `list` may belong to others too. */
  private isShared: boolean;

  constructor(headers?: Iterable<Header>) {
    if (headers === undefined) {
      this.list = NONE;
      this.isShared = true;
    } else {
      this.list = [...headers];
      this.isShared = false;
    }
  }

  get size(): number {
    return this.list.length;
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  [Symbol.iterator](): Iterator<Header> {
    return this.list[Symbol.iterator]();
  }

  /** Appends a header. Throws DataError if the value does not fit the schema or the key is null. */
  add(key: string, value: unknown, schema: Schema | null): this;
  add(header: Header | { readonly key: string; readonly schema: Schema | null; readonly value: unknown }): this;
  add(first: string | Pick<Header, 'key' | 'schema' | 'value'>, value?: unknown, schema: Schema | null = null): this {
    const header =
      first instanceof Header
        ? first
        : typeof first === 'object' && first !== null
          ? new Header(first.key, first.schema, first.value)
          : new Header(first, schema, value);
    checkSchemaMatches(header);
    this.own().push(header);
    return this;
  }

  addString(key: string, value: string | null): this {
    return this.addTyped(key, value, Schemas.STRING, Schemas.OPTIONAL_STRING);
  }

  addBoolean(key: string, value: boolean): this {
    return this.add(key, value, Schemas.BOOLEAN);
  }

  addByte(key: string, value: number): this {
    return this.add(key, value, Schemas.INT8);
  }

  addShort(key: string, value: number): this {
    return this.add(key, value, Schemas.INT16);
  }

  addInt(key: string, value: number): this {
    return this.add(key, value, Schemas.INT32);
  }

  addLong(key: string, value: bigint): this {
    return this.add(key, value, Schemas.INT64);
  }

  addFloat(key: string, value: number): this {
    return this.add(key, value, Schemas.FLOAT32);
  }

  addDouble(key: string, value: number): this {
    return this.add(key, value, Schemas.FLOAT64);
  }

  addBytes(key: string, value: Uint8Array | null): this {
    return this.addTyped(key, value, Schemas.BYTES, Schemas.OPTIONAL_BYTES);
  }

  addList(key: string, value: readonly unknown[], schema: Schema): this {
    return this.add(key, value, schema);
  }

  addMap(key: string, value: ReadonlyMap<unknown, unknown>, schema: Schema): this {
    return this.add(key, value, schema);
  }

  /** A struct brings its own schema. */
  addStruct(key: string, value: { readonly schema: Schema }): this {
    return this.add(key, value, value.schema);
  }

  addDecimal(key: string, value: BigDecimal): this {
    return this.add(key, value, Decimal.schema(value.scale));
  }

  /** The date must be a midnight in UTC; throws DataError otherwise. */
  addDate(key: string, value: Date): this {
    ConnectDate.fromLogical(ConnectDate.SCHEMA, value);
    return this.add(key, value, ConnectDate.SCHEMA);
  }

  /** The date must lie within 1970-01-01 in UTC; throws DataError otherwise. */
  addTime(key: string, value: Date): this {
    ConnectTime.fromLogical(ConnectTime.SCHEMA, value);
    return this.add(key, value, ConnectTime.SCHEMA);
  }

  addTimestamp(key: string, value: Date): this {
    return this.add(key, value, ConnectTimestamp.SCHEMA);
  }

  /** All headers of that key, in order. */
  allWithName(key: string): readonly Header[] {
    return this.list.filter((header) => header.key === key);
  }

  /** The last header of that key, or undefined. */
  lastWithName(key: string): Header | undefined {
    return this.list.findLast((header) => header.key === key);
  }

  /** Removes all headers of that key. */
  remove(key: string): this {
    if (this.list.some((header) => header.key === key)) this.replace(this.list.filter((header) => header.key !== key));
    return this;
  }

  /** Removes all but the last header of that key, or of every key. */
  retainLatest(key?: string): this {
    if (this.list.length < 2) return this;
    const seen = new Set<string>();
    const kept: Header[] = [];
    for (let index = this.list.length - 1; index >= 0; index--) {
      const header = this.list[index];
      if (header === undefined) continue;
      if (key !== undefined && header.key !== key) kept.push(header);
      else if (!seen.has(header.key)) {
        seen.add(header.key);
        kept.push(header);
      }
    }
    this.replace(kept.reverse());
    return this;
  }

  clear(): this {
    this.list = NONE;
    this.isShared = true;
    return this;
  }

  /** Replaces each header, or each of that key, by what the function returns; null removes it. */
  apply(transform: (header: Header) => Header | null): this;
  apply(key: string, transform: (header: Header) => Header | null): this;
  apply(first: string | ((header: Header) => Header | null), second?: (header: Header) => Header | null): this {
    const transform = typeof first === 'string' ? second : first;
    if (transform === undefined) return this;
    const result: Header[] = [];
    for (const header of this.list) {
      const next = typeof first === 'string' && header.key !== first ? header : transform(header);
      if (next === null) continue;
      checkSchemaMatches(next);
      result.push(next);
    }
    this.replace(result);
    return this;
  }

  /** Headers that start out equal and change independently. */
  duplicate(): ConnectHeaders {
    const copy = new ConnectHeaders();
    copy.list = this.list;
    this.isShared = true;
    return copy;
  }

  equals(other: unknown): boolean {
    if (this === other) return true;
    if (!(other instanceof ConnectHeaders) || other.size !== this.size) return false;
    const others = [...other];
    return this.list.every((header, index) => header.equals(others[index]));
  }

  toString(): string {
    return `ConnectHeaders(headers=${this.list.length === 0 ? '' : `[${this.list.join(', ')}]`})`;
  }

  private addTyped(key: string, value: unknown, schema: Schema, ifNull: Schema): this {
    return this.add(key, value, value === null ? ifNull : schema);
  }

  private own(): Header[] {
    if (this.isShared) this.replace([...this.list]);
    return this.list;
  }

  private replace(list: Header[]): void {
    this.list = list;
    this.isShared = false;
  }

  static {
    brandClass(ConnectHeaders, Symbol.for('holdfast.data.ConnectHeaders'));
  }
}

/** As Kafka Connect's check: of the value itself, not of what it contains. */
function checkSchemaMatches({ schema, value }: Header): void {
  if (schema === null) return;
  if (value === null) {
    if (!schema.optional) throw new DataError(`A null value requires an optional schema but was ${schema.toString()}`);
    return;
  }
  if (fitsType(schema, value)) return;
  if (schema.type === SchemaType.BYTES && (value instanceof Uint8Array || isBigDecimal(value))) return;
  throw new DataError(`The value ${javaText(value, schema)} is not compatible with the schema ${schema.toString()}`);
}

/** A header's value with its schema. */
export function schemaAndValueOf(header: Header): SchemaAndValue {
  return new SchemaAndValue(header.schema, header.value);
}
