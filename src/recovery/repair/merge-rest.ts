/** What a registry told over REST, with the versions and settings of its topic where those are preferred: the content of a topic that is made anew. */
import { appendedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { ReadRecord } from '../records/schemas-record.ts';
import { settingKey, settingValueBytes } from '../records/write-record.ts';
import type { RecordSink } from '../snapshot/record-sink.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RestDifference, SettingDifference } from './rest-differences.ts';
import { inDependencyOrder, placeKey, type VersionWrite, versionRecords } from './version-writes.ts';

/**
 * Writes every record of `rest` but for the versions and settings that differ, and then those as the topic has them: settings, and versions in
 * the order of their references.
 * All schemas that refer to one of them come behind it.
 */
export async function mergeRest(
  options: {
    readonly rest: Snapshot;
    readonly topic: Snapshot;
    /** Those for which the topic is preferred. */
    readonly differences: readonly RestDifference[];
  },
  writer: RecordSink,
): Promise<void> {
  const { rest, topic, differences } = options;
  const replaced = new Map<string, VersionWrite>();
  const settings = new Map<string, SettingDifference>();
  for (const difference of differences) {
    if (difference.of !== 'version') {
      settings.set(settingPlace(difference.of, difference.subject), difference);
      continue;
    }
    const { subject, version, references, offset, deleted } = difference.topic;
    replaced.set(placeKey(difference.topic), { subject, version, references, from: topic, offset, deleted });
  }
  const schemas: VersionWrite[] = [];
  let next = 0;
  for await (const batch of rest.records()) {
    const others: RawRecord[] = [];
    for (const raw of batch) {
      const read = readRecord(raw);
      if (!read.ok || read.record.kind !== 'schema') {
        if (!isReplacedSetting(read, settings)) others.push({ ...raw, offset: next++ });
        continue;
      }
      const { subject, version, value } = read.record;
      if (replaced.has(placeKey({ subject, version }))) continue;
      schemas.push({ subject, version, references: value.references, from: rest, offset: raw.offset });
    }
    if (others.length > 0) await writer.append(others);
  }
  for (const { of, subject, topic: value } of settings.values()) {
    const bytes = { key: settingKey(of, subject), value: settingValueBytes(subject, value) };
    await writer.append([{ offset: next++, timestamp: -1, timestampType: 'CreateTime', ...bytes, headers: [] }]);
  }
  for await (const planned of versionRecords(inDependencyOrder([...schemas, ...replaced.values()]))) {
    const { key, value, headers } = appendedRecord(planned);
    await writer.append([{ offset: next++, timestamp: -1, timestampType: 'CreateTime', key, value, headers }]);
  }
}

function isReplacedSetting(read: ReadRecord, settings: ReadonlyMap<string, unknown>): boolean {
  if (!read.ok || (read.record.kind !== 'config' && read.record.kind !== 'mode')) return false;
  return settings.has(settingPlace(read.record.kind, read.record.subject));
}

const settingPlace = (of: 'config' | 'mode', subject: string | null): string => JSON.stringify([of, subject]);
