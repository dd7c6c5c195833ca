/** The connector SchemaBackup in a worker that is killed at random points: what it lists is whole, and after a restart it goes on. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { backupsIn, openBackup } from '../../src/recovery/backup/backup-folder.ts';
import { openGitSnapshot } from '../../src/recovery/backup/open-git-snapshot.ts';
import { openTopicCopy } from '../../src/recovery/backup/open-topic-copy.ts';
import { openSnapshotFolder, type SnapshotFolder } from '../../src/recovery/backup/snapshot-folder.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { appendTo, largeRegistry, recordsIn, writeTopic } from '../support/recovery/lived-topic.ts';
import { differenceOf, inWords, recordsOf } from '../support/recovery/memory-snapshot.ts';
import { confluent } from '../support/recovery/record-bytes.ts';
import { seededRandom, testSeed } from '../support/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';
import { KILLS } from './killed-recovery.ts';

const LONG_MS = 3_600_000;
const LOOK_MS = 2;
const { signal: never } = new AbortController();

describeWithKafka('Invariant 10: a worker that is killed while its connector backs up', (kafka) => {
  let broker: Broker;
  const topic = uniqueName('_schemas');
  const copy = uniqueName('schemas-copy');
  const dir = tempDir('killed-backup-worker');
  const [folder, repository] = [join(dir, 'backups'), join(dir, 'repository')];
  let highest = 1_000_000;

  beforeAll(async () => {
    const { bootstrapServers } = kafka();
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    await writeTopic(broker, topic, largeRegistry({ subjects: 100, versions: 8 }).log);
  });

  afterAll(() => broker.close());

  function start(): Promise<WorkerProcess> {
    const backup = {
      'connector.class': 'SchemaBackup',
      topic: 'reports',
      'source.bootstrap.servers': kafka().bootstrapServers,
      'schemas.topic': topic,
      targets: `${folder},git:${repository},kafka:${copy}`,
      'backup.interval.ms': '1000',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    };
    const bootstrapServers = `embedded:${join(dir, 'broker')}`;
    return WorkerProcess.start({ dir: join(dir, 'worker'), bootstrapServers, connectors: { backup } });
  }

  async function registerMore(count: number): Promise<void> {
    const registered = Array.from({ length: count }, () => {
      const id = ++highest;
      const schema = `{"type":"fixed","name":"F${id}","size":8}`;
      return confluent.schema({ subject: `more-${id % 7}`, version: id, id, schema });
    });
    await appendTo(broker, topic, registered);
  }

  /** What a backup that is under way leaves, in one of the targets. */
  function isHalfDone(): boolean {
    if (existsSync(join(repository, '.git', 'holdfast-schemas', 'running'))) return true;
    return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('.2'));
  }

  async function closed(snapshot: SnapshotFolder, isSame = false): Promise<void> {
    await snapshot.check();
    const { endOffset } = snapshot.facts;
    const records = await recordsIn(broker, topic);
    if (isSame) expect(endOffset).toBe((records.at(-1)?.offset ?? -1) + 1);
    const expected = records.filter(({ offset }) => offset < endOffset).map(inWords);
    expect(differenceOf((await recordsOf(snapshot)).map(inWords), expected)).toBeUndefined();
    await snapshot.close();
  }

  async function copied(): Promise<SnapshotFolder | undefined> {
    return openTopicCopy({ broker, client: { settings: {}, logger: silentLogger }, topic: copy }, never).catch(
      (error: unknown) => {
        if ((error as { readonly code?: unknown }).code === 'holdfast.recovery.topic-missing') return undefined;
        throw error;
      },
    );
  }

  it(
    'leaves whole backups in every target, and goes on after its restart',
    async () => {
      const [seed, times] = [testSeed(), Math.ceil(KILLS / 3)];
      const random = seededRandom(seed);
      process.stderr.write(`backup in a worker: HOLDFAST_TEST_SEED=${seed}\n`);
      const known = new Set<string>();
      let inTheMiddle = 0;
      for (let n = 0; n < times; n++) {
        const worker = await start();
        // One backup is due at the start; another one follows what is registered now.
        await registerMore(n % 2 === 0 ? 1 : 300);
        const until = performance.now() + random() * 4_000;
        if (n % 3 !== 2) while (!isHalfDone() && performance.now() < until + 6_000) await delay(LOOK_MS);
        else await delay(until - performance.now());
        await delay(random() * 150);
        await worker.kill();
        if (isHalfDone()) inTheMiddle++;
        for (const { name, path } of await backupsIn(folder)) {
          if (!known.has(name)) await closed(await openSnapshotFolder(path));
          known.add(name);
        }
        const hasCommit =
          existsSync(join(repository, '.git', 'refs', 'heads')) &&
          readdirSync(join(repository, '.git', 'refs', 'heads')).length > 0;
        if (hasCommit) await closed(await openGitSnapshot({ path: repository }, never));
        const snapshot = await copied();
        if (snapshot !== undefined) await closed(snapshot);
      }
      process.stderr.write(`backup in a worker: killed ${times}, ${inTheMiddle} of them in the middle\n`);
      await registerMore(3);
      const end = ((await recordsIn(broker, topic)).at(-1)?.offset ?? -1) + 1;
      const worker = await start();
      await eventually(
        'a backup up to the end in every target',
        async () => {
          expect(await worker.failures('backup')).toEqual([]);
          const { body } = await worker.request('GET', '/connectors/backup/offsets');
          const [stored] = (body as { offsets: readonly { readonly offset: Record<string, unknown> }[] }).offsets;
          return stored?.offset['endOffset'] === end && stored.offset['wholeAt'] === stored.offset['takenAt'];
        },
        120_000,
      );
      await worker.stop();
      await closed(await openBackup(folder), true);
      await closed(await openGitSnapshot({ path: repository }, never), true);
      const snapshot = await copied();
      if (snapshot === undefined) throw new Error('there is no copy');
      await closed(snapshot, true);
      expect(inTheMiddle).toBeGreaterThan(0);
    },
    LONG_MS,
  );
});
