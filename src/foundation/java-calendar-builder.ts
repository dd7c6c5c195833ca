/** Which moment a set of calendar fields means: the rules by which a lenient `java.util.Calendar` resolves them, in UTC. */
import {
  type DayOfDate,
  dayOf,
  daysInMonth,
  inCalendarOf,
  sundayOnOrBefore,
  weekdayOnOrBefore,
} from './java-calendar.ts';

const MILLIS_PER_DAY = 86_400_000;

/** Months from 0; days of the week from 1 for Sunday, as Java counts them; `era` 0 is BC; `amPm` 1 is PM. */
export type CalendarField =
  | 'era'
  | 'year'
  | 'weekYear'
  | 'month'
  | 'weekOfYear'
  | 'weekOfMonth'
  | 'day'
  | 'dayOfYear'
  | 'dayOfWeek'
  | 'dayOfWeekInMonth'
  | 'amPm'
  | 'hour'
  | 'hourOfDay'
  | 'minute'
  | 'second'
  | 'milli'
  | 'zoneOffset';

/** Takes fields in the order in which they were read: of those that contradict each other, the latest counts. */
export class CalendarBuilder {
  private readonly fields = new Map<CalendarField, { readonly value: number; readonly stamp: number }>();
  private stamps = 0;

  set(field: CalendarField, value: number): void {
    this.fields.set(field, { value, stamp: ++this.stamps });
  }

  add(field: CalendarField, value: number): void {
    this.set(field, (this.fields.get(field)?.value ?? 0) + value);
  }

  /** Milliseconds since the epoch. Fields that were not set are those of the epoch. */
  millis(): number {
    const minutes = this.hours() * 60 + this.value('minute', 0);
    const time = (minutes * 60 + this.value('second', 0)) * 1000 + this.value('milli', 0);
    // Whole days of the time count when the calendar is chosen.
    const days = Math.floor(time / MILLIS_PER_DAY);
    return this.day(days) * MILLIS_PER_DAY + (time - days * MILLIS_PER_DAY) - this.value('zoneOffset', 0);
  }

  private value(field: CalendarField, otherwise: number): number {
    return this.fields.get(field)?.value ?? otherwise;
  }

  /** 0: not set. */
  private stamp(field: CalendarField): number {
    return this.fields.get(field)?.stamp ?? 0;
  }

  /** That of two fields that only count together. */
  private both(a: CalendarField, b: CalendarField): number {
    return this.stamp(a) === 0 || this.stamp(b) === 0 ? 0 : Math.max(this.stamp(a), this.stamp(b));
  }

  private hours(): number {
    const byDay = this.stamp('hourOfDay');
    const byHalf = this.both('hour', 'amPm') || (byDay === 0 ? Math.max(this.stamp('hour'), this.stamp('amPm')) : 0);
    if (byDay >= byHalf) return this.value('hourOfDay', 0);
    return this.value('hour', 0) + 12 * this.value('amPm', 0);
  }

  private day(daysOfTime: number): number {
    if (this.stamp('weekYear') > this.stamp('year')) return this.dayOfWeekDate() + daysOfTime;
    const given = this.value('year', 1970);
    const year = this.value('era', 1) === 0 ? 1 - given : given;
    const { isFromNewYear, dayBy } = this.dateRule(year);
    return inCalendarOf(year, (dayOfDate) => dayBy(dayOfDate) + daysOfTime, isFromNewYear);
  }

  /** By which of its fields the date is found. */
  private dateRule(year: number): { readonly isFromNewYear: boolean; readonly dayBy: (of: DayOfDate) => number } {
    const weekOfMonth = this.stamp('weekOfMonth');
    const inMonth = this.stamp('dayOfWeekInMonth');
    const weekOfYear = this.stamp('weekOfYear');
    const byDay = this.stamp('day');
    const byDayOfYear = this.stamp('dayOfYear');
    let byWeekOfMonth = this.both('weekOfMonth', 'dayOfWeek');
    let byInMonth = this.both('dayOfWeekInMonth', 'dayOfWeek');
    let best = Math.max(byDay, byWeekOfMonth, byInMonth, byDayOfYear, this.both('weekOfYear', 'dayOfWeek'));
    if (best === 0) {
      // Half of a pair will do if there is nothing better.
      byWeekOfMonth = weekOfMonth;
      byInMonth = Math.max(inMonth, this.stamp('dayOfWeek'));
      best = Math.max(byWeekOfMonth, byInMonth, weekOfYear);
    }
    const month = this.value('month', 0);
    if (best === byDay) return { isFromNewYear: false, dayBy: (of) => of(year, month, this.value('day', 1)) };
    if (best === byWeekOfMonth && weekOfMonth >= weekOfYear && weekOfMonth >= inMonth) {
      return {
        isFromNewYear: false,
        dayBy: (of) => this.dayInWeek(of(year, month, 1), this.value('weekOfMonth', 1)),
      };
    }
    if (best === byInMonth && inMonth >= weekOfYear) {
      return { isFromNewYear: false, dayBy: (of) => this.dayOfWeekInMonth(of(year, month, 1), year) };
    }
    if (best === byDayOfYear) {
      return { isFromNewYear: true, dayBy: (of) => of(year, 0, 1) + this.value('dayOfYear', 1) - 1 };
    }
    return { isFromNewYear: true, dayBy: (of) => this.dayInWeek(of(year, 0, 1), this.value('weekOfYear', 1)) };
  }

  /** The n-th such day of the week from the first of the month on; from its last day back if n is negative. */
  private dayOfWeekInMonth(first: number, year: number): number {
    const count = this.value('dayOfWeekInMonth', 1);
    const length = count >= 0 ? 0 : daysInMonth(year, this.value('month', 0)) + 7;
    return weekdayOnOrBefore(first + length + 7 * count - 1, weekday(this.value('dayOfWeek', 1) - 1));
  }

  /** The day of the week that was set, by default Sunday, in the n-th week that begins in or before the period. */
  private dayInWeek(firstOfPeriod: number, week: number): number {
    const dayOfWeek = weekday(this.value('dayOfWeek', 1) - 1);
    return sundayOnOrBefore(firstOfPeriod) + dayOfWeek + 7 * (week - 1);
  }

  /** Java's `setWeekDate`. A day of the week out of range moves the week, and is then one of ISO 8601, which begins with Monday. */
  private dayOfWeekDate(): number {
    const firstSunday = sundayOnOrBefore(dayOf(this.value('weekYear', 1970), 0, 1));
    const week = this.value('weekOfYear', 1) - 1;
    const dayOfWeek = this.value('dayOfWeek', 1);
    if (dayOfWeek >= 1 && dayOfWeek <= 7) return firstSunday + 7 * week + dayOfWeek - 1;
    return firstSunday + 7 * (week + Math.floor((dayOfWeek - 1) / 7)) + weekday(weekday(dayOfWeek - 1) + 1);
  }
}

function weekday(index: number): number {
  return ((index % 7) + 7) % 7;
}
