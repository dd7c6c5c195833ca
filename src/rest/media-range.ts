/** The media types that a client wants, as Jersey in Kafka Connect 4.1.1 reads `Accept`. */

export interface MediaRange {
  /** `type/subtype` in lower case; either may be `*`. */
  readonly type: string;
  /** From 0 to 1. */
  readonly quality: number;
  /** With its parameters, as an answer can name it. */
  readonly text: string;
  /** All but `q`, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const ANY: MediaRange = { type: '*/*', quality: 1, text: '*/*', parameters: new Map() };

const JSON_TYPE = 'application/json';
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const PARAMETER = `;\\s*(?:(${TOKEN})=(${TOKEN}|"(?:[^"\\\\\\x00-\\x1f\\x7f-\\uffff]|\\\\[\\x20-\\x7e])*")\\s*)?`;
const RANGE = new RegExp(`^(${TOKEN})(?:/(${TOKEN}))?\\s*((?:${PARAMETER})*)$`);

/** null if it is not what `Accept` has to be. None, or an empty one: everything is wanted. */
export function mediaRanges(accept: string | undefined): readonly MediaRange[] | null {
  if (accept === undefined || accept.trim() === '') return [ANY];
  const ranges: MediaRange[] = [];
  for (const part of splitUnquoted(accept)) {
    if (part === '') continue;
    const range = mediaRange(part);
    if (range === null) return null;
    ranges.push(range);
  }
  return ranges;
}

/** Without regard to quality, as upstream: what is wanted not at all is served all the same. */
export function accepts(ranges: readonly MediaRange[], produces: readonly string[]): boolean {
  return produces.some((type) =>
    ranges.some((range) => ['*/*', type, `${type.split('/', 1)[0]}/*`].includes(range.type)),
  );
}

/**
 * How an answer in JSON is called: with the parameters of the range that the client likes best, in order of their names, as Jersey gives them
 * back (`application/json;charset=utf-8`). Without any for a client that names none, or takes JSON as one of many types.
 */
export function jsonTypeFor(accept: string | undefined): string {
  const matching = (mediaRanges(accept) ?? []).filter((range) => accepts([range], [JSON_TYPE]));
  const [best] = matching.sort((a, b) => b.quality - a.quality || rankOf(a) - rankOf(b));
  if (best === undefined || best.type !== JSON_TYPE) return JSON_TYPE;
  const parameters = [...best.parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  return [JSON_TYPE, ...parameters.map(([name, value]) => `${name}=${value}`)].join(';');
}

/** The one that OPTIONS is answered in; `text/plain`, with the methods as a body, is what upstream can do best. */
export function typeOfOptions(ranges: readonly MediaRange[]): string {
  const [best] = [...ranges].sort((a, b) => b.quality - a.quality || rankOf(a) - rankOf(b));
  if (best === undefined || ['*/*', 'text/*', 'text/plain'].includes(best.type)) return 'text/plain';
  return best.text;
}

function rankOf({ type }: MediaRange): number {
  if (type === 'application/json' || type === 'text/plain') return 0;
  if (type === 'text/*') return 1;
  if (type === '*/*') return 4;
  return type.endsWith('/*') ? 3 : 2;
}

function mediaRange(part: string): MediaRange | null {
  const match = RANGE.exec(part);
  if (match === null) return null;
  const [, major = '', minor = '*', rest = ''] = match;
  const type = `${major}/${minor}`.toLowerCase();
  let quality = 1;
  let text = type;
  const parameters = new Map<string, string>();
  for (const [, given, value] of rest.matchAll(new RegExp(PARAMETER, 'g'))) {
    if (given === undefined || value === undefined) continue;
    const name = given.toLowerCase();
    const plain = value.replace(/^"([\w!#$%&'*+.^`|~-]+)"$/, '$1');
    text += `;${name}=${plain}`;
    if (name !== 'q') {
      parameters.set(name, name === 'charset' ? plain.toLowerCase() : plain);
      continue;
    }
    quality = Number(value);
    if (!(quality >= 0 && quality <= 1)) return null;
  }
  return { type, quality, text, parameters };
}

/** At the commas that stand in no quotes. One pass: whoever sends it has not logged in yet. */
function splitUnquoted(text: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (char === '\\' && isQuoted) at++;
    else if (char === ',' && !isQuoted) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}
