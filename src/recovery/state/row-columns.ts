/** One number for each row, in chunks that never move: growing copies nothing, and memory is what the numbers take; rows far from all others take none. */

const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;

/** Bytes; 0 until one is set. */
export class RowBytes {
  private readonly chunks: Uint8Array[] = [];

  get(row: number): number {
    return this.chunks[row >> CHUNK_BITS]?.[row & (CHUNK - 1)] ?? 0;
  }

  set(row: number, value: number): void {
    this.chunks[row >> CHUNK_BITS] ??= new Uint8Array(CHUNK);
    (this.chunks[row >> CHUNK_BITS] as Uint8Array)[row & (CHUNK - 1)] = value;
  }
}

/** int32; -1 until one is set. */
export class RowInts {
  private readonly chunks: Int32Array[] = [];

  get(row: number): number {
    return this.chunks[row >> CHUNK_BITS]?.[row & (CHUNK - 1)] ?? -1;
  }

  set(row: number, value: number): void {
    this.chunks[row >> CHUNK_BITS] ??= new Int32Array(CHUNK).fill(-1);
    (this.chunks[row >> CHUNK_BITS] as Int32Array)[row & (CHUNK - 1)] = value;
  }
}

/** Offsets and the like, as float64; -1 until one is set. */
export class RowNumbers {
  private readonly chunks: Float64Array[] = [];

  get(row: number): number {
    return this.chunks[row >> CHUNK_BITS]?.[row & (CHUNK - 1)] ?? -1;
  }

  set(row: number, value: number): void {
    this.chunks[row >> CHUNK_BITS] ??= new Float64Array(CHUNK).fill(-1);
    (this.chunks[row >> CHUNK_BITS] as Float64Array)[row & (CHUNK - 1)] = value;
  }
}
