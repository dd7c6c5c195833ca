import { isBlank, trimmed } from '../../foundation/java-blanks.ts';
import { JavaDateFormat } from '../../foundation/java-date-format.ts';
import { floatNearest } from '../../foundation/java-numbers.ts';
import { DataError } from '../errors/index.ts';
import { BigDecimal } from './big-decimal.ts';
import { MapKeys } from './equality.ts';
import { ConnectDate, ConnectTime, ConnectTimestamp, Decimal } from './logical.ts';
import { type Schema, SchemaType } from './schema.ts';
import { SchemaAndValue } from './schema-and-value.ts';
import { SchemaBuilder } from './schema-builder.ts';
import { Schemas } from './schemas.ts';
import { ValueTokens } from './value-tokens.ts';

/** Containers within containers; deeper ones are taken for text rather than overflow the stack. */
const MAX_DEPTH = 200;
/**
 * The longest text of a number. To read one takes more than twice as long for twice the digits: a million would hold up the whole worker, where
 * Kafka Connect holds up one task.
 */
const MAX_NUMBER_LENGTH = 100_000;
const USUAL_DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const USUAL_TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/;
/** Of any script, but none beyond the basic plane. */
const DIGIT = /^\p{Nd}$/u;
const DATE_FORMAT = new JavaDateFormat('yyyy-MM-dd');
const TIME_FORMAT = new JavaDateFormat("HH:mm:ss.SSS'Z'");
const TIMESTAMP_FORMAT = new JavaDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'");

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
 * More than 100,000 digits are text, while Kafka Connect would make a Decimal of them.
 *
 * Quirks that are kept: a decimal fraction loses what a 32-bit float can't hold; of `1,2` only the 1 is seen; quotes around the whole text
 * stay; of elements of the same type the last one's schema, with its name, is that of all.
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
  if (isLiteral(tokens, depth, 'null')) return null;
  if (isLiteral(tokens, depth, 'true')) return new SchemaAndValue(Schemas.BOOLEAN, true);
  if (isLiteral(tokens, depth, 'false')) return new SchemaAndValue(Schemas.BOOLEAN, false);
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
  const raw = tokens.next();
  if (isBlank(raw)) return new SchemaAndValue(Schemas.STRING, depth > 0 ? raw : tokens.original);
  return parseScalar(tokens, trimmed(raw), depth > 0);
}

/** Takes the token if it is the word; outside of containers it has to be all there is. */
function isLiteral(tokens: ValueTokens, depth: number, word: string): boolean {
  const start = tokens.mark();
  if (tokens.canConsume(word) && (depth > 0 || !tokens.hasNext)) return true;
  tokens.rewindTo(start);
  return false;
}

function parseScalar(tokens: ValueTokens, token: string, isEmbedded: boolean): SchemaAndValue {
  const isDigit = DIGIT.test(token.charAt(0));
  if (isDigit) {
    // A time has colons, which are delimiters: five tokens.
    const start = tokens.mark();
    const rest = tokens.nextFew(4);
    const time = rest === undefined ? undefined : parseTemporal(token + rest);
    if (time !== undefined) return time;
    tokens.rewindTo(start);
  }
  const value = isDigit
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
  // Kafka Connect leaves in what it put before quotes and backslashes when it wrote the text.
  const text = content.replaceAll(/\\(["\\])/g, '$1');
  return parseTemporal(text) ?? new SchemaAndValue(Schemas.STRING, text);
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
        elements.map((each) => aligned(schema, each)),
      );
    }
    if (tokens.canConsume(',')) throw new DataError(`Unable to parse an empty array element: ${tokens.original}`);
    const element = parse(tokens, depth + 1);
    common.merge(element);
    elements.push(element?.value ?? null);
    const beforeEnd = tokens.mark();
    if (tokens.canConsume(']')) tokens.rewindTo(beforeEnd);
    else if (!tokens.canConsume(',')) throw new DataError("Array elements missing ',' delimiter");
  }
  throw new DataError(`Array is missing terminating ']': ${tokens.original}`);
}

function parseMap(tokens: ValueTokens, depth: number): SchemaAndValue {
  const entries = new Map<unknown, unknown>();
  const keys = new MapKeys();
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
    entries.set(keys.same(key.value), value?.value ?? null);
    tokens.canConsume(',');
    commonKey.merge(key);
    commonValue.merge(value);
  }
  throw new DataError(`Map is missing terminating '}': ${tokens.original}`);
}

function mapOf(entries: Map<unknown, unknown>, keySchema: Schema | null, valueSchema: Schema | null): SchemaAndValue {
  if (keySchema === null) return new SchemaAndValue(SchemaBuilder.mapOfNull().build(), entries);
  const all = new Map<unknown, unknown>();
  const keys = new MapKeys();
  for (const [key, value] of entries) {
    all.set(keys.same(aligned(keySchema, key)), valueSchema === null ? value : aligned(valueSchema, value));
  }
  const schema =
    valueSchema === null ? SchemaBuilder.mapWithNullValues(keySchema) : SchemaBuilder.map(keySchema, valueSchema);
  return new SchemaAndValue(schema.build(), all);
}

/**
 * The formats `yyyy-MM-dd`, `HH:mm:ss.SSS'Z'` and both with a T between them, told apart by the length of the text alone. As lenient as
 * Java: fields out of range roll over.
 */
function parseTemporal(token: string): SchemaAndValue | undefined {
  const text = token.replaceAll('\\:', ':');
  switch (text.length) {
    case 10:
      return dated(ConnectDate.SCHEMA, usualMillis(USUAL_DATE, text) ?? DATE_FORMAT.parse(text));
    case 13:
      return dated(ConnectTime.SCHEMA, TIME_FORMAT.parse(text));
    case 24:
      return dated(ConnectTimestamp.SCHEMA, usualMillis(USUAL_TIMESTAMP, text) ?? TIMESTAMP_FORMAT.parse(text));
    default:
      return undefined;
  }
}

function dated(schema: Schema, millis: number | undefined): SchemaAndValue | undefined {
  return millis === undefined ? undefined : new SchemaAndValue(schema, new Date(millis));
}

/** Of dates in the calendar of today, which JavaScript reads as Java does. */
function usualMillis(pattern: RegExp, text: string): number | undefined {
  const parts = pattern.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0, millis = 0] = parts;
  return year > 1600 ? Date.UTC(year, month - 1, day, hours, minutes, seconds, millis) : undefined;
}

function parseNumber(token: string): SchemaAndValue | undefined {
  if (token.length > MAX_NUMBER_LENGTH) return undefined;
  const decimal = BigDecimal.tryParse(token);
  if (decimal === undefined) return undefined;
  const whole = wholeNumberOf(decimal);
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return integer(whole);
  if (decimal.scale !== 0) {
    const number = decimal.toNumber();
    const float = decimal.toFloat();
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

/** Of two numbers, whatever they stand for, the schema of the wider type; of two of the same type that of the later one. */
function commonSchemaOf(a: Schema, b: Schema): Schema | null {
  if (a.type === b.type) return b;
  const left = NUMBERS.indexOf(a.type);
  const right = NUMBERS.indexOf(b.type);
  if (left < 0 || right < 0) return null;
  return left > right ? a : b;
}

/** A value as one of the schema of all. Throws DataError for what can't be one: null, or a date as a number. */
function aligned(schema: Schema, value: unknown): unknown {
  if (value === null) throw new DataError('Unable to convert a null value to a schema that requires a value');
  if (!NUMBERS.includes(schema.type)) return value;
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    if (schema.name !== null) return value;
    throw new DataError(`A date can not be one of ${schema.toString()}.`);
  }
  switch (schema.name) {
    case ConnectDate.LOGICAL_NAME:
      return ConnectDate.toLogical(schema, Number(value));
    case ConnectTime.LOGICAL_NAME:
      return ConnectTime.toLogical(schema, Number(value));
    case ConnectTimestamp.LOGICAL_NAME:
      return ConnectTimestamp.toLogical(schema, BigInt(value));
    default:
      if (schema.type === SchemaType.INT64) return BigInt(value);
      if (schema.type !== SchemaType.FLOAT32) return Number(value);
      return typeof value === 'bigint' ? floatNearest(value, 0, Number(value)) : Math.fround(value);
  }
}
