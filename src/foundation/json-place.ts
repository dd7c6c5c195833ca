/** Where a text stops to be JSON. V8 says so for some mistakes only, and quotes the text, which may hold passwords, for the others. */

/** `line 1 column 5` of the first character that can't stand there, or of the text's end; null for JSON. */
export function jsonMistakePlace(text: string): string | null {
  const whole = mistakeIn(text);
  if (whole === null) return null;
  const at = whole.at ?? firstBad(text);
  const lines = text.slice(0, at).split('\n');
  return `line ${lines.length} column ${(lines.at(-1) ?? '').length + 1}`;
}

/** The least length at which a beginning of the text can't be continued to JSON, less one: the longer ones can't either. */
function firstBad(text: string): number {
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const mistake = mistakeIn(text.slice(0, middle));
    if (mistake === null || mistake.at === middle) good = middle;
    else bad = middle;
  }
  return good;
}

/** `at`: the index of the mistake, as far as V8 says it. */
function mistakeIn(text: string): { readonly at: number | null } | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const { message } = error as Error;
    if (/end of JSON input/.test(message)) return { at: text.length };
    const position = /at position (\d+)/.exec(message)?.[1];
    return { at: position === undefined ? null : Number(position) };
  }
}
