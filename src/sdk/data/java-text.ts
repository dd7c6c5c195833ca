/**
 * How Kafka Connect, a Java program, shows values and names their types. Its texts reach users through StringConverter, log lines and
 * error messages, so they are kept.
 */
import { JavaDateFormat } from '../../foundation/java-date-format.ts';
import { type Schema, SchemaType } from './schema.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** From 1582-10-15 on; dates before it are of the Julian calendar in Java. */
export const GREGORIAN_MILLIS = Date.UTC(1582, 9, 15);
const JULIAN_DATE = new JavaDateFormat('EEE MMM dd HH:mm:ss z y');

/**
 * The Java class that Kafka Connect would have in place of this value: `java.lang.String` for a string, `[B` for bytes. A number is an
 * Integer, Long or Double by its size and wholeness. Instances of other classes are called by the name of their constructor.
 */
export function typeNameOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'java.lang.String';
    case 'boolean':
      return 'java.lang.Boolean';
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'java.lang.Long' : 'java.math.BigInteger';
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return 'java.lang.Double';
      return (value | 0) === value ? 'java.lang.Integer' : 'java.lang.Long';
    case 'object':
      return value === null ? 'null' : objectTypeName(value);
    default:
      return typeof value;
  }
}

function objectTypeName(value: object): string {
  if (value instanceof Uint8Array) return '[B';
  if (value instanceof Date) return 'java.util.Date';
  if (value instanceof Map) return 'java.util.HashMap';
  if (Array.isArray(value)) return 'java.util.ArrayList';
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return 'java.util.HashMap';
  const name = value.constructor.name;
  if (name === 'Struct') return 'org.apache.kafka.connect.data.Struct';
  if (name === 'BigDecimal') return 'java.math.BigDecimal';
  return name;
}

/** The text that Java's `String.valueOf` gives. The schema, if known, tells a float from an integer. Bytes show their length only. */
export function javaText(value: unknown, schema: Schema | null = null): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'number':
      if (schema?.type === SchemaType.FLOAT32) return javaFloatText(value);
      if (schema?.type === SchemaType.FLOAT64 || !Number.isSafeInteger(value)) return javaDoubleText(value);
      return String(value);
    case 'object':
      return javaObjectText(value, schema);
    default:
      return String(value);
  }
}

function javaObjectText(value: object, schema: Schema | null): string {
  if (value instanceof Uint8Array) return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`;
  if (value instanceof Date) return javaDateText(value);
  if (Array.isArray(value)) {
    return `[${value.map((element) => javaText(element, schema?.elementSchema ?? null)).join(', ')}]`;
  }
  const prototype = Object.getPrototypeOf(value);
  if (value instanceof Map || prototype === null || prototype === Object.prototype) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    const texts = entries.map(
      ([key, each]) =>
        `${javaText(key, schema?.mapKeySchema ?? null)}=${javaText(each, schema?.elementSchema ?? null)}`,
    );
    return `{${texts.join(', ')}}`;
  }
  return String(value);
}

/** `Tue Nov 14 22:13:20 UTC 2023`, always in UTC. */
export function javaDateText(date: Date): string {
  const millis = date.getTime();
  if (Number.isNaN(millis)) return 'Invalid Date';
  if (millis < GREGORIAN_MILLIS) return JULIAN_DATE.format(millis);
  const two = (part: number): string => String(part).padStart(2, '0');
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
  return `${day} ${time} UTC ${date.getUTCFullYear()}`;
}

/** As Java's `Double.toString`: `1.0`, `1.5`, `1.0E21`, `1.0E-5`, `NaN`. */
export function javaDoubleText(value: number): string {
  return floatingText(value, atLeastTwoDigits(value, value.toExponential()));
}

/** Java chooses among numerals of two digits at least: its smallest double is 4.9E-324, not 5E-324. */
function atLeastTwoDigits(value: number, shortest: string): string {
  return Number.isFinite(value) && !shortest.includes('.') ? value.toExponential(1) : shortest;
}

/** As Java's `Float.toString`: the shortest digits that give the same 32-bit float. */
export function javaFloatText(value: number): string {
  const float = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = float.toExponential(digits);
    if (Math.fround(Number(text)) === float) return floatingText(float, text);
  }
  return floatingText(float, float.toExponential());
}

function floatingText(value: number, exponential: string): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = exponential.replace('-', value < 0 ? '' : '-').split('e');
  const exponent = Number(exponentText);
  const digits = mantissa.replace('.', '').replace(/(?<=.)0+$/, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < -3 || exponent >= 7) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}
