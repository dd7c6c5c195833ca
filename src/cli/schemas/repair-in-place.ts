/** Repairs that write behind the topic's end: re-key, tombstone-empty, reference-order, undelete and duplicate-ids. */
import { consequencesInPlace } from '../../recovery/repair/consequences.ts';
import type { BothStates } from '../../recovery/repair/duplicate-ids.ts';
import type { InPlaceRepair } from '../../recovery/repair/in-place-repair.ts';
import { planRepair } from '../../recovery/repair/plan-repair.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { watchedSnapshot } from '../../recovery/snapshot/watched-snapshot.ts';
import type { RegistryState } from '../../recovery/state/registry-state.ts';
import { replay } from '../../recovery/state/replay.ts';
import { waitOf } from './check-nodes-after.ts';
import { openPlace } from './open-place.ts';
import { planPath } from './plan-path.ts';
import type { RepairOptions } from './repair-options.ts';
import { type ReadByVendor, vendorOf } from './repair-vendor.ts';
import type { SchemasSession } from './schemas-session.ts';
import { showAndRun } from './show-and-run.ts';

export interface ReadTopic {
  readonly snapshot: Snapshot;
  readonly states: BothStates;
  /** As the registry reads it that writes this topic. */
  readonly state: RegistryState;
}

/** Reads the topic, decides, plans, and runs the plan if that was asked for. Returns the exit code. */
export async function repairInPlace(
  session: SchemasSession,
  options: RepairOptions & ReadByVendor,
  what: string,
  decide: (topic: ReadTopic) => Promise<InPlaceRepair>,
): Promise<number> {
  const { signal, clock } = session;
  const wait = waitOf(session, options);
  const path = await planPath(options, `repair-${what}`, clock.now());
  const topic = await readTopic(session, options);
  const { snapshot } = topic;
  const { facts } = snapshot;
  if (facts.topic === undefined) throw new Error('a topic that was read has facts');
  const repair = await decide(topic);
  if (repair.writes === 0) return nothingToMend(session, repair);
  const consequences = await consequencesInPlace(snapshot, repair);
  const plan = await planRepair({ repair, snapshot, facts: facts.topic, path, now: clock.now() }, signal);
  return showAndRun(session, plan, { ...options, wait, consequences, facts: facts.topic });
}

/** Returns the exit code. */
export function nothingToMend(
  session: SchemasSession,
  { title, summary }: Pick<InPlaceRepair, 'title' | 'summary'>,
): number {
  session.print({ json: { title, summary, plan: null, ran: false, undo: null, run: null }, text: summary });
  return 0;
}

export async function readTopic(session: SchemasSession, options: ReadByVendor): Promise<ReadTopic> {
  const snapshot = await openPlace(session, { kind: 'topic' });
  return readStates(session, snapshot, options);
}

export async function readStates(session: SchemasSession, read: Snapshot, options: ReadByVendor): Promise<ReadTopic> {
  const { signal, progress } = session;
  const snapshot = watchedSnapshot(read, 'Planning', progress);
  // What is in the records counts, not where some reader stopped.
  const confluent = await replay(snapshot, 'confluent', { signal, readsOn: true });
  const karapace = await replay(snapshot, 'karapace', { signal, readsOn: true });
  const states = { confluent, karapace };
  return { snapshot, states, state: states[await vendorOf(snapshot, options)] };
}
