/** `restore --from-store` by its command: a registry without a backup comes back from what two workers know, into a topic and over REST. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { AvroBench, framed, range, sequenceSchema } from '../support/avro-pipelines.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { registerAt } from '../support/registry-outage-story.ts';
import { RegistryProcesses } from '../support/registry-processes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, produce } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually } from '../support/worker-process.ts';

const nameOf = async (url: string, id: number): Promise<string | undefined> => {
  const { status, body } = await fetchJson(`${url}/schemas/ids/${id}`);
  return status === 200 ? (JSON.parse(body.schema) as { readonly name: string }).name : undefined;
};

describeWithKafka('a registry that nobody backed up', (kafka) => {
  it('comes back from the stores of two workers, into a new topic and through REST, with every id; what is missing is named', async () => {
    const { bootstrapServers } = kafka();
    const dir = tempDir('stores');
    const [run, storeTopic, store] = [uniqueName('run'), uniqueName('store'), join(dir, 'store')];
    const [read, lost] = [`${run}-read`, `${run}-lost`];
    const registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
    const benches: AvroBench[] = [];
    const bench = async (settings: Readonly<Record<string, string>>): Promise<AvroBench> => {
      const started = await AvroBench.start({ registryUrls: registry.urls, bootstrapServers, settings });
      benches.push(started);
      return started;
    };
    let live: RegistryProcesses | undefined;
    try {
      const url = registry.url(0);
      const [first, second] = [
        await bench({ 'schema.store.topic': storeTopic }),
        await bench({ 'schema.store.dir': store }),
      ];
      // One writes, the other one reads what somebody else has written; nobody ever read the last one.
      await first.source(`${run}-a`, `${run}-a`, sequenceSchema('A'));
      first.feed(`${run}-a`, range(0, 5));
      const readId = await registerAt(url, `${read}-value`, sequenceSchema('Read'));
      await first.connect.waitFor('A', async () => (await first.topicLength(`${run}-a`)) === 5);
      const lostId = await registerAt(url, `${lost}-value`, sequenceSchema('Lost'));
      await createTopic(second.broker, read, 1);
      await createTopic(second.broker, lost, 1);
      await produce(second.broker, read, 0, [framed(readId, sequenceSchema('Read'), { seq: 0, text: '' })]);
      await produce(second.broker, lost, 0, [framed(lostId, sequenceSchema('Lost'), { seq: 0, text: '' })]);
      await second.source(`${run}-b`, `${run}-b`, sequenceSchema('B'));
      second.feed(`${run}-b`, range(0, 5));
      await second.sink(`${run}-read`, read);
      await second.expectDelivered(`${run}-read`, [0]);
      await second.connect.waitFor('B', async () => (await second.topicLength(`${run}-b`)) === 5);
      const idIn = async (topic: string): Promise<number> =>
        Buffer.from((await second.topic(topic)).flat()[0]?.value ?? []).readUInt32BE(1);
      const known: readonly (readonly [id: number, name: string])[] = [
        [await idIn(`${run}-a`), 'A'],
        [await idIn(`${run}-b`), 'B'],
        [readId, 'Read'],
      ];

      // Destroyed.
      await registry.signal(0, 'SIGTERM');
      const admin = registry.broker.admin({ settings: {}, logger: silentLogger });
      await admin.deleteTopics([registry.topic]);
      await eventually('the topic gone', async () => !(await admin.listTopics()).includes(registry.topic));
      await admin.close();
      for (const each of benches.splice(0)) await each.stop();

      const at = [
        '--bootstrap-servers',
        bootstrapServers,
        '--topic',
        registry.topic,
        '--group-id',
        registry.groupId,
        '--other-group-ok',
        '*',
      ];
      const stores = ['--from-store', `kafka:${storeTopic}`, '--from-store', store];
      const data = ['--used-by', [`${run}-a`, `${run}-b`, read, lost].join(',')];
      const command = async (args: readonly string[]): Promise<{ readonly summary: readonly string[] }> =>
        JSON.parse((await schemasCommandEnds(0, [...args, '--json'], { cwd: dir })).stdout);
      const { summary } = await command(['restore', ...stores, ...data, ...at, '--into', 'new-topic', '--yes']);
      expect(summary).toContainEqual(expect.stringContaining(`schema id ${lostId}, and nothing here resolves it`));
      await registry.startNode(0);
      for (const [id, name] of known) expect({ id, name: await nameOf(url, id) }).toEqual({ id, name });
      // Only read, so that no store knows its subject; the topic does.
      expect((await fetchJson(`${url}/schemas/ids/${readId}/versions`)).body).toEqual([
        { subject: `${read}-value`, version: 1 },
      ]);
      // Invariant 10: what data carries is not given out for something else.
      // A node that has just started is elected a moment later.
      let next: Awaited<ReturnType<RegistryProcesses['register']>> | undefined;
      await eventually('a registry that takes schemas', async () => {
        next = await registry.register(0, 'new', sequenceSchema('New'));
        return typeof next === 'number';
      });
      expect(next).toBeGreaterThan(lostId);

      live = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
      await command([
        'restore',
        ...[...stores, '--used-by', lost, '--bootstrap-servers', bootstrapServers],
        ...['--into', 'registry', '--registry', live.url(0), '--plan', join(dir, 'rest.ndjson'), '--yes'],
      ]);
      for (const [id, name] of known) expect({ id, name: await nameOf(live.url(0), id) }).toEqual({ id, name });
      expect(await registerAt(live.url(0), 'new', sequenceSchema('New'))).toBeGreaterThan(lostId);
    } finally {
      for (const each of benches) await each.stop();
      await registry.stop();
      await live?.stop();
    }
  }, 120_000);
});
