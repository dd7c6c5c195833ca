/** `Content-Type` and `Accept` as Kafka Connect's server reads them (Kafka Connect 4.1.1, 1.1). */

const TOKEN = '[^\\s()<>@,;:\\\\"/\\[\\]?=]+';
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const CONTENT_TYPE = new RegExp(`^\\s*(${TOKEN})/(${TOKEN})\\s*(?:;\\s*(?:${TOKEN}=(?:${TOKEN}|${QUOTED}))?\\s*)*$`);

/** Whether a `Content-Type` is one at all. Where it isn't, a request is refused before any resource is looked for. */
export function isMediaType(contentType: string): boolean {
  return CONTENT_TYPE.test(contentType);
}

/** Whether it is, or may be, JSON: wildcards stand for it, too. */
export function isJson(contentType: string): boolean {
  const [, type = '', subtype = ''] = CONTENT_TYPE.exec(contentType.toLowerCase()) ?? [];
  return (type === 'application' && (subtype === 'json' || subtype === '*')) || (type === '*' && subtype === '*');
}

/** Whether the client takes one of the types. */
export function accepts(accept: string | undefined, produces: readonly string[]): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const ranges = accept.split(',').map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase());
  return produces.some((type) =>
    ranges.some((range) => range === '*/*' || range === type || range === `${type.split('/', 1)[0]}/*`),
  );
}

/** Upstream's answer to OPTIONS has the type that the client wants most, whatever that is: it has no body. */
export function wantedType(accept: string | undefined): string {
  const first = (accept ?? '').split(/[,;]/, 1)[0]?.trim() ?? '';
  return /^[\w.+-]+\/[\w.+-]+$/.test(first) ? first : 'application/json';
}
