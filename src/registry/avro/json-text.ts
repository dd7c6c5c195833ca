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

const TOKEN = /\s*([[\]{}:,]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** Throws a SyntaxError, with the words of `JSON.parse`, for what is no JSON. A repeated key keeps its last value. */
export function parseJsonText(text: string): JsonText {
  JSON.parse(text);
  // From here on the text is known to be well-formed, so that the reader below only has to tell tokens apart.
  TOKEN.lastIndex = 0;
  return readValue(text, nextToken(text));
}

function nextToken(text: string): string {
  const token = TOKEN.exec(text)?.[1];
  // JSON.parse took the text, so there is one; if not, an error is better than an endless loop.
  if (token === undefined) throw new SyntaxError('Unexpected end of JSON input');
  return token;
}

function readValue(text: string, token: string): JsonText {
  if (token === '[') return readArray(text);
  if (token === '{') return readObject(text);
  if (token.startsWith('"')) return String(JSON.parse(token));
  if (token === 'null') return null;
  if (token === 'true' || token === 'false') return token === 'true';
  return new JsonNumber(token);
}

function readArray(text: string): JsonText {
  const items: JsonText[] = [];
  for (let token = nextToken(text); token !== ']'; token = nextToken(text)) {
    if (token !== ',') items.push(readValue(text, token));
  }
  return items;
}

function readObject(text: string): JsonText {
  const entries = new Map<string, JsonText>();
  for (let token = nextToken(text); token !== '}'; token = nextToken(text)) {
    if (token === ',') continue;
    nextToken(text);
    entries.set(String(JSON.parse(token)), readValue(text, nextToken(text)));
  }
  return Object.fromEntries(entries);
}

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
