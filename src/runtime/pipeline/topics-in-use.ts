/** Which topics the records of a task went to or came from, each told once. Kafka Connect's topic tracking (KIP-558). */
export class TopicsInUse {
  private readonly told = new Set<string>();
  private readonly tell: (topics: readonly string[]) => void;
  /** Records that follow each other are mostly of one topic. */
  private last: string | null = null;

  constructor(options: { readonly tell: (topics: readonly string[]) => void }) {
    this.tell = options.tell;
  }

  /** `skips` are the indexes of records that don't count. */
  note(records: readonly { readonly topic: string }[], skips?: ReadonlySet<number>): void {
    let found: string[] | null = null;
    for (const [index, { topic }] of records.entries()) {
      if (topic === this.last || skips?.has(index) === true) continue;
      this.last = topic;
      if (this.told.has(topic)) continue;
      this.told.add(topic);
      found ??= [];
      found.push(topic);
    }
    if (found !== null) this.tell(found);
  }

  /** The record of them was reset: what is used from here on is told again. */
  forget(): void {
    this.told.clear();
    this.last = null;
  }
}
