import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { repairCorruptRecords } from '../../../../src/cli/schemas/repair-corrupt-records.ts';
import { confluent, record } from '../../../support/recovery/record-bytes.ts';
import { RecordedSession } from '../../../support/recovery/recorded-session.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';

let world: RestoreWorld;
beforeEach(async () => {
  world = await RestoreWorld.embedded();
});
afterEach(() => world.broker.close());

it('writes nothing beside a plan that is there already: what it left out is kept there', async () => {
  const good = confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"string"' });
  await world.makeTopic([good, record('{"keytype":"NEW","magic":0}', '{}')]);
  const plan = join(world.dir, 'plan.ndjson');
  const leftOut = join(world.dir, 'plan.left-out.ndjson');
  const backup = join(world.dir, 'safe');
  writeFileSync(plan, 'an earlier plan');
  writeFileSync(leftOut, 'what the earlier plan left out');
  const session = new RecordedSession({ broker: world.broker });
  const flags = { dropDoubtful: false, dropUnparsable: false, anew: false, yes: false };
  await expect(repairCorruptRecords(session, { ...session.options, ...flags, backup, plan })).rejects.toMatchObject({
    code: 'holdfast.recovery.plan-exists',
  });
  await session.close();
  expect(readFileSync(leftOut, 'utf8')).toBe('what the earlier plan left out');
  expect(existsSync(backup)).toBe(false);
});

it('shows how far it is while it plans', async () => {
  const good = confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"string"' });
  await world.makeTopic([good, record('{"keytype":"NEW","magic":0}', '{}')]);
  const shown = new Set<string>();
  const progress = { report: (...parts: readonly unknown[]) => void shown.add(parts.join(' ')), clear: () => {} };
  const session = new RecordedSession({ broker: world.broker, progress });
  const flags = { dropDoubtful: false, dropUnparsable: false, anew: false, yes: false };
  const paths = { backup: join(world.dir, 'safe'), plan: join(world.dir, 'plan.ndjson') };
  await expect(repairCorruptRecords(session, { ...session.options, ...flags, ...paths })).resolves.toBe(0);
  await session.close();
  expect([...shown]).toEqual(expect.arrayContaining(['Planning 0 2', 'Planning 2 2']));
});
