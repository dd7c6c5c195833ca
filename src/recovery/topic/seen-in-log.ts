import type { LogEntry } from '../../broker/log-reader.ts';
import type { TopicFacts, UnreadableRange } from '../snapshot/topic-facts.ts';

/** What only the log itself shows. */
export type SeenInLog = Pick<
  TopicFacts,
  'controlOffsets' | 'transactionalOffsets' | 'abortedOffsets' | 'openTransactions' | 'unreadable'
>;

/** So many offsets are kept of each kind; of markers also the last, which may be the end of the log. */
const KEPT = 1000;

/** Follows transactions through a log as it is read, in bounded memory. */
export class LogObserver {
  private readonly control: number[];
  private readonly transactional: number[];
  private readonly aborted: number[];
  private readonly unreadable: UnreadableRange[];
  /** Offsets of transactions that have not ended, by producer. */
  private readonly open = new Map<number, number[]>();

  /** Goes on from what was seen below the offset where reading begins. */
  constructor(before?: SeenInLog) {
    this.control = [...(before?.controlOffsets ?? [])];
    this.transactional = [...(before?.transactionalOffsets ?? [])];
    this.aborted = [...(before?.abortedOffsets ?? [])];
    this.unreadable = [...(before?.unreadable ?? [])];
    for (const { producerId, offsets } of before?.openTransactions ?? []) this.open.set(producerId, [...offsets]);
  }

  see(entry: LogEntry): void {
    if (entry.kind === 'unreadable') {
      const { baseOffset: from, nextOffset: to, reason } = entry;
      this.seeUnreadable({ from, to, reason });
    } else if (entry.kind === 'marker') {
      if (this.control.length >= KEPT) this.control.pop();
      this.control.push(entry.baseOffset);
      const offsets = this.open.get(entry.producerId) ?? [];
      if (entry.outcome !== 'other') this.open.delete(entry.producerId);
      if (entry.outcome === 'abort') for (const offset of offsets) keep(this.aborted, offset);
    } else if (entry.transactional) {
      const offsets = this.open.get(entry.producerId) ?? [];
      if (this.open.size < KEPT) this.open.set(entry.producerId, offsets);
      for (const { offset } of entry.records) {
        keep(this.transactional, offset);
        keep(offsets, offset);
      }
    }
  }

  private seeUnreadable(range: UnreadableRange): void {
    const last = this.unreadable.at(-1);
    if (last !== undefined && last.to === range.from) {
      this.unreadable[this.unreadable.length - 1] = { ...last, to: range.to };
    } else if (last !== undefined && this.unreadable.length >= KEPT) {
      const reason = `these are several ranges, with sound records between them, as there are more than ${KEPT} in all.`;
      this.unreadable[this.unreadable.length - 1] = { from: last.from, to: range.to, reason };
    } else this.unreadable.push(range);
  }

  seen(): SeenInLog {
    const open = [...this.open].map(([producerId, offsets]) => ({ producerId, offsets }));
    return {
      ...(open.length === 0 ? {} : { openTransactions: open }),
      controlOffsets: this.control,
      transactionalOffsets: this.transactional,
      abortedOffsets: [...this.aborted].sort((a, b) => a - b),
      unreadable: this.unreadable,
    };
  }
}

function keep(offsets: number[], offset: number): void {
  if (offsets.length < KEPT) offsets.push(offset);
}
