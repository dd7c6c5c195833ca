import { expect, it } from 'vitest';
import { nextStep } from '../../../../src/cli/schemas/backup-command.ts';

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
