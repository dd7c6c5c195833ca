import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { openBackup } from '../../../src/recovery/backup/backup-folder.ts';
import { topicSource } from '../../../src/recovery/backup/backup-source.ts';
import type { BackupTarget } from '../../../src/recovery/backup/backup-target.ts';
import { FolderTarget } from '../../../src/recovery/backup/folder-target.ts';
import { GitTarget } from '../../../src/recovery/backup/git-target.ts';
import { openGitSnapshot } from '../../../src/recovery/backup/open-git-snapshot.ts';
import { openTopicCopy } from '../../../src/recovery/backup/open-topic-copy.ts';
import { runBackup, type TargetOutcome } from '../../../src/recovery/backup/run-backup.ts';
import { TopicCopyTarget } from '../../../src/recovery/backup/topic-copy-target.ts';
import type { Snapshot } from '../../../src/recovery/snapshot/snapshot.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { appendTo, recordsIn, writeTopic } from '../../support/recovery/lived-topic.ts';
import { inWords, recordsOf } from '../../support/recovery/memory-snapshot.ts';
import { confluent, karapace, record } from '../../support/recovery/record-bytes.ts';
import { schemasCommandEnds } from '../../support/recovery/schemas-command.ts';
import { uniqueName } from '../../support/unique-name.ts';

const client = { settings: {}, logger: silentLogger };
const clock = systemClock;

describeWithKafka('backups of a topic on a real Kafka', (kafka) => {
  let broker: Broker;
  let above: string;
  const topic = uniqueName('schemas');
  const copy = uniqueName('schemas-copy');
  const signal = AbortSignal.timeout(60_000);

  beforeAll(async () => {
    above = await mkdtemp(join(tmpdir(), 'holdfast-backup-'));
    broker = createKafkaBroker({ bootstrapServers: kafka().bootstrapServers, logger: silentLogger, clock });
    await writeTopic(broker, topic, [
      ...[confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"string"' }), confluent.noop()],
      { ...karapace.schema({ subject: 'b', version: 1, id: 2, schema: '"int"' }), timestamp: 1_234_567_890_123 },
      ...[karapace.gone('b', 1), confluent.gone('a', 1), record('not json', 'ü', [{ key: 'x', value: null }])],
      ...[record('{}', '', [{ key: 'x', value: new Uint8Array() }]), { ...record('bytes', null), timestamp: 0 }],
    ]);
  });
  afterAll(async () => {
    await broker.close();
    await rm(above, { recursive: true, force: true });
  });

  const folder = (): string => join(above, 'folder');
  const repository = (): string => join(above, 'git');

  function backup(targets?: readonly BackupTarget[]): Promise<readonly TargetOutcome[]> {
    const all = targets ?? [
      new FolderTarget({ path: folder(), keep: undefined, clock }),
      new GitTarget({
        ...{ name: 'git', path: repository(), author: undefined, message: undefined, push: undefined, clock },
      }),
      new TopicCopyTarget({ name: 'kafka', broker, client, topic: copy }),
    ];
    const source = topicSource({ broker, client, topic, groupId: 'schema-registry' });
    return runBackup({ source, targets: all, clock }, signal);
  }

  async function words(opened: Promise<Snapshot | undefined>): Promise<readonly string[]> {
    const snapshot = await opened;
    if (snapshot === undefined) throw new Error('there is no snapshot');
    const all = (await recordsOf(snapshot)).map(inWords);
    await snapshot.close();
    return all;
  }

  async function expectAll(): Promise<void> {
    const now = (await recordsIn(broker, topic)).map(inWords);
    expect(await words(openBackup(folder()))).toEqual(now);
    expect(await words(openGitSnapshot({ path: repository() }, signal))).toEqual(now);
    expect(await words(openTopicCopy({ broker, client, topic: copy }, signal))).toEqual(now);
  }

  it('gives back null, empty, headers, offsets and times from a folder, git and another topic', async () => {
    const outcomes = await backup();
    expect(outcomes.map(({ state, error }) => [state, error])).toEqual(Array(3).fill(['written', undefined]));
    await expectAll();
    expect((await openBackup(folder())).facts.topic).toMatchObject({
      topic,
      partitions: 1,
      overrides: { 'cleanup.policy': 'compact' },
    });
    const digests = new Set(outcomes.map((each) => each.backup?.sha256));
    expect(digests.size).toBe(1);
  });

  it('adds only what is new, and nothing where nothing is', async () => {
    await appendTo(broker, topic, [confluent.schema({ subject: 'a', version: 2, id: 3, schema: '"long"' })]);
    expect((await backup()).map((each) => [each.state, each.backup?.added])).toEqual(Array(3).fill(['written', 1]));
    expect((await backup()).map(({ state }) => state)).toEqual(Array(3).fill('unchanged'));
    await expectAll();
    for (const [place, count] of [
      [`kafka:${copy}@${kafka().bootstrapServers}`, 1],
      [`git:${repository()}`, 2],
    ] as const) {
      const { stdout } = await schemasCommandEnds(0, ['list', place, '--check', '--json']);
      const { backups } = JSON.parse(stdout) as { readonly backups: readonly object[] };
      expect(backups).toHaveLength(count);
      expect(backups[0]).toMatchObject({ records: 9, endOffset: 9, whole: true });
    }
  });

  it('takes a topic that was made anew as another one', async () => {
    const admin = broker.admin(client);
    await admin.deleteTopics([topic]);
    for (let tries = 0; (await admin.listTopics()).includes(topic) && tries < 100; tries++) await clock.sleep(100);
    await admin.close();
    await writeTopic(
      broker,
      topic,
      Array.from({ length: 20 }, (_, n) => record(`key ${n}`, 'v')),
    );
    const [intoFolder, intoGit, intoTopic] = await backup();
    expect(intoFolder).toMatchObject({ state: 'written', warnings: [expect.stringContaining('made anew')] });
    expect(intoGit).toMatchObject({ state: 'written', warnings: [expect.stringContaining('made anew')] });
    expect(intoTopic).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.target-foreign' } });
    const now = (await recordsIn(broker, topic)).map(inWords);
    expect(await words(openBackup(folder()))).toEqual(now);
    expect(await words(openGitSnapshot({ path: repository() }, signal))).toEqual(now);
  });

  it('writes into no topic of somebody else', async () => {
    const other = uniqueName('orders');
    await writeTopic(broker, other, [record('k', 'v')]);
    const [outcome] = await backup([new TopicCopyTarget({ name: 'kafka', broker, client, topic: other })]);
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'holdfast.recovery.target-foreign' } });
    expect(await recordsIn(broker, other)).toHaveLength(1);
  });
});
