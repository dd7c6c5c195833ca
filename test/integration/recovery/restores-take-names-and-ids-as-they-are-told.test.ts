/** `restore` with --only, --map and --overwrite-id and `repair reference-order`, as they are called, at a real Kafka; verify says 0 afterwards. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { replay } from '../../../src/recovery/state/replay.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { appendTo, recordsIn, writeTopic } from '../../support/recovery/lived-topic.ts';
import { MemorySnapshot } from '../../support/recovery/memory-snapshot.ts';
import { confluent, type WrittenRecord } from '../../support/recovery/record-bytes.ts';
import { schemasCommand, schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { uniqueName } from '../../support/unique-name.ts';

const fixed = (name: string): string => `{"type":"fixed","name":"${name}","size":1}`;
const user = (name: string, of: string): string =>
  `{"type":"record","name":"${name}","fields":[{"name":"x","type":"${of}"}]}`;
const schema = (subject: string, id: number, text: string, refers?: string): WrittenRecord =>
  confluent.schema({
    ...{ subject, version: 1, id, schema: text },
    ...(refers === undefined ? {} : { references: [{ name: refers.toUpperCase(), subject: refers, version: 1 }] }),
  });

const LIFE = [
  ...[schema('a', 1, fixed('A')), schema('u', 2, user('U', 'A'), 'a'), schema('other', 3, fixed('Other'))],
  ...[schema(':.old:a', 1, fixed('A')), schema(':.old:u', 2, user('U', 'A'), 'a')],
  ...[confluent.config(':.old:', { compatibilityLevel: 'FULL' }), confluent.noop()],
];

describeWithKafka('a restore', (kafka) => {
  let broker: Broker;
  beforeAll(() => {
    const { bootstrapServers } = kafka();
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
  });
  afterAll(() => broker?.close());

  const at = (topic: string): readonly string[] => [
    ...['--bootstrap-servers', kafka().bootstrapServers, '--topic', topic, '--group-id', uniqueName('group')],
    ...['--other-group-ok', '*', '--quiet', '--json'],
  ];
  const plan = (): readonly string[] => ['--plan', join(tempDir('restore'), 'plan.ndjson'), '--yes'];

  async function topicOf(records: readonly WrittenRecord[]): Promise<string> {
    const topic = uniqueName('_schemas');
    await writeTopic(broker, topic, records);
    return topic;
  }

  async function backupOf(topic: string): Promise<string> {
    const folder = join(tempDir('restore'), 'backups');
    await schemasCommandEnds(0, ['backup', ...at(topic), '--to', folder]);
    return folder;
  }

  /** `subject=id -> what it refers to`, once verify has found nothing. */
  async function versionsIn(topic: string): Promise<readonly string[]> {
    await schemasCommandEnds(0, ['verify', 'topic', ...at(topic)]);
    const state = await replay(new MemorySnapshot(await recordsIn(broker, topic)), 'confluent');
    const live = [...state.subjects()].flatMap((subject) => state.versions(subject).filter(({ deleted }) => !deleted));
    return live
      .map(({ subject, id, references }) => [`${subject}=${id}`, ...references.map((r) => r.subject)].join(' -> '))
      .sort();
  }

  it('brings contexts and subjects back under other names, all or some of them, into a new topic and in place', async () => {
    const backup = await backupOf(await topicOf(LIFE));
    const topic = uniqueName('_schemas');
    const into = ['--into', 'new-topic', ...at(topic), ...plan()];
    await schemasCommandEnds(0, ['restore', backup, '--map', ':.old:=:.new:,other=another', ...into]);
    const moved = [':.new:a=1', ':.new:u=2 -> a', 'a=1', 'another=3', 'u=2 -> a'];
    expect(await versionsIn(topic)).toEqual(moved);

    const inPlace = ['--into', 'in-place', ...at(topic), ...plan()];
    await schemasCommandEnds(0, ['restore', backup, '--only', 'u', '--map', 'u=v', ...inPlace]);
    expect(await versionsIn(topic)).toEqual([...moved, 'v=2 -> a']);
    const nobody = await schemasCommand(['restore', backup, '--only', 'nobody', '--into', 'in-place', ...at(topic)]);
    expect([nobody.code, nobody.stdout]).toEqual([2, '']);
    expect(nobody.stderr).toContain('holdfast.recovery.map-invalid');
    const twice = await schemasCommand(['restore', backup, '--map', 'a=u', '--into', 'in-place', ...at(topic)]);
    expect([twice.code, twice.stderr.includes('holdfast.recovery.map-invalid')]).toEqual([2, true]);
  }, 90_000);

  it('in place lets an id mean another schema only where it is told to', async () => {
    const topic = await topicOf(LIFE);
    const backup = await backupOf(topic);
    await appendTo(broker, topic, [confluent.gone('other', 1), schema('other', 3, fixed('Wrong'))]);
    const restore = ['restore', backup, '--into', 'in-place', ...at(topic)];
    const refused = await schemasCommand([...restore, ...plan()]);
    expect(refused.code).toBeGreaterThan(1);
    expect(refused.stderr).toContain('--overwrite-id');
    const kept = await schemasCommand([...restore, '--overwrite-id', '1', ...plan()]);
    expect([kept.code, (await recordsIn(broker, topic)).length]).toEqual([refused.code, LIFE.length + 2]);
    await schemasCommandEnds(0, [...restore, '--overwrite-id', '3', ...plan()]);
    expect(await versionsIn(topic)).toEqual([':.old:a=1', ':.old:u=2 -> a', 'a=1', 'other=3', 'u=2 -> a']);
    const last = (await recordsIn(broker, topic)).findLast(({ value }) =>
      `${value && Buffer.from(value)}`.includes('other'),
    );
    expect(`${Buffer.from(last?.value ?? [])}`).toContain('Other');
  }, 90_000);

  it('is not needed where a schema only lies before what it refers to', async () => {
    const topic = await topicOf([schema('u', 2, user('U', 'A'), 'a'), schema('a', 1, fixed('A')), confluent.noop()]);
    const early = async (): Promise<boolean> =>
      (await schemasCommandEnds(0, ['verify', 'topic', ...at(topic)])).stdout.includes('"reference-before-target"');
    expect(await early()).toBe(true);
    await schemasCommandEnds(0, ['repair', 'reference-order', ...at(topic), ...plan()]);
    expect(await early()).toBe(false);
    const karapaces = await replay(new MemorySnapshot(await recordsIn(broker, topic)), 'karapace');
    expect([...karapaces.subjects()].sort()).toEqual(['a', 'u']);
    const again = JSON.parse((await schemasCommandEnds(0, ['repair', 'reference-order', ...at(topic)])).stdout);
    expect(again.ran).toBe(false);
  }, 90_000);
});
