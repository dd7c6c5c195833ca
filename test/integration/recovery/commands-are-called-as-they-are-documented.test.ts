/** Commands of `holdfast schemas` as they are called, at a real Kafka: drill, --used-by, repairs in place, backup --every, a new topic. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Admin, Broker } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { backupsIn } from '../../../src/recovery/backup/backup-folder.ts';
import { openPlan } from '../../../src/recovery/plan/open-plan.ts';
import type { VerifyReport } from '../../../src/recovery/verify/verify-report.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { fetchJson } from '../../support/fetch-json.ts';
import { runHoldfast } from '../../support/holdfast-process.ts';
import { freePorts } from '../../support/ports.ts';
import { appendTo, recordsIn, writeTopic } from '../../support/recovery/lived-topic.ts';
import { bytesOf, confluent, type WrittenRecord } from '../../support/recovery/record-bytes.ts';
import { schemasCommand, schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { RegistryProcesses } from '../../support/registry-processes.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { eventually } from '../../support/worker-process.ts';

const text = (name: string): string => `{"type":"fixed","name":"${name}","size":1}`;
const schema = (subject: string, id: number, more: object = {}): WrittenRecord =>
  confluent.schema({ subject, version: 1, id, schema: text(`F${id}`), ...more });

/** Data that carries this id. */
function carrying(id: number): WrittenRecord {
  const value = Buffer.alloc(6);
  value.writeInt32BE(id, 1);
  return { key: bytesOf('k'), value, headers: [] };
}

describeWithKafka('a command', (kafka) => {
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

  const at = (topic: string, groupId = uniqueName('group')): readonly string[] => [
    ...['--bootstrap-servers', kafka().bootstrapServers, '--topic', topic, '--group-id', groupId],
    ...['--other-group-ok', '*', '--quiet', '--json'],
  ];

  async function topicOf(records: readonly WrittenRecord[]): Promise<string> {
    const topic = uniqueName('_schemas');
    await createTopic(broker, topic, 1, { 'cleanup.policy': 'compact' });
    await writeTopic(broker, topic, records);
    return topic;
  }

  it('drills a backup into a scratch topic, which is gone afterwards, and into an empty registry', async () => {
    const topic = await topicOf([schema('a', 1), schema('b', 2), confluent.noop()]);
    const dir = tempDir('drill');
    const backup = join(dir, 'backups');
    await schemasCommandEnds(0, ['backup', ...at(topic), '--to', backup]);
    const metrics = join(dir, 'drill.prom');
    const drill = ['drill', backup, '--metrics-file', metrics, ...at(topic)];
    const { target, ...told } = JSON.parse((await schemasCommandEnds(0, drill)).stdout);
    expect(told).toMatchObject({ equal: true, records: 3, subjects: 2, differences: [] });
    expect(await admin.inspectTopic(target)).toBeNull();
    expect(readFileSync(metrics, 'utf8')).toMatch(/^holdfast_schemas_drill_success 1$/m);

    // Of RegistryProcesses, the nodes have something registered as soon as they are up.
    const [port = 0] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const registry = await runHoldfast([
      ...['registry', '--bootstrap-servers', kafka().bootstrapServers, '--vendor', 'confluent', '--port', String(port)],
      ...['--group-id', uniqueName('schema-registry'), '--topic', uniqueName('_schemas')],
    ]);
    try {
      await registry.waitForLine('schema registry is ready', { timeoutMs: 60_000 });
      const into = ['--into', 'registry', '--registry', url];
      expect(JSON.parse((await schemasCommandEnds(0, [...drill, ...into])).stdout)).toMatchObject({ equal: true });
      expect((await fetchJson(`${url}/subjects`)).body).toEqual([]);
    } finally {
      await registry.kill('SIGTERM');
    }
  }, 90_000);

  it('finds ids in data that nothing resolves, and which data carries an id that stands for two schemas', async () => {
    const topic = await topicOf([schema('a', 1), schema('b', 2), confluent.noop()]);
    const data = uniqueName('orders');
    await createTopic(broker, data, 1);
    await writeTopic(broker, data, [carrying(1), carrying(7)]);
    const used = ['--used-by', data];
    const verified = await schemasCommandEnds(4, ['verify', 'topic', ...at(topic), ...used]);
    const { sections } = JSON.parse(verified.stdout) as VerifyReport;
    const found = sections.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'error');
    expect(found.map(({ id }) => id)).toEqual([7]);

    const group = uniqueName('group');
    await appendTo(broker, topic, [confluent.schema({ subject: 'c', version: 1, id: 1, schema: text('Other') })]);
    const repair = ['repair', 'duplicate-ids', ...at(topic, group)];
    const listed = JSON.parse((await schemasCommandEnds(4, [...repair, ...used])).stdout);
    expect(listed).toMatchObject({ duplicates: [{ id: 1 }], uses: [{ topic: data, id: 1, records: 1 }], ran: false });
    const plan = join(tempDir('duplicate-ids'), 'plan.ndjson');
    await schemasCommandEnds(0, [...repair, '--give-new-id', 'c:1', '--plan', plan, '--yes']);
    await schemasCommandEnds(0, repair);
  }, 60_000);

  it('brings deleted versions back, and takes an unknown subject for a mistake in the call', async () => {
    const topic = await topicOf([schema('a', 1), schema('a', 1, { deleted: true }), confluent.noop()]);
    const plan = join(tempDir('undelete'), 'plan.ndjson');
    const undelete = (subject: string): readonly string[] => ['repair', 'undelete', subject, ...at(topic)];
    const unknown = await schemasCommand(undelete('nobody'));
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toContain('holdfast.recovery.not-undeleted');
    const { stdout, stderr } = await schemasCommandEnds(0, [...undelete('a'), '--plan', plan, '--yes']);
    expect(JSON.parse(stdout)).toMatchObject({ ran: true, run: { outcome: 'done', wrong: [] } });
    expect(stderr).toContain(`holdfast schemas apply ${plan} --yes`);
    const values = (await recordsIn(broker, topic)).map(({ value }) => Buffer.from(value ?? []).toString());
    const versions = values.filter((value) => value !== '').map((value) => JSON.parse(value));
    expect(versions.at(-1)).toMatchObject({ id: 1, deleted: false });
    const nothing = JSON.parse((await schemasCommandEnds(0, undelete('a'))).stdout);
    expect(nothing).toMatchObject({ plan: null, ran: false });
  }, 60_000);

  it('backs up again and again until it is stopped', async () => {
    const topic = await topicOf([schema('a', 1)]);
    const dir = tempDir('every');
    const backups = join(dir, 'backups');
    const [servers, group] = [kafka().bootstrapServers, uniqueName('group')];
    const command = await runHoldfast([
      ...['schemas', 'backup', '--bootstrap-servers', servers, '--topic', topic, '--group-id', group],
      ...['--to', backups, '--every', '1s', '--rest-port', '0'],
    ]);
    try {
      await eventually('the first backup', async () => (await backupsIn(backups)).length === 1, 40_000);
      await appendTo(broker, topic, [schema('b', 2)]);
      await eventually('the next backup', async () => (await backupsIn(backups)).length === 2, 40_000);
    } finally {
      await command.kill('SIGTERM');
    }
    const { stdout } = await schemasCommandEnds(0, ['list', backups, '--check', '--json']);
    const listed = JSON.parse(stdout).backups as readonly { readonly records: number; readonly whole: boolean }[];
    expect(listed.map(({ records, whole }) => [records, whole])).toEqual([
      [2, true],
      [1, true],
    ]);
  }, 90_000);

  it('fills a new topic beside a registry that runs, asks who is right, and waits for the registry to stop', async () => {
    const { bootstrapServers } = kafka();
    const registry = await RegistryProcesses.start({
      ...{ bootstrapServers, vendor: 'confluent', nodes: 1, flags: ['--session-timeout-ms', '6000'] },
    });
    try {
      const dir = tempDir('cannot-write');
      const { topic, groupId } = registry;
      await registry.register(0, 'a', text('A'));
      const config = { method: 'PUT', body: { compatibility: 'FULL' } };
      await fetchJson(`${registry.url(0)}/config/a`, config);
      const args = ['repair', 'cannot-write', ...at(topic, groupId), '--registry', registry.url(0)];
      const next = uniqueName('_schemas');
      const plan = join(dir, 'new.ndjson');
      const beside = ['--backup', join(dir, 'one'), '--new-topic', next, '--plan', plan, '--yes'];
      await schemasCommandEnds(0, [...args, ...beside]);
      expect((await recordsIn(broker, next)).length).toBeGreaterThan(1);
      const { target } = (await openPlan(plan)).header;
      expect(target).toMatchObject({ topic: next, groupId });
      // It could read the new topic by now.
      const undo = ['apply', join(dir, 'new.undo.ndjson'), '--yes', ...at(topic, groupId)];
      expect((await schemasCommandEnds(2, undo)).stderr).toContain('holdfast.recovery.registry-running');

      await registry.control(0, 'pause-reading');
      await appendTo(broker, topic, [...[schema('only', 5), confluent.config('a', { compatibilityLevel: 'NONE' })]]);
      const waiting = schemasCommand([...args, '--backup', join(dir, 'two'), '--wait']);
      await eventually(
        'the registry to be read',
        async () => (await backupsIn(join(dir, 'two', 'registry'))).length === 1,
        30_000,
      );
      await registry.signal(0, 'SIGTERM');
      const asked = await waiting;
      expect(asked.code).toBe(4);
      const told = JSON.parse(asked.stdout);
      expect(told).toMatchObject({ phase: 'decide', ran: false });
      expect(told.differences.map(({ of }: { readonly of: string }) => of)).toEqual(['version', 'config']);
      const decided = [...args, '--backup', join(dir, 'two'), '--prefer', 'topic', '--yes', '--plan', join(dir, 'p')];
      await schemasCommandEnds(0, decided);
      const values = (await recordsIn(broker, topic)).map(({ value }) => Buffer.from(value ?? []).toString());
      expect(values.filter((value) => /"compatibilityLevel":"NONE"/.test(value))).toHaveLength(1);
      expect(values.filter((value) => /"compatibilityLevel":"FULL"/.test(value))).toEqual([]);
      expect(values.filter((value) => /"subject":"only"/.test(value))).toHaveLength(1);
    } finally {
      await registry.stop();
    }
  }, 120_000);
});
