import { expect, it } from 'vitest';
import { noProgress } from '../../../../src/cli/schemas/progress.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { drillTopic } from '../../../../src/recovery/drill/drill-topic.ts';
import {
  markRecord,
  removeLeftOvers,
  scratchTopicName,
  scratchTopicTime,
} from '../../../../src/recovery/drill/scratch-topics.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace, legacySchemaKey, record } from '../../../support/recovery/record-bytes.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const schema = (subject: string, version: number, id: number) =>
  confluent.schema({ subject, version, id, schema: `{"type":"fixed","name":"F","size":${id}}` });

/** With damage: a drill proves that the bytes come back, not that they are good. */
const backup = (): MemorySnapshot =>
  new MemorySnapshot(
    asLog([
      confluent.noop(),
      schema('a', 1, 1),
      record('no json', 'x'),
      karapace.gone('a', 1),
      { ...schema('b', 1, 2), key: record(legacySchemaKey('b', 1), null).key },
      schema('last', 1, 3),
      confluent.gone('last', 1),
    ]),
  );

const topicsIn = async ({ broker, client }: RestoreWorld): Promise<readonly string[]> => {
  const admin = broker.admin(client);
  const topics = await admin.listTopics();
  await admin.close();
  return topics;
};

async function drilled(world: RestoreWorld, snapshot: MemorySnapshot) {
  const { broker, client, signal } = world;
  const findings = (each: Parameters<typeof verifySnapshot>[0]) => verifySnapshot(each);
  const temporaryFolder = tempDir('drill');
  return drillTopic(
    { snapshot, source: 'a test', broker, client, clock: systemClock, temporaryFolder, findings, progress: noProgress },
    signal,
  );
}

it('finds what it restored equal, byte for byte, and leaves nothing behind', async () => {
  const world = await RestoreWorld.embedded();
  const result = await drilled(world, backup());
  expect(result).toMatchObject({ differences: [], leftOvers: [] });
  expect(await topicsIn(world)).toEqual([]);
});

it('reads no more of a backup whose records came back equal: what they mean follows from them', async () => {
  const world = await RestoreWorld.embedded();
  const good = backup();
  let reads = 0;
  const records = good.records.bind(good);
  good.records = (from) => {
    reads++;
    return records(from);
  };
  expect(await drilled(world, good)).toMatchObject({ differences: [] });
  // Twice for the plan, once to compare.
  expect(reads).toBe(3);
});

it('tells a record that comes back otherwise', async () => {
  const world = await RestoreWorld.embedded();
  const good = backup();
  let reads = 0;
  // A plan is made by reading it twice; whoever compares reads the third time.
  const records = good.records.bind(good);
  good.records = (from) => {
    const isComparing = ++reads > 2;
    const other = new MemorySnapshot(asLog([...good.raw.slice(0, 6), schema('other', 1, 4)]));
    return isComparing ? other.records(from) : records(from);
  };
  const { differences } = await drilled(world, good);
  expect(differences.join('\n')).toContain('the record at offset 6 is another one at offset 7 of the copy');
  expect(differences.join('\n')).toContain('other version 1');
  expect(await topicsIn(world)).toEqual([]);
});

it('removes what killed drills left more than a day ago, and nothing else that has such a name', async () => {
  const world = await RestoreWorld.embedded();
  const { broker, client, signal } = world;
  const now = Date.UTC(2026, 10, 29);
  const old = now - 25 * 60 * 60 * 1000;
  const [marked, empty, foreign, young] = [old, old, old, now - 1000].map(scratchTopicName) as [
    string,
    string,
    string,
    string,
  ];
  for (const [topic, records] of [
    [marked, [markRecord(marked, 0), ...asLog([schema('a', 1, 1)], 1)]],
    [empty, []],
    [foreign, asLog([schema('a', 1, 1)])],
    [young, [markRecord(young, 0)]],
  ] as const) {
    await new RestoreWorld({ broker, topic }).makeTopic(records);
  }
  const admin = broker.admin(client);
  const removed = await removeLeftOvers({ admin, broker, client, now }, signal);
  await admin.close();
  expect([...removed].sort()).toEqual([marked, empty].sort());
  expect([...(await topicsIn(world))].sort()).toEqual([foreign, young].sort());
});

it('names topics by the time, and knows no other name as its own', () => {
  const now = Date.UTC(2026, 10, 29, 20, 29, 1);
  expect(scratchTopicTime(scratchTopicName(now))).toBe(now);
  for (const name of ['_schemas', 'holdfast-drill-', 'holdfast-drill-20261129t202901z-mine']) {
    expect(scratchTopicTime(name)).toBeUndefined();
  }
});
