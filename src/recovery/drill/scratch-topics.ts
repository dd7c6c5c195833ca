/**
 * Topics that drills make, and remove again. A drill that was killed leaves its own behind; a later one removes it when it is old, but only if
 * it says itself that it is a drill's: by its name, and by its first record.
 */
import { randomBytes } from 'node:crypto';
import type { Admin, Broker, ClientOptions } from '../../broker/ports.ts';
import type { RawRecord } from '../records/raw-record.ts';

export const DRILL_PREFIX = 'holdfast-drill-';
const MARK_HEADER = 'holdfast-drill';
const NAME = /^holdfast-drill-(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})z-[0-9a-f]{12}$/;
const DAY_MS = 24 * 60 * 60 * 1000;

export function scratchTopicName(now: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase();
  return `${DRILL_PREFIX}${time}z-${randomBytes(6).toString('hex')}`;
}

/** ms since the epoch; undefined: no drill's name. */
export function scratchTopicTime(topic: string): number | undefined {
  const found = NAME.exec(topic);
  if (found === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  return Number.isFinite(time) ? time : undefined;
}

/** The first record of a drill's topic. Its key is its own, so that compaction keeps it; a registry would read it as a NOOP. */
export function markRecord(topic: string, timestamp: number): RawRecord {
  return {
    ...{ offset: 0, timestamp, timestampType: 'CreateTime' },
    key: Buffer.from(JSON.stringify({ keytype: 'NOOP', magic: 0, drill: topic })),
    value: null,
    headers: [{ key: MARK_HEADER, value: Buffer.from(topic) }],
  };
}

export function isMarkOf(topic: string, record: Pick<RawRecord, 'headers'>): boolean {
  return record.headers.some(({ key, value }) => key === MARK_HEADER && value !== null && textOf(value) === topic);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/**
 * Removes what drills left behind that ended more than a day ago. A topic with such a name and another first record is not touched.
 * @returns the names of those that are gone
 */
export async function removeLeftOvers(
  options: {
    readonly admin: Admin;
    readonly broker: Pick<Broker, 'logReader'>;
    readonly client: ClientOptions;
    readonly now: number;
  },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { admin, now } = options;
  const old = (await admin.listTopics(signal)).filter((topic) => {
    const made = scratchTopicTime(topic);
    return made !== undefined && now - made > DAY_MS;
  });
  const removed: string[] = [];
  for (const topic of old) {
    if (!(await isDrills(options, topic, signal))) continue;
    await admin.deleteTopics([topic], signal);
    removed.push(topic);
  }
  return removed;
}

/** An empty one was killed before its first record: the name alone has to do, and nothing is lost by it. */
async function isDrills(
  { admin, broker, client }: Parameters<typeof removeLeftOvers>[0],
  topic: string,
  signal: AbortSignal,
): Promise<boolean> {
  const place = { topic, partition: 0 };
  const [begin = 0, end = 0] = await admin.listOffsets(
    [
      { ...place, at: 'earliest' },
      { ...place, at: 'latest' },
    ],
    signal,
  );
  if (begin === end) return begin === 0;
  const reader = broker.logReader(client);
  try {
    let offset = begin;
    while (offset < end) {
      const chunk = await reader.read({ ...place, offset, end }, signal);
      for (const entry of chunk.entries) {
        if (entry.kind !== 'records') continue;
        const [first] = entry.records;
        if (first !== undefined) return isMarkOf(topic, first);
      }
      offset = chunk.nextOffset;
    }
    return false;
  } finally {
    await reader.close();
  }
}
