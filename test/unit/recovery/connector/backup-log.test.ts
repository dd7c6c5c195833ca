import { expect, it } from 'vitest';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import type { TargetOutcome } from '../../../../src/recovery/backup/run-backup.ts';
import { BackupLog } from '../../../../src/recovery/connector/backup-log.ts';

it('tells a warning of a target once for as long as it lasts, and again when it is back', () => {
  const { logger, lines } = recordingLogger('info');
  const log = new BackupLog(logger);
  const tell = (...warnings: readonly string[]): void => {
    const outcome: TargetOutcome = {
      ...{ target: 'a', state: 'unchanged', backup: undefined, removed: [], warnings, error: undefined },
    };
    log.tell({
      ...{ takenAt: 0, durationMs: 0, place: 'a', endOffset: 0, records: 0, added: 0, sha256: '' },
      ...{ subjects: undefined, bytes: undefined, findings: undefined, notLookedThrough: undefined },
      targets: [outcome, { ...outcome, target: 'b', warnings: [] }],
    });
  };
  tell('lost');
  tell('lost', 'new');
  tell();
  tell('lost');
  expect(lines.map(({ message, fields }) => [message, fields['target']])).toEqual([
    ['lost', 'a'],
    ['new', 'a'],
    ['lost', 'a'],
  ]);
});
