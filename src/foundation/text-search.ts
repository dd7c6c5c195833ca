/**
 * Finds where any of many texts stands in another one. What it costs grows with the length of what is searched, not with how many texts there
 * are, nor with how alike they begin: a place is looked at only where four characters may begin one of them, and there by halves of the
 * sorted texts. A text that repeats itself costs its length at every place of a run of the same.
 */

/** The shortest text that it can find. */
const LEAST_SEARCHED = 4;

/** Bits of the largest table of beginnings: a byte each. */
const MAX_TABLE_BITS = 22;
/** So that the table is nearly empty, and few places are looked at for nothing. */
const SLOTS_PER_TEXT = 8;

export class TextSearch {
  /** Sorted by their UTF-16 code units, each once. */
  readonly texts: readonly string[];
  /** Of each text, the longest other one that it begins with; -1: none. */
  private readonly shorter: Int32Array;
  private readonly begins: Uint8Array;
  private readonly shift: number;
  private readonly longest: number = 0;

  /** @param texts none shorter than {@link LEAST_SEARCHED}; cheap to sort if most of them are sorted */
  constructor(texts: readonly string[]) {
    this.texts = [...texts].sort().filter((text, at, sorted) => text !== sorted[at - 1]);
    const bits = Math.min(MAX_TABLE_BITS, Math.ceil(Math.log2(this.texts.length * SLOTS_PER_TEXT + 256)));
    this.shift = 32 - bits;
    this.begins = new Uint8Array(2 ** bits);
    this.shorter = new Int32Array(this.texts.length).fill(-1);
    for (const [at, text] of this.texts.entries()) {
      let before = at - 1;
      while (before >= 0 && !text.startsWith(this.texts[before] as string)) before = this.shorter[before] as number;
      this.shorter[at] = before;
      this.begins[this.slotOf(codeOf(text, 0))] = 1;
      this.longest = Math.max(this.longest, text.length);
    }
  }

  /**
   * Calls back for each place where one of them stands, in order, with the longest there that is accepted; places inside of others too.
   * @param accepts decides by what stands around it
   */
  find(
    text: string,
    accepts: (start: number, end: number) => boolean,
    found: (start: number, end: number) => void,
  ): void {
    if (this.texts.length === 0) return;
    let code = 0;
    for (let last = 0; last < text.length; last++) {
      code = (code << 8) ^ text.charCodeAt(last);
      const start = last - LEAST_SEARCHED + 1;
      if (start < 0 || this.begins[this.slotOf(code)] === 0) continue;
      const end = this.endAt(text, start, accepts);
      if (end > 0) found(start, end);
    }
  }

  /** Where the longest end of the text begins that one of them goes on with; the length of the text if there is none. */
  unfinishedFrom(text: string): number {
    for (let start = Math.max(0, text.length - this.longest + 1); start < text.length; start++) {
      const isTold = start + LEAST_SEARCHED <= text.length;
      if (isTold && this.begins[this.slotOf(codeOf(text, start))] === 0) continue;
      const end = text.slice(start);
      // The first of those that begin with it comes next behind it.
      if (this.texts[this.notAbove(end) + 1]?.startsWith(end) === true) return start;
    }
    return text.length;
  }

  private endAt(text: string, start: number, accepts: (start: number, end: number) => boolean): number {
    const rest = text.slice(start, start + this.longest);
    let at = this.notAbove(rest);
    if (at < 0) return 0;
    // Whatever stands there is this one, or begins it: all that sort between two texts of one beginning begin so too.
    const common = commonLength(this.texts[at] as string, rest);
    for (; at >= 0; at = this.shorter[at] as number) {
      const { length } = this.texts[at] as string;
      if (length <= common && accepts(start, start + length)) return start + length;
    }
    return 0;
  }

  /** The last of the sorted texts that is not above it; -1: none. */
  private notAbove(text: string): number {
    let low = 0;
    let high = this.texts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.texts[middle] as string) <= text) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private slotOf(code: number): number {
    return Math.imul(code, 0x9e3779b1) >>> this.shift;
  }
}

/** Of four characters; those before them would have been shifted out. */
function codeOf(text: string, start: number): number {
  let code = 0;
  for (let at = start; at < start + LEAST_SEARCHED; at++) code = (code << 8) ^ text.charCodeAt(at);
  return code;
}

function commonLength(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let length = 0;
  while (length < end && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
