/** java.util.Random: the same seed gives the same numbers as in a Java program. */

const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;
const LOW = 2 ** 24;
const MULTIPLIER_HIGH = Number(MULTIPLIER >> 24n);
const MULTIPLIER_LOW = Number(MULTIPLIER & 0xffffffn);

export class JavaRandom {
  // 48 bits in two numbers: a bigint per step would cost more than the rest of a record.
  private high = 0;
  private low = 0;

  constructor(seed: bigint) {
    this.setSeed(seed);
  }

  setSeed(seed: bigint): void {
    const state = (seed ^ MULTIPLIER) & MASK;
    this.high = Number(state >> 24n);
    this.low = Number(state & 0xffffffn);
  }

  /** The upper `bits` (at most 32) of the next state, signed where they are 32. */
  private next(bits: number): number {
    const product = this.low * MULTIPLIER_LOW + 0xb;
    const carry = Math.floor(product / LOW);
    const high = (this.high * MULTIPLIER_LOW + this.low * MULTIPLIER_HIGH + carry) % LOW;
    this.low = product % LOW;
    this.high = high;
    const upper = high * 256 + (this.low >>> 16);
    return bits === 32 ? upper | 0 : Math.floor(upper / 2 ** (32 - bits));
  }

  /** Any 32-bit integer. */
  nextInt(): number {
    return this.next(32);
  }

  /** From 0 to `bound`, exclusive. `bound` at most 2^31 - 1. */
  nextBelow(bound: number): number {
    if ((bound & -bound) === bound) return Math.floor((bound * this.next(31)) / 2 ** 31);
    for (;;) {
      const bits = this.next(31);
      const value = bits % bound;
      if (bits - value + (bound - 1) < 2 ** 31) return value;
    }
  }

  nextLong(): bigint {
    const high = BigInt(this.next(32));
    return BigInt.asIntN(64, (high << 32n) + BigInt(this.next(32)));
  }

  nextBoolean(): boolean {
    return this.next(1) !== 0;
  }

  /** From 0 to 1, exclusive. */
  nextDouble(): number {
    const high = this.next(26);
    return (high * 2 ** 27 + this.next(27)) * 2 ** -53;
  }

  nextFloat(): number {
    return this.next(24) / (1 << 24);
  }
}
