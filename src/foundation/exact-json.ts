/** JSON whose integers keep their precision: those beyond 2^53 are bigint, in both directions. */

const INTEGER = /^-?\d+$/;
const LONG_INTEGER = /^-?\d{16,}$/;

/**
 * As JSON.parse, but for integers that a number can't hold. Those are rare, so the text is only searched for a run of digits that long; then
 * they are quoted with a mark that no JSON string of ours starts with, and turned into bigint on the way out.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!/\d{16}/.test(text)) return parsed;
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    LONG_INTEGER.test(token) ? `"\\u0000${token}"` : token,
  );
  return JSON.parse(marked, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith('\u0000') || !INTEGER.test(value.slice(1))) return value;
    const exact = BigInt(value.slice(1));
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  });
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
