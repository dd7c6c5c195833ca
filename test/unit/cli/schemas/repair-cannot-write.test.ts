import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planCommands } from '../../../../src/cli/schemas/plan-commands.ts';
import { type CannotWriteOptions, repairCannotWrite } from '../../../../src/cli/schemas/repair-cannot-write.ts';
import { runPlan } from '../../../../src/cli/schemas/run-plan.ts';
import { openPlan } from '../../../../src/recovery/plan/open-plan.ts';
import { brokerWithMembers } from '../../../support/recovery/broker-with-members.ts';
import { confluent } from '../../../support/recovery/record-bytes.ts';
import { RecordedSession } from '../../../support/recovery/recorded-session.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';

const fixed = (name: string): { readonly type: 'fixed'; readonly name: string; readonly size: number } => ({
  ...{ type: 'fixed', name, size: 1 },
});
const text = (name: string): string => JSON.stringify(fixed(name));

let world: RestoreWorld;
let registry: RegistryInMemory;
let members: number;
beforeEach(async () => {
  world = await RestoreWorld.embedded();
  registry = new RegistryInMemory();
  registry.registry.register('a', fixed('A'));
  registry.registry.register('b', fixed('B'));
  members = 1;
});
afterEach(() => world.broker.close());

async function repaired(more: Partial<CannotWriteOptions>): Promise<RecordedSession & { readonly code: number }> {
  const session = opened();
  const options: CannotWriteOptions = {
    ...session.options,
    ...{ backup: join(world.dir, 'safe'), plan: join(world.dir, 'plan.ndjson'), yes: false },
    ...more,
  };
  try {
    return Object.assign(session, { code: await repairCannotWrite(session, options) });
  } finally {
    await session.close();
  }
}

const opened = (): RecordedSession =>
  new RecordedSession({ broker: brokerWithMembers(world.broker, 'schema-registry', () => members), registry });

async function run(path: string): Promise<void> {
  const session = opened();
  try {
    const plan = await openPlan(path);
    const commands = planCommands(session, plan, { undo: undefined, wait: undefined });
    await runPlan(session, plan, { commands, wait: undefined });
  } finally {
    await session.close();
  }
}

describe('repair cannot-write --new-topic', () => {
  it('fills a topic that is not there while the registry runs, and afterwards goes by its real group', async () => {
    await world.makeTopic([confluent.schema({ subject: 'a', version: 1, id: 1, schema: text('A') })]);
    const { code } = await repaired({ newTopic: '_schemas2', yes: true });
    expect(code).toBe(0);
    expect((await world.content('_schemas2'))?.length).toBeGreaterThan(2);
    const [plan, undo] = [join(world.dir, 'plan.ndjson'), join(world.dir, 'plan.undo.ndjson')];
    expect((await openPlan(plan)).header.target).toMatchObject({ groupId: 'schema-registry' });
    expect((await openPlan(undo)).header.target).toMatchObject({ groupId: 'schema-registry' });
    // It may have been told to read the new one by now.
    for (const path of [plan, undo]) {
      await expect(run(path)).rejects.toMatchObject({ code: 'holdfast.recovery.registry-running' });
    }
    expect((await world.content('_schemas2'))?.length).toBeGreaterThan(2);
    members = 0;
    await run(undo);
    expect(await world.content('_schemas2')).toBeUndefined();
  });

  it('is refused for an empty topic that is there: the registry may read it', async () => {
    const made = new RestoreWorld({ broker: world.broker, topic: '_schemas2' });
    await made.makeTopic([]);
    await expect(repaired({ newTopic: '_schemas2', yes: true })).rejects.toMatchObject({
      code: 'holdfast.recovery.registry-running',
    });
    expect(await world.content('_schemas2')).toEqual([]);
    await expect(repaired({ newTopic: '_schemas' })).rejects.toThrow('--new-topic must be another one');
  });
});
