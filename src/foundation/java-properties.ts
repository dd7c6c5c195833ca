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
 * @param onRepeated is told of a key that appears again with another value, and in which line
 * @throws PropertiesSyntaxError for a malformed \uXXXX, the only mistake that the syntax knows, and for UTF-16
 */
export function parseProperties(
  content: Uint8Array | string,
  onRepeated: (key: string, line: number) => void = () => {},
): Record<string, string> {
  const text = typeof content === 'string' ? content : decode(content);
  const properties = new Map<string, string>();
  for (const { line, number } of logicalLines(text)) {
    const keyEnd = endOfKey(line);
    const key = unescapeText(line.slice(0, keyEnd), number);
    const value = unescapeText(line.slice(startOfValue(line, keyEnd)), number);
    if ((properties.get(key) ?? value) !== value) onRepeated(key, number);
    properties.set(key, value);
  }
  return Object.fromEntries(properties);
}

function decode(bytes: Uint8Array): string {
  // As ISO-8859-1, which Java takes it for, each character is followed by a NUL: not one key would be known.
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16 && bytes.includes(0)) throw new PropertiesSyntaxError(1, 'it is encoded in UTF-16; save it as UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

/**
 * Lines joined where they end in an odd number of backslashes; white space at the start of each is dropped. Character by character, as Java's
 * LineReader does it: a continuation line is a comment only if nothing came before it.
 */
function* logicalLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let line = '';
  let number = 1;
  let startedAt = 1;
  let atStart = true;
  let isContinued = false;
  let isEscaped = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    const isBreak = char === '\n' || char === '\r';
    if (char === '\n' || (char === '\r' && text.charAt(at + 1) !== '\n')) number++;
    if (atStart) {
      if (isBlank(char) || (isBreak && !isContinued)) continue;
      atStart = false;
      isContinued = false;
      if (line === '') startedAt = isBreak ? number - 1 : number;
    }
    if (line === '' && (char === '#' || char === '!')) {
      while (at + 1 < text.length && !'\r\n'.includes(text.charAt(at + 1))) at++;
      atStart = true;
    } else if (!isBreak) {
      line += char;
      isEscaped = char === '\\' && !isEscaped;
    } else if (line === '') atStart = true;
    else if (isEscaped && at + 1 < text.length) {
      line = line.slice(0, -1);
      atStart = true;
      isContinued = true;
      isEscaped = false;
      if (char === '\r' && text.charAt(at + 1) === '\n') {
        at++;
        number++;
      }
    } else {
      yield { line: isEscaped ? line.slice(0, -1) : line, number: startedAt };
      line = '';
      isEscaped = false;
      atStart = true;
    }
  }
  if (line !== '') yield { line: isEscaped ? line.slice(0, -1) : line, number: startedAt };
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\f';
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
