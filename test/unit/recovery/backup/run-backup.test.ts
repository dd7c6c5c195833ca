import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { backupsIn, openBackup } from '../../../../src/recovery/backup/backup-folder.ts';
import type { RestSource, TopicReading } from '../../../../src/recovery/backup/backup-source.ts';
import type { BackupTarget } from '../../../../src/recovery/backup/backup-target.ts';
import { FolderTarget } from '../../../../src/recovery/backup/folder-target.ts';
import { parseRetentionRule } from '../../../../src/recovery/backup/retention-rule.ts';
import { type BackupRun, runBackup, type TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { openSnapshotFolder } from '../../../../src/recovery/backup/snapshot-folder.ts';
import { SnapshotWriter } from '../../../../src/recovery/backup/snapshot-writer.ts';
import type { TopicFacts } from '../../../../src/recovery/snapshot/topic-facts.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { inWords, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { ScriptedTopic } from '../../../support/recovery/scripted-topic.ts';

let above: string;
let topic: ScriptedTopic;
let clock: ManualClock;
const { signal } = new AbortController();

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'holdfast-backup-'));
  topic = new ScriptedTopic();
  clock = new ManualClock();
  topic.grow(300);
});
afterEach(() => rm(above, { recursive: true, force: true }));

const folder = (): string => join(above, 'backups');

async function backup(more: Partial<BackupRun> & { readonly keep?: string } = {}): Promise<TargetOutcome> {
  const { keep, ...run } = more;
  await clock.advance(60_000);
  topic.offsetsRead = [];
  const target = new FolderTarget({
    path: folder(),
    keep: keep === undefined ? undefined : parseRetentionRule(keep),
    clock,
  });
  const [outcome] = await runBackup({ source: topic, targets: [target], clock, ...run }, signal);
  return outcome!;
}

async function words(path = folder()): Promise<readonly string[]> {
  return (await recordsOf(await openBackup(path))).map(inWords);
}

describe('a backup into a folder', () => {
  it('holds every record of the topic, and says what it read', async () => {
    const outcome = await backup();
    expect(outcome).toMatchObject({ state: 'written', backup: { records: 300, added: 300, endOffset: 300 } });
    expect(await words()).toEqual(topic.log.map(inWords));
    expect((await openBackup(folder())).facts.topic).toMatchObject({ topicId: 'one', clusterId: 'here' });
  });

  it('warns of a topic that is empty, and of no other', async () => {
    expect((await backup()).warnings).toEqual([]);
    topic = new ScriptedTopic();
    const { warnings } = await backup({ full: true });
    expect(warnings.join()).toMatch(/0 records.*--from registry/);
  });

  it('reads and writes only what is new, and links the rest', async () => {
    await backup();
    topic.grow(3);
    const outcome = await backup();
    expect(outcome).toMatchObject({ state: 'written', backup: { records: 303, added: 3 }, warnings: [] });
    // Some at the end are read again to see that the topic is the same.
    expect(topic.offsetsRead.filter((offset) => offset < 300 - 64)).toEqual([]);
    expect(await words()).toEqual(topic.log.map(inWords));
    const [newest, older] = await backupsIn(folder());
    const name = 'records-0000000000000000.ndjson';
    expect((await stat(join(newest!.path, name))).ino).toBe((await stat(join(older!.path, name))).ino);
    expect((await openSnapshotFolder(newest!.path)).manifest.increment).toEqual({
      ...{ from: older!.name, recordsKept: 300, recordsAdded: 3, recordsTopicLost: 0 },
    });
  });

  it('keeps few files, however often little is new', async () => {
    for (let run = 0; run < 16; run++) {
      topic.grow(1);
      await backup();
    }
    expect(await words()).toEqual(topic.log.map(inWords));
    expect((await openBackup(folder())).manifest.files.length).toBeLessThan(7);
  });

  it('writes nothing where nothing has changed, unless it is to be full', async () => {
    const first = await backup();
    expect(await backup()).toMatchObject({ state: 'unchanged', backup: { place: first.backup?.place } });
    expect(await backupsIn(folder())).toHaveLength(1);
    expect(await backup({ full: true })).toMatchObject({ state: 'written' });
    expect(await backupsIn(folder())).toHaveLength(2);
    topic.facts = { ...topic.facts, overrides: { 'cleanup.policy': 'compact', 'segment.ms': '5' } };
    expect(await backup()).toMatchObject({ state: 'written', backup: { added: 0 } });
  });

  it.each<readonly [string, Partial<TopicFacts>, string]>([
    ['has another topic id', { topicId: 'two' }, 'made anew'],
    ['lies in another cluster', { clusterId: 'there' }, "another cluster's"],
    ['has no id, but other records', { topicId: null }, 'another record than before'],
  ])('is a full one, and says why, where the topic %s', async (_what, facts, why) => {
    if (facts.topicId === null) topic.facts = { ...topic.facts, topicId: null };
    await backup();
    topic.log = [];
    topic.grow(400, 'other');
    topic.facts = { ...topic.facts, ...facts };
    const outcome = await backup();
    expect(outcome.warnings).toEqual([expect.stringContaining(why)]);
    expect(await words()).toEqual(topic.log.map(inWords));
    expect((await openBackup(folder())).manifest.notes).toEqual(outcome.warnings);
  });

  it('goes to where the topic was read to, and says where it never stood still', async () => {
    const look = topic.look.bind(topic);
    const late = Object.assign(Object.create(topic) as ScriptedTopic, {
      look: async () => {
        const facts = await look();
        topic.grow(2);
        return facts;
      },
    });
    late.read = async (reading: TopicReading) => ({ ...(await topic.read(reading)), endMoved: true as const });
    const outcome = await backup({ source: late });
    expect(outcome).toMatchObject({
      backup: { records: 302, endOffset: 302 },
      warnings: [expect.stringContaining('was written to all the time')],
    });
    const { manifest } = await openBackup(folder());
    expect(manifest.notes).toEqual(outcome.warnings);
    expect(manifest.topic).toMatchObject({ endOffset: 302, endMoved: true });
  });

  it('is a full one where the topic was cut', async () => {
    await backup();
    topic.log.splice(200);
    expect((await backup()).warnings).toEqual([expect.stringContaining('was cut or made anew')]);
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  it('keeps what the topic has lost since, and counts it', async () => {
    await backup();
    const all = [...topic.log];
    topic.log.splice(0, 120);
    topic.grow(1);
    await backup();
    expect(await words()).toEqual([...all, topic.log.at(-1)!].map(inWords));
    expect((await openBackup(folder())).manifest.increment).toMatchObject({ recordsTopicLost: 120 });
  });

  it('warns of records that were lost before they were backed up', async () => {
    await backup();
    topic.grow(50);
    topic.log.splice(0, 320);
    const outcome = await backup();
    expect(outcome.warnings).toEqual([expect.stringContaining('in no backup')]);
    expect(outcome.backup).toMatchObject({ records: 330, added: 30, endOffset: 350 });
  });

  it('gives no all-clear where the topic has lost what is held and nothing is new, however often it is asked', async () => {
    const first = await backup();
    topic.facts = { ...topic.facts, beginOffset: 120, endOffset: 300 };
    topic.log.splice(0, 120);
    for (let run = 0; run < 2; run++) {
      expect(await backup()).toMatchObject({
        ...{ state: 'unchanged', backup: { place: first.backup!.place } },
        warnings: [expect.stringContaining('has lost the records before offset 120')],
      });
    }
    topic.facts = { ...topic.facts, beginOffset: 300 };
    topic.log = [];
    expect((await backup()).warnings.join()).toContain('has lost the records before offset 300');
  });

  it('warns in every run of a policy by which Kafka removes records, a changed default of the broker included', async () => {
    await backup();
    const effective = { 'cleanup.policy': 'delete', 'retention.ms': '1000' };
    topic.facts = { ...topic.facts, effective };
    const warnings = [expect.stringMatching(/cleanup\.policy of _schemas is delete, and retention\.ms is 1000/)];
    expect(await backup()).toMatchObject({ state: 'written', warnings });
    expect(await backup()).toMatchObject({ state: 'unchanged', warnings });
    expect(await backup({ full: true })).toMatchObject({ state: 'written', warnings });
    topic.facts = { ...topic.facts, effective: { ...effective, 'retention.ms': '5' } };
    expect(await backup()).toMatchObject({ state: 'written' });
  });

  it('raises nothing from the dead whose tombstone was compacted away between two backups', async () => {
    const schema = (subject: string, id: number) => confluent.schema({ subject, version: 1, id, schema: '"string"' });
    topic.write(confluent.gone('s7', 1));
    await backup();
    topic.write(schema('later', 900), confluent.gone('s3', 1), confluent.gone('s9', 1), confluent.noop());
    const gone = new Set([2, 6, 8, 300, 302, 303]);
    topic.log = topic.log.filter(({ offset }) => !gone.has(offset));
    const outcome = await backup();
    expect(outcome).toMatchObject({ state: 'written', warnings: [expect.stringContaining('2 keys were deleted')] });
    const backups = await recordsOf(await openBackup(folder()));
    const keys = backups.filter(({ value }) => value === null).map(({ key }) => Buffer.from(key!).toString());
    expect(keys.map((key) => /"subject":"(\w+)"/.exec(key)?.[1] ?? 'no-op')).toEqual(['s7', 's3', 's9', 'no-op']);
    expect(backups.map(({ offset }) => offset).slice(-4)).toEqual([301, 302, 303, 304]);
    expect(backups[2]?.offset).toBe(2);
    // They are there for good, and what follows goes on from them.
    topic.write(schema('s3', 901));
    expect(await backup()).toMatchObject({ state: 'written', warnings: [], backup: { added: 1 } });
  });

  it('keeps what retention or damage may have taken, and says that it does not know', async () => {
    await backup();
    topic.grow(3);
    // The topic begins later, and a record of it was compacted behind the end of the backup before.
    topic.log = topic.log.filter(({ offset }) => offset >= 20 && offset !== 301);
    const outcome = await backup();
    expect(outcome.warnings).toEqual([
      expect.stringContaining('has lost the records before offset 20'),
      expect.stringContaining('20 keys are gone from the topic'),
    ]);
    expect((await recordsOf(await openBackup(folder()))).filter(({ value }) => value === null)).toEqual([]);
  });

  it('reads the whole topic again only where compaction has passed the end of the backup before', async () => {
    await backup();
    topic.grow(5);
    topic.log = topic.log.filter(({ offset }) => offset > 9 || offset === 0);
    topic.facts = { ...topic.facts, beginOffset: 0 };
    await backup();
    expect(Math.min(...topic.offsetsRead)).toBe(300 - 64);
  });

  it('is a full one where a topic that lost its end has grown again and was compacted there', async () => {
    await backup();
    topic.log.splice(100);
    topic.grow(300, 'other');
    topic.log = topic.log.filter(({ offset }) => offset < 210 || offset >= 300);
    expect((await backup()).warnings).toEqual([expect.stringContaining('lost its end')]);
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  it('takes everything anew where the backup before is damaged', async () => {
    const first = await backup();
    const path = join(first.backup!.place, 'records-0000000000000000.ndjson');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/"timestamp":\d+/, '"timestamp":4'));
    topic.grow(2);
    const outcome = await backup();
    expect(outcome.warnings).toEqual([expect.stringContaining(`${path}, line 1`)]);
    await (await openBackup(folder())).check();
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  it.each([
    ['is gone', 0],
    ['is gone', 2],
    ['cannot be read', 0],
    ['cannot be read', 2],
  ] as const)(
    'takes everything anew where a file of the backup before %s and %i records are new, and hinders no other target',
    async (what, grown) => {
      const targets = ['backups', 'whole'].map((name) => {
        return new FolderTarget({ path: join(above, name), keep: undefined, clock });
      });
      const first = await backup({ targets });
      const path = join(first.backup!.place, 'records-0000000000000000.ndjson');
      await rm(path);
      if (what === 'cannot be read') await mkdir(path);
      topic.grow(grown);
      await clock.advance(60_000);
      const outcomes = await runBackup({ source: topic, targets, clock }, signal);
      expect(outcomes[0]).toMatchObject({ state: 'written', warnings: [expect.stringContaining(path)] });
      expect(outcomes[1]).toMatchObject({ state: grown === 0 ? 'unchanged' : 'written', warnings: [] });
      expect(await words()).toEqual(topic.log.map(inWords));
    },
  );

  it('removes what a killed run left, and refuses a folder of something else', async () => {
    await backup();
    const left = '.20261129T000000000Z-5.tmp-x';
    await writeFile(join(folder(), left), '');
    await backup();
    expect(await readdir(folder())).not.toContain(left);
    await writeFile(join(above, 'mine.txt'), '');
    const target = new FolderTarget({ path: above, keep: undefined, clock });
    expect(await backup({ targets: [target] })).toMatchObject({
      ...{ state: 'failed', error: { code: 'holdfast.recovery.backup-unreadable' } },
    });
  });

  it('writes the other targets where one fails', async () => {
    const failing: BackupTarget = { name: 'bad', open: () => Promise.reject(new Error('no space')) };
    const target = new FolderTarget({ path: folder(), keep: undefined, clock });
    const outcomes = await runBackup({ source: topic, targets: [failing, target], clock }, signal);
    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'written']);
    expect(await words()).toEqual(topic.log.map(inWords));
  });

  it('removes old backups by the rule, but none while the newest is not whole', async () => {
    for (let run = 0; run < 4; run++) {
      topic.grow(1);
      await backup();
    }
    const [newest, second] = await backupsIn(folder());
    expect(await backup({ keep: 'last=2' })).toMatchObject({ state: 'unchanged', removed: { length: 2 } });
    expect(await backupsIn(folder())).toEqual([newest, second]);
    const first = join(newest!.path, 'records-0000000000000000.ndjson');
    await writeFile(first, (await readFile(first, 'utf8')).replace(/"timestamp":\d+/, '"timestamp":4'));
    const target = new FolderTarget({ path: folder(), keep: parseRetentionRule('last=1'), clock });
    const open = await target.open(signal);
    expect(await open.settle(signal)).toEqual({ removed: [], warnings: [expect.stringContaining('not whole')] });
    await open.close();
    expect(await backupsIn(folder())).toHaveLength(2);
  });

  it.each([false, true])(
    'keeps the newest backup before the topic was made anew, until it is removed by hand (--full: %s)',
    async (full) => {
      await backup();
      topic.grow(1);
      const { backup: last } = await backup();
      topic.log = [];
      topic.facts = { ...topic.facts, topicId: 'two' };
      const { backup: first } = await backup({ keep: 'last=1', full });
      for (let run = 0; run < 2; run++) {
        topic.grow(1, 'new');
        await backup({ keep: 'last=1' });
      }
      expect((await backupsIn(folder())).slice(1).map(({ path }) => path)).toEqual([first!.place, last!.place]);
      const { continuityBreak } = (await openSnapshotFolder(first!.place)).manifest;
      expect(continuityBreak).toMatchObject({
        before: basename(last!.place),
        why: expect.stringContaining('made anew'),
      });
      await rm(last!.place, { recursive: true });
      expect(await backup({ keep: 'last=1' })).toMatchObject({ removed: [basename(first!.place)] });
    },
  );

  it('keeps what a topic has lost out of reach of a rule, where all is written anew', async () => {
    const { backup: last } = await backup();
    topic.log.splice(0, 120);
    await backup({ keep: 'last=1', full: true });
    topic.grow(1);
    await backup({ keep: 'last=1' });
    expect((await backupsIn(folder())).map(({ path }) => path)).toContain(last!.place);
  });

  it('takes a whole one where the newest is damaged and nothing else has changed', async () => {
    const first = await backup();
    const path = join(first.backup!.place, 'records-0000000000000000.ndjson');
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"timestamp":\d+/, '"timestamp":4'));
    expect(await backup()).toMatchObject({ state: 'written', warnings: [expect.stringContaining('damaged')] });
    await (await openBackup(folder())).check();
  });

  function toldSource(schemaNow: () => string): RestSource {
    return {
      kind: 'rest',
      read: async (temporary) => {
        const writer = await SnapshotWriter.create({ folder: join(temporary, 'rest') });
        const written = [confluent.schema({ subject: 'a', version: 1, id: 1, schema: schemaNow() })];
        await writer.append(asLog(written).map((record) => ({ ...record, timestamp: clock.now() })));
        return writer.finish({ source: 'rest', takenAt: clock.now(), topic: undefined, notes: ['node 2 was away'] });
      },
    };
  }

  it('says where it is of another source than the one before, and keeps that one', async () => {
    const source = toldSource(() => '"string"');
    const breakOf = async (outcome: TargetOutcome) => (await openBackup(outcome.backup!.place)).facts.continuityBreak;
    const [first, told] = [await backup(), await backup({ source, keep: 'last=1' })];
    expect(await breakOf(first)).toBeUndefined();
    expect(told).toMatchObject({ state: 'written', removed: [] });
    const nameOf = (outcome: TargetOutcome): string => basename(outcome.backup!.place);
    expect(await breakOf(told)).toEqual({ before: nameOf(first), why: expect.stringContaining('made from a topic') });
    const third = await backup({ keep: 'last=1' });
    expect(third).toMatchObject({ state: 'written', removed: [] });
    expect(await breakOf(third)).toEqual({
      before: nameOf(told),
      why: expect.stringContaining('not made from a topic'),
    });
    const findings = await verifySnapshot(await openBackup(third.backup!.place));
    expect(findings).toContainEqual(
      expect.objectContaining({ name: 'continuity-break', message: expect.stringContaining(nameOf(told)) }),
    );
    topic.grow(1);
    expect(await breakOf(await backup())).toBeUndefined();
  });

  it('of what a registry tells is new only where that differs, whatever the time is', async () => {
    let schema = '"string"';
    const source = toldSource(() => schema);
    expect(await backup({ source })).toMatchObject({ state: 'written', warnings: ['node 2 was away'] });
    expect(await backup({ source })).toMatchObject({ state: 'unchanged' });
    schema = '"int"';
    expect(await backup({ source })).toMatchObject({ state: 'written', backup: { records: 1 } });
  });
});
