/** The transformations of a task, in order, each with its predicate. Kafka Connect 4.1.1, transformations (KIP-66, KIP-585). */
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { readableError } from '../../sdk/errors/readable-error.ts';
import type { ConnectRecord } from '../../sdk/record/connect-record.ts';
import type { Predicate, Transformation } from '../../sdk/transformation.ts';
import type { ClosablePlugin } from './close-plugins.ts';

export interface TransformationStep<R extends ConnectRecord> {
  readonly alias: string;
  /** Full name, for error reports. */
  readonly className: string;
  readonly transformation: Transformation<R>;
  /** null: for every record. */
  readonly predicate: { readonly predicate: Predicate<R>; readonly negate: boolean } | null;
}

/** Where a chain was interrupted: what {@link TransformationChain.resume} goes on with. */
export interface ChainInterruption<R extends ConnectRecord> {
  readonly step: number;
  readonly className: string;
  /** As the steps before left it. */
  readonly record: R;
}

/** Knows in which step the chain is, so that one that blocks the loop can be named. */
export interface StepMarks {
  enter(step: number): void;
  leave(): void;
}

export class TransformationChain<R extends ConnectRecord> {
  private readonly steps: readonly TransformationStep<R>[];
  private readonly marks: StepMarks | null;
  private step = 0;
  private current: R | null = null;

  constructor(options: { readonly steps: readonly TransformationStep<R>[]; readonly marks?: StepMarks | null }) {
    this.steps = options.steps;
    this.marks = options.marks ?? null;
  }

  get isEmpty(): boolean {
    return this.steps.length === 0;
  }

  /** The transformed record; null: filtered out. What a step throws is thrown on, and {@link interruption} says where. */
  apply(record: R): R | null {
    return this.run(record, 0);
  }

  /**
   * Goes on at the step that threw, with the record as the steps before it left it.
   *
   * Invariant 4: no step that succeeded runs a second time over the record.
   */
  resume(from: ChainInterruption<R>): R | null {
    return this.run(from.record, from.step);
  }

  /** Where the last call threw. Only to be asked right after it did. */
  interruption(): ChainInterruption<R> {
    const step = this.steps[this.step];
    if (step === undefined || this.current === null) throw new Error('The chain was not interrupted.');
    return { step: this.step, className: step.className, record: this.current };
  }

  /** Transformations and predicates, to be closed. */
  get plugins(): readonly ClosablePlugin[] {
    return this.steps.flatMap(({ transformation, predicate }) =>
      predicate === null ? [transformation] : [transformation, predicate.predicate],
    );
  }

  private run(record: R, from: number): R | null {
    try {
      return this.steppedThrough(record, from);
    } catch (error) {
      throw readableError(error);
    } finally {
      this.marks?.leave();
    }
  }

  private steppedThrough(record: R, from: number): R | null {
    let current = record;
    for (let index = from; index < this.steps.length; index++) {
      const step = this.steps[index] as TransformationStep<R>;
      this.step = index;
      this.current = current;
      this.marks?.enter(index);
      if (step.predicate !== null && step.predicate.predicate.test(current) === step.predicate.negate) continue;
      const next = step.transformation.apply(current);
      if (next === null) return null;
      if (next === undefined) {
        throw new ConnectError(
          `The transformation '${step.alias}' (${step.className}) returned undefined. Return the record, or null to filter it out.`,
        );
      }
      current = next;
    }
    return current;
  }
}
