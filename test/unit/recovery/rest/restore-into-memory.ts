import { afterEach } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { planRegistryRestore, type RegistryPlan } from '../../../../src/recovery/rest/plan-registry-restore.ts';
import type { RequestStep } from '../../../../src/recovery/rest/restore-steps.ts';
import { runRequestStep } from '../../../../src/recovery/rest/run-request-step.ts';
import { TargetIndex } from '../../../../src/recovery/rest/target-index.ts';
import { addUnlistedSettings } from '../../../../src/recovery/rest/unlisted-settings.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog } from '../../../support/recovery/record-bytes.ts';
import type { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import type { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';

export const signal: AbortSignal = new AbortController().signal;

/** What the registry has written, as a snapshot of its topic. */
export function snapshotOf({ log }: InMemoryRegistry): Snapshot {
  return new MemorySnapshot(asLog(log.map((record) => ({ ...record, headers: [] }))));
}

const opened: TargetIndex[] = [];
afterEach(async () => {
  for (const target of opened.splice(0)) await target.close();
});

export async function planned(
  snapshot: Snapshot,
  served: RegistryInMemory,
  minIds: Readonly<Record<string, number>> = {},
): Promise<RegistryPlan> {
  const folder = tempDir('rest');
  const api = served.node();
  const witness = await witnessNode({ api, clock: systemClock, folder, signal });
  const target = await TargetIndex.read(witness, folder, signal);
  opened.push(target);
  const state = await replay(snapshot, 'confluent');
  await addUnlistedSettings(target, state, { api, signal });
  return planRegistryRestore({ snapshot, state, target, minIds, signal });
}

export async function stepsOf(plan: { steps(): AsyncIterable<RequestStep> }): Promise<readonly RequestStep[]> {
  const steps: RequestStep[] = [];
  for await (const step of plan.steps()) steps.push(step);
  return steps;
}

/** How many were sent. */
export async function run(steps: readonly RequestStep[], served: RegistryInMemory): Promise<number> {
  const api = served.node();
  let sent = 0;
  for (const step of steps) {
    if ((await runRequestStep(api, step, { clock: systemClock, signal })) === 'sent') sent++;
  }
  return sent;
}

const READS = ['/schemas?deleted=true', '/schemas', '/config', '/mode'];

/** All that a registry answers, but for what reserves ids. */
export function answersOf(registry: InMemoryRegistry): unknown {
  const subjects: string[] = registry.get('/subjects?deleted=true').body;
  const isReserved = (subject: string): boolean => subject.endsWith('holdfast-reserved-ids');
  const settings = subjects
    .filter((subject) => !isReserved(subject))
    .flatMap((subject) => [`/config/${encodeURIComponent(subject)}`, `/mode/${encodeURIComponent(subject)}`]);
  return [...READS, ...settings, '/config/:.dev:', '/mode/:.dev:'].map((path) => {
    const { body } = registry.get(path);
    const told = Array.isArray(body) ? body.filter((each) => !isReserved(each.subject ?? each)) : body;
    return [path, told.error_code ?? told];
  });
}
