/**
 * `node --expose-gc scripts/run-ts.mjs bench/schemas-replay.ts`: what a replay and a verification of a registry's records take, in time and
 * in bytes for each version. BENCH_SCHEMAS (1,000,000) versions, five to a subject; the records are made while they are read, so that what
 * is measured is the state alone.
 */
import type { RawRecord } from '../src/recovery/records/raw-record.ts';
import { schemaKey, schemaValueBytes } from '../src/recovery/records/write-record.ts';
import type { Snapshot } from '../src/recovery/snapshot/snapshot.ts';
import { replay } from '../src/recovery/state/replay.ts';
import { verifySnapshot } from '../src/recovery/verify/verify-snapshot.ts';

const COUNT = Number(process.env['BENCH_SCHEMAS'] ?? 1_000_000);
const BATCH = 1000;

function recordAt(offset: number): RawRecord {
  const subject = `com.example.department.topic-${Math.floor(offset / 5)}-value`;
  const version = (offset % 5) + 1;
  const fields = [{ name: `f${offset}`, type: 'string' }];
  const schema = JSON.stringify({ type: 'record', name: 'R', namespace: 'com.example', fields });
  const value = { subject, version, id: offset + 1, schemaType: 'AVRO', references: [], schema, deleted: false };
  return {
    ...{ offset, timestamp: 0, timestampType: 'CreateTime', headers: [], key: schemaKey(subject, version) },
    value: schemaValueBytes({ ...value, metadata: undefined, ruleSet: undefined }),
  };
}

const snapshot: Snapshot = {
  facts: {
    ...{ source: 'derived', takenAt: 0, topic: undefined, records: COUNT, beginOffset: 0, endOffset: COUNT },
    sha256: '',
  },
  async *records(from = 0) {
    for (let at = from; at < COUNT; at += BATCH) {
      yield Array.from({ length: Math.min(BATCH, COUNT - at) }, (_, n) => recordAt(at + n));
    }
  },
  at: async (offsets) => offsets.map(recordAt),
  async *witnesses() {},
  close: async () => {},
};

function bytesNow(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function measureReplay(vendor: 'confluent' | 'karapace'): Promise<void> {
  const before = bytesNow();
  const begun = performance.now();
  const state = await replay(snapshot, vendor);
  const tookMs = performance.now() - begun;
  const bytes = (bytesNow() - before) / COUNT;
  console.log(
    `replay as ${vendor}: ${COUNT} versions, ${bytes.toFixed(0)} bytes each, ${(tookMs / 1000).toFixed(1)} s, highest id ${state.maxId('')}`,
  );
}

// One at a time: what one leaves must not be counted as the next one's.
const vendor = process.env['BENCH_VENDOR'] === 'karapace' ? 'karapace' : 'confluent';
await measureReplay(vendor);
const begun = performance.now();
let peak = 0;
const before = bytesNow();
const findings = await verifySnapshot(snapshot, {
  onProgress: ({ records }) => {
    if (records % (COUNT / 4) < BATCH) peak = Math.max(peak, bytesNow() - before);
  },
});
const told = findings.map(({ name }) => name).join(', ');
console.log(
  `verify: ${((performance.now() - begun) / 1000).toFixed(1)} s, ${(peak / COUNT).toFixed(0)} bytes each at most, found ${told}`,
);
