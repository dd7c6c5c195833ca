import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { AvroBench, Flow, framed, range, sequenceSchema } from '../support/avro-pipelines.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { registerAt } from '../support/registry-outage-story.ts';
import { RegistryProcesses } from '../support/registry-processes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, produce, readTopic } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually } from '../support/worker-process.ts';

interface Story {
  readonly bootstrapServers: string;
  /** Whether there is a backup, or only what the worker's schema store knows. */
  readonly from: 'backup' | 'store';
}

/** The id in a record's frame. */
const idOf = (value: Uint8Array | null): number => Buffer.from(value ?? []).readUInt32BE(1);

/**
 * A source and a sink with a known schema flow all the time. The registry is killed and its topic deleted; a source with a new schema
 * and a sink that meets an id that the worker has never read park. The topic comes back by command, nodes are started, and all goes on.
 */
async function tell({ bootstrapServers, from }: Story): Promise<void> {
  const dir = tempDir('destroyed');
  const store = join(dir, 'store');
  const registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 2 });
  const { broker, topic, groupId } = registry;
  const at = [
    '--bootstrap-servers',
    bootstrapServers,
    '--topic',
    topic,
    '--group-id',
    groupId,
    '--other-group-ok',
    '*',
  ];
  const command = (args: readonly string[]) => schemasCommandEnds(0, args, { cwd: dir });
  const run = uniqueName('destroyed');
  const named = (name: string): string => `${run}-${name}`;
  const bench = await AvroBench.start({
    registryUrls: registry.urls,
    bootstrapServers,
    settings: { 'schema.store.dir': store },
  });
  let flow: Flow | undefined;
  try {
    const foreign = sequenceSchema('Foreign');
    const later = sequenceSchema('Later', ',{"name":"more","type":["null","string"],"default":null}');
    const foreignId = await registerAt(registry.url(0), named('foreign-value'), foreign);
    const laterId = await registerAt(registry.url(0), named('later-value'), later);
    await createTopic(bench.broker, named('foreign'), 1);
    await bench.source(named('known-source'), named('known'), sequenceSchema('Known'));
    await bench.sink(named('known-sink'), named('known'));
    await bench.source(named('new-source'), named('new'), sequenceSchema('New'));
    await bench.sink(named('new-sink'), named('new'));
    await bench.sink(named('foreign-sink'), named('foreign'));
    const ofForeign = (seq: number): Buffer => framed(foreignId, foreign, { seq, text: 'f' });
    const ofLater = (seq: number): Buffer => framed(laterId, later, { seq, text: 'l', more: null });
    await produce(bench.broker, named('foreign'), 0, range(0, 50).map(ofForeign));
    flow = new Flow(bench, named('known-source'), named('known-sink'));
    const { count } = flow;
    await bench.connect.waitFor('the known flow', async () => bench.delivered(named('known-sink')).length > 50);
    await bench.expectDelivered(named('foreign-sink'), range(0, 50));
    const [knownBefore] = (await readTopic(broker, named('known'))).flat();
    const knownId = idOf(knownBefore?.value ?? null);
    if (from === 'backup')
      await command(['backup', ...at, '--registry', registry.urls.join(','), '--to', join(dir, 'backups')]);

    // Destroyed: every node is killed, and the topic is gone.
    for (const node of registry.running) await registry.signal(node, 'SIGKILL');
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    await admin.deleteTopics([topic]);
    await eventually('the topic gone', async () => !(await admin.listTopics()).includes(topic));
    await admin.close();
    const deliveredBefore = bench.delivered(named('known-sink')).length;
    bench.feed(named('new-source'), range(0, 40));
    await bench.parked(named('new-source'), 60_000);
    if (from === 'backup') {
      // An id that this worker has never met.
      await produce(bench.broker, named('foreign'), 0, [
        ...range(50, 60).map(ofForeign),
        ...range(60, 80).map(ofLater),
      ]);
      await bench.parked(named('foreign-sink'), 60_000);
    } else {
      await produce(bench.broker, named('foreign'), 0, range(50, 80).map(ofForeign));
    }
    expect(await bench.failures()).toEqual([]);

    // Killed members are in the group until their session ends.
    await eventually(
      'a group without members',
      async () => (await registry.describeGroup()).members.length === 0,
      60_000,
    );
    const origin = from === 'backup' ? [join(dir, 'backups')] : ['--from-store', store, '--min-id', String(laterId)];
    const plan = join(dir, 'plan.ndjson');
    await command(['restore', ...origin, '--into', 'new-topic', ...at, '--plan', plan]);
    await command(['apply', plan, ...at, '--yes']);
    expect(bench.delivered(named('new-sink'))).toEqual([]);
    for (const node of registry.urls.keys()) await registry.startNode(node);

    await bench.connect.waitFor(
      'the first record with the new schema',
      async () => bench.delivered(named('new-sink')).length > 0,
      90_000,
    );
    await flow.stop();
    expect(flow.count).toBeGreaterThan(count);
    expect(bench.delivered(named('known-sink')).length).toBeGreaterThan(deliveredBefore);
    await bench.expectDelivered(named('known-sink'), range(0, flow.count), 60_000);
    await bench.expectDelivered(named('new-sink'), range(0, 40), 60_000);
    await bench.expectDelivered(named('foreign-sink'), range(0, 80), 60_000);
    expect(await bench.failures()).toEqual([]);
    for (const name of ['known-source', 'known-sink', 'new-source', 'new-sink', 'foreign-sink']) {
      await bench.notParked(named(name), 60_000);
    }
    // The same ids mean the same, on every node, and no id that was given out before is given out again.
    const known = (await readTopic(broker, named('known'))).flat();
    expect(known).toHaveLength(flow.count);
    expect(new Set(known.map(({ value }) => idOf(value)))).toEqual(new Set([knownId]));
    const newId = idOf((await readTopic(broker, named('new'))).flat()[0]?.value ?? null);
    expect(newId).toBeGreaterThan(Math.max(foreignId, laterId, knownId));
    for (const url of registry.urls) {
      const ids = [[foreignId, 'Foreign'], [knownId, 'Known'], ...(from === 'backup' ? [[laterId, 'Later']] : [])];
      for (const [id, name] of ids) {
        const { status, body } = await fetchJson(`${url}/schemas/ids/${id}`);
        expect({ url, id, status, name: JSON.parse(body.schema ?? '{}').name }).toEqual({ url, id, status: 200, name });
      }
    }
    if (from === 'backup') {
      const { stdout } = await command(['verify', 'topic', ...at, '--registry', registry.urls.join(','), '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    }
  } finally {
    await flow?.stop();
    await bench.stop();
    await registry.stop();
  }
}

describeWithKafka('a pipeline whose registry is destroyed and restored', (kafka) => {
  it('goes on with the same ids, and nothing is lost, doubled or reordered', () =>
    tell({ bootstrapServers: kafka().bootstrapServers, from: 'backup' }));

  it("goes on without any backup, from the worker's schema store", () =>
    tell({ bootstrapServers: kafka().bootstrapServers, from: 'store' }));
});
