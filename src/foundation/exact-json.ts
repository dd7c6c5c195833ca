/** JSON whose integers keep their precision: those beyond 2^53 are bigint, in both directions. */

/** A string or a number of a text that is JSON. Strings are left in one piece, which V8 reads without a stack per character. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const STRING_OR_BRACKET = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g;
const INTEGER = /^-?\d+$/;
const LONG_INTEGER = /^-?\d{16,}$/;

/** As Jackson's default. What walks the values here does so by recursion, which ends at some depth of V8's stack. */
const MAX_DEPTH = 1000;

/** JSON that is nested deeper than is read. */
export class JsonDepthError extends SyntaxError {
  constructor() {
    super(`it is nested deeper than the ${MAX_DEPTH} levels that are read`);
    this.name = 'JsonDepthError';
  }
}

/**
 * As JSON.parse, but for integers that a number can't hold. Those are rare, so the text is only searched for a run of digits that long; then
 * they are quoted with a mark that no JSON string of ours starts with, and turned into bigint on the way out.
 *
 * @throws SyntaxError; of it JsonDepthError for more than 1000 levels
 */
export function parseExactJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  refuseTooDeep(text);
  if (!/\d{16}/.test(text)) return parsed;
  const marked = text.replace(TOKEN, (token) => (LONG_INTEGER.test(token) ? `"\\u0000${token}"` : token));
  return JSON.parse(marked, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith('\u0000') || !INTEGER.test(value.slice(1))) return value;
    const exact = BigInt(value.slice(1));
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  });
}

/**
 * As JSON.parse, but every number becomes a string: its text as it stands there, `1.0` or `1e3` included.
 *
 * @throws SyntaxError; of it JsonDepthError for more than 1000 levels
 */
export function parseJsonWithNumberTexts(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  refuseTooDeep(text);
  const quoted = text.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`));
  return quoted.length === text.length ? parsed : JSON.parse(quoted);
}

/** Of a text that is JSON. */
function refuseTooDeep(text: string): void {
  if (text.length <= MAX_DEPTH) return;
  let depth = 0;
  for (const [token] of text.matchAll(STRING_OR_BRACKET)) {
    if (token === '[' || token === '{') {
      if (++depth > MAX_DEPTH) throw new JsonDepthError();
    } else if (token === ']' || token === '}') depth--;
  }
}

/** Compact, as JSON.stringify, of what {@link parseExactJson} returns; what is undefined is left out. */
export function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map((each) => exactJson(each ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([key, field]) => `${JSON.stringify(key)}:${exactJson(field)}`);
  return `{${fields.join(',')}}`;
}
