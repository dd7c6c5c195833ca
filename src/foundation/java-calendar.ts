/** Java's GregorianCalendar in UTC and the locale en-US: the Julian calendar before 1582-10-15, weeks that begin on Sunday, fields that roll over. */

const MILLIS_PER_DAY = 86_400_000;
/** Days from 0001-01-01 of the proleptic Gregorian calendar to the epoch. */
const EPOCH_DAY = 719_162;
/** 1582-10-15, as days since the epoch. */
const CUTOVER = -141_427;
const CUTOVER_YEAR = 1582;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** The fields of a moment. Months from 0, days of the week from 0 for Sunday. */
export interface CalendarFields {
  /** 1 BC is 0. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  readonly dayOfWeek: number;
  readonly weekOfYear: number;
  readonly weekYear: number;
  readonly weekOfMonth: number;
  readonly millisOfDay: number;
}

/** Splits milliseconds since the epoch. */
export function calendarFieldsOf(millis: number): CalendarFields {
  const epochDay = Math.floor(millis / MILLIS_PER_DAY);
  const { year, month, day } = dateOf(epochDay);
  const firstDay = dayOf(year, 0, 1);
  const dayOfYear = epochDay - firstDay + 1;
  const nextFirstDay = dayOf(year + 1, 0, 1);
  // Minimal days in the first week: 1. So the week of January 1st is the first one of its year.
  const isOfNextYear = sundayOnOrBefore(nextFirstDay) <= epochDay;
  return {
    year,
    month,
    day,
    dayOfYear,
    dayOfWeek: dayOfWeekOf(epochDay),
    weekOfYear: isOfNextYear ? 1 : (epochDay - sundayOnOrBefore(firstDay) - dayOfWeekOf(epochDay)) / 7 + 1,
    weekYear: isOfNextYear ? year + 1 : year,
    weekOfMonth: Math.floor((epochDay - sundayOnOrBefore(dayOf(year, month, 1))) / 7) + 1,
    millisOfDay: millis - epochDay * MILLIS_PER_DAY,
  };
}

/** The day, counted from the epoch, of a date whose month and day may lie beyond their limits, in the calendar of that time. */
export function dayOf(year: number, month: number, day: number): number {
  return inCalendarOf(year, (dayOfDate) => dayOfDate(year, month, day));
}

/** The day, counted from the epoch, of a date of one calendar, whose month and day may lie beyond their limits. */
export type DayOfDate = (year: number, month: number, day: number) => number;

/**
 * What is counted in the calendar of a year: before 1582 the Julian one, even for a date that rolls over to much later. Later years that roll
 * back to before the cut-over, and in 1582 whatever comes before it or is counted from the first of January, are Julian, too.
 */
export function inCalendarOf(year: number, count: (dayOfDate: DayOfDate) => number, isFromNewYear = false): number {
  if (year > CUTOVER_YEAR || (year === CUTOVER_YEAR && !isFromNewYear)) {
    const gregorian = count(rolling(gregorianDayOf));
    if (gregorian >= CUTOVER) return gregorian;
  }
  return count(rolling(julianDayOf));
}

/** Of a year that is given with its month, which may lie beyond its limits. */
export function daysInMonth(year: number, month: number): number {
  const rolledYear = year + Math.floor(month / 12);
  const from = rolledYear > CUTOVER_YEAR ? rolling(gregorianDayOf) : rolling(julianDayOf);
  return from(year, month + 1, 1) - from(year, month, 1);
}

function rolling(firstOf: DayOfDate): DayOfDate {
  return (year, month, day) => {
    const years = Math.floor(month / 12);
    return firstOf(year + years, month - years * 12, 1) + day - 1;
  };
}

/** From 0 for Sunday. */
export function dayOfWeekOf(epochDay: number): number {
  return (((epochDay + 4) % 7) + 7) % 7;
}

/** The last day of that weekday up to a day. */
export function weekdayOnOrBefore(epochDay: number, dayOfWeek: number): number {
  return epochDay - ((dayOfWeekOf(epochDay) - dayOfWeek + 7) % 7);
}

/** The Sunday that the week of a day begins with. */
export function sundayOnOrBefore(epochDay: number): number {
  return weekdayOnOrBefore(epochDay, 0);
}

function dateOf(epochDay: number): { readonly year: number; readonly month: number; readonly day: number } {
  const isJulian = epochDay < CUTOVER;
  const first = isJulian ? julianDayOf : gregorianDayOf;
  let year = Math.floor((epochDay + EPOCH_DAY) / 365.2425) + 1;
  while (first(year, 0, 1) > epochDay) year--;
  while (first(year + 1, 0, 1) <= epochDay) year++;
  let month = 11;
  while (first(year, month, 1) > epochDay) month--;
  return { year, month, day: epochDay - first(year, month, 1) + 1 };
}

function gregorianDayOf(year: number, month: number, day: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return before * 365 + leapDays + daysBefore(month, isLeap) + day - 1 - EPOCH_DAY;
}

function julianDayOf(year: number, month: number, day: number): number {
  const before = year - 1;
  // The first of January of the year 1 is two days earlier in the Julian calendar.
  return before * 365 + Math.floor(before / 4) + daysBefore(month, year % 4 === 0) + day - 3 - EPOCH_DAY;
}

function daysBefore(month: number, isLeap: boolean): number {
  return (DAYS_BEFORE_MONTH[month] ?? 0) + (isLeap && month > 1 ? 1 : 0);
}
