/**
 * The order of versions in which Kafka Connect finds the newest plugin (KIP-891): that of Maven 3.9.6's ComparableVersion. Numbers by value;
 * `1.0` is `1.0.0` and `1.0-ga`; alpha, beta, milestone, rc (or cr), snapshot, the release, sp, any other word, in upper or lower case.
 */

/** A number, a word, or what stands behind a hyphen or a change between letters and digits. */
type Item = bigint | string | Item[];

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const ALIASES: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const ONE_LETTER: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

/** Less than 0: `a` is older; 0: as new as `b`; more than 0: newer. */
export function compareVersions(a: string, b: string): number {
  return compareLists(parse(a), parse(b));
}

function parse(version: string): Item[] {
  const text = version.toLowerCase();
  const root: Item[] = [];
  const lists = [root];
  let list = root;
  let isDigit = false;
  let start = 0;
  const nest = (): void => {
    const inner: Item[] = [];
    list.push(inner);
    lists.push(inner);
    list = inner;
  };
  const add = (end: number): void => {
    const part = text.slice(start, end);
    list.push(isDigit ? BigInt(part) : (ALIASES[part] ?? part));
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '.' || character === '-') {
      if (at === start) list.push(0n);
      else add(at);
      start = at + 1;
      if (character === '-') nest();
      continue;
    }
    const isNowDigit = character >= '0' && character <= '9';
    if (isNowDigit !== isDigit && at > start) {
      if (isNowDigit) {
        // 1.0.rc1 is 1.0-rc1.
        if (list.length > 0) nest();
        const word = text.slice(start, at);
        list.push(ONE_LETTER[word] ?? ALIASES[word] ?? word);
      } else add(at);
      start = at;
      nest();
    }
    isDigit = isNowDigit;
  }
  if (text.length > start) {
    if (!isDigit && list.length > 0) nest();
    add(text.length);
  }
  for (const each of lists.reverse()) dropZeros(each);
  return root;
}

/** Drops trailing items without meaning (0, the empty text, an empty list), so that 1.0.0 equals 1. As ComparableVersion's `normalize`. */
function dropZeros(list: Item[]): void {
  for (let at = list.length - 1; at >= 0; at--) {
    const item = list[at];
    if (item === 0n || item === '' || (Array.isArray(item) && item.length === 0)) list.splice(at, 1);
    else if (!Array.isArray(item)) return;
  }
}

/** 1.sp is older than 1-1, and 1-1 than 1.1. */
const KINDS = ['string', 'object', 'bigint'];

function compareItems(a: Item, b: Item): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return compareWords(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  return KINDS.indexOf(typeof a) - KINDS.indexOf(typeof b);
}

function compareToNothing(item: Item): number {
  if (typeof item === 'bigint') return item === 0n ? 0 : 1;
  if (typeof item === 'string') return compareWords(item, '');
  return item.map(compareToNothing).find((each) => each !== 0) ?? 0;
}

function compareLists(a: readonly Item[], b: readonly Item[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left, right] = [a[at], b[at]];
    const difference =
      left === undefined
        ? -compareToNothing(right as Item)
        : right === undefined
          ? compareToNothing(left)
          : compareItems(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareWords(a: string, b: string): number {
  const [left, right] = [a, b].map((word) =>
    QUALIFIERS.includes(word) ? QUALIFIERS.indexOf(word) : QUALIFIERS.length,
  );
  if (left !== right) return (left as number) - (right as number);
  return left !== QUALIFIERS.length || a === b ? 0 : a < b ? -1 : 1;
}
