import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { backupsIn } from '../../src/recovery/backup/backup-folder.ts';
import { openSnapshotFolder } from '../../src/recovery/backup/snapshot-folder.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { appendTo, largeRegistry, recordsIn, writeTopic } from '../support/recovery/lived-topic.ts';
import { differenceOf, inWords, recordsOf } from '../support/recovery/memory-snapshot.ts';
import { confluent } from '../support/recovery/record-bytes.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { KILLS, KILLS_PER_ROUND, killAgainAndAgain } from './killed-recovery.ts';

/** Thirty kills on a busy machine. */
const LONG_MS = 3_600_000;
/** Enough that a backup takes some time; files of a backup hold 32 MB. */
const SUBJECTS = 300;
const VERSIONS = 8;

describeWithKafka('Invariant 10: a backup that is killed at any point', (kafka) => {
  let broker: Broker;
  const topic = uniqueName('_schemas');
  let highest = 1_000_000;

  beforeAll(async () => {
    const { bootstrapServers } = kafka();
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    await writeTopic(broker, topic, largeRegistry({ subjects: SUBJECTS, versions: VERSIONS }).log);
  });

  afterAll(() => broker.close());

  const backupTo = (place: string, ...more: readonly string[]): readonly string[] => [
    ...['backup', '--bootstrap-servers', kafka().bootstrapServers, '--topic', topic, '--to', place, ...more],
  ];

  /** Something new since the last backup. */
  async function registerMore(): Promise<void> {
    const id = ++highest;
    const schema = `{"type":"fixed","name":"F${id}","size":8}`;
    await appendTo(broker, topic, [confluent.schema({ subject: `more-${id % 7}`, version: id, id, schema })]);
  }

  it(
    'leaves no half of it in a folder, and the next run is whole',
    async () => {
      const folder = join(tempDir('killed-backup'), 'backups');
      const report = await killAgainAndAgain({
        what: 'backup to a folder',
        round: async (n) => {
          await registerMore();
          const before = new Set((await backupsIn(folder)).map(({ name }) => name));
          return {
            // Without --full the records of the one before are linked, and only the rest is read.
            args: backupTo(folder, ...(n % 3 === 0 ? ['--full'] : [])),
            begun: () => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('.2')),
            afterKill: async () => {
              const now = await backupsIn(folder);
              for (const { name, path } of now.filter(({ name }) => !before.has(name) || n % 10 === 9)) {
                const backup = await openSnapshotFolder(path);
                await backup.check().catch((error: Error) => {
                  throw new Error(`${name} is listed, and not whole: ${error.message}`, { cause: error });
                });
                await backup.close();
              }
              expect(now.length).toBeGreaterThanOrEqual(before.size);
            },
            afterwards: async () => {
              const [newest] = await backupsIn(folder);
              const backup = await openSnapshotFolder(newest?.path ?? '');
              await backup.check();
              const inTopic = (await recordsIn(broker, topic)).map(inWords);
              expect(differenceOf((await recordsOf(backup)).map(inWords), inTopic)).toBeUndefined();
              await backup.close();
              expect(readdirSync(folder).filter((name) => name.startsWith('.2'))).toEqual([]);
            },
          };
        },
      });
      expect(report.tooLate).toBeLessThan(KILLS);
      const listed = await schemasCommandEnds(0, ['list', folder, '--check', '--json']);
      const { backups } = JSON.parse(listed.stdout) as { readonly backups: readonly { readonly whole: boolean }[] };
      expect(backups.length).toBeGreaterThanOrEqual(KILLS / KILLS_PER_ROUND);
      expect(backups.every(({ whole }) => whole)).toBe(true);
    },
    LONG_MS,
  );

  it(
    'leaves a git repository whole, with one commit per backup',
    async () => {
      const folder = join(tempDir('killed-backup'), 'repository');
      const git = (...args: readonly string[]): string =>
        execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      const commits = (): number =>
        existsSync(join(folder, '.git')) ? Number(git('rev-list', '--all', '--count').trim()) : 0;
      await killAgainAndAgain({
        what: 'backup to git',
        round: async () => {
          await registerMore();
          const before = commits();
          return {
            args: backupTo(`git:${folder}`),
            begun: () => existsSync(join(folder, '.git')),
            afterKill: async () => {
              if (existsSync(join(folder, '.git'))) git('fsck', '--strict', '--no-dangling');
            },
            afterwards: async () => {
              git('fsck', '--strict', '--no-dangling');
              expect(commits()).toBeGreaterThan(before);
              expect(commits()).toBeLessThanOrEqual(before + 1 + KILLS_PER_ROUND);
              expect(git('status', '--porcelain')).toBe('');
            },
          };
        },
      });
      const bootstrap = ['--bootstrap-servers', kafka().bootstrapServers, '--topic', topic];
      await schemasCommandEnds([0, 4], ['verify', `git:${folder}`, 'topic', ...bootstrap, '--json']);
    },
    LONG_MS,
  );
});
