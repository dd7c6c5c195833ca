/** The part of a file that was read and not yet consumed. */

/** Below this size the buffer is kept for good; a larger one, grown for one long line, is given back. */
const KEPT_BYTES = 1 << 20;

/**
 * A sliding window over the bytes of a file: read into its end, consumed from its start. Views into `buffer` hold until the next
 * `reserve`.
 */
export class ByteWindow {
  /** The bytes are those from `start` to `end`. */
  buffer: Buffer;
  start = 0;
  end = 0;
  /** Position in the file of the byte at `start`. */
  position: number;

  constructor(options: { readonly position?: number } = {}) {
    this.buffer = Buffer.allocUnsafe(0);
    this.position = options.position ?? 0;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Position in the file of the byte after the last. */
  get endPosition(): number {
    return this.position + this.length;
  }

  /** Room for `bytes` more; what is read there counts after `commit`. Moves or copies what is kept, at most once per doubling. */
  reserve(bytes: number): Buffer {
    const { length } = this;
    if (this.buffer.length - this.end < bytes) {
      if (length + bytes <= this.buffer.length) {
        this.buffer.copyWithin(0, this.start, this.end);
      } else {
        const larger = Buffer.allocUnsafe(Math.max(KEPT_BYTES, 2 * length + bytes));
        this.buffer.copy(larger, 0, this.start, this.end);
        this.buffer = larger;
      }
      this.start = 0;
      this.end = length;
    }
    return this.buffer.subarray(this.end, this.end + bytes);
  }

  commit(bytes: number): void {
    this.end += bytes;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes);
    this.commit(bytes.length);
  }

  /** Drops `bytes` from the start. */
  consume(bytes: number): void {
    this.start += bytes;
    this.position += bytes;
    if (this.start === this.end) {
      this.start = 0;
      this.end = 0;
      if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafe(0);
    }
  }

  /** Forgets what it holds, and goes on at another position. */
  reset(position: number): void {
    this.start = 0;
    this.end = 0;
    this.position = position;
  }
}
