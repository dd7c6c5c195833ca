/** What the letters of a `java.text.SimpleDateFormat` pattern are. */

export const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
export const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

const LETTERS = 'GyMdkHmsSEDFwWahKzZYuXL';

/** A run of one pattern letter. */
export interface DateFieldToken {
  readonly kind: 'field';
  readonly letter: string;
  readonly count: number;
}

export type DateToken = DateFieldToken | { readonly kind: 'literal'; readonly text: string };

/** Throws an Error, in Java's words, for a pattern that is none. */
export function dateTokensOf(pattern: string): DateToken[] {
  const tokens: DateToken[] = [];
  let literal = '';
  const endLiteral = (): void => {
    if (literal !== '') tokens.push({ kind: 'literal', text: literal });
    literal = '';
  };
  for (let at = 0; at < pattern.length; ) {
    const character = pattern.charAt(at);
    if (character === "'") {
      if (pattern.charAt(at + 1) === "'") {
        literal += "'";
        at += 2;
        continue;
      }
      const quoted = /^'((?:[^']|'')*)'/.exec(pattern.slice(at));
      if (quoted === null) throw new Error('Unterminated quote');
      literal += (quoted[1] ?? '').replaceAll("''", "'");
      at += quoted[0].length;
    } else if (/^[a-zA-Z]$/.test(character)) {
      if (!LETTERS.includes(character)) throw new Error(`Illegal pattern character '${character}'`);
      endLiteral();
      let count = 1;
      while (pattern.charAt(at + count) === character) count++;
      if (character === 'X' && count > 3) throw new Error(`invalid ISO 8601 format: length=${count}`);
      tokens.push({ kind: 'field', letter: character, count });
      at += count;
    } else {
      literal += character;
      at++;
    }
  }
  endLiteral();
  return tokens;
}
