import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { Admin, Broker, ClientOptions } from '../../../../src/broker/ports.ts';
import { OpenedParts } from '../../../../src/cli/opened-parts.ts';
import { backup, nextStep } from '../../../../src/cli/schemas/backup-command.ts';
import { noProgress } from '../../../../src/cli/schemas/progress.ts';
import { SchemasSession } from '../../../../src/cli/schemas/schemas-session.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { SecretRegistry } from '../../../../src/foundation/secret-registry.ts';
import { confluent } from '../../../support/recovery/record-bytes.ts';
import { RestoreWorld } from '../../../support/recovery/restore-world.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** Whose clients wait for it, as those of a Kafka that is down. */
const AWAY = {
  kind: 'kafka',
  admin: ({ onAvailability }: ClientOptions) => {
    onAvailability?.({ available: false, reason: 'refused', since: 0 });
    const inspectTopic = (_: string, signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    return { inspectTopic, close: () => Promise.resolve() } as unknown as Admin;
  },
} as Partial<Broker> as Broker;

it('a Kafka that stays away is given up, and keeps no other target from its backup', async () => {
  const world = await RestoreWorld.embedded();
  await world.makeTopic([confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' })]);
  const [clock, parts, folder] = [new ManualClock(), new OpenedParts(), join(tempDir('backup'), 'folder')];
  const options = { topic: world.topic, groupId: world.groupId, json: true, quiet: true, bootstrapServers: 'k:1' };
  const session = new SchemasSession({
    ...{ options, clock, logger: silentLogger, progress: noProgress, parts },
    ...{ signal: world.signal, secrets: new SecretRegistry() },
  });
  vi.spyOn(session, 'broker').mockImplementation((servers) => Promise.resolve(servers === 'k:2' ? AWAY : world.broker));
  const printed = vi.spyOn(session, 'print').mockReturnValue(undefined);
  const run = backup(session, {
    ...{ ...options, to: ['kafka:copy@k:2', folder], from: 'topic', full: false, storeTopic: '' },
  } as unknown as Parameters<typeof backup>[1]);
  let code: number | undefined;
  void run.then((ended) => {
    code = ended;
  });
  await vi.waitFor(async () => {
    await clock.advance(1_000);
    expect(code).toBe(3);
  }, 20_000);
  expect(printed.mock.calls[0]?.[0].json).toMatchObject({
    targets: [
      { state: 'failed', error: { code: 'holdfast.broker.unavailable', message: 'Kafka at k:2 is away: refused.' } },
      { target: folder, state: 'written', backup: { records: 1 } },
    ],
  });
  await parts.close();
  await world.broker.close();
});

it('a backup ends with what shows that it is sound, of the first that was made', () => {
  const options = {
    ...{ topic: '_schemas', groupId: 'schema-registry', json: false, quiet: false, bootstrapServers: 'k:9092' },
    to: ['/lost', 'kafka:copy', '/my backups'],
  };
  const [failed, made] = [{ state: 'failed' }, { state: 'written' }] as const;
  const flags = { ...options, commandConfig: 'client.properties' };
  expect(nextStep(flags, [failed, made, made])).toEqual([
    'To see whether it is sound: holdfast schemas verify kafka:copy --bootstrap-servers k:9092 --command-config client.properties',
  ]);
  expect(nextStep(options, [failed, failed, made])).toEqual([
    "To see whether it is sound: holdfast schemas verify '/my backups'",
  ]);
  expect(nextStep(options, [failed, failed, failed])).toEqual([]);
  expect(nextStep({ ...options, quiet: true }, [made, made, made])).toEqual([]);
});
