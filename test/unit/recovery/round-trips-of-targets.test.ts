/** What is backed up into a git repository or into another topic, at once or in two runs, comes back byte for byte. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { BackupTarget } from '../../../src/recovery/backup/backup-target.ts';
import { GitTarget } from '../../../src/recovery/backup/git-target.ts';
import { openGitSnapshot } from '../../../src/recovery/backup/open-git-snapshot.ts';
import { openTopicCopy } from '../../../src/recovery/backup/open-topic-copy.ts';
import { runBackup } from '../../../src/recovery/backup/run-backup.ts';
import type { SnapshotFolder } from '../../../src/recovery/backup/snapshot-folder.ts';
import { TopicCopyTarget } from '../../../src/recovery/backup/topic-copy-target.ts';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import { anyRecords } from '../../support/recovery/any-records.ts';
import { generatedRegistry } from '../../support/recovery/generated-registry.ts';
import { inWords, recordsOf } from '../../support/recovery/memory-snapshot.ts';
import { runs } from '../../support/recovery/property-runs.ts';
import { RestoreWorld } from '../../support/recovery/restore-world.ts';
import { ScriptedTopic } from '../../support/recovery/scripted-topic.ts';
import { tempDir } from '../../support/temp-dir.ts';

const { signal } = new AbortController();
const root = tempDir('round-trips-of-targets');
let world: RestoreWorld & { readonly broker: EmbeddedBroker };
let count = 0;

beforeAll(async () => {
  world = await RestoreWorld.embedded();
});
afterAll(() => world?.broker.close());

interface Place {
  readonly target: BackupTarget;
  open(): Promise<SnapshotFolder | undefined>;
}

const PLACES: Readonly<Record<string, (clock: ManualClock) => Promise<Place>>> = {
  'a git repository': async (clock) => {
    const path = await mkdtemp(join(root, 'repository-'));
    const author = { name: 'A Person', email: 'a@person.test' };
    return {
      target: new GitTarget({ name: `git:${path}`, path, author, message: undefined, push: undefined, clock }),
      open: () => openGitSnapshot({ path, commit: undefined }, signal),
    };
  },
  'another topic': async () => {
    const { broker, client } = world;
    const topic = `copy-${++count}`;
    return {
      target: new TopicCopyTarget({ broker, client, topic, name: `kafka:${topic}` }),
      open: () => openTopicCopy({ broker, client, topic }, signal),
    };
  },
};

/** Backed up when the topic had so many of them, and once more with all. */
async function expectBack(place: keyof typeof PLACES, records: readonly RawRecord[], first: number): Promise<void> {
  const clock = new ManualClock();
  const source = new ScriptedTopic();
  const made = await PLACES[place]?.(clock);
  if (made === undefined) throw new RangeError(`no place ${place}`);
  for (const end of [first % (records.length + 1), records.length]) {
    await clock.advance(60_000);
    source.log = records.slice(0, end);
    const [outcome] = await runBackup({ source, targets: [made.target], clock }, signal);
    expect(outcome?.error).toBeUndefined();
    const snapshot = await made.open();
    if (snapshot === undefined) {
      expect(end).toBe(0);
      continue;
    }
    await snapshot.check();
    expect((await recordsOf(snapshot)).map(inWords)).toEqual(source.log.map(inWords));
    expect(snapshot.facts.endOffset).toBe((source.log.at(-1)?.offset ?? -1) + 1);
    await snapshot.close();
  }
}

describe.each(Object.keys(PLACES))('a backup into %s', (place) => {
  it('gives back every byte, offset, time and header of any log', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, fc.nat(), (records, first) => expectBack(place, records, first)),
      { numRuns: runs(5), endOnFailure: true },
    );
  });

  it('gives back every byte of a registry', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), fc.nat(), ({ log }, first) => expectBack(place, log, first)),
      { numRuns: runs(5), endOnFailure: true },
    );
  });
});
