/** Restores a backup into a topic of its own, reads it back, proves it equal, and removes it. */
import { join } from 'node:path';
import type { Admin, Broker, ClientOptions } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import { openBackup } from '../backup/backup-folder.ts';
import { SnapshotWriter } from '../backup/snapshot-writer.ts';
import { openPlan } from '../plan/open-plan.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { FilteredSnapshot } from '../repair/filtered-snapshot.ts';
import { stateChanges } from '../repair/state-changes.ts';
import { BrokerPlanTopic } from '../restore/broker-plan-topic.ts';
import { undoPathOf } from '../restore/open-undo.ts';
import { planNewTopic } from '../restore/plan-new-topic.ts';
import { runTopicPlan } from '../restore/run-topic-plan.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type ProgressReport, watchedSnapshot } from '../snapshot/watched-snapshot.ts';
import { replay } from '../state/replay.ts';
import type { Finding } from '../verify/finding.ts';
import { compareFindings } from './compare-findings.ts';
import { compareRecords } from './compare-snapshots.ts';
import type { DrillResult } from './drill-result.ts';
import { MarkedSnapshot } from './marked-snapshot.ts';
import { isMarkOf, markRecord, removeLeftOvers, scratchTopicName } from './scratch-topics.ts';

export interface DrillTopicOptions {
  readonly snapshot: Snapshot;
  /** What the snapshot is, for the reader. */
  readonly source: string;
  readonly broker: Broker;
  readonly client: ClientOptions;
  readonly clock: Clock;
  /** Exists, and is removed by its owner. */
  readonly temporaryFolder: string;
  /** What `verify` finds in a snapshot; `what` is for whoever waits. */
  readonly findings: (snapshot: Snapshot, what: string) => Promise<readonly Finding[]>;
  readonly progress: ProgressReport;
}

/** Removing the scratch topic goes on after a signal for so long. */
const REMOVAL_MS = 30_000;

/**
 * The scratch topic is removed however it ends; after kill -9 the next drill removes it once it is a day old.
 * @throws what restoring and reading throw; a difference is no failure but a result
 */
export async function drillTopic(options: DrillTopicOptions, signal: AbortSignal): Promise<DrillResult> {
  const { broker, client, clock } = options;
  const admin = broker.admin(client);
  try {
    const leftOvers = await removeLeftOvers({ admin, broker, client, now: clock.now() }, signal);
    const topic = scratchTopicName(clock.now());
    try {
      const copy = await restoredCopy(options, topic, signal);
      const differences = await differencesOf(options, topic, copy, signal);
      return { target: topic, differences, leftOvers };
    } finally {
      await remove(admin, topic);
    }
  } finally {
    await admin.close();
  }
}

async function restoredCopy(options: DrillTopicOptions, topic: string, signal: AbortSignal): Promise<Snapshot> {
  const { source, broker, client, clock, temporaryFolder, progress } = options;
  const snapshot = watchedSnapshot(options.snapshot, 'Planning', progress);
  // Nobody elects in a group of this name: the topic is no registry's.
  const target = new BrokerPlanTopic({ broker, client, clock, topic, groupId: topic, otherGroupsOk: ['*'] });
  try {
    const path = join(temporaryFolder, 'drill.ndjson');
    const marked = new MarkedSnapshot(withoutAcls(snapshot), markRecord(topic, clock.now()));
    const plan = await planNewTopic(
      {
        ...{ snapshot: marked, present: await target.present(signal), topic, groupId: topic, path, now: clock.now() },
        ...{ source, title: `Drill: restore into ${topic}`, asIs: true },
      },
      signal,
    );
    await runTopicPlan(
      {
        ...{ plan, target, undoPath: undoPathOf(path), temporaryFolder, clock, openBackup },
        openPlan: (file) => openPlan(file, signal),
        onProgress: ({ doing, done, total }) => progress.report(`${topic}: ${doing}`, done, total),
      },
      signal,
    );
    const facts = await target.facts(signal);
    if (facts === undefined) throw new Error(`the topic ${topic} is gone before it was read back`);
    const writer = await SnapshotWriter.create({ folder: join(temporaryFolder, 'copy') });
    return await writer.finish({
      source: 'topic',
      takenAt: clock.now(),
      topic: await target.spool(facts, writer, signal, (done, total) => {
        progress.report(`Reading ${topic}`, done, total);
      }),
    });
  } finally {
    await target.close();
  }
}

/** Who may read a registry's topic must not be let into a scratch one, and need not. */
function withoutAcls(snapshot: Snapshot): Snapshot {
  const { topic } = snapshot.facts;
  if (topic === undefined) return snapshot;
  const facts = { ...snapshot.facts, topic: { ...topic, acls: [] } };
  return {
    facts,
    records: (from) => snapshot.records(from),
    at: (offsets) => snapshot.at(offsets),
    witnesses: () => snapshot.witnesses(),
    close: () => Promise.resolve(),
  };
}

async function differencesOf(
  { snapshot: backup, findings, progress }: DrillTopicOptions,
  topic: string,
  whole: Snapshot,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const snapshot = watchedSnapshot(backup, 'Comparing the backup', progress);
  // Not while it is compared: two readers side by side would take turns in showing how far they are.
  const own = await ownOffsets(watchedSnapshot(whole, `Reading ${topic}`, progress), snapshot.facts.records, topic);
  const copy = await FilteredSnapshot.open(whole, own);
  const { differences, differing } = await compareRecords(snapshot, copy, signal);
  // What a registry makes of records, and what verify finds in them, follows from the records and their order alone; and with all of them
  // the copy has their ids.
  if (differing === 0) return [];
  const more = differing - differences.length;
  const lines = [...differences, ...(more > 0 ? [`and ${more} more records`] : [])];
  for (const vendor of ['confluent', 'karapace'] as const) {
    const before = await replay(snapshot, vendor, { signal });
    for (const change of stateChanges(before, await replay(copy, vendor, { signal }))) {
      lines.push(`as ${vendor} reads it: ${change}`);
    }
    // With what reserves an id, which the copy has beside the records of the backup.
    const restored = await replay(whole, vendor, { signal });
    for (const context of before.contexts()) {
      const [was, is] = [before.maxId(context), restored.maxId(context)];
      const where = context === '' ? '' : ` of context ${context}`;
      if (is < was) lines.push(`the highest id${where} is ${is} instead of ${was}`);
    }
  }
  return [
    ...lines,
    ...compareFindings(await findings(backup, 'Verifying the backup'), await findings(copy, `Verifying ${topic}`)),
  ];
}

/** What the copy has beside the backup's records: the mark before them, and behind them what reserves ids. */
async function ownOffsets(whole: Snapshot, records: number, topic: string): Promise<ReadonlySet<number>> {
  const own = new Set<number>();
  let index = 0;
  for await (const batch of whole.records()) {
    for (const record of batch) {
      const isOwn = index === 0 ? isMarkOf(topic, record) : index > records && reservesId(record);
      if (isOwn) own.add(record.offset);
      index++;
    }
  }
  return own;
}

function reservesId(record: RawRecord): boolean {
  const read = readRecord(record);
  return read.ok && read.record.kind === 'schema' && isReservedSubject(read.record.subject);
}

async function remove(admin: Admin, topic: string): Promise<void> {
  // Not the signal of the drill: that one may be why it ends.
  const signal = AbortSignal.timeout(REMOVAL_MS);
  if ((await admin.inspectTopic(topic, signal)) !== null) await admin.deleteTopics([topic], signal);
}
