import { EnvironmentError, IllegalStateError } from '../sdk/errors/index.ts';
import { BROKER_UNAVAILABLE } from './broker-errors.ts';
import { type LogEntries, logEntries } from './log-entries.ts';
import type { LogChunk, LogReader } from './log-reader.ts';
import type { TopicPartition } from './ports.ts';
import { CodecNotLoadedError, loadCodec } from './record-batch/compression.ts';

export type LogAnswer =
  /** From the batch that holds the offset on; `logEnd` is above all batches. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly logEnd: number }
  /** The broker finds nothing at the offset or above it, though the log goes on: compaction left a gap, or damage hides what is there. */
  | { readonly kind: 'nothing' }
  /** The log does not reach there. */
  | { readonly kind: 'outside'; readonly startOffset: number; readonly endOffset: number }
  /** The broker itself can't read there. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Where the bytes of logs come from. */
export interface LogSource {
  /** Whole batches of some `maxBytes`, at least one. Rejects as {@link LogReader.read} does. */
  fetch(
    place: TopicPartition & { readonly offset: number },
    maxBytes: number,
    signal?: AbortSignal,
  ): Promise<LogAnswer>;
  close(): Promise<void>;
}

type Place = TopicPartition & { readonly offset: number; readonly end: number };

const CHUNK_BYTES = 1024 * 1024;
/** For a batch that is larger than that, and for one whose length is damaged: what follows it is looked for within so much. */
const MOST_BYTES = 64 * 1024 * 1024;

/** See {@link LogReader}; passes over what can't be read. */
export class PassingLogReader implements LogReader {
  private readonly source: LogSource;
  private readonly onClose: (reader: PassingLogReader) => void;
  private closed = false;

  constructor(dependencies: { readonly source: LogSource; readonly onClose: (reader: PassingLogReader) => void }) {
    this.source = dependencies.source;
    this.onClose = dependencies.onClose;
  }

  async read(place: Place, signal?: AbortSignal): Promise<LogChunk> {
    const { topic, partition, offset, end } = place;
    if (offset >= end) return { entries: [], nextOffset: offset };
    let problem = '';
    for (const maxBytes of [CHUNK_BYTES, MOST_BYTES]) {
      const answer = await this.ask(place, maxBytes, signal);
      if (answer.kind === 'nothing') return this.lookBack(place, signal);
      if (answer.kind === 'outside') {
        if (answer.startOffset > offset) return { entries: [], nextOffset: Math.min(end, answer.startOffset) };
        throw new EnvironmentError(
          `The log of ${topic}-${partition} ends at offset ${answer.endOffset}, and was to be read from ${offset} up to ${end}: it was cut, or ` +
            'made anew meanwhile. Look what happened to the topic, then begin again.',
          { code: BROKER_UNAVAILABLE },
        );
      }
      if (answer.kind === 'refused') {
        problem = answer.reason;
        break;
      }
      const found = await entriesOf(answer, place);
      if (found.nextOffset > offset) return found;
      problem = found.problem ?? 'there is no batch for it.';
    }
    return this.passOver(place, problem, signal);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.source.close();
    this.onClose(this);
  }

  /**
   * Whether there is a gap up to the end, or bytes which the broker can't make out: those come behind what it reads before them. Kafka finds
   * no offset behind a batch whose length is too large, up to the next entry of its index.
   */
  private async lookBack(place: Place, signal: AbortSignal | undefined): Promise<LogChunk> {
    const { offset, end } = place;
    for (let back = 1; back <= offset; back *= 2) {
      const answer = await this.ask({ ...place, offset: offset - back }, CHUNK_BYTES, signal);
      // The log begins behind there.
      if (answer.kind === 'outside') break;
      if (answer.kind !== 'bytes') continue;
      const found = await entriesOf(answer, place);
      if (found.nextOffset > offset) return found;
      // Much of this lies below, so that the rest may be cut off: nothing is known of it.
      if (found.problem !== null) return this.passOver(place, found.problem, signal);
      break;
    }
    return { entries: [], nextOffset: end };
  }

  /** The next offset from which on something can be read, found by asking for later ones, and then closer to the damage. */
  private async passOver(place: Place, reason: string, signal: AbortSignal | undefined): Promise<LogChunk> {
    const { offset, end } = place;
    let failed = offset;
    let next = end;
    for (let step = 1; failed < end - 1; step *= 2) {
      const probe = Math.min(failed + step, end - 1);
      const found = await this.probe({ ...place, offset: probe }, signal);
      if (found !== null) {
        next = found;
        for (let high = probe; high - failed > 1; ) {
          const middle = Math.floor((failed + high) / 2);
          const earlier = await this.probe({ ...place, offset: middle }, signal);
          if (earlier === null) failed = middle;
          else {
            high = middle;
            next = Math.min(next, earlier);
          }
        }
        break;
      }
      failed = probe;
    }
    return { entries: [{ kind: 'unreadable', baseOffset: offset, nextOffset: next, reason }], nextOffset: next };
  }

  /** Where reading goes on soundly if it is asked for at this offset; null if it does not. */
  private async probe(place: Place, signal: AbortSignal | undefined): Promise<number | null> {
    const answer = await this.ask(place, CHUNK_BYTES, signal);
    if (answer.kind === 'outside') return answer.startOffset > place.offset ? answer.startOffset : null;
    if (answer.kind !== 'bytes') return null;
    const { entries } = await entriesOf(answer, place);
    return entries.find(({ kind }) => kind !== 'unreadable')?.baseOffset ?? null;
  }

  private ask(place: Place, maxBytes: number, signal: AbortSignal | undefined): Promise<LogAnswer> {
    signal?.throwIfAborted();
    if (this.closed) throw new IllegalStateError('The log reader is closed.');
    return this.source.fetch(place, maxBytes, signal);
  }
}

async function entriesOf(
  { bytes, logEnd }: { readonly bytes: Buffer; readonly logEnd: number },
  place: { readonly offset: number; readonly end: number },
): Promise<LogEntries> {
  for (;;) {
    try {
      return logEntries({ ...place, bytes, logEnd });
    } catch (error) {
      if (!(error instanceof CodecNotLoadedError)) throw error;
      await loadCodec(error.compression);
    }
  }
}
