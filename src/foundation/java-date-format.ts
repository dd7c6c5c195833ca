/** Dates in the patterns of `java.text.SimpleDateFormat`, in UTC and English. */
import { type CalendarFields, calendarFieldsOf } from './java-calendar.ts';
import { parseDate } from './java-date-parser.ts';
import { DAY_NAMES, type DateFieldToken, type DateToken, dateTokensOf, MONTH_NAMES } from './java-date-pattern.ts';

/**
 * Writes and reads dates as Java does: reading is lenient (fields may be out of range and roll over, blanks before a field and whatever
 * follows the date are skipped), years of two digits lie within 80 years before and 20 after today, and dates before 1582-10-15 are of
 * the Julian calendar.
 */
export class JavaDateFormat {
  readonly pattern: string;
  private readonly tokens: readonly DateToken[];
  /** Records of one second have the same text, as often as not; those of one millisecond always. */
  private lastMillis = Number.NaN;
  private lastText = '';

  /** Throws an Error, in Java's words, for a pattern that is none. */
  constructor(pattern: string) {
    this.pattern = pattern;
    this.tokens = dateTokensOf(pattern);
  }

  /** @param millis since the epoch */
  format(millis: number): string {
    if (millis !== this.lastMillis) {
      const fields = calendarFieldsOf(millis);
      this.lastText = this.tokens
        .map((token) => (token.kind === 'literal' ? token.text : textOf(token, fields)))
        .join('');
      this.lastMillis = millis;
    }
    return this.lastText;
  }

  /** Milliseconds since the epoch; undefined for a text that does not begin with such a date. */
  parse(text: string): number | undefined {
    return parseDate(text, this.tokens);
  }
}

/** From 1: October 1582 went from the 4th to the 15th. */
function daysIntoMonth({ year, month, day }: CalendarFields): number {
  return year === 1582 && month === 9 && day >= 15 ? day - 10 : day;
}

function textOf({ letter, count }: DateFieldToken, of: CalendarFields): string {
  const padded = (value: number): string => String(value).padStart(count, '0');
  const { millisOfDay } = of;
  const hour = Math.floor(millisOfDay / 3_600_000);
  switch (letter) {
    case 'G':
      return of.year > 0 ? 'AD' : 'BC';
    case 'y':
    case 'Y': {
      const signed = letter === 'Y' ? of.weekYear : of.year;
      const year = letter === 'y' && signed <= 0 ? 1 - signed : signed;
      return count === 2 ? String(Math.abs(year) % 100).padStart(2, '0') : padded(year);
    }
    case 'M':
    case 'L': {
      const name = MONTH_NAMES[of.month] ?? '';
      return count >= 4 ? name : count === 3 ? name.slice(0, 3) : padded(of.month + 1);
    }
    case 'd':
      return padded(of.day);
    case 'D':
      return padded(of.dayOfYear);
    case 'F':
      return padded(Math.floor((daysIntoMonth(of) - 1) / 7) + 1);
    case 'E': {
      const name = DAY_NAMES[of.dayOfWeek] ?? '';
      return count >= 4 ? name : name.slice(0, 3);
    }
    case 'u':
      return padded(of.dayOfWeek === 0 ? 7 : of.dayOfWeek);
    case 'w':
      return padded(of.weekOfYear);
    case 'W':
      return padded(of.weekOfMonth);
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'H':
      return padded(hour);
    case 'k':
      return padded(hour === 0 ? 24 : hour);
    case 'K':
      return padded(hour % 12);
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12);
    case 'm':
      return padded(Math.floor(millisOfDay / 60_000) % 60);
    case 's':
      return padded(Math.floor(millisOfDay / 1000) % 60);
    case 'S':
      return padded(millisOfDay % 1000);
    case 'z':
      return count >= 4 ? 'Coordinated Universal Time' : 'UTC';
    case 'Z':
      return '+0000';
    default:
      return 'Z';
  }
}
