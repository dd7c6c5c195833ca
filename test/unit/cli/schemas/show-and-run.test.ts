import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '../../../../src/broker/ports.ts';
import { showAndRun } from '../../../../src/cli/schemas/show-and-run.ts';
import { openPlan, type Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { undoPathOf } from '../../../../src/recovery/restore/open-undo.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import { EnvironmentError } from '../../../../src/sdk/errors/kinds.ts';
import { brokerWithMembers, changed } from '../../../support/recovery/broker-with-members.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { RecordedSession, type RecordedSessionOptions } from '../../../support/recovery/recorded-session.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';

const LIFE = ['A', 'B'].map((name, n) =>
  confluent.schema({ subject: name, version: 1, id: n + 1, schema: `{"type":"fixed","name":"${name}","size":1}` }),
);

let world: RestoreWorld;
let plan: Plan;
beforeEach(async () => {
  world = await RestoreWorld.embedded();
  const target = world.target();
  const { topic, groupId } = world;
  plan = await planNewTopic({
    ...{ snapshot: new MemorySnapshot(asLog(LIFE)), present: await target.present(world.signal) },
    ...{ topic, groupId, path: world.path('plan'), source: 'a test', now: 0 },
  });
  await target.close();
});
afterEach(() => world.broker.close());

/** What it ended with, and all that it said. */
async function shown(
  of: Plan,
  given: RecordedSessionOptions & { readonly wait?: string } = {},
): Promise<{ readonly ended: unknown; readonly session: RecordedSession }> {
  const session = new RecordedSession({ broker: world.broker, ...given });
  const wait = given.wait === undefined ? undefined : { ms: 1, text: given.wait };
  try {
    return { ended: await showAndRun(session, of, { yes: true, wait }).catch((error) => error), session };
  } finally {
    await session.close();
  }
}

const goOn = (): string => `holdfast schemas apply ${plan.path} --yes --bootstrap-servers kafka:9092`;
const back = (): string => `holdfast schemas apply ${undoPathOf(plan.path)} --yes --bootstrap-servers kafka:9092`;

/** Its cluster is away as soon as the topic is to be made. */
function brokerAway(onAsked: () => void): Broker {
  const createTopics = (): Promise<never> => {
    onAsked();
    return Promise.reject(new EnvironmentError('The cluster is away.', { code: 'holdfast.test.away' }));
  };
  return changed(world.broker, { admin: (client) => changed(world.broker.admin(client), { createTopics }) });
}

describe('a plan that is run', () => {
  it('is named before its first step, with its undo file and what goes on with it', async () => {
    let before = '';
    const session: RecordedSession = new RecordedSession({
      broker: brokerAway(() => {
        before = session.text;
      }),
    });
    const error = await showAndRun(session, plan, { yes: true }).catch((thrown) => thrown);
    await session.close();
    expect(before).toContain(`plan: ${plan.path}\nundo: ${undoPathOf(plan.path)}`);
    expect(before).toContain(`  ${goOn()}`);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.code).toBe('holdfast.test.away');
    expect(error.message).toBe(
      `The cluster is away. The plan is ${plan.path}, its undo file ${undoPathOf(plan.path)}. ` +
        `To go on once it is mended: ${goOn()} To take it back: ${back()}`,
    );
  });

  it('that was refused before its first step has nothing to go on with', async () => {
    const broker = brokerWithMembers(world.broker, world.groupId, () => 1);
    const { ended } = await shown(plan, { broker });
    expect(ended).toMatchObject({ code: 'holdfast.recovery.registry-running' });
    expect((ended as Error).message).not.toContain('To go on');
  });

  it('says when it was done before, and when there is nothing to take back', async () => {
    const first = await shown(plan);
    expect(first).toMatchObject({ ended: 0, session: { json: { ran: true, run: { outcome: 'done' } } } });
    expect(first.session.text).toContain('Done: 3 written; read back and as planned.');
    expect(first.session.text).toContain(`To take it back, with the registry stopped:\n  ${back()}`);
    const second = await shown(plan);
    expect(second).toMatchObject({ ended: 0, session: { json: { run: { outcome: 'was-done', written: 0 } } } });
    expect(second.session.text).toContain('Nothing was done now: all of it had been done before.');
    expect(second.session.text).not.toContain('Done:');

    await world.deleteTopic();
    const undone = await shown(await openPlan(undoPathOf(plan.path)));
    expect(undone).toMatchObject({ ended: 0, session: { json: { undo: null, run: { outcome: 'nothing-to-undo' } } } });
    expect(undone.session.text).toContain('Nothing was done: there was nothing to take back.');
    expect(undone.session.text).not.toMatch(/Done:|To take it back/);
  });

  it('sends nobody to start the registry when it leaves no topic', async () => {
    const first = await shown(plan);
    expect(first.session.text).toContain('Start the registry, then run');
    const undone = await shown(await openPlan(undoPathOf(plan.path)));
    expect(undone).toMatchObject({ ended: 0, session: { json: { leavesNoTopic: true, run: { outcome: 'done' } } } });
    expect(undone.session.text).toContain("Don't start the registry: its topic is gone");
    expect(undone.session.text).not.toContain('Start the registry, then run');
  });

  it('ends with the code of findings when a node does not show it, and asks it again in the command that goes on', async () => {
    const registry = new RegistryInMemory();
    const { ended, session } = await shown(plan, { registry, wait: '90s' });
    expect(ended).toBe(4);
    expect(session.text).toContain('3 written, but not everything is as planned:');
    expect(session.text).toContain(`${goOn()} --registry http://one:8081 --wait 90s`);
    expect(session.json).toMatchObject({ run: { wrong: expect.arrayContaining([expect.any(String)]) } });
  });
});
