import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { ParkedInfo } from '../../../../src/runtime/host/protocol.ts';
import { ParkWatch } from '../../../../src/runtime/worker/park-watch.ts';

const WRITES: ParkedInfo = {
  dependency: 'schema registry (writes)',
  gateId: 'registry:r:write',
  reason: 'HTTP 500/50004',
  code: 'holdfast.registry.unavailable',
  partitions: [],
  since: 0,
  attempts: 0,
  nextProbeAt: null,
};
const BROKER: ParkedInfo = { ...WRITES, dependency: 'broker', gateId: null, code: 'holdfast.environment.unavailable' };

let clock: ManualClock;
let told: string[];
let watch: ParkWatch;
beforeEach(() => {
  clock = new ManualClock();
  told = [];
  watch = new ParkWatch({
    id: { connector: 'c', task: 3 },
    clock,
    listener: ({ type, id, dependency, gateId, durationMs }) =>
      told.push(`${type} ${id.connector}-${id.task} ${dependency} ${gateId} ${durationMs}`),
  });
});

describe('ParkWatch', () => {
  it('tells of a park once when it begins and once when it ends, with its duration', async () => {
    watch.update(WRITES);
    await clock.advance(400);
    watch.update({ ...WRITES, attempts: 2, reason: 'ECONNREFUSED' });
    await clock.advance(600);
    watch.update(null);
    watch.update(null);
    expect(told).toEqual([
      'begun c-3 schema registry (writes) registry:r:write 0',
      'ended c-3 schema registry (writes) registry:r:write 1000',
    ]);
  });

  it('ends one park and begins another when something else is waited for', async () => {
    watch.update(WRITES);
    await clock.advance(100);
    watch.update(BROKER);
    await clock.advance(50);
    watch.update(null);
    expect(told.slice(1)).toEqual([
      'ended c-3 schema registry (writes) registry:r:write 100',
      'begun c-3 broker null 0',
      'ended c-3 broker null 50',
    ]);
  });

  it('ends with the task, and says no more', async () => {
    watch.update(WRITES);
    await clock.advance(10);
    watch.close();
    watch.update(WRITES);
    watch.close();
    expect(told).toHaveLength(2);
    expect(told[1]).toMatch(/^ended .* 10$/);
  });
});
