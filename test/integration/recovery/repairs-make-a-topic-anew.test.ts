/**
 * A registry's topic is made anew with everything that was good in it, its settings kept, and only after a backup: without records that are
 * bad, or from what a registry tells that can't write any more.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Admin, Broker } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { fetchJson } from '../../support/fetch-json.ts';
import { appendTo, recordsIn } from '../../support/recovery/lived-topic.ts';
import { contentInWords } from '../../support/recovery/memory-snapshot.ts';
import { confluent, record, schemaKey } from '../../support/recovery/record-bytes.ts';
import { schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { RegistryProcesses } from '../../support/registry-processes.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

const text = (name: string): string => `{"type":"fixed","name":"${name}","size":1}`;

describeWithKafka('a registry’s topic', (kafka) => {
  let broker: Broker;
  let admin: Admin;
  beforeAll(() => {
    broker = createKafkaBroker({
      bootstrapServers: kafka().bootstrapServers,
      logger: silentLogger,
      clock: systemClock,
    });
    admin = broker.admin({ settings: {}, logger: silentLogger });
  });
  afterAll(() => broker?.close());

  const common = (topic: string, groupId: string): readonly string[] => [
    ...['--bootstrap-servers', kafka().bootstrapServers, '--topic', topic, '--group-id', groupId],
    ...['--other-group-ok', '*', '--json'],
  ];

  it('is made anew without its bad records', async () => {
    const topic = uniqueName('_schemas');
    const dir = tempDir('repair');
    const good = [
      confluent.noop(),
      confluent.schema({ subject: 'a', version: 1, id: 1, schema: text('A') }),
      confluent.schema({ subject: 'b', version: 1, id: 2, schema: text('B') }),
    ];
    const bad = [record('{"keytype":"NEW","magic":0}', '{}'), record(schemaKey('z', 1), '{"subject":')];
    const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '1048576', 'min.compaction.lag.ms': '60000' };
    await createTopic(broker, topic, 1, configs);
    await appendTo(broker, topic, [...good.slice(0, 2), ...bad, ...good.slice(2)]);
    const before = await recordsIn(broker, topic);
    const args = ['repair', 'corrupt-records', ...common(topic, uniqueName('group')), '--backup', join(dir, 'backup')];

    const dry = JSON.parse((await schemasCommandEnds(0, args, { cwd: dir })).stdout);
    expect(dry).toMatchObject({ ran: false, undo: null });
    expect(await recordsIn(broker, topic)).toEqual(before);

    const plan = join(dir, 'plan.ndjson');
    const { id } = (await admin.inspectTopic(topic)) ?? {};
    await schemasCommandEnds(0, [...args, '--plan', plan, '--yes'], { cwd: dir });
    const after = await recordsIn(broker, topic);
    const kept = before.filter(({ offset }) => offset !== 2 && offset !== 3);
    expect(after.map(contentInWords)).toEqual(kept.map(contentInWords));
    const made = await admin.inspectTopic(topic);
    expect(made?.id).not.toBe(id);
    expect(made?.overrides).toEqual(configs);
    const leftOut = readFileSync(join(dir, 'plan.left-out.ndjson'), 'utf8').trimEnd().split('\n');
    expect(leftOut.map((line) => JSON.parse(line).offset)).toEqual([2, 3]);
    expect(readdirSync(join(dir, 'backup', 'topic')).filter((name) => /^\d{8}T/.test(name))).not.toEqual([]);
  }, 60_000);

  it('is made anew from what its registry tells, which goes on with the same ids', async () => {
    const registry = await RegistryProcesses.start({
      ...{ bootstrapServers: kafka().bootstrapServers, vendor: 'confluent', nodes: 1 },
      flags: ['--session-timeout-ms', '6000'],
    });
    try {
      const dir = tempDir('repair');
      const { topic, groupId } = registry;
      const register = (subject: string): ReturnType<typeof registry.register> =>
        registry.register(0, subject, text(subject));
      const ids = [await register('a'), await register('b'), await register('c')];
      await fetchJson(`${registry.url(0)}/subjects/b`, { method: 'DELETE' });
      // What the registry has read, and still answers, is gone from its topic.
      const [end = 0] = await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]);
      await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'delete' });
      await admin.deleteRecords([{ topic, partition: 0, offset: end }]);
      await admin.alterTopicConfigs(topic, { 'cleanup.policy': 'compact' });
      expect(await recordsIn(broker, topic)).toEqual([]);
      const args = [
        ...['repair', 'cannot-write', ...common(topic, groupId), '--registry', registry.url(0)],
        ...['--backup', join(dir, 'backup'), '--yes'],
      ];
      const first = JSON.parse((await schemasCommandEnds(4, args, { cwd: dir })).stdout);
      expect(first).toMatchObject({ phase: 'captured', members: 1, ran: false });
      expect(await recordsIn(broker, topic)).toEqual([]);

      await registry.signal(0, 'SIGTERM');
      const second = JSON.parse((await schemasCommandEnds(0, args, { cwd: dir })).stdout);
      expect(second).toMatchObject({ ran: true });

      await registry.startNode(0);
      for (const [n, subject] of ['a', 'b', 'c'].entries()) {
        const { status, body } = await fetchJson(`${registry.url(0)}/schemas/ids/${ids[n]}`);
        expect([status, body]).toEqual([200, { schema: text(subject) }]);
      }
      expect((await fetchJson(`${registry.url(0)}/subjects/b/versions`)).status).toBe(404);
      expect((await fetchJson(`${registry.url(0)}/subjects/b/versions?deleted=true`)).body).toEqual([1]);
      await registry.writable();
      const next = await register('d');
      expect(next).toBeGreaterThan(Math.max(...registry.acknowledged.map(({ id }) => id).filter((id) => id !== next)));
    } finally {
      await registry.stop();
    }
  }, 90_000);
});
