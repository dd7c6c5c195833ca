/**
 * The topic of a registry on a real Kafka: read whole with transaction markers and damaged batches in it, told and made anew with its
 * settings and ACLs, and never written to while the registry's group has members.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka as KafkaJs, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Admin, Broker, GroupProtocol } from '../../../src/broker/ports.ts';
import { systemClock as clock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import type { TopicAcl, TopicFacts } from '../../../src/recovery/snapshot/topic-facts.ts';
import { assertNoMembers } from '../../../src/recovery/topic/no-members.ts';
import { readTopicFacts } from '../../../src/recovery/topic/read-topic-facts.ts';
import { createRegistryTopic, deleteRegistryTopic } from '../../../src/recovery/topic/registry-topic.ts';
import { spoolTopic } from '../../../src/recovery/topic/spool-topic.ts';
import { TopicAppender } from '../../../src/recovery/topic/topic-appender.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../../support/kafka.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { eventually } from '../../support/worker-process.ts';

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

describeWithJava('the topic of a registry', () => {
  const { signal } = new AbortController();
  const client = { settings: {}, logger: silentLogger };
  let kafka: Kafka;
  let broker: Broker;
  let admin: Admin;
  beforeAll(async () => {
    kafka = await startKafka({
      listeners: ['plaintext', 'sasl_plain'],
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    broker = createKafkaBroker({ bootstrapServers: kafka.bootstrapServers, logger: silentLogger, clock });
    admin = broker.admin(client);
  });
  afterAll(async () => {
    await broker?.close();
    await kafka?.remove();
  });

  const factsOf = (topic: string) => readTopicFacts({ admin, topic, groupId: uniqueName('schema-registry') }, signal);

  async function create(configs: Readonly<Record<string, string>> = {}, acls: readonly TopicAcl[] = []) {
    const topic = uniqueName('_schemas');
    const made = await createRegistryTopic({ admin, clock }, { topic, replicationFactor: 1, configs, acls }, signal);
    return { topic, ...made };
  }

  /** Each a batch of its own. */
  async function append(topic: string, texts: readonly (string | null)[]): Promise<number[]> {
    const appender = await TopicAppender.open({ broker, client, topic }, signal);
    const offsets: number[] = [];
    for (const text of texts) {
      const value = text === null ? null : Buffer.from(text);
      offsets.push(
        ...(await appender.append(
          [{ key: Buffer.from(`key of ${text}`), value, headers: [], timestamp: 5000 }],
          signal,
        )),
      );
    }
    await appender.verifyTarget(signal);
    await appender.close();
    return offsets;
  }

  async function spool(facts: TopicFacts): Promise<{ readonly facts: TopicFacts; readonly texts: readonly string[] }> {
    const texts: string[] = [];
    const writer = {
      append: async (records: readonly RawRecord[]) => {
        for (const { offset, value } of records) texts.push(`${offset} ${value === null ? null : Buffer.from(value)}`);
      },
    };
    return { facts: await spoolTopic({ broker, client, facts, writer }, signal), texts };
  }

  it('is read whole, with transaction markers at its end and aborted records in it', async () => {
    const { topic } = await create();
    await append(topic, ['a', '', null]);
    const kafkaJs = new KafkaJs({ brokers: [kafka.bootstrapServers], logLevel: logLevel.NOTHING });
    const producer = kafkaJs.producer({
      transactionalId: uniqueName('tx'),
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    for (const end of ['commit', 'abort', 'commit'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: 'k', value: end }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const { facts, texts } = await spool(await factsOf(topic));
    expect(texts).toEqual(['0 a', '1 ', '2 null', '3 commit', '5 abort', '7 commit']);
    expect(facts).toMatchObject({
      endOffset: 9,
      controlOffsets: [4, 6, 8],
      transactionalOffsets: [3, 5, 7],
      abortedOffsets: [5],
      unreadable: [],
    });
  });

  it('is told, and made anew, with its settings and ACLs', async () => {
    const acl = (more: Partial<TopicAcl>): TopicAcl => {
      const named = { principal: 'User:registry', host: '*', operation: 'WRITE', resource: '' };
      return { ...named, permission: 'ALLOW', pattern: 'LITERAL', ...more };
    };
    const { topic, topicId } = await create({ 'max.message.bytes': '5000000' });
    const acls = [
      acl({ resource: topic }),
      acl({ resource: topic, operation: 'READ', permission: 'DENY', host: '10.1.2.3' }),
      acl({ resource: topic.slice(0, 12), pattern: 'PREFIXED', operation: 'ALL' }),
      acl({ resource: '*', operation: 'DESCRIBE_CONFIGS' }),
    ];
    await admin.createTopicAcls([...acls, acl({ resource: 'another' })], signal);
    await admin.createTopicAcls(acls, signal);
    const byWords = (list: readonly TopicAcl[]) =>
      list.map((each) => JSON.stringify(Object.entries(each).sort())).sort();
    await eventually('ACLs are told', async () => (await admin.topicAcls(topic))?.length === acls.length);
    expect(byWords((await admin.topicAcls(topic)) ?? [])).toEqual(byWords(acls));
    await append(topic, ['a', 'b']);
    const before = await factsOf(topic);
    expect(before).toMatchObject({
      topicId,
      partitions: 1,
      replicationFactor: 1,
      overrides: { 'cleanup.policy': 'compact', 'max.message.bytes': '5000000' },
      endOffset: 2,
    });
    expect(before.effective).toMatchObject({ 'min.insync.replicas': '1', 'max.message.bytes': '5000000' });
    await deleteRegistryTopic({ admin, clock }, { topic, topicId }, signal);
    const { overrides: configs, replicationFactor } = before;
    const again = await createRegistryTopic({ admin, clock }, { topic, replicationFactor, configs, acls }, signal);
    expect(again.aclsRefused).toBeNull();
    expect(again.topicId).not.toBe(topicId);
    expect(await append(topic, ['c'])).toEqual([0]);
    expect((await spool(await factsOf(topic))).texts).toEqual(['0 c']);
    // A plan that was made for the first one deletes no other.
    await expect(deleteRegistryTopic({ admin, clock }, { topic, topicId }, signal)).rejects.toMatchObject({
      code: 'holdfast.recovery.topic-changed',
    });

    const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
    const { username, password } = kafka.user;
    const nobody = broker.admin({
      logger: silentLogger,
      settings: {
        'bootstrap.servers': kafka.bootstrapServersOf('sasl_plain'),
        'security.protocol': 'SASL_PLAINTEXT',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': `${module} required username="${username}" password="${password}";`,
      },
    });
    expect(await nobody.topicAcls(topic)).toBeNull();
    await expect(nobody.createTopicAcls(acls)).rejects.toMatchObject({ code: 'holdfast.broker.authorization' });
    await nobody.close();
  });

  it('is not to be written to while a node of the registry is in its group', async () => {
    const groupId = uniqueName('schema-registry');
    await assertNoMembers({ admin, groupId, otherGroupsOk: ['*'] }, signal);
    const settings = { 'client.id': 'sr-1' };
    const member = broker.protocolMember({ groupId, protocol: node, settings, logger: silentLogger });
    member.start();
    await eventually('the member is seen', async () => {
      await expect(assertNoMembers({ admin, groupId, otherGroupsOk: ['*'] }, signal)).rejects.toThrow(
        /1 member .*sr-1.* at 127\.0\.0\.1/,
      );
      return true;
    });
    // As with a wrong --group-id. Other tests' registries may be found first.
    expect(await admin.listGroups()).toContainEqual({ groupId, protocolType: 'sr' });
    await expect(assertNoMembers({ admin, groupId: uniqueName('wrong') }, signal)).rejects.toThrow(
      /--group-id \S+ when/,
    );
    await member.close();
    await eventually('the member is gone', () =>
      assertNoMembers({ admin, groupId, otherGroupsOk: ['*'] }, signal).then(() => true),
    );
  });

  it('is read past batches that its disk has damaged', async () => {
    const { topic } = await create();
    const texts = Array.from({ length: 60 }, (_, n) => `value-${n}-${'x'.repeat(300)}`);
    await append(topic, texts);
    const path = join(kafka.dataDir, 'data', `${topic}-0`, '00000000000000000000.log');
    const bytes = await readFile(path);
    const batchOf = (n: number): number => {
      let at = 0;
      for (let batch = 0; batch < n; batch++) at += 12 + bytes.readInt32BE(at + 8);
      return at;
    };
    const [flipped, short, long, unknown, last] = [7, 20, 33, 45, 59].map(batchOf) as [
      number,
      number,
      number,
      number,
      number,
    ];
    // In the very file that the broker serves: it checks nothing of what it hands out.
    const file = await open(path, 'r+');
    const int32 = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer).swap32();
    await file.write('?', flipped + 100);
    await file.write(int32(9), 0, 4, short + 8);
    await file.write(int32(900_000_000), 0, 4, long + 8);
    await file.write(Buffer.of(9), 0, 1, unknown + 16);
    await file.write('?', last + 100);
    await file.close();
    const { facts, texts: read } = await spool(await factsOf(topic));
    const lost = [7, 20, 33, 45, 59];
    expect(read.map((text) => text.slice(0, 12))).toEqual(
      texts.map((text, n) => `${n} ${text}`.slice(0, 12)).filter((_, n) => !lost.includes(n)),
    );
    expect(facts.unreadable.map(({ from, to }) => [from, to])).toEqual(lost.map((n) => [n, n + 1]));
  });
});
