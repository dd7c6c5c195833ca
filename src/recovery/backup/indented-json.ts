/** Indents a text of JSON for reading; numbers, strings and the order of fields stay as they are written. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g;

/** @returns undefined where the text is no JSON */
export function indentedJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const tokens = text.match(TOKEN) ?? [];
  let out = '';
  let depth = 0;
  const line = (): void => {
    out += `\n${'  '.repeat(depth)}`;
  };
  tokens.forEach((token, index) => {
    const isOpening = token === '{' || token === '[';
    const isClosing = token === '}' || token === ']';
    const before = tokens[index - 1];
    const isEmpty = isClosing && (before === '{' || before === '[');
    if (isClosing) depth--;
    if (isClosing && !isEmpty) line();
    out += token === ':' ? ': ' : token;
    if (isOpening) depth++;
    const next = tokens[index + 1];
    if (token === ',' || (isOpening && next !== '}' && next !== ']')) line();
  });
  return out;
}
