import { Deferred } from '../../foundation/deferred.ts';
import type { ConnectError } from '../../sdk/errors/index.ts';
import type { ProducerRecord, RejectedRecord, SendResult } from '../ports.ts';
import { estimateRecordBytes } from '../record-batch/encode-record-batch.ts';

/** Stands for the offset of a record that is not settled. */
const OPEN = -2;

/** One call of `Producer.send` on its way: counts what is still open and settles when nothing is. */
export class SendCall {
  readonly records: readonly ProducerRecord[];
  /** Parallel to `records`: about what each takes in a batch. */
  readonly sizes: Float64Array;
  /** What it counts in `buffer.memory`. */
  readonly bytes: number;
  /** Monotonic ms at which it was made. */
  readonly takenAt: number;
  readonly partitions: Int32Array;
  /** True once a record of it was encoded to be sent: from then on nobody knows whether it was appended. */
  isUnderWay = false;
  private readonly offsets: Float64Array;
  private readonly rejected: RejectedRecord[] = [];
  private readonly deferred = new Deferred<SendResult>();
  private readonly onSettled: (call: SendCall) => void;
  private open: number;
  private settled = false;
  private failure: Error | null = null;

  constructor(input: {
    readonly records: readonly ProducerRecord[];
    readonly takenAt: number;
    readonly onSettled: (call: SendCall) => void;
  }) {
    this.records = input.records;
    this.takenAt = input.takenAt;
    this.onSettled = input.onSettled;
    this.open = input.records.length;
    this.sizes = new Float64Array(this.open);
    let bytes = 0;
    for (let n = 0; n < this.open; n++) {
      const size = estimateRecordBytes(input.records[n] as ProducerRecord);
      this.sizes[n] = size;
      bytes += size;
    }
    this.bytes = bytes;
    this.partitions = new Int32Array(this.open).fill(-1);
    this.offsets = new Float64Array(this.open).fill(OPEN);
  }

  get promise(): Promise<SendResult> {
    return this.deferred.promise;
  }

  /** True once it was failed or every record was settled: what is left of it needs no sending. */
  get isSettled(): boolean {
    return this.settled;
  }

  acknowledge(index: number, offset: number): void {
    this.offsets[index] = offset;
    this.countDown();
  }

  reject(index: number, error: ConnectError): void {
    this.offsets[index] = -1;
    this.rejected.push({ index, error });
    this.countDown();
  }

  fail(error: Error): void {
    if (this.settled) return;
    this.settled = true;
    this.failure = error;
    this.onSettled(this);
    this.deferred.reject(error);
  }

  /** Of a settled call: what it failed with as a whole. */
  get failedWith(): Error | null {
    return this.failure;
  }

  /** Of a settled call: how many records of each topic the broker has not taken; null if there are none. */
  lost(): ReadonlyMap<string, number> | null {
    if (this.failure === null && this.rejected.length === 0) return null;
    const lost = new Map<string, number>();
    const add = (index: number): void => {
      const { topic } = this.records[index] as ProducerRecord;
      lost.set(topic, (lost.get(topic) ?? 0) + 1);
    };
    for (const { index } of this.rejected) add(index);
    if (this.failure !== null) for (const [index, offset] of this.offsets.entries()) if (offset === OPEN) add(index);
    return lost;
  }

  private countDown(): void {
    this.open--;
    if (this.open > 0 || this.settled) return;
    this.settled = true;
    this.onSettled(this);
    this.rejected.sort((a, b) => a.index - b.index);
    this.deferred.resolve({ partitions: this.partitions, offsets: this.offsets, rejected: this.rejected });
  }
}
