/**
 * `holdfast schemas repair cannot-write`: the registry still reads but can't write. What it tells over REST goes into a topic that is made anew.
 * Called twice with the same words: while the registry answers, it is asked and told to be stopped; once it is stopped, its topic is made anew.
 */

import { join } from 'node:path';
import { agreeing, counted } from '../../foundation/counted.ts';
import { SnapshotWriter } from '../../recovery/backup/snapshot-writer.ts';
import { readRecord } from '../../recovery/records/read-record.ts';
import { consequencesAnew } from '../../recovery/repair/consequences.ts';
import { mergeRest } from '../../recovery/repair/merge-rest.ts';
import { type RestDifference, restDifferences } from '../../recovery/repair/rest-differences.ts';
import { shownList } from '../../recovery/repair/shown.ts';
import type { BrokerPlanTopic } from '../../recovery/restore/broker-plan-topic.ts';
import { HighestIds } from '../../recovery/restore/highest-ids.ts';
import { planNewTopic } from '../../recovery/restore/plan-new-topic.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { watchedSnapshot } from '../../recovery/snapshot/watched-snapshot.ts';
import { replay } from '../../recovery/state/replay.ts';
import { UsageError } from '../exit-codes.ts';
import { type Wait, waitOf } from './check-nodes-after.ts';
import { openPlanTopic } from './open-plan-topic.ts';
import { planPath } from './plan-path.ts';
import { backUpTopic, registryFolder, topicFolder } from './repair-backup.ts';
import { captureRegistry, newestCapture } from './repair-capture.ts';
import type { PlanOptions } from './repair-options.ts';
import { EXIT_FINDINGS } from './run-schemas.ts';
import type { SchemasSession } from './schemas-session.ts';
import { showAndRun } from './show-and-run.ts';

export interface CannotWriteOptions extends PlanOptions {
  readonly backup: string;
  readonly newTopic?: string;
  readonly prefer?: string;
  /** true: until the registry is stopped; a time: and so long for its nodes after the run. */
  readonly wait?: true | string;
}

const POLL_MS = 1_000;

/** Returns the exit code: that of findings where a person has to decide or to stop the registry first. */
export async function repairCannotWrite(session: SchemasSession, options: CannotWriteOptions): Promise<number> {
  const { prefer, newTopic, backup } = options;
  if (prefer !== undefined && prefer !== 'rest' && prefer !== 'topic') {
    throw new UsageError(`--prefer must be rest or topic, not ${prefer}.`);
  }
  if (newTopic === options.topic) throw new UsageError('--new-topic must be another one than --topic.');
  const wait = typeof options.wait === 'string' ? waitOf(session, { wait: options.wait }) : undefined;
  const path = await planPath(options, 'repair-cannot-write', session.clock.now());
  const old = await openPlanTopic(session, options);
  const running = (await old.facts(session.signal))?.group.members ?? 0;
  const folder = registryFolder(backup);
  // Under nobody's feet: what was told before it was stopped holds. While it runs it may know more by now.
  const earlier = running === 0 ? await newestCapture(session, folder) : undefined;
  const capture = earlier ?? (await captureRegistry(session, folder));
  if (running > 0 && newTopic === undefined) {
    if (options.wait === undefined) return stopFirst(session, options, { capture, running });
    await untilStopped(session, old, running);
  }
  const kept =
    (await old.facts(session.signal)) === undefined ? undefined : await backUpTopic(session, topicFolder(backup));
  const differences = kept === undefined ? [] : await differencesOf(session, capture, kept);
  if (differences.length > 0 && prefer === undefined) return decideFirst(session, differences);
  const content =
    prefer === 'topic' && kept !== undefined ? await merged(session, capture, kept, differences) : capture;
  const notes = [
    `What the registry told at ${new Date(capture.facts.takenAt).toISOString()} (${capture.folder}).`,
    ...(differences.length === 0
      ? []
      : [
          `Where the two differ, ${prefer === 'rest' ? 'what the registry told' : 'the topic'} holds:`,
          ...shownDifferences(differences),
        ]),
  ];
  return planAndRun(session, options, { content, kept, notes, capture: capture.folder, path, wait });
}

interface Content {
  /** Of the topic that is made. */
  readonly content: Snapshot;
  /** The backup of the topic as it is; undefined: it is not there. */
  readonly kept: (Snapshot & { readonly folder: string }) | undefined;
  readonly notes: readonly string[];
  readonly capture: string;
  /** Of the plan. */
  readonly path: string;
  readonly wait: Wait | undefined;
}

async function planAndRun(
  session: SchemasSession,
  options: CannotWriteOptions,
  { content, kept, notes, capture, path, wait }: Content,
): Promise<number> {
  const { signal, clock } = session;
  const { newTopic, groupId } = options;
  const topic = newTopic ?? options.topic;
  // It may run on with the old topic until the new one is there, and is stopped then to be told of it.
  const reads = newTopic === undefined ? {} : { registryReads: options.topic };
  const target = await openPlanTopic(session, { topic, groupId, ...reads });
  // With the settings and ACLs of the topic that it is for.
  const watched = watchedSnapshot(content, 'Planning', session.progress);
  const snapshot = { ...watched, facts: { ...content.facts, topic: kept?.facts.topic } };
  const present = await target.present(signal);
  const plan = await planNewTopic(
    {
      ...{ snapshot, present, topic, groupId, ...reads, path, notes, now: clock.now() },
      title: `Make ${topic} anew from what the registry tells over REST`,
      source: capture,
      minIds: kept === undefined ? {} : await highestIds(kept),
      ...(newTopic === undefined && kept !== undefined
        ? {
            // The nodes have told what they have read of them.
            recreate: { backup: kept.folder, sha256: kept.facts.sha256, givesUpOtherPartitions: true },
          }
        : {}),
    },
    signal,
  );
  const consequences = kept === undefined ? [] : await consequencesAnew(kept, content);
  const files = { 'told by the registry': capture, ...(kept === undefined ? {} : { backup: kept.folder }) };
  const next =
    newTopic === undefined
      ? []
      : [
          `Once it is filled, stop the registry and let it use this topic: kafkastore.topic=${newTopic} (Karapace: topic_name).`,
        ];
  return showAndRun(session, plan, {
    ...{ undo: options.undo, yes: options.yes, wait, files },
    consequences: [...consequences, ...next],
    facts: present.facts ?? kept?.facts.topic,
  });
}

function stopFirst(
  session: SchemasSession,
  options: CannotWriteOptions,
  { capture, running }: { readonly capture: Snapshot & { readonly folder: string }; readonly running: number },
): number {
  const { records } = capture.facts;
  const text = [
    `The registry was read over REST: ${counted(records, 'record')} ${agreeing(records, 'is', 'are')} kept in ${capture.folder}.`,
    `Now stop all nodes of the registry: the group ${options.groupId} has ${counted(running, 'member')}.`,
    'Then run the same command again. It finds what was read, backs the topic up, and shows its plan; with --yes it runs it.',
  ];
  session.print({
    json: { phase: 'captured', capture: capture.folder, members: running, plan: null, ran: false },
    text,
  });
  // With --yes more was wanted than was done.
  return options.yes ? EXIT_FINDINGS : 0;
}

async function untilStopped(session: SchemasSession, topic: BrokerPlanTopic, running: number): Promise<void> {
  const { clock, signal, progress } = session;
  session.note('The registry was read. Now stop all of its nodes: this goes on once its group is empty.');
  for (let members = running; members > 0; ) {
    progress.report('Members of the group', members);
    await clock.sleep(POLL_MS, signal);
    members = (await topic.facts(signal))?.group.members ?? 0;
  }
}

async function differencesOf(
  { signal }: SchemasSession,
  capture: Snapshot,
  kept: Snapshot,
): Promise<readonly RestDifference[]> {
  let vendor: 'confluent' | 'karapace' = 'confluent';
  for await (const witness of capture.witnesses()) if (witness.vendor === 'karapace') vendor = 'karapace';
  const options = { signal, readsOn: true };
  return restDifferences(await replay(capture, vendor, options), await replay(kept, vendor, options));
}

const shownDifferences = (differences: readonly RestDifference[]): readonly string[] =>
  shownList(differences.map(({ what }) => what));

function decideFirst(session: SchemasSession, differences: readonly RestDifference[]): number {
  session.print({
    json: { phase: 'decide', differences, plan: null, ran: false },
    text: [
      'The registry and its topic say different things:',
      ...shownDifferences(differences),
      'Decide who is right, and run it again with --prefer rest or --prefer topic. Data that carries such an id was written with one of them.',
    ],
  });
  return EXIT_FINDINGS;
}

async function merged(
  session: SchemasSession,
  rest: Snapshot,
  topic: Snapshot,
  differences: readonly RestDifference[],
): Promise<Snapshot> {
  const writer = await SnapshotWriter.create({ folder: join(await session.temporaryFolder(), 'merged') });
  try {
    await mergeRest({ rest, topic, differences }, writer);
    for await (const witness of rest.witnesses()) await writer.addWitness(witness);
    const snapshot = await writer.finish({ source: 'derived', takenAt: rest.facts.takenAt, topic: undefined });
    session.atEnd(() => snapshot.close());
    return snapshot;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Invariant 10: the topic may have given out ids that the registry does not tell. */
async function highestIds(snapshot: Snapshot): Promise<Readonly<Record<string, number>>> {
  const ids = new HighestIds();
  for await (const batch of snapshot.records()) for (const raw of batch) ids.saw(readRecord(raw));
  return ids.highest;
}
