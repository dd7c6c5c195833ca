/** A topic that somebody deletes and creates again under running tasks: they wait for it, say so, and go on in the new one. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, readTopic, textOf, withBroker } from '../support/topic-content.ts';

describeWithJava('a deleted topic', () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka({ properties: { 'auto.create.topics.enable': 'false' } });
  });
  afterAll(() => kafka?.remove());

  it('is waited for by source and sink', async () => {
    const dir = tempDir('deleted');
    const input = join(dir, 'in.txt');
    const output = join(dir, 'out.txt');
    const servers = kafka.bootstrapServers;
    const read = (): string => readFileSync(output, 'utf8');
    writeFileSync(input, 'one\ntwo\nthree\n');
    await withBroker(servers, async (broker) => {
      const admin = broker.admin({ settings: {}, logger: silentLogger });
      await createTopic(broker, 't');
      const settings = { 'bootstrap.servers': servers, 'consumer.metadata.max.age.ms': '1000' };
      const connect = await EmbeddedConnect.start({ dir, settings });
      await connect.create('source', { 'connector.class': 'FileStreamSource', file: input, topic: 't' });
      await connect.create('sink', { 'connector.class': 'FileStreamSink', file: output, topics: 't' });
      await connect.waitFor('the first lines', async () => read() === 'one\ntwo\nthree\n');

      await admin.deleteTopics(['t']);
      appendFileSync(input, 'four\n');
      const parked = await connect.waitFor('the source is parked', async () => {
        const [task] = (await connect.status('source')).tasks;
        return task?.parked && task;
      });
      expect(parked.state).toBe('RUNNING');
      expect(parked.parked?.reason).toMatch(/'t'|t-0/);
      await createTopic(broker, 't');
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
      await connect.stop();
      const [values = []] = await readTopic(broker, 't');
      expect(values.map(textOf)).toEqual(['four', 'five']);
      await admin.close();
    });
  }, 120_000);
});
