/** What a node told, as the records that Confluent's registry would have written for it. */
import { contextOf } from '../../registry/subject-context.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { reservedSchema, reservedSubject } from '../records/reserved-id.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import { schemaKey, schemaValueBytes, settingKey, settingValueBytes } from '../records/write-record.ts';
import type { RecordSink } from '../snapshot/record-sink.ts';
import type { RestWitness } from '../snapshot/rest-witness.ts';
import { type Dependent, dependencyOrder } from './dependency-order.ts';
import { StoredVersions } from './stored-versions.ts';

export interface WitnessRecordsOptions {
  readonly witness: RestWitness;
  readonly sink: RecordSink;
  /** For a temporary file, which is removed. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

interface Placed extends Dependent {
  readonly place: number;
}

const BATCH = 100;

/**
 * Offsets from 0: settings, then each version after those that it refers to, otherwise by id; a circle of references comes last. Soft-deleted
 * versions say so themselves, so that no record for a whole subject is needed. Holds no texts in memory.
 */
export async function writeWitnessRecords(options: WitnessRecordsOptions): Promise<void> {
  const { witness, sink, folder, signal, onProgress } = options;
  const log = new Log(sink, witness.takenAt);
  for (const [kind, settings] of [
    ['config', witness.configs],
    ['mode', witness.modes],
  ] as const) {
    for (const [place, value] of Object.entries(settings)) {
      if (kind === 'mode' && place === '' && value['mode'] === 'READWRITE') continue;
      const subject = place === '' ? null : place;
      await log.add(settingKey(kind, subject), settingValueBytes(subject, value));
    }
  }
  const stored = await StoredVersions.create(folder);
  try {
    const versions = await storeAll(witness, stored, signal);
    const { order } = dependencyOrder(versions);
    const inOrder = new Set(order);
    const all = [...order, ...versions.filter((version) => !inOrder.has(version))];
    for (const [done, { place }] of all.entries()) {
      signal.throwIfAborted();
      const value = await stored.read(place);
      await log.add(schemaKey(value.subject, value.version), schemaValueBytes(value));
      if (done % BATCH === 0) onProgress?.(done, all.length);
    }
    for (const value of reservations(witness.maxIds, versions)) {
      await log.add(schemaKey(value.subject, value.version), schemaValueBytes(value));
    }
    await log.flush();
  } finally {
    await stored.remove();
  }
}

async function storeAll(witness: RestWitness, stored: StoredVersions, signal: AbortSignal): Promise<readonly Placed[]> {
  const versions: Placed[] = [];
  for await (const batch of witness.versions()) {
    signal.throwIfAborted();
    for (const version of batch) {
      const { subject, id, references } = version;
      versions.push({ subject, version: version.version, id, references, place: await stored.add(version) });
    }
  }
  return versions;
}

/** Invariant 10: an id that was given out and is gone is not given out again. */
function* reservations(maxIds: Readonly<Record<string, number>>, versions: readonly Placed[]): Generator<SchemaValue> {
  for (const [context, maxId] of Object.entries(maxIds)) {
    let seen = 0;
    let last = 0;
    for (const { subject, version, id } of versions) {
      if (contextOf(subject) !== context) continue;
      seen = Math.max(seen, id);
      if (subject === reservedSubject(context)) last = Math.max(last, version);
    }
    if (maxId > seen) yield reservedSchema(context, maxId, last + 1);
  }
}

class Log {
  private readonly sink: RecordSink;
  private readonly timestamp: number;
  private batch: RawRecord[] = [];
  private offset = 0;

  constructor(sink: RecordSink, timestamp: number) {
    this.sink = sink;
    this.timestamp = timestamp;
  }

  async add(key: Uint8Array, value: Uint8Array): Promise<void> {
    const { timestamp } = this;
    this.batch.push({ offset: this.offset++, timestamp, timestampType: 'CreateTime', key, value, headers: [] });
    if (this.batch.length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    const { batch } = this;
    this.batch = [];
    if (batch.length > 0) await this.sink.append(batch);
  }
}
