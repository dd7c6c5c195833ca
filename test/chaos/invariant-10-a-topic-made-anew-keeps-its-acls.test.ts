/** Invariant 10: a topic that a repair makes anew has the ACLs that it had, on a Kafka with an authorizer. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { appendTo, recordsIn } from '../support/recovery/lived-topic.ts';
import { confluent, record } from '../support/recovery/record-bytes.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic } from '../support/topic-content.ts';

describeWithJava('a registry’s topic on a Kafka with an authorizer', () => {
  let kafka: Kafka;
  let broker: Broker;
  beforeAll(async () => {
    kafka = await startKafka({
      listeners: ['plaintext'],
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    const { bootstrapServers } = kafka;
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
  }, 120_000);
  afterAll(async () => {
    await broker?.close();
    await kafka?.remove();
  });

  it('keeps its ACLs and settings when it is made anew without its bad records', async () => {
    const topic = '_schemas';
    const dir = tempDir('repair-acls');
    const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '1048576' };
    await createTopic(broker, topic, 1, configs);
    const schema = confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' });
    await appendTo(broker, topic, [schema, record('no json', 'x')]);
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    const acl = { host: '*', pattern: 'LITERAL', resource: topic } as const;
    await admin.createTopicAcls([
      { ...acl, principal: 'User:registry', operation: 'ALL', permission: 'ALLOW' },
      { ...acl, principal: 'User:guest', operation: 'WRITE', permission: 'DENY' },
    ]);
    const inOrder = async (): Promise<readonly string[]> =>
      ((await admin.topicAcls(topic)) ?? []).map((each) => JSON.stringify(Object.entries(each).sort())).sort();
    const before = await inOrder();
    expect(before).toHaveLength(2);

    const args = ['--bootstrap-servers', kafka.bootstrapServers, '--backup', join(dir, 'safe'), '--yes'];
    await schemasCommandEnds(0, ['repair', 'corrupt-records', ...args], { cwd: dir });
    expect(await recordsIn(broker, topic)).toHaveLength(1);
    expect(await inOrder()).toEqual(before);
    expect((await admin.inspectTopic(topic))?.overrides).toEqual(configs);

    await admin.close();
  }, 90_000);
});
