/** Broker clients in memory, with scripted failures: the edges of the runtime's tests. */
import { PRODUCER_RECALLED } from '../../../src/broker/broker-errors.ts';
import type {
  Admin,
  FetchedBatch,
  FetchedRecord,
  Fetcher,
  FetchPosition,
  NewTopic,
  Producer,
  ProducerRecord,
  RejectedRecord,
  SendResult,
  TopicPartition,
} from '../../../src/broker/ports.ts';
import type { Clock } from '../../../src/foundation/clock.ts';
import { Deferred } from '../../../src/foundation/deferred.ts';
import { EnvironmentError, IllegalStateError } from '../../../src/sdk/errors/index.ts';

export function sendResult(count: number, firstOffset = 0, rejected: readonly RejectedRecord[] = []): SendResult {
  const offsets = new Float64Array(count);
  for (let index = 0; index < count; index++) offsets[index] = firstOffset + index;
  for (const { index } of rejected) offsets[index] = -1;
  return { partitions: new Int32Array(count), offsets, rejected };
}

/** Acknowledges at once, or when told to. `log` is what the broker has, in the order of `send`. */
export class FakeProducer implements Producer {
  readonly log: ProducerRecord[] = [];
  readonly batches: ProducerRecord[][] = [];
  /** Answers of the next sends; when empty, a send succeeds. */
  readonly script: ((records: readonly ProducerRecord[]) => Promise<SendResult>)[] = [];
  isHolding = false;
  closedWith: number | undefined;
  readonly held: { readonly records: readonly ProducerRecord[]; readonly answer: Deferred<SendResult> }[] = [];
  onAcknowledge: (records: readonly ProducerRecord[]) => void = () => {};

  async send(records: readonly ProducerRecord[]): Promise<SendResult> {
    this.batches.push([...records]);
    const scripted = this.script.shift();
    if (scripted !== undefined) return scripted(records);
    if (this.isHolding) {
      const answer = new Deferred<SendResult>();
      this.held.push({ records, answer });
      return answer.promise;
    }
    return this.append(records);
  }

  append(records: readonly ProducerRecord[], rejected: readonly RejectedRecord[] = []): SendResult {
    const bad = new Set(rejected.map(({ index }) => index));
    const result = sendResult(records.length, this.log.length, rejected);
    this.log.push(...records.filter((_, index) => !bad.has(index)));
    this.onAcknowledge(records);
    return result;
  }

  /** Acknowledges the held sends, the first by default. */
  release(index = 0): void {
    const [held] = this.held.splice(index, 1);
    held?.answer.resolve(this.append(held.records));
  }

  /** Sends of which something is under way: they can't be taken back, nor what stands before them. */
  readonly underWay = new Set<readonly ProducerRecord[]>();

  recall(): void {
    for (let last = this.held.at(-1); last !== undefined; last = this.held.at(-1)) {
      if (this.underWay.has(last.records)) return;
      this.held.pop();
      last.answer.reject(new EnvironmentError('taken back', { code: PRODUCER_RECALLED }));
    }
  }

  async flush(): Promise<void> {}

  async close(timeoutMs?: number): Promise<void> {
    this.closedWith = timeoutMs ?? -1;
    for (const { answer } of this.held.splice(0)) answer.reject(new IllegalStateError('The producer is closed.'));
  }

  values(): string[] {
    return this.log.map(({ value }) => Buffer.from(value ?? []).toString());
  }
}

export class FakeAdmin {
  readonly created: NewTopic[] = [];
  readonly topics = new Set<string>();
  readonly failures: unknown[] = [];

  asAdmin(): Admin {
    return this as unknown as Admin;
  }

  async describeTopics(names: readonly string[]): Promise<readonly { name: string; partitions: [] }[]> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return names.filter((name) => this.topics.has(name)).map((name) => ({ name, partitions: [] }));
  }

  async createTopics(topics: readonly NewTopic[]): Promise<readonly ('created' | 'exists')[]> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    for (const topic of topics) this.topics.add(topic.name);
    this.created.push(...topics);
    return topics.map(() => 'created' as const);
  }

  async close(): Promise<void> {}
}

export function fetched(offset: number, value: string, key: string | null = null): FetchedRecord {
  return {
    offset,
    timestamp: 1_000 + offset,
    timestampType: 'CreateTime',
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    headers: [],
  };
}

interface Assigned extends TopicPartition {
  position: number;
  isPaused: boolean;
}

/** Partitions in memory. A poll without records ends by its timeout, by its signal, or when something changes. */
export class FakeFetcher implements Fetcher {
  private readonly clock: Clock;
  private readonly data = new Map<string, FetchedRecord[]>();
  private readonly assigned = new Map<string, Assigned>();
  private change = new Deferred();
  readonly calls: string[] = [];
  polls = 0;
  isClosed = false;
  readonly failures: unknown[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  append(topic: string, partition: number, ...values: string[]): void {
    const key = `${topic}-${partition}`;
    const records = this.data.get(key) ?? [];
    for (const value of values) records.push(fetched(records.length, value));
    this.data.set(key, records);
    this.wake();
  }

  put(topic: string, partition: number, record: Omit<FetchedRecord, 'offset'>): void {
    const key = `${topic}-${partition}`;
    const records = this.data.get(key) ?? [];
    records.push({ ...record, offset: records.length });
    this.data.set(key, records);
    this.wake();
  }

  add(positions: readonly FetchPosition[]): void {
    for (const { topic, partition, offset } of positions) {
      const end = this.data.get(`${topic}-${partition}`)?.length ?? 0;
      const position = typeof offset === 'number' ? offset : offset === 'earliest' ? 0 : end;
      this.assigned.set(`${topic}-${partition}`, { topic, partition, position, isPaused: false });
      this.calls.push(`add ${topic}-${partition}@${offset}`);
    }
    this.wake();
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      this.assigned.delete(`${topic}-${partition}`);
      this.calls.push(`remove ${topic}-${partition}`);
    }
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    const assigned = this.assigned.get(`${topic}-${partition}`);
    if (assigned === undefined) throw new Error(`seek of ${topic}-${partition}, which is not assigned`);
    assigned.position = offset;
    this.calls.push(`seek ${topic}-${partition}@${offset}`);
    this.wake();
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.setPaused(partitions, false);
  }

  isPaused(topic: string, partition: number): boolean | undefined {
    return this.assigned.get(`${topic}-${partition}`)?.isPaused;
  }

  position({ topic, partition }: TopicPartition): number | null {
    return this.assigned.get(`${topic}-${partition}`)?.position ?? null;
  }

  async poll(options: {
    readonly maxRecords: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<FetchedBatch[]> {
    this.polls++;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    let batches = this.take(options.maxRecords);
    if (batches.length > 0) return batches;
    const limit = new AbortController();
    const forward = (): void => limit.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', forward, { once: true });
    const timeout = this.clock.sleep(options.timeoutMs, limit.signal);
    timeout.catch(() => {});
    try {
      await Promise.race([timeout, this.change.promise]);
    } finally {
      options.signal?.removeEventListener('abort', forward);
      limit.abort();
    }
    batches = this.take(options.maxRecords);
    return batches;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private take(maxRecords: number): FetchedBatch[] {
    const batches: FetchedBatch[] = [];
    let left = maxRecords;
    for (const assigned of this.assigned.values()) {
      if (assigned.isPaused || left === 0) continue;
      const log = this.data.get(`${assigned.topic}-${assigned.partition}`) ?? [];
      const records = log.slice(assigned.position, assigned.position + left);
      if (records.length === 0) continue;
      assigned.position += records.length;
      left -= records.length;
      const { topic, partition } = assigned;
      // Several batches of one partition may come in one poll.
      for (let from = 0; from < records.length; from += 2) {
        const part = records.slice(from, from + 2);
        const nextOffset = (part.at(-1)?.offset ?? 0) + 1;
        batches.push({ topic, partition, records: part, nextOffset, highWatermark: log.length });
      }
    }
    return batches;
  }

  private setPaused(partitions: readonly TopicPartition[], isPaused: boolean): void {
    for (const { topic, partition } of partitions) {
      const assigned = this.assigned.get(`${topic}-${partition}`);
      if (assigned !== undefined) assigned.isPaused = isPaused;
      this.calls.push(`${isPaused ? 'pause' : 'resume'} ${topic}-${partition}`);
    }
    this.wake();
  }

  private wake(): void {
    this.change.resolve();
    this.change = new Deferred();
  }
}
