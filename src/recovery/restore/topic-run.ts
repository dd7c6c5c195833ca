/** One run of a plan for a topic: what it was given, and what each part of it needs. */
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { SnapshotWriter } from '../backup/snapshot-writer.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { PlanTopic } from './plan-topic.ts';
import { changed } from './run-refusals.ts';
import type { CheckableBackup } from './verify-backup.ts';

export interface RunProgress {
  readonly doing: 'saving what is there' | 'comparing with the plan' | 'writing' | 'reading back';
  readonly done: number;
  readonly total: number;
}

export interface RunTopicPlanOptions {
  readonly plan: Plan;
  /** That of the plan's header. */
  readonly target: PlanTopic;
  readonly undoPath: string;
  /** Where the topic is spooled to meanwhile; exists, and is removed by its owner. */
  readonly temporaryFolder: string;
  readonly openBackup: (path: string) => Promise<CheckableBackup>;
  readonly openPlan: (path: string) => Promise<Plan>;
  readonly clock: Clock;
  readonly onProgress?: (progress: RunProgress) => void;
}

/**
 * What became of a plan that was run without an error. `done`: this run did what was left of it; `was-done`: an earlier run had done
 * everything, and this one wrote nothing; `nothing-to-undo`: the plan to take back had changed nothing, and neither did this run.
 */
export type RunOutcome = 'done' | 'was-done' | 'nothing-to-undo';

export interface TopicRunResult {
  readonly outcome: RunOutcome;
  /** Records that this run wrote. */
  readonly written: number;
  /** Of the plan, that an earlier run had written. */
  readonly writtenBefore: number;
  readonly undoPath: string;
  readonly notes: readonly string[];
}

const SETTLE_MS = 1000;
const LOOK_AGAIN_MS = 200;
const MADE_MS = 60_000;

export class TopicRun {
  readonly options: RunTopicPlanOptions;
  readonly signal: AbortSignal;
  /** For the result. */
  readonly notes: string[] = [];
  /** Records that this run has written so far. */
  written = 0;

  constructor(options: RunTopicPlanOptions, signal: AbortSignal) {
    this.options = options;
    this.signal = signal;
  }

  get plan(): Plan {
    return this.options.plan;
  }

  get target(): PlanTopic {
    return this.options.target;
  }

  /** A run that was killed may have sent what its broker appends only now; what was appended has to be known before going on behind it. */
  async settled(): Promise<TopicFacts | undefined> {
    const { clock } = this.options;
    for (let before = await this.target.facts(this.signal); ; ) {
      if (before === undefined) return undefined;
      await clock.sleep(SETTLE_MS, this.signal);
      const now = await this.target.facts(this.signal);
      if (now?.endOffset === before.endOffset && now.topicId === before.topicId) return now;
      before = now;
    }
  }

  /** Of a topic that was just made: brokers hear of it one after the other. @throws ConfigError `holdfast.recovery.target-changed` */
  async madeFacts(): Promise<TopicFacts> {
    const { clock } = this.options;
    for (const giveUpAt = clock.monotonic() + MADE_MS; ; ) {
      const facts = await this.target.facts(this.signal);
      if (facts !== undefined) return facts;
      if (clock.monotonic() > giveUpAt)
        throw changed(this.target.topic, 'it is not there any more, though it was just made');
      await clock.sleep(LOOK_AGAIN_MS, this.signal);
    }
  }

  /** The topic as it is. To be closed. */
  async spooled(facts: TopicFacts): Promise<Snapshot> {
    const { temporaryFolder, clock } = this.options;
    const writer = await SnapshotWriter.create({ folder: join(temporaryFolder, `present-${clock.monotonic()}`) });
    try {
      const topic = await this.target.spool(facts, writer, this.signal, (done, total) => {
        this.progress('saving what is there', done, total);
      });
      return await writer.finish({ source: 'topic', takenAt: clock.now(), topic });
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  progress(doing: RunProgress['doing'], done: number, total: number): void {
    this.options.onProgress?.({ doing, done, total });
  }

  result(outcome: RunOutcome, writtenBefore = 0): TopicRunResult {
    const { written, notes, options } = this;
    return { outcome, written, writtenBefore, undoPath: options.undoPath, notes };
  }
}
