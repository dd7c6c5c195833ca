import { BATCH_HEADER_BYTES, CRC_START } from '../record-batch/batch-header.ts';
import type { CompressionType } from '../record-batch/codec.ts';
import { crc32c } from '../record-batch/crc32c.ts';
import { encodeRecordBatch } from '../record-batch/encode-record-batch.ts';
import type { BatchRecord } from '../record-batch/record.ts';
import type { SendCall } from './send-call.ts';

/** Who appends: the broker refuses what is not the next sequence of the epoch. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

/** Where identities come from: the same for every partition, until one has to leave its sequences behind. */
export interface ProducerIdentities {
  current(): ProducerIdentity;
  next(): ProducerIdentity;
}

/** Records of one partition under one sequence number, from their encoding to their acknowledgement. */
export interface ProducerBatch {
  readonly records: readonly BatchRecord[];
  /** Parallel to `records`: whose each is, and which of theirs. */
  readonly calls: readonly SendCall[];
  readonly indexes: readonly number[];
  readonly encoded: Buffer;
  /** Of its records, compressed over uncompressed. */
  readonly compressionRatio: number;
  /** Of its largest record, about. */
  readonly maxRecordBytes: number;
  baseSequence: number;
  inFlight: boolean;
  attempts: number;
}

/** Sequence numbers wrap from the largest int32 to 0. */
const SEQUENCES = 0x8000_0000;
/** After so long without an acknowledgement the broker may have forgotten us, and take any sequence for the next. */
const FORGOTTEN_AFTER_MS = 60_000;
const COMPACT_ABOVE = 4_096;

/**
 * What waits for, and is on its way to, one partition.
 *
 * Order is kept as follows. Batches in flight are a prefix of those not acknowledged. After a failure nothing is sent until all that is in
 * flight has come back; then the oldest goes first and alone. A batch that follows one that failed is refused by the broker for its
 * sequence, unless the broker knows no sequence of ours yet: so the first batch goes alone, too.
 */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** Not acknowledged, in order. */
  readonly batches: ProducerBatch[] = [];
  /** Attempts of the oldest batch that failed in a row. */
  failures = 0;
  /** Monotonic ms before which nothing is sent. */
  notBefore = 0;
  private readonly compression: CompressionType;
  private identity: ProducerIdentity = { producerId: -1, epoch: -1 };
  private nextSequence = 0;
  private inFlight = 0;
  private retrying = false;
  private epochIsOver = false;
  private acknowledgedAt = Number.NEGATIVE_INFINITY;
  private records: BatchRecord[] = [];
  private calls: SendCall[] = [];
  private indexes: number[] = [];
  private sizes: number[] = [];
  private head = 0;
  private bytes = 0;

  constructor(input: { readonly topic: string; readonly partition: number; readonly compression: CompressionType }) {
    this.topic = input.topic;
    this.partition = input.partition;
    this.key = `${input.topic}-${input.partition}`;
    this.compression = input.compression;
  }

  add(call: SendCall, index: number, record: BatchRecord, bytes: number): void {
    this.records.push(record);
    this.calls.push(call);
    this.indexes.push(index);
    this.sizes.push(bytes);
    this.bytes += bytes;
  }

  get isEmpty(): boolean {
    return this.batches.length === 0 && this.head === this.records.length;
  }

  get queuedBytes(): number {
    return this.bytes;
  }

  /** The call whose record has waited longest outside of a batch. */
  get oldestQueued(): SendCall | undefined {
    return this.calls[this.head];
  }

  /** Bytes, about, that `take` would give; 0 if it must not be called. */
  sendableBytes(now: number, maxInFlight: number, batchBytes: number): number {
    if (now < this.notBefore) return 0;
    const oldest = this.batches[0];
    if (this.retrying && oldest !== undefined) return this.inFlight === 0 ? oldest.encoded.length : 0;
    const window = now - this.acknowledgedAt > FORGOTTEN_AFTER_MS ? 1 : maxInFlight;
    if (this.inFlight >= window) return 0;
    const again = this.batches[this.inFlight];
    if (again !== undefined) return again.encoded.length;
    return Math.min(this.bytes, Math.max(batchBytes, this.sizes[this.head] ?? 0));
  }

  /** The batch to send next, marked as in flight. Only after `sendableBytes` gave more than 0. Null if nothing of it is wanted any more. */
  take(identities: ProducerIdentities, batchBytes: number): ProducerBatch | null {
    if (this.epochIsOver && this.inFlight === 0) this.startEpoch(identities.next());
    let batch = this.batches[this.inFlight] ?? null;
    if (batch === null) {
      batch = this.encodeNext(identities, batchBytes);
      if (batch === null) return null;
      this.batches.push(batch);
    }
    batch.inFlight = true;
    batch.attempts++;
    this.inFlight++;
    return batch;
  }

  acknowledge(batch: ProducerBatch, baseOffset: number, now: number): void {
    this.comeBack(batch);
    this.batches.splice(this.batches.indexOf(batch), 1);
    this.acknowledgedAt = now;
    this.failures = 0;
    this.notBefore = 0;
    // What is left of the batches before the failure goes out in order, several at a time again.
    if (this.inFlight === 0) this.retrying = false;
    for (let n = 0; n < batch.records.length; n++) {
      (batch.calls[n] as SendCall).acknowledge(batch.indexes[n] as number, baseOffset < 0 ? -1 : baseOffset + n);
    }
  }

  /** It came back without being appended, or nobody knows; it stays the next of its sequence. */
  failed(batch: ProducerBatch): void {
    this.comeBack(batch);
    this.retrying = true;
  }

  isOldest(batch: ProducerBatch): boolean {
    return this.batches[0] === batch;
  }

  /** Takes the batch out if nobody waits for it any more. True if it did. */
  dropUnwanted(batch: ProducerBatch): boolean {
    if (batch.inFlight || !batch.calls.every((call) => call.isSettled)) return false;
    this.drop(batch);
    return true;
  }

  /** Takes a batch that is not in flight out, for good. */
  drop(batch: ProducerBatch): void {
    const at = this.batches.indexOf(batch);
    if (at >= 0) this.batches.splice(at, 1);
  }

  /** Puts batches of parts of its records in its place. The sequence of what is left out is missing afterwards, and the epoch has to change. */
  replace(batch: ProducerBatch, parts: readonly (readonly number[])[]): void {
    const at = this.batches.indexOf(batch);
    let sequence = batch.baseSequence;
    const replacements = parts
      .filter((part) => part.length > 0)
      .map((part) => {
        const records = part.map((n) => batch.records[n] as BatchRecord);
        const made: ProducerBatch = {
          records,
          calls: part.map((n) => batch.calls[n] as SendCall),
          indexes: part.map((n) => batch.indexes[n] as number),
          ...this.encode(records, sequence),
          maxRecordBytes: batch.maxRecordBytes,
          baseSequence: sequence,
          inFlight: false,
          attempts: batch.attempts,
        };
        sequence = (sequence + records.length) % SEQUENCES;
        return made;
      });
    this.batches.splice(at, 1, ...replacements);
  }

  /** The broker's last sequence of ours is not the one before the oldest batch: a new epoch begins once all that was sent has come back. */
  endEpoch(): void {
    this.epochIsOver = true;
  }

  /** Gives what is not acknowledged new sequences, from 0, under a new identity. */
  private startEpoch(identity: ProducerIdentity): void {
    this.epochIsOver = false;
    this.identity = identity;
    this.nextSequence = 0;
    this.acknowledgedAt = Number.NEGATIVE_INFINITY;
    for (const batch of this.batches) {
      batch.baseSequence = this.nextSequence;
      stamp(batch.encoded, identity, batch.baseSequence);
      this.nextSequence = (this.nextSequence + batch.records.length) % SEQUENCES;
    }
  }

  /** Forgets what nobody waits for any more, but for what is in flight. */
  dropSettled(): void {
    for (const batch of [...this.batches]) this.dropUnwanted(batch);
    const kept: number[] = [];
    for (let n = this.head; n < this.calls.length; n++) if (!(this.calls[n] as SendCall).isSettled) kept.push(n);
    if (kept.length === this.calls.length - this.head) return;
    this.records = kept.map((n) => this.records[n] as BatchRecord);
    this.calls = kept.map((n) => this.calls[n] as SendCall);
    this.indexes = kept.map((n) => this.indexes[n] as number);
    this.sizes = kept.map((n) => this.sizes[n] as number);
    this.head = 0;
    this.bytes = this.sizes.reduce((sum, size) => sum + size, 0);
  }

  get hasInFlight(): boolean {
    return this.inFlight > 0;
  }

  /** Takes everything out, in order, handing over each record that is still wanted; only while nothing is in flight. */
  withdraw(each: (call: SendCall, index: number) => void): void {
    const batches = this.batches.splice(0);
    const { calls, indexes, head } = this;
    this.clearQueued(() => {});
    // Of what was in batches the sequences are missing.
    if (batches.length > 0) this.endEpoch();
    this.retrying = false;
    this.failures = 0;
    this.notBefore = 0;
    const give = (call: SendCall, index: number): void => {
      if (!call.isSettled) each(call, index);
    };
    for (const batch of batches) {
      for (let n = 0; n < batch.calls.length; n++) give(batch.calls[n] as SendCall, batch.indexes[n] as number);
    }
    for (let n = head; n < calls.length; n++) give(calls[n] as SendCall, indexes[n] as number);
  }

  /** Forgets what is not in a batch yet, handing over each. */
  clearQueued(each: (call: SendCall) => void): void {
    for (let n = this.head; n < this.calls.length; n++) each(this.calls[n] as SendCall);
    this.records = [];
    this.calls = [];
    this.indexes = [];
    this.sizes = [];
    this.head = 0;
    this.bytes = 0;
  }

  private comeBack(batch: ProducerBatch): void {
    if (!batch.inFlight) return;
    batch.inFlight = false;
    this.inFlight--;
  }

  private encodeNext(identities: ProducerIdentities, batchBytes: number): ProducerBatch | null {
    let bytes = 0;
    let maxRecordBytes = 0;
    let end = this.head;
    let wanted = 0;
    while (end < this.records.length) {
      const size = this.sizes[end] as number;
      if (end > this.head && bytes + size > batchBytes) break;
      bytes += size;
      if (size > maxRecordBytes) maxRecordBytes = size;
      if (!(this.calls[end] as SendCall).isSettled) wanted++;
      end++;
    }
    let records = this.records.slice(this.head, end);
    let calls = this.calls.slice(this.head, end);
    let indexes = this.indexes.slice(this.head, end);
    if (wanted < records.length) {
      const keep = calls.map((call) => !call.isSettled);
      records = records.filter((_, n) => keep[n]);
      indexes = indexes.filter((_, n) => keep[n]);
      calls = calls.filter((_, n) => keep[n]);
    }
    this.bytes -= bytes;
    this.head = end;
    this.compact();
    if (records.length === 0) return null;
    for (const call of calls) call.isUnderWay = true;
    if (this.identity.producerId < 0) this.startEpoch(identities.current());
    const baseSequence = this.nextSequence;
    const encoded = this.encode(records, baseSequence);
    this.nextSequence = (baseSequence + records.length) % SEQUENCES;
    return { records, calls, indexes, ...encoded, maxRecordBytes, baseSequence, inFlight: false, attempts: 0 };
  }

  private encode(
    records: readonly BatchRecord[],
    baseSequence: number,
  ): Pick<ProducerBatch, 'encoded' | 'compressionRatio'> {
    const { producerId, epoch: producerEpoch } = this.identity;
    const { compression } = this;
    const options = { producerId, producerEpoch, baseSequence, compression };
    if (compression === 'none') return { encoded: encodeRecordBatch(records, options), compressionRatio: 1 };
    let plainBytes = 0;
    const onRecordBytes = (bytes: number): void => {
      plainBytes = bytes;
    };
    const encoded = encodeRecordBatch(records, { ...options, onRecordBytes });
    return { encoded, compressionRatio: (encoded.length - BATCH_HEADER_BYTES) / plainBytes };
  }

  private compact(): void {
    if (this.head === this.records.length) {
      this.records = [];
      this.calls = [];
      this.indexes = [];
      this.sizes = [];
      this.head = 0;
    } else if (this.head > COMPACT_ABOVE && this.head * 2 > this.records.length) {
      this.records = this.records.slice(this.head);
      this.calls = this.calls.slice(this.head);
      this.indexes = this.indexes.slice(this.head);
      this.sizes = this.sizes.slice(this.head);
      this.head = 0;
    }
  }
}

/** Writes identity and sequence into an encoded batch; they are covered by its checksum. */
function stamp(batch: Buffer, { producerId, epoch }: ProducerIdentity, baseSequence: number): void {
  batch.writeBigInt64BE(BigInt(producerId), 43);
  batch.writeInt16BE(epoch, 51);
  batch.writeInt32BE(baseSequence, 53);
  batch.writeUInt32BE(crc32c(batch, CRC_START), 17);
}
