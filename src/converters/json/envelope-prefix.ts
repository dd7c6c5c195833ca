/** The part of an envelope before its payload, which is the same bytes for every record of a schema. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Where the schema's text lies, and where the payload's begins. */
export interface EnvelopePrefix {
  readonly schemaStart: number;
  readonly schemaEnd: number;
  readonly payloadStart: number;
}

/** Finds the prefix of `{"schema":{...},"payload":`, blanks allowed. Undefined for any other form, which needs a whole parse. */
export function findEnvelopePrefix(bytes: Buffer): EnvelopePrefix | undefined {
  let position = skipToken(bytes, 0, '{');
  position = skipToken(bytes, position, '"schema"');
  position = skipToken(bytes, position, ':');
  if (position < 0) return undefined;
  const schemaStart = skipBlanks(bytes, position);
  const schemaEnd = endOfObject(bytes, schemaStart);
  position = skipToken(bytes, schemaEnd, ',');
  position = skipToken(bytes, position, '"payload"');
  position = skipToken(bytes, position, ':');
  return position < 0 ? undefined : { schemaStart, schemaEnd, payloadStart: position };
}

/** Where the envelope's closing brace is, or -1. */
export function endOfEnvelope(bytes: Buffer): number {
  let last = bytes.length - 1;
  while (last >= 0 && isBlank(bytes[last])) last--;
  return bytes[last] === CLOSE_BRACE ? last : -1;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipBlanks(bytes: Buffer, from: number): number {
  let position = from;
  while (isBlank(bytes[position])) position++;
  return position;
}

function skipToken(bytes: Buffer, from: number, token: string): number {
  if (from < 0) return -1;
  const start = skipBlanks(bytes, from);
  for (let index = 0; index < token.length; index++) {
    if (bytes[start + index] !== token.charCodeAt(index)) return -1;
  }
  return start + token.length;
}

function endOfObject(bytes: Buffer, start: number): number {
  if (bytes[start] !== OPEN_BRACE) return -1;
  let depth = 0;
  let isText = false;
  for (let position = start; position < bytes.length; position++) {
    const byte = bytes[position];
    if (isText) {
      if (byte === BACKSLASH) position++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === OPEN_BRACE) depth++;
    else if (byte === CLOSE_BRACE && --depth === 0) return position + 1;
  }
  return -1;
}
