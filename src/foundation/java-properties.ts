/**
 * Java's .properties syntax, as `java.util.Properties.load` reads it: `#` and `!` comments, `=`, `:` or white space as separator,
 * continuation lines, the escapes \t \n \r \f \uXXXX, and a backslash before any other character meaning that character.
 *
 * Bytes are UTF-8 when they are valid UTF-8 and ISO-8859-1 otherwise, as Java reads resource bundles since JEP 226.
 */

/** A file that can't be read as properties; `line` counts from 1. */
export class PropertiesSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
    this.name = 'PropertiesSyntaxError';
    this.line = line;
  }
}

/**
 * Keys in order of their first appearance; of a key that appears twice the last value holds.
 * @throws PropertiesSyntaxError for a malformed \uXXXX, the only mistake that the syntax knows.
 */
export function parseProperties(content: Uint8Array | string): Record<string, string> {
  const text = typeof content === 'string' ? content : decode(content);
  const properties = new Map<string, string>();
  for (const { line, number } of logicalLines(text)) {
    const keyEnd = endOfKey(line);
    const key = unescapeText(line.slice(0, keyEnd), number);
    properties.set(key, unescapeText(line.slice(startOfValue(line, keyEnd)), number));
  }
  return Object.fromEntries(properties);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

/** Natural lines joined where they end in an odd number of backslashes; white space at the start of each is dropped. */
function* logicalLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  const natural = text.split(/\r\n|\r|\n/);
  for (let index = 0; index < natural.length; index += 1) {
    const number = index + 1;
    let line = trimStart(natural[index] ?? '');
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    while (endsInContinuation(line)) {
      line = line.slice(0, -1);
      index += 1;
      if (index >= natural.length) break;
      line += trimStart(natural[index] ?? '');
    }
    yield { line, number };
  }
}

function trimStart(line: string): string {
  return line.replace(/^[ \t\f]+/, '');
}

function endsInContinuation(line: string): boolean {
  let backslashes = 0;
  while (line.charAt(line.length - 1 - backslashes) === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function endOfKey(line: string): number {
  for (let index = 0; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (char === '\\') index += 1;
    else if ('=: \t\f'.includes(char)) return index;
  }
  return line.length;
}

/** White space, at most one `=` or `:`, white space. */
function startOfValue(line: string, keyEnd: number): number {
  return keyEnd + (/^[ \t\f]*[=:]?[ \t\f]*/.exec(line.slice(keyEnd))?.[0].length ?? 0);
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescapeText(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(u[0-9a-fA-F]{4}|u|[\s\S]|$)/g, (_match, escaped: string) => {
    if (escaped === 'u')
      throw new PropertiesSyntaxError(line, 'malformed \\uXXXX escape: four hexadecimal digits must follow \\u');
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return ESCAPES[escaped] ?? escaped;
  });
}
