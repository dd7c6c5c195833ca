/**
 * Restores on a real Kafka: into a new topic byte for byte, in place, never under live members of the registry's group, on from wherever
 * a run was ended, and back again.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Broker, GroupProtocol } from '../../../src/broker/ports.ts';
import { systemClock as clock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { Plan } from '../../../src/recovery/plan/open-plan.ts';
import { planInPlace } from '../../../src/recovery/restore/plan-in-place.ts';
import { type NewTopicOptions, planNewTopic } from '../../../src/recovery/restore/plan-new-topic.ts';
import type { Snapshot } from '../../../src/recovery/snapshot/snapshot.ts';
import { assertNoMembers } from '../../../src/recovery/topic/no-members.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { failingTopic, Killed } from '../../support/recovery/failing-topic.ts';
import type { contentInWords } from '../../support/recovery/memory-snapshot.ts';
import { confluent, karapace } from '../../support/recovery/record-bytes.ts';
import { RestoreWorld } from '../../support/recovery/restore-world.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { eventually } from '../../support/worker-process.ts';

const LIFE = [
  confluent.noop(),
  confluent.config(null, { compatibilityLevel: 'FULL' }),
  ...Array.from({ length: 30 }, (_, n) =>
    confluent.schema({ subject: `s${n % 7}`, version: 1 + Math.floor(n / 7), id: n + 1, schema: `"${n}"` }),
  ),
  karapace.schema({ subject: 'k', version: 1, id: 31, schema: '"int"' }),
  karapace.gone('k', 1),
  confluent.deleteSubject('s1', 2),
];

const textOf = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('utf8');

/** A node of a registry, as far as its group sees one. */
const node: GroupProtocol = {
  type: 'sr',
  offer: async () => [{ name: 'v0', metadata: Buffer.from('{"host":"sr-1"}') }],
  assign: async (_, members) => new Map(members.map(({ memberId }) => [memberId, Buffer.from('{}')])),
  onJoined: async () => {},
  onRevoked: async () => {},
  onLost: async () => {},
  onFailed: () => {},
};

describeWithKafka('a restore', (kafka) => {
  let broker: Broker;
  beforeAll(() => {
    broker = createKafkaBroker({ bootstrapServers: kafka().bootstrapServers, logger: silentLogger, clock });
  });
  afterAll(() => broker?.close());

  const newWorld = (): RestoreWorld =>
    new RestoreWorld({ broker, topic: uniqueName('_schemas'), groupId: uniqueName('schema-registry') });

  async function intoNewTopic(
    world: RestoreWorld,
    snapshot: Snapshot,
    more: Partial<NewTopicOptions> = {},
  ): Promise<Plan> {
    const target = world.target();
    const present = await target.present(world.signal);
    await target.close();
    const { topic, groupId } = world;
    const path = world.path('plan');
    return planNewTopic({ snapshot, present, topic, groupId, path, source: 'a test', now: clock.now(), ...more });
  }

  it('into a new topic gives back every byte and setting, from wherever it was ended, and is undone', async () => {
    const world = newWorld();
    await world.makeTopic(LIFE, { 'cleanup.policy': 'compact', 'segment.ms': '3600000' });
    const backup = await world.backup();
    const before = await world.content();
    await world.deleteTopic();
    const plan = await intoNewTopic(world, backup, { asIs: true });
    await expect(world.run(plan, (target) => failingTopic(target, 4, 'halfway'))).rejects.toThrow(Killed);
    // One more than there were: the highest id was that of a schema that is gone.
    await expect(world.run(plan)).resolves.toMatchObject({ writtenBefore: 10, written: LIFE.length + 1 - 10 });
    expect((await world.content())?.slice(0, -1)).toEqual(before);
    const again = await world.backup();
    expect(again.facts.topic).toMatchObject({
      partitions: 1,
      overrides: { 'cleanup.policy': 'compact', 'segment.ms': '3600000' },
      controlOffsets: [],
      transactionalOffsets: [],
    });
    await world.undo(plan);
    expect(await world.content()).toBeUndefined();
  }, 60_000);

  it('makes a topic anew after its backup was verified, and brings the old one back', async () => {
    const world = newWorld();
    await world.makeTopic(LIFE);
    const backup = await world.backup();
    const before = await world.content();
    const recreate = { backup: backup.folder, sha256: backup.facts.sha256 };
    const plan = await intoNewTopic(world, backup, { recreate });
    await expect(world.run(plan, (target) => failingTopic(target, 1, 'after'))).rejects.toThrow(Killed);
    expect(await world.content()).toBeUndefined();
    await world.run(plan);
    const found = await world.content();
    // The empty delete became null, the highest id is reserved, and a NOOP ends it.
    expect(found).toHaveLength(LIFE.length + 2);
    expect(found?.[33]).not.toEqual(before?.[33]);
    await world.undo(plan);
    expect((await world.content())?.slice(0, LIFE.length)).toEqual(before);
  }, 60_000);

  it('in place adds what was lost and changed, and is taken back', async () => {
    const world = newWorld();
    await world.makeTopic(LIFE);
    const snapshot = await world.backup();
    const odd = confluent.schema({ subject: 's0', version: 1, id: 1, schema: '"odd"' });
    await world.append([confluent.gone('s2', 1), odd]);
    const plan = await planInPlace({
      ...{ snapshot, present: await world.backup(), groupId: world.groupId },
      ...{ path: world.path('in-place'), source: 'a test', now: clock.now(), overwriteIds: 'all' },
    });
    await expect(world.run(plan, (target) => failingTopic(target, 1, 'halfway'))).rejects.toThrow(Killed);
    await world.run(plan);
    const last = new Map((await world.records())?.map((record) => [textOf(record.key), record]));
    const wanted = new Map<string, Parameters<typeof contentInWords>[0]>();
    for await (const records of snapshot.records()) for (const raw of records) wanted.set(textOf(raw.key), raw);
    for (const [key, { value }] of wanted) if (!key.includes('"k"')) expect(last.get(key)?.value).toEqual(value);
    await world.undo(plan);
    const undone = new Map((await world.records())?.map((record) => [textOf(record.key), record.value]));
    expect(undone.get(textOf(confluent.gone('s2', 1).key))).toBeNull();
    expect(undone.get(textOf(odd.key))).toEqual(Buffer.from(odd.value ?? []));
  }, 60_000);

  it('is refused while a node is in the group of the registry, and writes nothing', async () => {
    const world = newWorld();
    await world.makeTopic(LIFE);
    const backup = await world.backup();
    await world.deleteTopic();
    const plan = await intoNewTopic(world, backup);
    const { groupId } = world;
    const member = broker.protocolMember({ groupId, protocol: node, settings: {}, logger: silentLogger });
    const admin = broker.admin(world.client);
    const members = async (): Promise<number> => (await admin.describeGroups([groupId]))[0]?.members.length ?? 0;
    member.start();
    await eventually('the member is seen', async () => (await members()) === 1);
    await expect(world.run(plan)).rejects.toMatchObject({ code: 'holdfast.recovery.registry-running' });
    expect(await world.content()).toBeUndefined();
    await member.close();
    await eventually('the member is gone', () =>
      assertNoMembers({ admin, groupId, otherGroupsOk: ['*'] }, world.signal).then(() => true),
    );
    await world.run(plan);
    expect(await world.content()).toHaveLength(LIFE.length + 2);
    await admin.close();
  }, 60_000);
});
