/** The character classes of Java's regular expressions, in the syntax of JavaScript's `v` mode. Each stands on its own, within brackets or without. */

/** What ends a line for `.`, `^` and `$`, without brackets. */
export const LINE_ENDS = '\\n\\r\\u0085\\u2028\\u2029';
const VERTICAL = `${LINE_ENDS}\\u000b\\f`;
const HORIZONTAL = ' \\t\\u00a0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000';
const SPACE = ' \\t\\n\\u000b\\f\\r';

export const ESCAPED_CLASSES: ReadonlyMap<string, string> = new Map([
  ['d', '\\d'],
  ['D', '\\D'],
  ['w', '\\w'],
  ['W', '\\W'],
  ['s', `[${SPACE}]`],
  ['S', `[^${SPACE}]`],
  ['h', `[${HORIZONTAL}]`],
  ['H', `[^${HORIZONTAL}]`],
  ['v', `[${VERTICAL}]`],
  ['V', `[^${VERTICAL}]`],
]);

/** Of US-ASCII only, as Java has them. */
const POSIX: ReadonlyMap<string, string> = new Map([
  ['Lower', 'a-z'],
  ['Upper', 'A-Z'],
  ['ASCII', '\\u0000-\\u007f'],
  ['Alpha', 'a-zA-Z'],
  ['Digit', '0-9'],
  ['Alnum', 'a-zA-Z0-9'],
  ['Punct', '\\u0021-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u007e'],
  ['Graph', '\\u0021-\\u007e'],
  ['Print', '\\u0020-\\u007e'],
  ['Blank', ' \\t'],
  ['Cntrl', '\\u0000-\\u001f\\u007f'],
  ['XDigit', '0-9a-fA-F'],
  ['Space', SPACE],
  ['L1', '\\u0000-\\u00ff'],
  ['all', '\\u{0}-\\u{10ffff}'],
]);

const OTHERS: ReadonlyMap<string, string> = new Map([
  ['javaLowerCase', 'Lowercase'],
  ['javaUpperCase', 'Uppercase'],
  ['javaAlphabetic', 'Alphabetic'],
  ['javaDigit', 'Nd'],
  ['javaLetter', 'L'],
  ['IsPunctuation', 'P'],
  ['IsLetter', 'L'],
  ['IsDigit', 'Nd'],
  ['IsControl', 'Cc'],
  ['IsWhite_Space', 'White_Space'],
]);

/** The class of `\p{name}` or `\P{name}`; undefined for a property that JavaScript does not have. */
export function propertyClass(name: string, isNegated: boolean): string | undefined {
  const posix = POSIX.get(name);
  if (posix !== undefined) return `[${isNegated ? '^' : ''}${posix}]`;
  const assigned = /^(?:script|sc)=(.+)$/i.exec(name)?.[1];
  const category = /^(?:general_category|gc)=(.+)$/i.exec(name)?.[1];
  const bare = name.startsWith('Is') ? name.slice(2) : name;
  const candidates =
    assigned !== undefined
      ? [`Script=${titled(assigned)}`]
      : category !== undefined
        ? [category]
        : [OTHERS.get(name) ?? bare, titled(bare), ...(name.startsWith('Is') ? [`Script=${titled(bare)}`] : [])];
  for (const candidate of candidates) {
    const text = `\\${isNegated ? 'P' : 'p'}{${candidate}}`;
    try {
      new RegExp(text, 'v');
      return text;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

function titled(name: string): string {
  return name.toLowerCase().replace(/(?<=^|_)[a-z]/g, (letter) => letter.toUpperCase());
}
