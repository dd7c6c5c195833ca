import { describe, expect, it } from 'vitest';
import type { IdUse, UsedIds } from '../../../../src/recovery/data/used-ids.ts';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import {
  type RebuiltFromStores,
  type SnapshotFromStoresOptions,
  snapshotFromStores,
} from '../../../../src/recovery/stores/snapshot-from-stores.ts';
import type { StoreSource } from '../../../../src/recovery/stores/store-contents.ts';
import { textFingerprint } from '../../../../src/registry/fingerprint.ts';
import type { StoredProof } from '../../../../src/registry/stored-entries.ts';
import type { SchemaReference, SchemaText } from '../../../../src/sdk/schema-view.ts';
import { CLUSTER, schema, version, Worker } from './worker-stores.ts';

const signal = new AbortController().signal;

function text(name: string, references: readonly SchemaReference[] = []): SchemaText {
  return { schemaType: 'AVRO', schema: `{"type":"record","name":"${name}","fields":[]}`, references };
}

function proof(subject: string, id: number, of: SchemaText, more: Partial<StoredProof> = {}): StoredProof {
  return {
    ...{ clusterId: CLUSTER, subject, text: textFingerprint(of), normalize: false, proof: 'registered', id },
    ...{ time: 1000 + id, epoch: 'e', ...more },
  };
}

async function rebuild(
  workers: Readonly<Record<string, Worker>>,
  more: Partial<SnapshotFromStoresOptions> = {},
): Promise<RebuiltFromStores & { readonly written: readonly RawRecord[] }> {
  const written: RawRecord[] = [];
  const rebuilt = await snapshotFromStores(
    {
      stores: Object.entries(workers).map(([name, worker]) => worker.source(name)),
      writer: {
        append: async (records) => {
          written.push(...records);
        },
      },
      ...more,
    },
    signal,
  );
  return { ...rebuilt, written };
}

/** subject, version, id of each record; references are in the text of the test. */
function versionsIn(records: readonly RawRecord[]): readonly string[] {
  return records.map((record) => {
    const read = readRecord(record);
    if (!read.ok || read.record.kind !== 'schema') throw new Error('No record of a schema.');
    expect(read.hasCanonicalKey).toBe(true);
    const { subject, version: number, id } = read.record.value;
    return `${subject} ${number} ${id}`;
  });
}

const named = ({ findings }: RebuiltFromStores) =>
  findings
    .filter(({ name }) => name !== 'store-facts-unknown')
    .map(({ name, subject, id }) => [name, subject, id].filter((part) => part !== undefined).join(' '));

describe('snapshotFromStores', () => {
  it('rebuilds ids, subjects, versions and references of two workers, what is referred to first', async () => {
    const base = text('Base');
    const user = text('User', [{ name: 'Base', subject: 'base', version: 3 }]);
    const one = await new Worker().knows((store) => {
      store.remember(schema(1, user));
      store.prove(proof('users-value', 1, user));
      store.rememberVersion(version('users-value', 2, 1));
    });
    const two = await new Worker().knows((store) => {
      store.remember(schema(2, base));
      store.rememberVersion(version('base', 3, 2));
    });

    const rebuilt = await rebuild({ one, two });

    expect(versionsIn(rebuilt.written)).toEqual(['base 3 2', 'users-value 2 1']);
    expect(rebuilt.written.map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      [0, 1002],
      [1, 1001],
    ]);
    const read = readRecord(rebuilt.written[1] as RawRecord);
    expect(read).toMatchObject({
      record: { value: { schema: user.schema, schemaType: 'AVRO', references: user.references, deleted: false } },
    });
    expect(rebuilt).toMatchObject({ cluster: CLUSTER, records: 2, ids: 2, subjects: 2, maxIds: { '': 2 } });
    expect(named(rebuilt)).toEqual(['store-version-gap base', 'store-version-gap users-value']);
    expect(rebuilt.findings.at(-1)).toMatchObject({ name: 'store-facts-unknown', severity: 'note' });
  });

  it('proposes free versions in the order of ids, between those that are known, and says so', async () => {
    const texts = [10, 20, 30, 40].map((id) => [id, text(`S${id}`)] as const);
    const one = await new Worker().knows((store) => {
      for (const [id, of] of texts) {
        store.remember(schema(id, of));
        store.prove(proof('s', id, of));
      }
      store.rememberVersion(version('s', 1, 10));
      store.rememberVersion(version('s', 3, 30));
    });

    const rebuilt = await rebuild({ one });

    expect(versionsIn(rebuilt.written)).toEqual(['s 1 10', 's 2 20', 's 3 30', 's 4 40']);
    expect(named(rebuilt)).toEqual(['store-version-proposed s 20', 'store-version-proposed s 40', 'store-id-gap']);
  });

  it('gives an id that was only read a subject: the one that data names, or one of its own', async () => {
    const one = await new Worker().knows((store) => {
      store.remember(schema(1, text('A')));
      store.remember(schema(2, text('B')));
      store.remember(schema(3, text('C')));
    });
    const use = (id: number, topic: string) =>
      ({ context: '', id, topic, partition: 0, part: 'value' }) as Partial<IdUse> as IdUse;
    const used = { ids: [use(1, 'orders'), use(2, 'a'), use(2, 'b')] } as Partial<UsedIds> as UsedIds;

    const rebuilt = await rebuild({ one }, { used });

    expect(versionsIn(rebuilt.written)).toEqual(['orders-value 1 1', 'recovered-id-2 1 2', 'recovered-id-3 1 3']);
    expect(named(rebuilt)).toEqual([
      'store-subject-proposed orders-value 1',
      'store-subject-proposed recovered-id-2 2',
      'store-subject-proposed recovered-id-3 3',
    ]);
  });

  it('names an id with two contents, takes what was acknowledged first or the preferred store, and drops the other subject', async () => {
    const [a, b] = [text('A'), text('B')];
    const one = await new Worker().knows((store) => {
      store.remember(schema(7, a, { time: 2000 }));
      store.prove(proof('of-one', 7, a, { time: 2000 }));
    });
    const two = await new Worker().knows((store) => {
      store.remember(schema(7, b, { time: 1500 }));
      store.prove(proof('of-two', 7, b, { time: 1500 }));
    });

    const first = await rebuild({ one, two });
    expect(versionsIn(first.written)).toEqual(['of-two 1 7']);
    expect(named(first)).toEqual([
      'store-id-conflict of-two 7',
      'store-proof-withdrawn of-one 7',
      'store-version-proposed of-two 7',
      'store-id-gap',
    ]);
    const [conflict] = first.findings;
    expect(conflict?.message).toMatch(/two says AVRO .*1970-01-01T00:00:01\.500Z.*; one says AVRO .*02\.000Z/);

    expect(versionsIn((await rebuild({ one, two }, { prefer: 'one' })).written)).toEqual(['of-one 1 7']);
    await expect(rebuild({ one, two }, { prefer: 'three' })).rejects.toMatchObject({
      code: 'holdfast.recovery.stores-prefer',
    });
  });

  it('believes what a registry confirmed before what it took back, and leaves what it took back out of its subject', async () => {
    const [a, b] = [text('A'), text('B')];
    const one = await new Worker().knows((store) => {
      store.remember(schema(7, a, { time: 1 }));
      store.prove(proof('s', 7, a, { time: 1, contradictedAt: 5 }));
    });
    const two = await new Worker().knows((store) => {
      store.remember(schema(7, b, { time: 4 }));
      store.prove(proof('t', 7, b, { time: 4, confirmedAt: 6 }));
    });
    const rebuilt = await rebuild({ one, two });
    expect(versionsIn(rebuilt.written)).toEqual(['t 1 7']);
    expect(named(rebuilt)).toContain('store-proof-withdrawn s 7');
  });

  it('takes texts that differ in form only for one, and what the registry gave back before what was sent', async () => {
    const sent: SchemaText = { schemaType: 'PROTOBUF', schema: 'message A { int32 x = 1; }', references: [] };
    const read: SchemaText = { ...sent, schema: 'syntax = "proto3";\nmessage A {\n  int32 x = 1;\n}\n' };
    const one = await new Worker().knows((store) => store.remember(schema(1, sent, { sent: true })));
    const two = await new Worker().knows((store) => store.remember(schema(1, read)));
    const rebuilt = await rebuild({ one, two });
    expect(named(rebuilt)).toEqual(['store-subject-proposed recovered-id-1 1']);
    expect(Buffer.from(rebuilt.written[0]?.value ?? []).toString()).toContain(JSON.stringify(read.schema));
  });

  it('names a version with two ids, and takes the one that was acknowledged', async () => {
    const [a, b] = [text('A'), text('B')];
    const one = await new Worker().knows((store) => {
      store.remember(schema(1, a));
      store.rememberVersion(version('s', 1, 1));
    });
    const two = await new Worker().knows((store) => {
      store.remember(schema(2, b));
      store.prove(proof('s', 2, b));
      store.rememberVersion(version('s', 1, 2));
    });
    const rebuilt = await rebuild({ one, two });
    expect(versionsIn(rebuilt.written)).toEqual(['recovered-id-1 1 1', 's 1 2']);
    expect(named(rebuilt)).toEqual(['store-version-conflict s 2', 'store-subject-proposed recovered-id-1 1']);
  });

  it('says which references and which contents nobody knows, and what lies between', async () => {
    const user = text('User', [{ name: 'Base', subject: 'base', version: 1 }]);
    const worker = await new Worker().knows((store) => {
      store.remember(schema(5, user));
      store.prove(proof('users', 5, user));
    });
    // A store drops what is of no use without its schema; a damaged entry leaves it.
    const damaged: StoreSource = {
      name: 'damaged',
      load: async () => ({
        entries: [
          { key: '["version","c","lost",1]', value: JSON.stringify({ v: 1, ...version('lost', 1, 9) }) },
          { key: '["schema","c","",9]', value: '{' },
          { key: '["schema","c","",8]', value: '{"v":99}' },
        ],
        damaged: 2,
      }),
    };
    const rebuilt = await rebuild({ worker }, { stores: [worker.source('worker'), damaged] });
    expect(named(rebuilt)).toEqual([
      'store-schema-missing lost 9',
      'store-reference-unknown users 5',
      'store-version-proposed users 5',
      'store-id-gap',
      'store-unreadable',
      'store-newer',
    ]);
    const messageOf = (name: string) => rebuilt.findings.find((finding) => finding.name === name)?.message;
    expect(messageOf('store-id-gap')).toContain('ids 1-4,');
    expect(messageOf('store-unreadable')).toContain('3 entries of damaged');
  });

  it('keeps contexts apart, by the URL or by the subject', async () => {
    const user = text('User', [{ name: 'Base', subject: 'base', version: 1 }]);
    const one = await new Worker().knows((store) => {
      store.remember(schema(1, text('Base'), { clusterId: `${CLUSTER};context=eu` }));
      store.rememberVersion({ ...version('base', 1, 1), clusterId: `${CLUSTER};context=eu` });
      store.remember(schema(2, user, { context: 'eu' }));
      store.prove(proof(':.eu:users', 2, user));
      store.remember(schema(1, text('Other')));
      store.prove(proof('other', 1, text('Other')));
    });
    const rebuilt = await rebuild({ one });
    expect(versionsIn(rebuilt.written)).toEqual(['other 1 1', ':.eu:base 1 1', ':.eu:users 1 2']);
    expect(rebuilt.maxIds).toEqual({ '': 1, eu: 2 });
    expect(named(rebuilt)).not.toContain('store-reference-unknown :.eu:users 2');
  });

  it('asks which registry is meant where stores know several, but not of an earlier name of one', async () => {
    const [a, b] = [text('A'), text('B')];
    const renamed = await new Worker().knows((store) => {
      store.remember(schema(1, a, { clusterId: 'unidentified:http://r:1' }));
      store.bind('http://r:1', CLUSTER);
      store.remember(schema(1, a));
      store.remember(schema(2, b));
    });
    expect(await rebuild({ renamed })).toMatchObject({ cluster: CLUSTER, ids: 2 });

    const other = await new Worker().knows((store) => store.remember(schema(1, b, { clusterId: 'kafka-cluster=k2' })));
    await expect(rebuild({ renamed, other })).rejects.toMatchObject({
      code: 'holdfast.recovery.stores-cluster',
      message: expect.stringContaining("--cluster 'kafka-cluster=k2' (1 schema)"),
    });
    expect(await rebuild({ renamed, other }, { cluster: 'kafka-cluster=k2' })).toMatchObject({ ids: 1 });
    await expect(rebuild({ renamed }, { cluster: 'none' })).rejects.toMatchObject({
      code: 'holdfast.recovery.stores-cluster',
    });
    await expect(rebuild({ empty: new Worker() })).rejects.toThrow('no schemas at all');
  });
});
