import { defineErrorCode, IllegalStateError } from '../../sdk/errors/index.ts';
import type { BatchHeader } from '../record-batch/batch-header.ts';

/** A batch that came out of its producer's order. Carried by an IllegalStateError. */
export const OUT_OF_ORDER_SEQUENCE = defineErrorCode('holdfast.broker.embedded.sequence', {
  what: 'A batch of an idempotent producer came out of order, or from a producer that a newer one replaced.',
  mend: 'Report it: the producer numbers its batches itself. Restarting the task gives it a new producer.',
});

/** Batches that a retry may repeat, as in Kafka: a producer has at most five in flight. */
const REMEMBERED_BATCHES = 5;
const SEQUENCE_MASK = 0x7fff_ffff;

interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface ProducerState {
  readonly epoch: number;
  /** The sequence that comes next. */
  readonly nextSequence: number;
  /** Ascending; at most {@link REMEMBERED_BATCHES}. */
  readonly batches: readonly RememberedBatch[];
  /** ms: when it last wrote. */
  readonly lastTimestamp: number;
}

/** What the log remembers of idempotent producers: their last batches, so that one sent twice is written once. */
export class ProducerStates {
  private readonly states = new Map<number, ProducerState>();

  /**
   * The base offset under which this very batch was written before, or null when it is the next one.
   *
   * @throws IllegalStateError for a batch that is neither, or is of an older epoch
   */
  duplicateOf(header: BatchHeader): number | null {
    if (header.producerId < 0) return null;
    const state = this.states.get(header.producerId);
    // As in Kafka, a producer that the log knows nothing of (any more) may begin with any number.
    if (state === undefined) return null;
    if (header.producerEpoch < state.epoch) {
      throw outOfOrder(header, `its producer's epoch is now ${state.epoch}`);
    }
    if (header.producerEpoch > state.epoch) {
      if (header.baseSequence === 0) return null;
      throw outOfOrder(header, 'a new epoch begins with number 0');
    }
    if (header.baseSequence === state.nextSequence) return null;
    const last = lastSequenceOf(header);
    const known = state.batches.find(
      (batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === last,
    );
    if (known !== undefined) return known.baseOffset;
    throw outOfOrder(header, `number ${state.nextSequence} comes next`);
  }

  /** Remembers a batch as written; the function returned forgets it again. */
  record(header: BatchHeader, baseOffset: number, timestamp: number): () => void {
    const { producerId } = header;
    if (producerId < 0) return nothing;
    const before = this.states.get(producerId);
    const lastSequence = lastSequenceOf(header);
    const kept = before?.epoch === header.producerEpoch ? before.batches.slice(1 - REMEMBERED_BATCHES) : [];
    this.states.set(producerId, {
      epoch: header.producerEpoch,
      nextSequence: (lastSequence + 1) & SEQUENCE_MASK,
      batches: [...kept, { firstSequence: header.baseSequence, lastSequence, baseOffset }],
      lastTimestamp: timestamp,
    });
    return () => this.restore(producerId, before);
  }

  /** A batch that its producer took back before it was written: its numbers will not come. */
  skip(header: BatchHeader): void {
    const state = this.states.get(header.producerId);
    if (state?.epoch !== header.producerEpoch || state.nextSequence !== header.baseSequence) return;
    this.states.set(header.producerId, { ...state, nextSequence: (lastSequenceOf(header) + 1) & SEQUENCE_MASK });
  }

  /** Forgets producers that wrote nothing since then. */
  forgetBefore(timestamp: number): void {
    for (const [id, state] of this.states) if (state.lastTimestamp < timestamp) this.states.delete(id);
  }

  /** The greatest producer id known, or -1. */
  get maxProducerId(): number {
    let max = -1;
    for (const id of this.states.keys()) if (id > max) max = id;
    return max;
  }

  toJSON(): readonly (readonly [number, ProducerState])[] {
    return [...this.states];
  }

  load(json: readonly (readonly [number, ProducerState])[]): void {
    for (const [id, state] of json) this.states.set(id, state);
  }

  private restore(producerId: number, state: ProducerState | undefined): void {
    if (state === undefined) this.states.delete(producerId);
    else this.states.set(producerId, state);
  }
}

const nothing = (): void => {};

function lastSequenceOf(header: BatchHeader): number {
  return (header.baseSequence + header.lastOffsetDelta) & SEQUENCE_MASK;
}

function outOfOrder(header: BatchHeader, why: string): IllegalStateError {
  return new IllegalStateError(
    `Batch ${header.baseSequence} of producer ${header.producerId} (epoch ${header.producerEpoch}) came out of order: ${why}.`,
    { code: OUT_OF_ORDER_SEQUENCE },
  );
}
