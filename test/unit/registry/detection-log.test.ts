import { expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { DetectionLog } from '../../../src/registry/detection-log.ts';
import type { PrimaryEpoch } from '../../../src/registry/registry-snapshot.ts';
import { primaryEpoch } from '../../support/primary-epochs.ts';

const A = 'http://a:8081';
const B = 'http://b:8081';

const epoch = (change: Partial<PrimaryEpoch>) =>
  primaryEpoch({ epoch: 'm@b', memberId: 'm', url: B, changeBeganAt: 1000, startedAt: 4000, ...change });

/** Level, code and the other fields of the one line that it says. */
function said(say: (log: DetectionLog) => void): unknown[] {
  const { logger, lines } = recordingLogger();
  say(new DetectionLog(logger));
  expect(lines).toHaveLength(1);
  const { code, ...fields } = lines[0]?.fields ?? {};
  return [lines[0]?.level, code, fields];
}

it('tells of a new primary: from whom to whom, why, and how long it took from the first sign', () => {
  expect(said((log) => log.epoch(epoch({}), epoch({ url: A }), undefined))).toEqual([
    'warn',
    'holdfast.registry.primary.changed',
    { from: A, to: B, member: 'm', cause: 'group-elected', rung: 'group', durationMs: 3000 },
  ]);
});

it('does not warn of the first primary that is seen', () => {
  expect(said((log) => log.epoch(epoch({ cause: 'first-seen' }), null, undefined))).toEqual([
    'info',
    'holdfast.registry.primary.changed',
    { from: null, to: B, member: 'm', cause: 'first-seen', rung: 'group', durationMs: 3000 },
  ]);
});

it('warns, with the reason, when there is no primary', () => {
  const lost = epoch({ cause: 'primary-lost', url: null, memberId: null });
  expect(said((log) => log.epoch(lost, epoch({ url: A }), 'no node is eligible'))).toEqual([
    'warn',
    'holdfast.registry.primary.none',
    {
      from: A,
      to: null,
      member: null,
      cause: 'primary-lost',
      rung: 'group',
      durationMs: 3000,
      reason: 'no node is eligible',
    },
  ]);
});

it('warns of an outage only when it ended with another primary', () => {
  const ended = epoch({ cause: 'outage-ended' });
  const levels = [epoch({ url: B }), epoch({ url: A }), null].map(
    (previous) => said((log) => log.epoch(ended, previous, undefined))[0],
  );
  expect(levels).toEqual(['info', 'warn', 'warn']);
  const moved = epoch({ cause: 'write-moved' });
  expect(said((log) => log.epoch(moved, epoch({ url: B }), undefined))[0]).toBe('warn');
});

it('tells how long it took until the primary took writes', () => {
  const usable = (usableAfterMs: number | null): unknown[] => said((log) => log.usable(epoch({ usableAfterMs })));
  expect(usable(8000)).toEqual([
    'info',
    'holdfast.registry.primary.usable',
    { primary: B, cause: 'group-elected', durationMs: 8000 },
  ]);
  // Nobody knows, when nobody tried to write.
  expect(usable(null)[2]).toEqual({ primary: B, cause: 'group-elected' });
});

it('tells of the way in which the primary is found out, with the reason if it is not the best', () => {
  expect(said((log) => log.rung('group', ''))).toEqual(['info', 'holdfast.registry.detection.rung', { rung: 'group' }]);
  expect(said((log) => log.rung('health', 'no permission'))[2]).toEqual({ rung: 'health', reason: 'no permission' });
});

it('tells of vendor, address and mistakes', () => {
  expect(said((log) => log.vendor('karapace'))).toEqual([
    'info',
    'holdfast.registry.detection.vendor',
    { vendor: 'karapace' },
  ]);
  expect(said((log) => log.address(B))).toEqual(['info', 'holdfast.registry.detection.address', { advertised: B }]);
  const err = new Error('a mistake');
  expect(said((log) => log.failed(err))).toEqual(['error', 'holdfast.registry.fault', { err }]);
});
