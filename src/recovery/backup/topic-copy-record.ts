/**
 * A record of a registry's topic as it lies in a copy of the topic: its bytes, and one header behind its own that says where it was and
 * what a topic can't keep.
 */
import type { RawRecord } from '../records/raw-record.ts';
import type { AppendedRecord } from '../topic/topic-appender.ts';

const HEADER = 'holdfast-schemas-source';

interface Origin {
  readonly offset: number;
  /** Where it is not that of the copy: -1 becomes the time of writing. */
  readonly timestamp?: number;
  readonly timestampType?: RawRecord['timestampType'];
  /** The key was null, which a compacted topic does not take. */
  readonly key?: null;
}

export function copiedRecord(record: RawRecord): AppendedRecord {
  const origin: Origin = {
    offset: record.offset,
    ...(record.timestamp < 0 ? { timestamp: record.timestamp } : {}),
    ...(record.timestampType === 'CreateTime' ? {} : { timestampType: record.timestampType }),
    ...(record.key === null ? { key: null } : {}),
  };
  return {
    key: record.key ?? Buffer.from(`holdfast null key ${record.offset}`),
    value: record.value,
    headers: [...record.headers, { key: HEADER, value: Buffer.from(JSON.stringify(origin)) }],
    timestamp: record.timestamp,
  };
}

/** @returns the record as it was; undefined for one that is no copy */
export function originalRecord(copy: RawRecord): RawRecord | undefined {
  const last = copy.headers.at(-1);
  if (last?.key !== HEADER || last.value === null) return undefined;
  const origin = originOf(last.value);
  if (origin === undefined) return undefined;
  return {
    offset: origin.offset,
    timestamp: origin.timestamp ?? copy.timestamp,
    timestampType: origin.timestampType ?? 'CreateTime',
    key: origin.key === null ? null : copy.key,
    value: copy.value,
    headers: copy.headers.slice(0, -1),
  };
}

function originOf(bytes: Uint8Array): Origin | undefined {
  try {
    const origin = JSON.parse(Buffer.from(bytes).toString('utf8')) as Origin;
    return Number.isSafeInteger(origin.offset) ? origin : undefined;
  } catch {
    return undefined;
  }
}
