/** Offsets between records, and which of them are explained. */
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { FindingBook } from './finding-book.ts';

const MAX_RANGES = 10;

export class OffsetGaps {
  private readonly topic: TopicFacts;
  /** Ascending, and the first of them at or behind which the search goes on: gaps come in order. */
  private readonly control: Float64Array;
  private controlAt = 0;
  private next: number;
  private missing = 0;
  private gaps = 0;
  private readonly ranges: string[] = [];
  private readonly offsets: number[] = [];

  constructor(parts: { readonly topic: TopicFacts }) {
    this.topic = parts.topic;
    this.control = Float64Array.from(new Set(parts.topic.controlOffsets)).sort();
    this.next = parts.topic.beginOffset;
  }

  see(offset: number): void {
    if (offset > this.next) this.gap(this.next, offset);
    this.next = Math.max(this.next, offset + 1);
  }

  end(book: FindingBook): void {
    if (this.topic.endOffset > this.next) this.gap(this.next, this.topic.endOffset);
    if (this.missing === 0) return;
    const policy = this.topic.effective['cleanup.policy'] ?? 'compact';
    const isCompacted = policy.includes('compact');
    const more = this.gaps > this.ranges.length ? `, and ${this.gaps - this.ranges.length} ranges more` : '';
    const why = isCompacted ? 'compaction explains them' : 'nothing explains them, as the topic is not compacted';
    const severity = isCompacted ? 'note' : 'warning';
    const message = `${this.missing} offsets have no record (${why}): ${this.ranges.join(', ')}${more}.`;
    book.add('missing-offsets', { severity, offsets: this.offsets }, message);
  }

  private gap(from: number, to: number): void {
    const explained = this.explained(from, to);
    if (explained >= to - from) return;
    this.missing += to - from - explained;
    this.gaps++;
    if (this.ranges.length >= MAX_RANGES) return;
    this.offsets.push(from);
    this.ranges.push(from === to - 1 ? `${from}` : `${from}-${to - 1}`);
  }

  /** By markers of transactions and by what could not be read, which have findings of their own. */
  private explained(from: number, to: number): number {
    let count = 0;
    while ((this.control[this.controlAt] ?? to) < from) this.controlAt++;
    for (; (this.control[this.controlAt] ?? to) < to; this.controlAt++) count++;
    for (const range of this.topic.unreadable) {
      count += Math.max(0, Math.min(to, range.to) - Math.max(from, range.from));
    }
    return count;
  }
}
