/** Damaged records, which no registry reads, or vendors differently, for a summary: none is passed over without a word. */
import { agreeing, counted } from '../../foundation/counted.ts';
import type { ReadRecord } from '../records/schemas-record.ts';
import { isReadDifferently } from '../records/vendor-reading.ts';

/** That are listed one by one, of either kind. */
const LISTED = 20;

/** What becomes of one record, and of several. */
export type Fate = readonly [one: string, many: string];

export const LEFT_OUT: Fate = ['is left out', 'are left out'];

type Unread = Extract<ReadRecord, { readonly ok: false }>;

class Kind {
  private readonly what: string;
  private count = 0;
  private readonly listed: string[] = [];

  constructor(what: string) {
    this.what = what;
  }

  add(offset: number, reason: string): void {
    if (this.count++ < LISTED) this.listed.push(`  offset ${offset}: ${reason}`);
  }

  lines(where: string, fate: Fate): readonly string[] {
    if (this.count === 0) return [];
    const more = this.count > LISTED ? [`  and ${this.count - LISTED} more: holdfast schemas verify lists them`] : [];
    const what = counted(this.count, 'damaged record');
    return [`${what}${where} that ${this.what} ${agreeing(this.count, ...fate)}:`, ...this.listed, ...more];
  }
}

/** Memory does not grow with them. */
export class DamagedRecords {
  private readonly byNone = new Kind('no registry reads');
  private readonly differently = new Kind('vendors read differently');

  add(offset: number, read: Unread): void {
    (isReadDifferently(read) ? this.differently : this.byNone).add(offset, read.reason);
  }

  /** @param where follows `damaged records`, with a blank before it, or is empty */
  lines(where: string, fates: { readonly byNone: Fate; readonly differently: Fate }): readonly string[] {
    return [...this.byNone.lines(where, fates.byNone), ...this.differently.lines(where, fates.differently)];
  }
}
