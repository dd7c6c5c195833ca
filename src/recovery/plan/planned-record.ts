/** Between a record of a topic and a planned one; bytes, null, empty and order of headers are kept. */
import type { RawRecord } from '../records/raw-record.ts';
import type { PlannedRecord } from './plan.ts';

export function plannedRecord(record: Pick<RawRecord, 'key' | 'value' | 'headers' | 'timestamp'>): PlannedRecord {
  return {
    key: encoded(record.key),
    value: encoded(record.value),
    headers: record.headers.map(({ key, value }) => [key, encoded(value)] as const),
    timestamp: record.timestamp,
  };
}

export function appendedRecord(planned: PlannedRecord): Pick<RawRecord, 'key' | 'value' | 'headers' | 'timestamp'> {
  return {
    key: decoded(planned.key),
    value: decoded(planned.value),
    headers: planned.headers.map(([key, value]) => ({ key, value: decoded(value) })),
    timestamp: planned.timestamp,
  };
}

/** Whether a topic's record is the planned one; its time counts only where the plan names one and the topic kept it. */
export function isPlanned(record: RawRecord, planned: PlannedRecord): boolean {
  const { key, value, headers, timestamp } = plannedRecord(record);
  if (key !== planned.key || value !== planned.value || headers.length !== planned.headers.length) return false;
  if (planned.timestamp >= 0 && record.timestampType === 'CreateTime' && timestamp !== planned.timestamp) return false;
  return headers.every(([name, content], i) => planned.headers[i]?.[0] === name && planned.headers[i]?.[1] === content);
}

function encoded(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function decoded(base64: string | null): Uint8Array | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}
