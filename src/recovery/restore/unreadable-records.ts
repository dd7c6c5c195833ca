/** Damaged records, which no registry reads, or vendors differently, for a summary: none is passed over without a word. */

/** That are listed one by one. */
const LISTED = 20;

/** Memory does not grow with them. */
export class UnreadableRecords {
  private count = 0;
  private readonly listed: string[] = [];

  add(offset: number, reason: string): void {
    if (this.count++ < LISTED) this.listed.push(`  offset ${offset}: ${reason}`);
  }

  /**
   * @param where follows `damaged records`, with a blank before it, or is empty
   * @param what becomes of them
   */
  lines(where: string, what: string): readonly string[] {
    if (this.count === 0) return [];
    const more = this.count > LISTED ? [`  and ${this.count - LISTED} more: holdfast schemas verify lists them`] : [];
    return [`${this.count} damaged records${where} ${what}:`, ...this.listed, ...more];
  }
}
