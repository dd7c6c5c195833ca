/** Reading dates as a lenient `java.text.SimpleDateFormat` does. */
import { calendarFieldsOf } from './java-calendar.ts';
import { CalendarBuilder, type CalendarField } from './java-calendar-builder.ts';
import { DAY_NAMES, type DateFieldToken, type DateToken, MONTH_NAMES } from './java-date-pattern.ts';
import { parseZone } from './java-date-zones.ts';
import { withAsciiDigits } from './java-numbers.ts';

const NUMBER_FIELDS: Readonly<Record<string, CalendarField>> = {
  d: 'day',
  H: 'hourOfDay',
  m: 'minute',
  s: 'second',
  S: 'milli',
  D: 'dayOfYear',
  F: 'dayOfWeekInMonth',
  w: 'weekOfYear',
  W: 'weekOfMonth',
  K: 'hour',
};
const MAX_INT = 2 ** 31 - 1;
const DIGITS = String.raw`(?:(?![\u{10000}-\u{10ffff}])\p{Nd})+`;
const NUMBER = new RegExp(`(-?${DIGITS})(?:E(-?${DIGITS}))?`, 'uy');

interface Read {
  readonly value: number;
  readonly end: number;
}

/** Milliseconds since the epoch, or undefined. */
export function parseDate(text: string, tokens: readonly DateToken[]): number | undefined {
  const calendar = new CalendarBuilder();
  const century: { isAmbiguous: boolean } = { isAmbiguous: false };
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'literal') {
      if (!text.startsWith(token.text, at)) return undefined;
      at += token.text.length;
      continue;
    }
    // Digits with no delimiter between the fields are told apart by the number of letters.
    const next = tokens[index + 1];
    const isFixedWidth = next?.kind === 'field' && isNumber(next);
    const end = parseField({ text, at, token, isFixedWidth, calendar, century });
    if (end === undefined) return undefined;
    at = end;
  }
  const millis = calendar.millis();
  if (!century.isAmbiguous || millis >= centuryStart()) return millis;
  calendar.add('year', 100);
  return calendar.millis();
}

/** Names and zones begin with no digit, so that they end the number before them. */
function isNumber({ letter, count }: DateFieldToken): boolean {
  return letter === 'M' || letter === 'L' ? count <= 2 : !'GEazZX'.includes(letter);
}

interface FieldInput {
  readonly text: string;
  readonly at: number;
  readonly token: DateFieldToken;
  readonly isFixedWidth: boolean;
  readonly calendar: CalendarBuilder;
  readonly century: { isAmbiguous: boolean };
}

/** Where the field ends, or undefined if there is none. */
function parseField({ text, at, token, isFixedWidth, calendar, century }: FieldInput): number | undefined {
  const { letter, count } = token;
  let start = at;
  while (text.charAt(start) === ' ' || text.charAt(start) === '\t') start++;
  if (start >= text.length) return undefined;
  // Java skips blanks before numbers and zones alone, though its documentation speaks of all fields.
  const named = namedField(text, at, start, token, calendar);
  if (named !== 'number') return named;
  const limit = isFixedWidth ? at + count : text.length;
  if (limit > text.length) return undefined;
  const read = numberAt(text.slice(0, limit), start);
  if (read === undefined) return undefined;
  setNumber({
    letter,
    count,
    digits: withAsciiDigits(text.slice(start, read.end)),
    value: read.value,
    calendar,
    century,
  });
  return read.end;
}

/** Fields that have names. `number`: it is none of them. */
function namedField(
  text: string,
  at: number,
  afterBlanks: number,
  { letter, count }: DateFieldToken,
  calendar: CalendarBuilder,
): number | undefined | 'number' {
  const set = (names: readonly string[], field: CalendarField, toField: (index: number) => number) => {
    const found = longestName(text, at, names);
    if (found === undefined) return undefined;
    calendar.set(field, toField(found.value));
    return found.end;
  };
  switch (letter) {
    case 'G':
      return set(['BC', 'AD'], 'era', (index) => index);
    case 'a':
      return set(['AM', 'PM'], 'amPm', (index) => index);
    case 'E':
      return set(withShort(DAY_NAMES), 'dayOfWeek', (index) => (index % 7) + 1);
    case 'M':
    case 'L':
      return count <= 2 ? 'number' : set(withShort(MONTH_NAMES), 'month', (index) => index % 12);
    case 'z':
    case 'Z':
    case 'X': {
      const zone = parseZone(text, afterBlanks, { letter, count, isAfterBlanks: afterBlanks > at });
      if (zone === undefined) return undefined;
      calendar.set('zoneOffset', zone.offsetMs);
      return zone.end;
    }
    default:
      return 'number';
  }
}

function setNumber(of: {
  readonly letter: string;
  readonly count: number;
  readonly digits: string;
  readonly value: number;
  readonly calendar: CalendarBuilder;
  readonly century: { isAmbiguous: boolean };
}): void {
  const { letter, count, digits, value, calendar, century } = of;
  switch (letter) {
    case 'y':
    case 'Y': {
      let year = value;
      if (count <= 2 && /^\d\d$/.test(digits)) {
        const start = calendarFieldsOf(centuryStart()).year;
        year += Math.floor(start / 100) * 100 + (value < start % 100 ? 100 : 0);
        century.isAmbiguous = value === start % 100;
      }
      calendar.set(letter === 'y' ? 'year' : 'weekYear', year);
      break;
    }
    case 'M':
    case 'L':
      calendar.set('month', value - 1);
      break;
    case 'k':
      calendar.set('hourOfDay', value === 24 ? 0 : value);
      break;
    case 'h':
      calendar.set('hour', value === 12 ? 0 : value);
      break;
    case 'u':
      // What is no day of a week is taken for one of Java's own count, which begins with Sunday.
      calendar.set('dayOfWeek', value >= 1 && value < 7 ? value + 1 : value === 7 ? 1 : value);
      break;
    default:
      calendar.set(NUMBER_FIELDS[letter] as CalendarField, value);
      break;
  }
}

/**
 * Java's integers: a minus, digits of any script and perhaps an exponent, of which fractions are cut off; also its signs for infinity and for
 * what is no number. Beyond 32 bits they keep their low bits, beyond 64 they are the largest.
 */
function numberAt(text: string, start: number): Read | undefined {
  const special = /^(?:NaN|-?\u221e)/.exec(text.slice(start, start + 3))?.[0];
  if (special !== undefined) {
    const infinity = special.startsWith('-') ? -MAX_INT - 1 : MAX_INT;
    return { value: special === 'NaN' ? 0 : infinity, end: start + special.length };
  }
  NUMBER.lastIndex = start;
  const [all, digits = '', power = '0'] = NUMBER.exec(text) ?? [];
  if (all === undefined) return undefined;
  const exponent = BigInt(withAsciiDigits(power));
  // An exponent beyond 64 bits is none.
  const isPower = BigInt.asIntN(64, exponent) === exponent;
  const end = start + (isPower ? all.length : digits.length);
  return { value: intOf(withAsciiDigits(digits), isPower ? Number(exponent) : 0), end };
}

/** The number as 32 bits. */
function intOf(digits: string, exponent: number): number {
  const value = exponent === 0 ? Number(digits) : Number(`${digits}e${exponent}`);
  if (value === 0) return 0;
  if (Math.abs(value) <= MAX_INT) return Math.trunc(value);
  if (Math.abs(value) < 1e20 && Number.isInteger(value)) {
    const power = 10n ** BigInt(Math.abs(exponent));
    const long = exponent < 0 ? BigInt(digits) / power : BigInt(digits) * power;
    if (BigInt.asIntN(64, long) === long) return Number(BigInt.asIntN(32, long));
  }
  return value > 0 ? MAX_INT : -MAX_INT - 1;
}

function withShort(names: readonly string[]): string[] {
  return [...names, ...names.map((name) => name.slice(0, 3))];
}

function longestName(text: string, start: number, names: readonly string[]): Read | undefined {
  const rest = text.slice(start).toLowerCase();
  let best: Read | undefined;
  for (const [value, name] of names.entries()) {
    const end = start + name.length;
    if (rest.startsWith(name.toLowerCase()) && (best === undefined || end > best.end)) best = { value, end };
  }
  return best;
}

/** Eighty years before now, to the millisecond. */
function centuryStart(): number {
  const start = new Date();
  return start.setUTCFullYear(start.getUTCFullYear() - 80);
}
