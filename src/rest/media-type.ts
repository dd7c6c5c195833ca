/** `Content-Type` as the server of Kafka Connect 4.1.1 reads it. */

const TOKEN = '[^\\s()<>@,;:\\\\"/\\[\\]?=]+';
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
// No two quantifiers in a row can match the same text: a client could have it tried in too many ways.
const CONTENT_TYPE = new RegExp(`^\\s*(${TOKEN})/(${TOKEN})\\s*(?:;\\s*(?:${TOKEN}=(?:${TOKEN}|${QUOTED})\\s*)?)*$`);

/** Whether a `Content-Type` is one at all. Where it isn't, a request is refused before any resource is looked for. */
export function isMediaType(contentType: string): boolean {
  return CONTENT_TYPE.test(contentType);
}

/** Whether a resource that takes JSON takes it. Wildcards pass, though a body of such a type can't be read. */
export function mayBeJson(contentType: string): boolean {
  const name = nameOf(contentType);
  return isJson(contentType) || name === 'application/*' || name === '*/*';
}

/** Whether a body of that type can be read. */
export function isJson(contentType: string): boolean {
  return nameOf(contentType) === 'application/json';
}

function nameOf(contentType: string): string {
  const [, type = '', subtype = ''] = CONTENT_TYPE.exec(contentType.toLowerCase()) ?? [];
  return `${type}/${subtype}`;
}
