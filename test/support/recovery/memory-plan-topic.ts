import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../../src/foundation/clock.ts';
import { openPlan, type Plan } from '../../../src/recovery/plan/open-plan.ts';
import { appendedRecord } from '../../../src/recovery/plan/planned-record.ts';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import { undoPathOf } from '../../../src/recovery/restore/open-undo.ts';
import type { CreateTopic, PlanTopic } from '../../../src/recovery/restore/plan-topic.ts';
import { runTopicPlan, type TopicRunResult } from '../../../src/recovery/restore/run-topic-plan.ts';
import type { RecordSink } from '../../../src/recovery/snapshot/record-sink.ts';
import type { TopicFacts } from '../../../src/recovery/snapshot/topic-facts.ts';
import type { AppendedRecord } from '../../../src/recovery/topic/topic-appender.ts';
import { tempDir } from '../temp-dir.ts';
import { Killed } from './failing-topic.ts';
import { MemorySnapshot, topicFacts } from './memory-snapshot.ts';
import type { WrittenRecord } from './record-bytes.ts';

/** A registry's topic in memory, of which a test decides what arrives when. Refuses what Kafka refuses: keyless records where it is compacted. */
export class MemoryPlanTopic implements PlanTopic {
  readonly topic: string;
  log: RawRecord[] = [];
  /** undefined: there is no such topic. */
  made: Partial<TopicFacts> | undefined;
  /** How many more records are taken before whoever appends is killed; the piece in which that happens is cut there. */
  livesFor = Number.POSITIVE_INFINITY;
  /** What was sent, and arrives only when the topic is asked for its facts; or with the record of a later writer, before it. */
  late: (readonly AppendedRecord[])[] = [];
  /** In front of the nth record that is appended from now on; counted down. */
  intruder: { after: number; records: readonly AppendedRecord[] } | undefined;
  /** Which change is the last thing that whoever runs a plan asks for: it does not happen. */
  diesAt: 'create' | 'alter' | 'remove' | undefined;
  private incarnation = 0;

  constructor(log: readonly RawRecord[] = [], facts: Partial<TopicFacts> = {}) {
    this.topic = `_schemas-${randomUUID().slice(0, 8)}`;
    this.log = [...log];
    this.made = { topicId: `id-${this.topic}-0`, replicationFactor: 1, ...facts };
  }

  static absent(): MemoryPlanTopic {
    const topic = new MemoryPlanTopic();
    topic.made = undefined;
    return topic;
  }

  get end(): number {
    return (this.log.at(-1)?.offset ?? -1) + 1;
  }

  /** As it is now, for planners. */
  present(): MemorySnapshot {
    return new MemorySnapshot([...this.log], { topic: this.factsNow() });
  }

  write(...records: readonly WrittenRecord[]): void {
    for (const record of records) this.take({ ...record, timestamp: -1 });
  }

  /** Only the last record of each key is left, and no delete. */
  compact(): void {
    const text = (key: Uint8Array | null): string => Buffer.from(key ?? []).toString('latin1');
    const last = new Map(this.log.map(({ key, offset }) => [text(key), offset]));
    const { end } = this;
    this.log = this.log.filter(
      ({ key, offset, value }) => offset === end - 1 || (last.get(text(key)) === offset && value !== null),
    );
  }

  private factsNow(): TopicFacts {
    const { topic, end: endOffset } = this;
    return topicFacts({ topic, acls: null, beginOffset: 0, ...this.made, endOffset });
  }

  private take({ key, value, headers, timestamp }: AppendedRecord): number {
    const offset = this.end;
    this.log.push({ offset, timestamp: Math.max(0, timestamp), timestampType: 'CreateTime', key, value, headers });
    return offset;
  }

  clusterId(): Promise<string | null> {
    return Promise.resolve(this.factsNow().clusterId);
  }

  facts(): Promise<TopicFacts | undefined> {
    const facts = this.made === undefined ? undefined : this.factsNow();
    if (facts !== undefined) for (const record of this.late.shift() ?? []) this.take(record);
    return Promise.resolve(facts);
  }

  whileNoMembers<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return work(signal);
  }

  private survive(change: NonNullable<MemoryPlanTopic['diesAt']>): void {
    if (this.diesAt !== change) return;
    this.diesAt = undefined;
    throw new Killed();
  }

  create({ replicationFactor, configs }: CreateTopic): Promise<readonly string[]> {
    this.survive('create');
    if (this.made === undefined) {
      this.log = [];
      const topicId = `id-${this.topic}-${++this.incarnation}`;
      this.made = { topicId, replicationFactor };
    }
    return this.alter(configs).then(() => []);
  }

  alter(configs: Readonly<Record<string, string | null>>): Promise<void> {
    this.survive('alter');
    const { overrides, effective } = this.factsNow();
    const set = (old: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
      const all = Object.entries({ ...old, ...configs });
      return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
    };
    this.made = { ...this.made, overrides: set(overrides), effective: set(effective) };
    return Promise.resolve();
  }

  remove(): Promise<void> {
    this.survive('remove');
    this.made = undefined;
    this.log = [];
    return Promise.resolve();
  }

  async spool(facts: TopicFacts, writer: RecordSink): Promise<TopicFacts> {
    await writer.append([...this.log]);
    return facts;
  }

  async *read(from: number, end: number): AsyncGenerator<readonly RawRecord[]> {
    const wanted = this.log.filter(({ offset }) => offset >= from && offset < end);
    for (let at = 0; at < wanted.length; at += 5) yield wanted.slice(at, at + 5);
  }

  append(records: readonly AppendedRecord[]): Promise<readonly number[]> {
    if (this.made === undefined) throw new Error(`no topic ${this.topic}`);
    const isCompacted = this.factsNow().effective['cleanup.policy']?.includes('compact') === true;
    const keyless = records.findIndex(({ key }) => key === null);
    if (isCompacted && keyless !== -1) throw new Error(`the broker does not take record ${keyless}: it has no key`);
    const offsets: number[] = [];
    for (const record of records) {
      if (this.livesFor-- <= 0) throw new Killed();
      const { intruder } = this;
      if (intruder !== undefined && intruder.after-- <= 0) {
        this.intruder = undefined;
        for (const other of intruder.records) this.take(other);
      }
      offsets.push(this.take(record));
    }
    return Promise.resolve(offsets);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Runs a plan; `livesFor` records, if that is told, and then it is killed. */
  async run(plan: Plan, { livesFor }: { readonly livesFor?: number } = {}): Promise<TopicRunResult> {
    this.livesFor = livesFor ?? Number.POSITIVE_INFINITY;
    try {
      return await runTopicPlan(
        {
          ...{ plan, target: this, undoPath: undoPathOf(plan.path), clock, temporaryFolder: tempDir('memory-run') },
          // The topic as it is is its own backup.
          openBackup: () => Promise.resolve(Object.assign(this.present(), { check: () => Promise.resolve() })),
          openPlan: (path) => openPlan(path),
        },
        new AbortController().signal,
      );
    } finally {
      this.livesFor = Number.POSITIVE_INFINITY;
    }
  }

  /** Runs what takes that plan back. */
  async undo(plan: Plan, options: { readonly livesFor?: number } = {}): Promise<TopicRunResult> {
    return this.run(await openPlan(undoPathOf(plan.path)), options);
  }
}

/** Waits for nothing. */
const clock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  sleep: () => Promise.resolve(),
  setTimer: (run, delayMs, options) => systemClock.setTimer(run, delayMs, options),
};

/** The records that a plan writes. */
export async function plannedRecords(plan: Plan, from = 0, to = Number.POSITIVE_INFINITY): Promise<AppendedRecord[]> {
  const all: AppendedRecord[] = [];
  for await (const steps of plan.read()) {
    for (const step of steps) if (step.do === 'produce') all.push(appendedRecord(step.record));
  }
  return all.slice(from, to);
}
