import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { backupsIn } from '../../src/recovery/backup/backup-folder.ts';
import { openGitSnapshot } from '../../src/recovery/backup/open-git-snapshot.ts';
import { openTopicCopy } from '../../src/recovery/backup/open-topic-copy.ts';
import { openSnapshotFolder, type SnapshotFolder } from '../../src/recovery/backup/snapshot-folder.ts';
import type { RawRecord } from '../../src/recovery/records/raw-record.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { appendTo, largeRegistry, recordsIn, writeTopic } from '../support/recovery/lived-topic.ts';
import { differenceOf, inWords, recordsOf } from '../support/recovery/memory-snapshot.ts';
import { confluent } from '../support/recovery/record-bytes.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { endOf, KILLS, KILLS_PER_ROUND, killAgainAndAgain } from './killed-recovery.ts';

/** Thirty kills on a busy machine. */
const LONG_MS = 3_600_000;
/** Enough that a backup takes some time; files of a backup hold 32 MB. */
const SUBJECTS = 300;
const VERSIONS = 8;
const { signal: never } = new AbortController();

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
  async function registerMore(count = 1): Promise<void> {
    const registered = Array.from({ length: count }, () => {
      const id = ++highest;
      const schema = `{"type":"fixed","name":"F${id}","size":8}`;
      return confluent.schema({ subject: `more-${id % 7}`, version: id, id, schema });
    });
    await appendTo(broker, topic, registered);
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
              await sameAsTopic(await openSnapshotFolder(newest?.path ?? ''));
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
      /** Of the branch: what lies beside it was never read back. */
      const commits = (): number =>
        Number(existsSync(join(folder, '.git')) && git('rev-list', '--count', '--branches'));
      await killAgainAndAgain({
        what: 'backup to git',
        round: async (n) => {
          await registerMore(n % 2 === 0 ? 1 : 200);
          const before = commits();
          return {
            args: backupTo(`git:${folder}`, ...(n % 3 === 2 ? ['--full'] : [])),
            begun: () => existsSync(join(folder, '.git', 'holdfast-schemas', 'running')),
            afterKill: async () => {
              if (commits() > 0) await wholeIn(await openGitSnapshot({ path: folder }, never));
            },
            afterwards: async () => {
              git('fsck', '--strict', '--no-dangling');
              expect(commits()).toBeGreaterThan(before);
              expect(commits()).toBeLessThanOrEqual(before + 1 + KILLS_PER_ROUND);
              expect(git('status', '--porcelain')).toBe('');
              await sameAsTopic(await openGitSnapshot({ path: folder }, never));
            },
          };
        },
      });
      const listed = await schemasCommandEnds(0, ['list', `git:${folder}`, '--check', '--json']);
      const { backups } = JSON.parse(listed.stdout) as { readonly backups: readonly { readonly whole: boolean }[] };
      expect(backups).toHaveLength(commits());
      expect(backups.every(({ whole }) => whole)).toBe(true);
    },
    LONG_MS,
  );

  it(
    'leaves a copy in another topic that goes on where it was',
    async () => {
      const copy = uniqueName('schemas-copy');
      const place = { broker, client: { settings: {}, logger: silentLogger }, topic: copy };
      await killAgainAndAgain({
        what: 'backup to a topic',
        times: Math.ceil(KILLS / 2),
        round: async () => {
          await registerMore(400);
          const before = await endOf(broker, copy);
          return {
            args: backupTo(`kafka:${copy}`),
            begun: async () => (await endOf(broker, copy)) > before,
            afterKill: async () => {
              // A prefix of the topic: no record of it twice, none left out.
              const snapshot = (await endOf(broker, copy)) <= 0 ? undefined : await openTopicCopy(place, never);
              if (snapshot === undefined) return;
              const inTopic = (await recordsIn(broker, topic)).filter(({ offset }) => {
                return offset < snapshot.facts.endOffset;
              });
              await wholeIn(snapshot, inTopic);
            },
            afterwards: async () => {
              const snapshot = await openTopicCopy(place, never);
              await sameAsTopic(snapshot);
            },
          };
        },
      });
      await schemasCommandEnds(0, [...['list', `kafka:${copy}@${kafka().bootstrapServers}`, '--check']]);
    },
    LONG_MS,
  );

  /** Reads and closes it. @param records that it has to have, where they are told */
  async function wholeIn(snapshot: SnapshotFolder | undefined, records?: readonly RawRecord[]): Promise<void> {
    if (snapshot === undefined) throw new Error('there is no backup');
    await snapshot.check();
    const expected = records?.map(inWords);
    if (expected !== undefined) {
      expect(differenceOf((await recordsOf(snapshot)).map(inWords), expected)).toBeUndefined();
    }
    await snapshot.close();
  }

  async function sameAsTopic(snapshot: SnapshotFolder | undefined): Promise<void> {
    await wholeIn(snapshot, await recordsIn(broker, topic));
  }
});
