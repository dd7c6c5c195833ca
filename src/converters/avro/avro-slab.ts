/** Framed records, written by avsc into memory that many of them share. */
import type { Type } from 'avsc';
import { FRAME_BYTES, writeFrame } from './wire-format.ts';

const SLAB_BYTES = 64 * 1024;
/** With less left, a record would likely be written twice. */
const LEAST_BYTES = 512;

export class AvroSlab {
  private buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  private position = 0;

  /** The frame and the value as the type writes it; the caller's to keep. Throws what the type throws. */
  encode(schemaId: number, type: Type, value: unknown): Buffer {
    if (this.buffer.length - this.position < LEAST_BYTES) this.renew(SLAB_BYTES);
    let end = type.encode(value, this.buffer, this.position + FRAME_BYTES);
    if (end < 0) {
      // avsc wrote nothing beyond the end, and says how much is missing.
      this.renew(Math.max(SLAB_BYTES, this.buffer.length - this.position - end));
      end = type.encode(value, this.buffer, FRAME_BYTES);
    }
    const start = this.position;
    writeFrame(this.buffer, start, schemaId);
    this.position = end;
    return this.buffer.subarray(start, end);
  }

  /** What was handed out keeps the old slab alive; nothing writes to it any more. */
  private renew(size: number): void {
    this.buffer = Buffer.allocUnsafeSlow(size);
    this.position = 0;
  }
}
