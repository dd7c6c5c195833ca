import { describe, expect, it } from 'vitest';
import { AvailabilityTracker } from '../../../../src/broker/kafka/availability-tracker.ts';
import type { Availability } from '../../../../src/broker/ports.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';

describe('the availability of a client', () => {
  const track = () => {
    const changes: Availability[] = [];
    const lines: string[] = [];
    const clock = new ManualClock({ startMs: 1000 });
    const tracker = new AvailabilityTracker({
      clock,
      logger: { ...silentLogger, warn: (line) => lines.push(line), info: (line) => lines.push(line) },
      listener: (change) => changes.push(change),
    });
    return { tracker, changes, lines, clock };
  };

  it('is told once per change, not per attempt', async () => {
    const { tracker, changes, clock } = track();
    for (let attempt = 0; attempt < 5; attempt++) tracker.failed('a', `refused ${attempt}`);
    await clock.advance(500);
    tracker.worked('a');
    tracker.worked('a');
    expect(changes).toEqual([
      { available: false, reason: 'refused 1', since: 1000 },
      { available: true, reason: '', since: 1500 },
    ]);
  });

  it('is not lost by a single failure, such as an idle connection that was closed', () => {
    const { tracker, changes } = track();
    tracker.failed('a', 'closed');
    tracker.worked('a');
    tracker.failed('a', 'closed');
    expect(changes).toEqual([]);
  });

  it('is back only when every operation gets on again', () => {
    const { tracker, changes } = track();
    for (const key of ['a', 'a', 'b', 'b']) tracker.failed(key, key);
    tracker.worked('a');
    expect(changes).toHaveLength(1);
    tracker.worked('b');
    expect(changes.map(({ available }) => available)).toEqual([false, true]);
  });

  it('does not come back because the client is closed', () => {
    const { tracker, changes } = track();
    for (const key of ['a', 'a']) tracker.failed(key, key);
    tracker.close();
    tracker.worked('a');
    for (const key of ['b', 'b']) tracker.failed(key, key);
    expect(changes.map(({ available }) => available)).toEqual([false]);
  });

  it('holds nobody for an operation that was given up, and does not say that Kafka is back', () => {
    const { tracker, changes, lines } = track();
    for (const key of ['a', 'a']) tracker.failed(key, key);
    tracker.gaveUp('a');
    expect(changes.map(({ available }) => available)).toEqual([false, true]);
    expect(lines).toEqual(['Kafka is unavailable, waiting for it']);
  });
});
