/**
 * Topics that are not there, can't be made, or must not be written: a source's own and dead letter queues. What time or an operator
 * mends is waited for and named; what only a setting mends fails the task, with nothing committed that was not written.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Admin, Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { allowOnTopics } from '../support/kafka-acls.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, groupOffsets, produce, readTopic, textOf } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';

const JSON_VALUES = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

describeWithJava('topics that are missing or forbidden', () => {
  const dir = tempDir('topics');
  let kafka: Kafka;
  let connect: EmbeddedConnect;
  let broker: Broker;
  let admin: Admin;
  beforeAll(async () => {
    kafka = await startKafka({
      listeners: ['plaintext', 'sasl_plain'],
      properties: {
        'auto.create.topics.enable': 'false',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    const { bootstrapServers } = kafka;
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    admin = broker.admin({ settings: {}, logger: silentLogger });
    const settings = {
      'bootstrap.servers': bootstrapServers,
      'consumer.metadata.max.age.ms': '1000',
      'offset.flush.interval.ms': '200',
    };
    [connect] = await Promise.all([
      EmbeddedConnect.start({ dir, settings }),
      allowOnTopics({ bootstrapServers, user: kafka.user.username, operations: ['Describe'], prefix: 'seen' }),
    ]);
  });
  afterAll(async () => {
    await connect?.stop();
    await broker?.close();
    await kafka?.remove();
  });

  /** Settings of a client that logs in as somebody who may describe topics that begin with `seen`, and nothing else. */
  const restricted = (client: 'producer' | 'admin'): Readonly<Record<string, string>> => {
    const { username, password } = kafka.user;
    const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
    const settings = {
      'bootstrap.servers': kafka.bootstrapServersOf('sasl_plain'),
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': `${module} required username="${username}" password="${password}";`,
    };
    return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${client}.override.${key}`, value]));
  };

  const failure = async (name: string): Promise<string> =>
    (await connect.waitForTasks(name, 'FAILED')).tasks[0]?.trace ?? '';

  async function source(topic: string, more: Readonly<Record<string, string>>): Promise<string> {
    const name = uniqueName('source');
    const file = join(dir, `${name}.txt`);
    writeFileSync(file, 'one\n');
    await connect.create(name, { 'connector.class': 'FileStreamSource', file, topic, ...more });
    return name;
  }

  it.each([
    ['has a replication factor that can not be met', 'unseen', '3', false, /replication factor/i],
    ['must not be made', 'seen', '1', true, /authori/i],
    ['must not even be seen', 'unseen', '1', true, /authori/i],
  ])('fails a source whose topic %s, and says which', async (_case, prefix, factor, isRestricted, reason) => {
    const topic = uniqueName(prefix);
    const name = await source(topic, {
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': factor,
      ...(isRestricted ? restricted('admin') : {}),
    });
    const trace = await failure(name);
    expect(trace).toContain(topic);
    expect(trace).toMatch(reason);
    if (prefix === 'seen' || factor === '3') {
      expect(trace).toContain(
        `Task failed to create new topic (name=${topic}, numPartitions=1, replicationFactor=${factor}, replicasAssignments=null, configs={}). Ensure that the task is authorized to create topics or that the topic exists and restart the task`,
      );
    }
    const { body } = await connect.request('GET', `/connectors/${name}/offsets`);
    expect(body).toEqual({ offsets: [] });
    expect(await admin.describeTopics([topic])).toEqual([]);
    // Once somebody else has made it, a restart is enough.
    if (factor !== '3') return;
    await createTopic(broker, topic);
    await connect.request('POST', `/connectors/${name}/tasks/0/restart`);
    await connect.waitFor('the line', async () => (await readTopic(broker, topic))[0]?.length === 1);
  });

  /** A sink over one good and one bad record. */
  async function sink(queue: string, more: Readonly<Record<string, string>>) {
    const name = uniqueName('sink');
    const topic = uniqueName('topic');
    const file = join(dir, `${name}.txt`);
    await createTopic(broker, topic);
    await produce(broker, topic, 0, ['{"n":1}', 'bad', '{"n":2}']);
    await connect.create(name, {
      'connector.class': 'FileStreamSink',
      file,
      topics: topic,
      ...JSON_VALUES,
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': queue,
      ...more,
    });
    const committed = async (): Promise<number | undefined> =>
      (await groupOffsets(broker, `connect-${name}`, topic)).get(0);
    return { name, topic, file, committed };
  }

  it('fails a sink whose dead letter queue needs more brokers than there are, before it reads anything', async () => {
    const queue = uniqueName('queue');
    const { name, committed } = await sink(queue, {});
    const trace = await failure(name);
    expect(trace).toContain(`Could not initialize dead letter queue with topic=${queue}`);
    expect(trace).toContain('replication factor 3');
    expect(await committed()).toBeUndefined();
    await connect.request('PATCH', `/connectors/${name}/config`, {
      'errors.deadletterqueue.topic.replication.factor': '1',
    });
    await connect.waitForTasks(name, 'RUNNING');
    await connect.waitFor(
      'the bad record',
      async () => (await readTopic(broker, queue))[0]?.map(textOf).join() === 'bad',
    );
  });

  it('fails a sink that must not write its dead letter queue, and commits nothing beyond the record', async () => {
    const queue = uniqueName('seen');
    await createTopic(broker, queue);
    const { name, committed } = await sink(queue, restricted('producer'));
    const trace = await failure(name);
    expect(trace).toContain(`Could not produce message to dead letter queue. topic=${queue}.`);
    expect(trace).toMatch(/authori/i);
    await connect.request('PUT', `/connectors/${name}/stop`);
    expect((await committed()) ?? 0).toBeLessThanOrEqual(1);
  });

  it('waits for a dead letter queue that is deleted while it runs, says so, and commits once it is back', async () => {
    const queue = uniqueName('queue');
    const { name, topic, file, committed } = await sink(queue, {
      'errors.deadletterqueue.topic.replication.factor': '1',
      'producer.override.metadata.max.age.ms': '1000',
    });
    await connect.waitFor('all three', async () => (await committed()) === 3);
    await admin.deleteTopics([queue]);
    await produce(broker, topic, 0, ['{"n":3}', 'worse', '{"n":4}']);
    const parked = await connect.waitFor('the sink is parked', async () => {
      const [task] = (await connect.status(name)).tasks;
      return task?.parked && task;
    });
    expect(parked.state).toBe('RUNNING');
    expect(parked.parked?.reason).toContain(queue);
    // The others are delivered all the same.
    await connect.waitFor('the good ones', async () => readFileSync(file, 'utf8') === '{n=1}\n{n=2}\n{n=3}\n{n=4}\n');
    expect(await committed()).toBe(3);
    await createTopic(broker, queue);
    await connect.waitFor('the commit', async () => (await committed()) === 6, 30_000);
    expect((await readTopic(broker, queue))[0]?.map(textOf)).toEqual(['worse']);
    await connect.waitFor('nobody is parked', async () => (await connect.status(name)).tasks[0]?.parked === undefined);
  });

  it('waits for a topic that is deleted and created again under a source and a sink', async () => {
    const topic = uniqueName('deleted');
    const [input, output] = [join(dir, 'in.txt'), join(dir, 'out.txt')];
    const read = (): string => readFileSync(output, 'utf8');
    writeFileSync(input, 'one\ntwo\nthree\n');
    await createTopic(broker, topic);
    await connect.create('source', { 'connector.class': 'FileStreamSource', file: input, topic });
    await connect.create('sink', { 'connector.class': 'FileStreamSink', file: output, topics: topic });
    await connect.waitFor('the first lines', async () => read() === 'one\ntwo\nthree\n');

    await admin.deleteTopics([topic]);
    appendFileSync(input, 'four\n');
    const parked = await connect.waitFor('the source is parked', async () => {
      const [task] = (await connect.status('source')).tasks;
      return task?.parked && task;
    });
    expect(parked.state).toBe('RUNNING');
    expect(parked.parked?.reason).toContain(topic);
    await createTopic(broker, topic);
    // Its offsets begin again at 0, below what the group has committed.
    await connect.waitFor('the line in the new topic', async () => read() === 'one\ntwo\nthree\nfour\n', 40_000);
    appendFileSync(input, 'five\n');
    await connect.waitFor('the next line', async () => read() === 'one\ntwo\nthree\nfour\nfive\n', 20_000);
    await connect.waitForTasks('source', 'RUNNING');
    await connect.waitForTasks('sink', 'RUNNING');
    await connect.waitFor('nobody is parked', async () => {
      const tasks = [...(await connect.status('source')).tasks, ...(await connect.status('sink')).tasks];
      return tasks.every((task) => task.parked === undefined);
    });
    const [values = []] = await readTopic(broker, topic);
    expect(values.map(textOf)).toEqual(['four', 'five']);
  }, 120_000);
});
