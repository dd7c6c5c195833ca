/** One record as a line of JSON. Bytes are base64, null stays null; the digest is that of the record, not of the line. */
import type { RawRecord } from '../records/raw-record.ts';
import { recordDigest } from '../records/record-digest.ts';

export interface RecordLine {
  readonly text: string;
  readonly digest: Buffer;
}

export function recordLine(record: RawRecord): RecordLine {
  const digest = recordDigest(record);
  const { offset, timestamp, timestampType, key, value } = record;
  const headers = record.headers.length === 0 ? '[]' : headersText(record);
  // As JSON.stringify writes it, some times as fast: nothing of it needs an escape.
  const text =
    `{"offset":${offset},"timestamp":${timestamp},"timestampType":"${timestampType}","key":${quoted(key)},` +
    `"value":${quoted(value)},"headers":${headers},"sha256":"${digest.toString('hex')}"}\n`;
  return { text, digest };
}

export interface ReadLine {
  readonly record: RawRecord;
  readonly digest: Buffer;
}

/** @returns what is wrong with the line, where it is not what was written */
export function readRecordLine(line: string): ReadLine | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return 'it is no JSON';
  }
  const record = recordOf(parsed);
  if (record === undefined) return 'it is no record';
  const digest = recordDigest(record);
  const { sha256 } = parsed as { readonly sha256?: unknown };
  if (sha256 !== digest.toString('hex')) return 'the record does not have the sha256 that was written beside it';
  return { record, digest };
}

function recordOf(parsed: unknown): RawRecord | undefined {
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { offset, timestamp, timestampType, key, value, headers } = parsed as Record<string, unknown>;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(timestamp) || !Array.isArray(headers)) return undefined;
  if (timestampType !== 'CreateTime' && timestampType !== 'LogAppendTime') return undefined;
  if (!isBytes(key) || !isBytes(value)) return undefined;
  const pairs: { readonly key: string; readonly value: Uint8Array | null }[] = [];
  for (const header of headers as readonly unknown[]) {
    if (!Array.isArray(header) || typeof header[0] !== 'string' || !isBytes(header[1])) return undefined;
    pairs.push({ key: header[0], value: decoded(header[1]) });
  }
  const [at, time] = [offset as number, timestamp as number];
  return {
    ...{ offset: at, timestamp: time, timestampType },
    ...{ key: decoded(key), value: decoded(value), headers: pairs },
  };
}

function isBytes(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function headersText({ headers }: RawRecord): string {
  return JSON.stringify(headers.map(({ key, value }) => [key, encoded(value)]));
}

function quoted(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : `"${encoded(bytes)}"`;
}

function encoded(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function decoded(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64');
}
