import { DataError } from '../errors/index.ts';
import { BigDecimal } from './big-decimal.ts';
import { ConnectDate, ConnectTime, ConnectTimestamp, Decimal } from './logical.ts';
import { type Schema, SchemaType } from './schema.ts';
import { SchemaAndValue } from './schema-and-value.ts';
import { SchemaBuilder } from './schema-builder.ts';
import { Schemas } from './schemas.ts';
import { ValueTokens } from './value-tokens.ts';

/** Containers within containers; deeper ones are taken for text rather than overflow the stack. */
const MAX_DEPTH = 200;
const DATE = /^(\d+)-(\d+)-(\d+)$/;
const TIME = /^(\d+):(\d+):(\d+)\.(\d+)Z$/;
const TIMESTAMP = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)Z$/;

/** The whole numbers and floats, each of which can hold those before it. */
const NUMBERS: readonly SchemaType[] = [
  SchemaType.INT8,
  SchemaType.INT16,
  SchemaType.INT32,
  SchemaType.INT64,
  SchemaType.FLOAT32,
  SchemaType.FLOAT64,
];

/**
 * The value that a text seems to be, with its schema, as Kafka Connect's `Values.parseString` guesses it: `1` is an INT8, `1.5` a FLOAT32,
 * `[1,2]` an ARRAY, `2020-01-02` a Date, and what fits nothing is the STRING it is. Never throws.
 *
 * Quirks that are kept: a decimal fraction loses what a 32-bit float can't hold; of `1,2` only the 1 is seen; quotes around the whole text
 * stay.
 */
export function parseString(text: string | null): SchemaAndValue {
  if (text === null) return SchemaAndValue.NULL;
  if (text === '') return new SchemaAndValue(Schemas.STRING, '');
  return parse(new ValueTokens(text), 0) ?? SchemaAndValue.NULL;
}

/** Null stands for the null value, which has no schema. Within containers (`depth` > 0) throws DataError for what is no value. */
function parse(tokens: ValueTokens, depth: number): SchemaAndValue | null {
  if (!tokens.hasNext) return null;
  if (depth > 0 && tokens.canConsume('"')) return parseQuoted(tokens);
  if (tokens.canConsume('null')) return null;
  if (tokens.canConsume('true')) return new SchemaAndValue(Schemas.BOOLEAN, true);
  if (tokens.canConsume('false')) return new SchemaAndValue(Schemas.BOOLEAN, false);
  const start = tokens.mark();
  if (depth < MAX_DEPTH) {
    try {
      if (tokens.canConsume('[')) return parseArray(tokens, depth);
      if (tokens.canConsume('{')) return parseMap(tokens, depth);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      // Reading an inner container again as text could only fail: the outermost one alone goes back.
      if (depth > 0) throw error;
      tokens.rewindTo(start);
    }
  }
  return parseScalar(tokens, depth > 0);
}

function parseScalar(tokens: ValueTokens, isEmbedded: boolean): SchemaAndValue {
  const raw = tokens.next();
  const token = raw.trim();
  if (token === '') return new SchemaAndValue(Schemas.STRING, isEmbedded ? raw : tokens.original);
  if (/^\d/.test(token)) {
    // A time has colons, which are delimiters: five tokens.
    const afterToken = tokens.mark();
    const rest = tokens.nextFew(4);
    const time = rest === undefined ? undefined : parseTemporal((token + rest).trimEnd());
    if (time !== undefined) return time;
    tokens.rewindTo(afterToken);
  }
  const value = /^\d/.test(token)
    ? (parseTemporal(token) ?? parseNumber(token))
    : /^[+-]/.test(token)
      ? parseNumber(token)
      : undefined;
  if (value !== undefined) return value;
  if (isEmbedded) throw new DataError('Failed to parse embedded value');
  return new SchemaAndValue(Schemas.STRING, tokens.original);
}

function parseQuoted(tokens: ValueTokens): SchemaAndValue {
  let content = '';
  while (tokens.hasNext) {
    const token = tokens.next();
    if (token === '"') break;
    content += token;
  }
  const text = content.replaceAll(/\\(["\\])/g, '$1');
  return parseTemporal(text.replaceAll('\\:', ':')) ?? new SchemaAndValue(Schemas.STRING, text);
}

function parseArray(tokens: ValueTokens, depth: number): SchemaAndValue {
  const elements: unknown[] = [];
  const common = new CommonSchema();
  while (tokens.hasNext) {
    if (tokens.canConsume(']')) {
      const { schema } = common;
      if (schema === null) return new SchemaAndValue(SchemaBuilder.arrayOfNull().build(), elements);
      return new SchemaAndValue(
        SchemaBuilder.array(schema).build(),
        elements.map((each) => widen(schema, each)),
      );
    }
    if (tokens.canConsume(',')) throw new DataError(`Unable to parse an empty array element: ${tokens.original}`);
    const element = parse(tokens, depth + 1);
    common.merge(element);
    elements.push(element?.value ?? null);
    const beforeEnd = tokens.mark();
    if (tokens.canConsume(']')) tokens.rewindTo(beforeEnd);
    else if (!tokens.canConsume(',')) throw new DataError(`Array elements missing ',' delimiter: ${tokens.original}`);
  }
  throw new DataError(`Array is missing terminating ']': ${tokens.original}`);
}

function parseMap(tokens: ValueTokens, depth: number): SchemaAndValue {
  const entries = new Map<unknown, unknown>();
  const commonKey = new CommonSchema();
  const commonValue = new CommonSchema();
  while (tokens.hasNext) {
    if (tokens.canConsume('}')) return mapOf(entries, commonKey.schema, commonValue.schema);
    if (tokens.canConsume(','))
      throw new DataError(`Unable to parse a map entry with no key or value: ${tokens.original}`);
    const key = parse(tokens, depth + 1);
    if (key === null || key.value === null)
      throw new DataError(`Map entry may not have a null key: ${tokens.original}`);
    if (!tokens.canConsume(':')) throw new DataError(`Map entry is missing ':': ${tokens.original}`);
    const value = parse(tokens, depth + 1);
    entries.set(key.value, value?.value ?? null);
    tokens.canConsume(',');
    commonKey.merge(key);
    commonValue.merge(value);
  }
  throw new DataError(`Map is missing terminating '}': ${tokens.original}`);
}

function mapOf(entries: Map<unknown, unknown>, keySchema: Schema | null, valueSchema: Schema | null): SchemaAndValue {
  if (keySchema === null) return new SchemaAndValue(SchemaBuilder.mapOfNull().build(), entries);
  const widened = new Map<unknown, unknown>();
  for (const [key, value] of entries) {
    widened.set(widen(keySchema, key), valueSchema === null ? value : widen(valueSchema, value));
  }
  const schema =
    valueSchema === null ? SchemaBuilder.mapWithNullValues(keySchema) : SchemaBuilder.map(keySchema, valueSchema);
  return new SchemaAndValue(schema.build(), widened);
}

/** The exact formats `yyyy-MM-dd`, `HH:mm:ss.SSS'Z'` and both with a T between them; fields out of range roll over, as in Java. */
function parseTemporal(token: string): SchemaAndValue | undefined {
  const text = token.replaceAll('\\:', ':');
  const pattern = text.length === 10 ? DATE : text.length === 13 ? TIME : text.length === 24 ? TIMESTAMP : undefined;
  const parts = pattern?.exec(text)?.slice(1).map(Number);
  if (pattern === undefined || parts === undefined) return undefined;
  const [first = 0, second = 0, third = 0, ...time] = parts;
  if (pattern === TIME) {
    return new SchemaAndValue(ConnectTime.SCHEMA, new Date(Date.UTC(1970, 0, 1, first, second, third, time[0])));
  }
  const [hours = 0, minutes = 0, seconds = 0, millis = 0] = time;
  const date = new Date(0);
  // Date.UTC would take the years 0 to 99 for those of the last century.
  date.setUTCFullYear(first, second - 1, third);
  date.setUTCHours(hours, minutes, seconds, millis);
  return new SchemaAndValue(pattern === DATE ? ConnectDate.SCHEMA : ConnectTimestamp.SCHEMA, date);
}

function parseNumber(token: string): SchemaAndValue | undefined {
  const decimal = BigDecimal.tryParse(token);
  if (decimal === undefined) return undefined;
  const whole = wholeNumberOf(decimal);
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return integer(whole);
  const number = decimal.toNumber();
  if (decimal.scale !== 0) {
    const float = Math.fround(number);
    if (Number.isFinite(float)) return new SchemaAndValue(Schemas.FLOAT32, float);
    if (Number.isFinite(number)) return new SchemaAndValue(Schemas.FLOAT64, number);
  }
  return new SchemaAndValue(Decimal.schema(decimal.scale), decimal);
}

/** The number if it is whole and perhaps within 64 bits; a huge exponent is not multiplied out. */
function wholeNumberOf(decimal: BigDecimal): bigint | undefined {
  if (decimal.unscaledValue === 0n) return 0n;
  const wholeDigits = decimal.precision - decimal.scale;
  if (wholeDigits > 20 || wholeDigits <= 0) return undefined;
  if (decimal.scale <= 0) return decimal.toBigInt();
  const divisor = 10n ** BigInt(decimal.scale);
  return decimal.unscaledValue % divisor === 0n ? decimal.unscaledValue / divisor : undefined;
}

function integer(value: bigint): SchemaAndValue {
  if (BigInt.asIntN(8, value) === value) return new SchemaAndValue(Schemas.INT8, Number(value));
  if (BigInt.asIntN(16, value) === value) return new SchemaAndValue(Schemas.INT16, Number(value));
  if (BigInt.asIntN(32, value) === value) return new SchemaAndValue(Schemas.INT32, Number(value));
  return new SchemaAndValue(Schemas.INT64, value);
}

/** The schema that all elements of a container fit, if there is one. */
class CommonSchema {
  /** Null if nothing was merged yet, or there is none. */
  schema: Schema | null = null;
  private isMixed = false;

  merge(element: SchemaAndValue | null): void {
    const next = element?.schema ?? null;
    if (next === null || this.isMixed) return;
    this.schema = this.schema === null ? next : commonSchemaOf(this.schema, next);
    this.isMixed = this.schema === null;
  }
}

function commonSchemaOf(a: Schema, b: Schema): Schema | null {
  if (a.equals(b)) return a;
  if (a.name !== null || b.name !== null) return null;
  const left = NUMBERS.indexOf(a.type);
  const right = NUMBERS.indexOf(b.type);
  if (left < 0 || right < 0) return null;
  return left > right ? a : b;
}

/** A number of a narrower type as one of the schema's: of the six, only INT64 is no JavaScript number. */
function widen(schema: Schema, value: unknown): unknown {
  if (schema.type === SchemaType.INT64 && typeof value === 'number') return BigInt(value);
  if ((schema.type === SchemaType.FLOAT32 || schema.type === SchemaType.FLOAT64) && typeof value === 'bigint') {
    return schema.type === SchemaType.FLOAT32 ? Math.fround(Number(value)) : Number(value);
  }
  return value;
}
