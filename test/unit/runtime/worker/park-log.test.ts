import { beforeEach, describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { ParkedInfo } from '../../../../src/runtime/host/protocol.ts';
import { ParkLog } from '../../../../src/runtime/worker/park-log.ts';

const PARKED: ParkedInfo = {
  dependency: 'schema registry (writes)',
  gateId: 'g',
  reason: 'HTTP 500/50004',
  code: 'holdfast.registry.unavailable',
  partitions: [],
  since: 0,
  attempts: 0,
  nextProbeAt: null,
};

let clock: ManualClock;
let recorded: ReturnType<typeof recordingLogger>;
let log: ParkLog;
beforeEach(() => {
  clock = new ManualClock();
  recorded = recordingLogger();
  log = new ParkLog({ clock, logger: recorded.logger });
});

describe('ParkLog', () => {
  it('writes one line when a task is parked and one when it goes on, however often it is told', async () => {
    log.update(PARKED);
    await clock.advance(1_000);
    for (let attempts = 1; attempts < 50; attempts++) log.update({ ...PARKED, attempts });
    await clock.advance(59_000);
    log.update(null);
    log.update(null);
    expect(recorded.lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { code: PARKED.code, dependency: PARKED.dependency, reason: PARKED.reason }],
      ['info', { parkedMs: 60_000 }],
    ]);
  });

  it('says nothing of what passes within a second', async () => {
    log.update(PARKED);
    await clock.advance(999);
    log.update(null);
    await clock.advance(10_000);
    expect(recorded.lines).toEqual([]);
  });

  it('names the partitions that wait, as they are when it writes', async () => {
    log.update({ ...PARKED, partitions: ['t-0'] });
    log.update({ ...PARKED, partitions: ['t-0', 't-1'] });
    await clock.advance(1_000);
    expect(recorded.lines[0]?.fields).toMatchObject({ partitions: ['t-0', 't-1'] });
  });

  it('falls silent with its task', async () => {
    log.update(PARKED);
    log.close();
    await clock.advance(10_000);
    log.update(null);
    expect(recorded.lines).toEqual([]);
  });
});
