/** Which keys there are, in 16 bytes each and some room: 96 bits of a sha256 stand for a key, a text for its UTF-8. */
import { hash } from 'node:crypto';

/** Those of the digest, and the key's number. */
const WORDS = 4;
const FIRST_SLOTS = 1024;

export class KeySet {
  private slots = FIRST_SLOTS;
  private table = new Uint32Array(FIRST_SLOTS * WORDS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Returns its number: from 0, in the order in which keys came first. */
  add(key: Uint8Array | string): number {
    // Half full at most: what is looked for is near.
    if (this.count * 2 >= this.slots) this.grow();
    const words = wordsOf(key);
    const at = slotOf(this.table, this.slots, words);
    if (!isFree(this.table, at)) return this.table[at + WORDS - 1] ?? 0;
    words[WORDS - 1] = this.count;
    this.table.set(words, at);
    return this.count++;
  }

  has(key: Uint8Array | string): boolean {
    return this.find(key) !== undefined;
  }

  /** The number that {@link add} gave it; undefined: it never came. */
  find(key: Uint8Array | string): number | undefined {
    const at = slotOf(this.table, this.slots, wordsOf(key));
    return isFree(this.table, at) ? undefined : this.table[at + WORDS - 1];
  }

  private grow(): void {
    const { table: old } = this;
    this.slots *= 2;
    this.table = new Uint32Array(this.slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (isFree(old, at)) continue;
      const words = old.subarray(at, at + WORDS);
      this.table.set(words, slotOf(this.table, this.slots, words));
    }
  }
}

function wordsOf(key: Uint8Array | string): Uint32Array {
  const digest = hash('sha256', key, 'buffer');
  // Zero is a free slot.
  return Uint32Array.of(digest.readUInt32LE(0) | 1, digest.readUInt32LE(4), digest.readUInt32LE(8), 0);
}

function isFree(table: Uint32Array, at: number): boolean {
  return table[at] === 0;
}

/** Where the words are, or would be. */
function slotOf(table: Uint32Array, slots: number, words: Uint32Array): number {
  const [first = 0, second = 0, third = 0] = words;
  for (let slot = second & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
    const at = slot * WORDS;
    if (isFree(table, at)) return at;
    if (table[at] === first && table[at + 1] === second && table[at + 2] === third) return at;
  }
}
