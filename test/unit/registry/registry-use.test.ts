import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { RegistrySnapshot } from '../../../src/registry/registry-snapshot.ts';
import { RegistryUse, UNUSED_MS } from '../../../src/registry/registry-use.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const idle = { unconfirmed: 0, suspect: 0, parkedQuestions: 0, integrityErrors: [] as string[] };

function setUp(left: Partial<typeof idle> = {}) {
  const clock = new ManualClock();
  const work = { ...idle, ...left };
  const closed: number[] = [];
  const use = new RegistryUse({
    clock,
    unusedMs: UNUSED_MS,
    snapshot: () => {
      const { unconfirmed, suspect, parkedQuestions, integrityErrors } = work;
      return { cache: { unconfirmed, suspect }, parkedQuestions, integrityErrors } as unknown as RegistrySnapshot;
    },
    onUnused: () => closed.push(clock.monotonic()),
  });
  return { clock, use, closed, work };
}

describe('a registry with nothing left to do', () => {
  it('is closed a minute after the last of its views left, once', async () => {
    const { clock, use, closed } = setUp();
    use.enter('a');
    use.enter('b');
    await clock.advance(HOUR);
    use.leave('a');
    await clock.advance(HOUR);
    use.leave('b');
    await clock.advance(MINUTE - 1);
    expect(closed).toEqual([]);
    await clock.advance(1);
    expect(closed).toEqual([2 * HOUR + MINUTE]);
    await clock.advance(HOUR);
    expect(closed).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is closed when no view ever came', async () => {
    const { clock, closed } = setUp();
    await clock.advance(HOUR);
    expect(closed).toEqual([MINUTE]);
  });

  it('is kept by a view that comes in that minute', async () => {
    const { clock, use, closed } = setUp();
    use.enter('a');
    use.leave('a');
    await clock.advance(MINUTE - 1);
    use.enter('b');
    await clock.advance(HOUR);
    expect(closed).toEqual([]);
    use.leave('b');
    await clock.advance(MINUTE);
    expect(closed).toHaveLength(1);
  });

  it('is used by a view that entered twice until that leaves, and left by no stranger', async () => {
    const { clock, use, closed } = setUp();
    use.enter('a');
    use.enter('a');
    use.leave('a');
    await clock.advance(MINUTE - 1);
    // Neither starts the minute anew.
    use.leave('a');
    use.leave('stranger');
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    expect(closed).toEqual([MINUTE]);
  });

  it('is not closed once more when it ends for another reason', async () => {
    const { clock, use, closed } = setUp();
    use.stop();
    await clock.advance(HOUR);
    expect([closed, clock.pendingTimers]).toEqual([[], 0]);
  });
});

describe('invariant 5: a registry with work left', () => {
  it.each([
    ['ids wait for their second look', { unconfirmed: 1 }],
    ['ids are suspect', { suspect: 1 }],
    ['questions wait', { parkedQuestions: 1 }],
  ])('is kept for ten minutes while %s', async (_what, left) => {
    const { clock, closed } = setUp(left);
    await clock.advance(10 * MINUTE - 1);
    expect(closed).toEqual([]);
    await clock.advance(1);
    expect(closed).toEqual([10 * MINUTE]);
  });

  it('has its ten minutes from when the last view left', async () => {
    const { clock, use, closed } = setUp({ suspect: 1 });
    use.enter('a');
    await clock.advance(HOUR);
    use.leave('a');
    await clock.advance(10 * MINUTE);
    expect(closed).toEqual([HOUR + 10 * MINUTE]);
  });

  it('is closed within a minute of the work being done', async () => {
    const { clock, closed, work } = setUp({ unconfirmed: 3 });
    await clock.advance(2 * MINUTE + 1);
    work.unconfirmed = 0;
    await clock.advance(MINUTE);
    expect(closed).toEqual([3 * MINUTE]);
  });
});

it('an integrity error is there to be seen for a day', async () => {
  const { clock, closed } = setUp({ integrityErrors: ['id 1'] });
  await clock.advance(24 * HOUR - 1);
  expect(closed).toEqual([]);
  await clock.advance(1);
  expect(closed).toEqual([24 * HOUR]);
});
