/**
 * JSON whose numbers keep the digits they were written with. A registry gives back a schema that it parsed and rendered
 * anew; with JavaScript's numbers the default `9007199254740993` of a long would come back as another one, and `1.0` as `1`.
 */

/** A number as it stands in the text. */
export class JsonNumber {
  readonly literal: string;

  constructor(literal: string) {
    this.literal = literal;
  }
}

export type JsonText =
  | string
  | boolean
  | null
  | JsonNumber
  | readonly JsonText[]
  | { readonly [key: string]: JsonText };

/** An object, and not an array, a number or null. */
export function isJsonObject(value: JsonText | undefined): value is { readonly [key: string]: JsonText } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** Throws a SyntaxError, with the words of `JSON.parse`, for what is no JSON. A repeated key keeps its last value. */
export function parseJsonText(text: string): JsonText {
  const json: unknown = JSON.parse(text);
  // Nearly all schemas are without numbers, and then there is nothing to read once more.
  if (!hasNumber(json)) return json as JsonText;
  return new WellFormedText(text).value();
}

function hasNumber(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return typeof json === 'number';
  if (Array.isArray(json)) return json.some(hasNumber);
  for (const key in json) if (hasNumber((json as Readonly<Record<string, unknown>>)[key])) return true;
  return false;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Reads a text that JSON.parse took: only where its parts begin and end has to be told. */
class WellFormedText {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(): JsonText {
    switch (this.skipTo()) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      case 'n':
        this.at += 4;
        return null;
      case 't':
        this.at += 4;
        return true;
      case 'f':
        this.at += 5;
        return false;
      default:
        return this.number();
    }
  }

  /** The next character that is neither blank nor a comma or colon, which say nothing in a well-formed text. */
  private skipTo(): string | undefined {
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code > 0x20 && code !== COMMA && code !== COLON) return this.text[this.at];
    }
    return undefined;
  }

  private object(): JsonText {
    const entries: [string, JsonText][] = [];
    this.at++;
    while (this.skipTo() === '"') entries.push([this.string(), this.value()]);
    this.at++;
    return Object.fromEntries(entries);
  }

  private array(): JsonText {
    const items: JsonText[] = [];
    this.at++;
    for (let next = this.skipTo(); next !== ']' && next !== undefined; next = this.skipTo()) items.push(this.value());
    this.at++;
    return items;
  }

  private string(): string {
    const begin = this.at;
    let hasEscapes = false;
    for (this.at++; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (code !== BACKSLASH) continue;
      hasEscapes = true;
      this.at++;
    }
    const end = this.at++;
    return hasEscapes ? String(JSON.parse(this.text.slice(begin, end + 1))) : this.text.slice(begin + 1, end);
  }

  private number(): JsonNumber {
    NUMBER.lastIndex = this.at;
    const literal = NUMBER.exec(this.text)?.[0];
    // JSON.parse took the text, so there is one; if not, an error is better than an endless loop.
    if (literal === undefined) throw new SyntaxError('Unexpected end of JSON input');
    this.at += literal.length;
    return new JsonNumber(literal);
  }
}

const NUMBER = /[-+.0-9eE]+/y;

/** Without whitespace; `sortKeys` puts the keys of every object in order. */
export function renderJsonText(value: JsonText, options: { readonly sortKeys?: boolean } = {}): string {
  if (value instanceof JsonNumber) return value.literal;
  if (Array.isArray(value)) return `[${value.map((item: JsonText) => renderJsonText(item, options)).join(',')}]`;
  if (isJsonObject(value)) {
    const entries = Object.entries(value);
    if (options.sortKeys === true) entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${renderJsonText(item, options)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
