import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { steadyNow } from '../../../src/foundation/steady-time.ts';
import { PrimaryEpochs } from '../../../src/registry/primary-epochs.ts';

const START = 1_000_000;
const A = { memberId: 'm-a', url: 'http://a:8081' };
const B = { memberId: 'm-b', url: 'http://b:8081' };

let clock: ManualClock;
let epochs: PrimaryEpochs;

beforeEach(() => {
  clock = new ManualClock({ startMs: START });
  epochs = new PrimaryEpochs({ clock, suspectWindowMs: 30_000 });
});

/** Acknowledged now, under what is the epoch now. */
const acknowledged = () => ({ at: steadyNow(clock), epoch: epochs.stamp });

/** A is good for 100 s; trouble begins, B is named 12 s later. */
async function failover(): Promise<void> {
  epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
  await clock.advance(100_000);
  epochs.good();
  await clock.advance(1_000);
  epochs.sign();
  await clock.advance(12_000);
  epochs.begin({ identity: B, cause: 'group-elected', rung: 'group' });
}

describe('epochs', () => {
  it('are kept with cause, first sign, start, end and when they were usable', async () => {
    await failover();
    await clock.advance(5_000);
    expect(epochs.usable()?.epoch).toMatchObject({ number: 2, usableAt: START + 118_000 });
    expect(epochs.usable()).toBeUndefined();
    expect(epochs.list()).toEqual([
      {
        ...B,
        number: 2,
        epoch: 'm-b@http://b:8081',
        cause: 'group-elected',
        rung: 'group',
        changeBeganAt: START + 101_000,
        startedAt: START + 113_000,
        usableAt: START + 118_000,
        usableAfterMs: 17_000,
        endedAt: null,
      },
      {
        ...A,
        number: 1,
        epoch: 'm-a@http://a:8081',
        cause: 'first-seen',
        rung: 'group',
        changeBeganAt: START,
        startedAt: START,
        usableAt: null,
        usableAfterMs: null,
        endedAt: START + 113_000,
      },
    ]);
  });

  it('have names of their own, also when the same primary comes back', () => {
    const stamps = [epochs.stamp];
    for (const identity of [A, B, A, A, { memberId: null, url: null }]) {
      epochs.begin({ identity, cause: 'group-elected', rung: 'group' });
      stamps.push(epochs.stamp);
    }
    expect(stamps[0]).toBe('unknown');
    expect(new Set(stamps).size).toBe(stamps.length);
    // The same in another run of the worker, so that what the store kept is not taken for another primary's.
    expect(stamps[1]).toBe('m-a@http://a:8081');
  });

  it('are bounded in number', () => {
    for (let i = 0; i < 200; i++)
      epochs.begin({ identity: i % 2 === 0 ? A : B, cause: 'group-elected', rung: 'group' });
    expect(epochs.list()).toHaveLength(50);
    expect(epochs.current?.number).toBe(200);
  });

  it('keep their name when more becomes known of them', () => {
    epochs.begin({ identity: { memberId: null, url: A.url }, cause: 'first-seen', rung: 'health' });
    const before = epochs.stamp;
    epochs.refine(A, 'group');
    expect(epochs.current).toMatchObject({ ...A, rung: 'group', epoch: before });
  });

  it('do not begin with what is learned of nobody', () => {
    epochs.refine(A, 'group');
    expect(epochs.usable()).toBeUndefined();
    expect([epochs.list(), epochs.current, epochs.stamp]).toEqual([[], null, 'unknown']);
  });

  it('have names of their own, also when the first one of a name is forgotten', () => {
    const few = new PrimaryEpochs({ clock, suspectWindowMs: 30_000, limit: 2 });
    const stamps = [A, A, B, A].map((identity) => {
      few.begin({ identity, cause: 'group-elected', rung: 'group' });
      return few.stamp;
    });
    expect(new Set(stamps).size).toBe(4);
  });

  it('tell whether somebody is the primary that lasts, of whom one side may know less', () => {
    const byUrl = { memberId: null, url: A.url };
    const nobody = { memberId: null, url: null };
    const isOf = () => [A, byUrl, { ...A, memberId: 'm-x' }, B, nobody].map((identity) => epochs.isOf(identity));
    expect(isOf()).toEqual([false, false, false, false, false]);
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
    expect(isOf()).toEqual([true, true, false, false, false]);
    epochs.begin({ identity: byUrl, cause: 'health-changed', rung: 'health' });
    expect(isOf()).toEqual([true, true, true, false, false]);
    epochs.begin({ identity: nobody, cause: 'outage-ended', rung: 'inference' });
    expect(isOf()).toEqual([true, true, true, true, true]);
    epochs.begin({ identity: nobody, cause: 'primary-lost', rung: 'group' });
    expect(isOf()).toEqual([false, false, false, false, false]);
  });

  it('tell when the last change was, and when it came to its end', async () => {
    expect(epochs.lastChangeAt).toBeNull();
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
    epochs.usable();
    expect(epochs.lastChangeAt).toBeNull();
    await clock.advance(1_000);
    epochs.begin({ identity: B, cause: 'group-elected', rung: 'group' });
    expect(epochs.lastChangeAt).toBe(1_000);
    await clock.advance(5_000);
    epochs.usable();
    expect(epochs.lastChangeAt).toBe(6_000);
  });

  it('begin with the first sign of trouble, unless all was good again after it', async () => {
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
    epochs.sign();
    await clock.advance(50_000);
    epochs.good();
    await clock.advance(50_000);
    expect(epochs.begin({ identity: B, cause: 'group-elected', rung: 'group' }).epoch.changeBeganAt).toBe(
      START + 100_000,
    );
  });
});

describe('invariant 5: the suspect window', () => {
  it.each([60_000, -3_600_000])('holds what it should though the wall clock is set by %d ms', async (ms) => {
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
    await clock.advance(60_000);
    const early = acknowledged();
    await clock.advance(35_000);
    epochs.good();
    const late = acknowledged();
    clock.step(ms);
    await clock.advance(4_000);
    epochs.good();
    await clock.advance(1_000);
    const { epoch, suspectSince } = epochs.begin({ identity: B, cause: 'group-elected', rung: 'group' });
    expect([suspectSince, epoch.startedAt]).toEqual([START + 69_000, START + 100_000]);
    expect([early, late].map((ack) => epochs.isSuspect(ack))).toEqual([false, true]);
    clock.step(-2 * ms);
    await clock.advance(5_000);
    expect(epochs.usable()?.epoch.usableAt).toBe(START + 105_000);
    expect([early, late, acknowledged()].map((ack) => epochs.isSuspect(ack))).toEqual([false, true, false]);
  });

  it('reaches from 30 s before the primary was last known good until the next one is usable', async () => {
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
    await clock.advance(60_000);
    const early = acknowledged();
    await clock.advance(20_000);
    const late = acknowledged();
    await clock.advance(20_000);
    epochs.good();
    await clock.advance(5_000);
    // A write that nobody knows the fate of, under the old primary, after it was last known good.
    const afterGood = acknowledged();
    expect([early, late, afterGood].map((ack) => epochs.isSuspect(ack))).toEqual([false, false, false]);
    const { suspectSince } = epochs.begin({ identity: B, cause: 'group-elected', rung: 'group' });
    expect(suspectSince).toBe(START + 70_000);
    expect([early, late, afterGood].map((ack) => epochs.isSuspect(ack))).toEqual([false, true, true]);
    // Acknowledged by the old one, which does not know that it was replaced, and stamped with the new epoch.
    const byTheOldOne = acknowledged();
    await clock.advance(5_000);
    epochs.usable();
    const byTheNewOne = acknowledged();
    await clock.advance(100_000);
    expect([early, late, afterGood, byTheOldOne, byTheNewOne].map((ack) => epochs.isSuspect(ack))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('holds nothing back twice that was read back under the new epoch while nobody is usable yet', async () => {
    await failover();
    const readBack = acknowledged();
    expect(epochs.isSuspect(readBack)).toBe(false);
  });

  it('lasts over primaries that were named and never became usable', async () => {
    await failover();
    const betweenTwo = acknowledged();
    await clock.advance(60_000);
    epochs.begin({ identity: A, cause: 'group-elected', rung: 'group' });
    expect(epochs.isSuspect(betweenTwo)).toBe(true);
    await clock.advance(60_000);
    epochs.usable();
    expect(epochs.isSuspect(betweenTwo)).toBe(true);
    expect(epochs.isSuspect({ at: START + 80_000, epoch: 'm-a@http://a:8081' })).toBe(true);
    expect(epochs.isSuspect(acknowledged())).toBe(false);
  });

  it('of a primary that is good and takes no write for long does not reach over all of its time at the next change', async () => {
    await failover();
    const neverReadBack = { at: START + 90_000, epoch: 'm-a@http://a:8081' };
    await clock.advance(10_000);
    const readBack = { ...acknowledged(), readBack: true } as const;
    // By A, which does not know that it was replaced.
    const given = acknowledged();
    expect(epochs.isSuspect(given)).toBe(false);
    await clock.advance(600_000);
    const recent = { ...acknowledged(), readBack: true } as const;
    epochs.good();
    await clock.advance(20_000);
    epochs.begin({ identity: { memberId: null, url: null }, cause: 'primary-lost', rung: 'group' });
    const acks = [neverReadBack, given, readBack, recent];
    expect(acks.map((ack) => epochs.isSuspect(ack))).toEqual([true, true, false, true]);
    epochs.begin({ identity: A, cause: 'group-elected', rung: 'group' });
    expect(acks.map((ack) => epochs.isSuspect(ack))).toEqual([true, true, false, true]);
    await clock.advance(1_000);
    // Only now there is a primary that takes writes: everything since the first change is read back once more.
    expect(epochs.usable()?.suspect).toEqual({ since: START + 70_000, until: clock.now() });
    expect(acks.map((ack) => epochs.isSuspect(ack))).toEqual([true, true, true, true]);
  });

  it('is told in full when it goes on over another change', async () => {
    await failover();
    // The group names B, and nothing speaks against it: but it never takes a write.
    await clock.advance(100_000);
    epochs.good();
    const { suspectSince } = epochs.begin({ identity: A, cause: 'group-elected', rung: 'group' });
    expect(suspectSince).toBe(START + 70_000);
  });

  it('tells at its end what has become suspect though no primary changed', async () => {
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
    expect(epochs.usable()?.suspect).toBeNull();
    await clock.advance(100_000);
    epochs.good();
    epochs.begin({ identity: B, cause: 'group-elected', rung: 'group' });
    const given = acknowledged();
    await clock.advance(5_000);
    expect(epochs.isSuspect(given)).toBe(false);
    expect(epochs.usable()?.suspect).toEqual({ since: START + 70_000, until: START + 105_000 });
    expect(epochs.isSuspect(given)).toBe(true);
    // A write went through at once: nothing can have been given in between.
    epochs.begin({ identity: A, cause: 'outage-ended', rung: 'group' });
    expect(epochs.usable()?.suspect).toBeNull();
  });

  it('begins earlier when whoever noticed knows of an earlier good moment', async () => {
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'inference' });
    await clock.advance(100_000);
    epochs.good();
    await clock.advance(100_000);
    const change = epochs.begin({ identity: A, cause: 'outage-ended', rung: 'inference' }, START + 90_000);
    expect(change.suspectSince).toBe(START + 60_000);
  });

  it('is there for the first primary that is known, if an outage was the reason', async () => {
    const before = acknowledged();
    await clock.advance(10_000);
    epochs.begin({ identity: { memberId: null, url: null }, cause: 'outage-ended', rung: 'inference' });
    expect(epochs.isSuspect(before)).toBe(true);
  });

  it('is not there for the first primary that is seen: nothing changed', async () => {
    const before = acknowledged();
    epochs.begin({ identity: A, cause: 'first-seen', rung: 'group' });
    expect(epochs.isSuspect(before)).toBe(false);
  });

  it('begins and ends to the millisecond', async () => {
    await failover();
    await clock.advance(5_000);
    epochs.usable();
    const from = START + 100_000 - 30_000;
    const to = START + 118_000;
    const suspect = [from - 1, from, to - 1, to].map((at) => epochs.isSuspect({ at, epoch: 'x' }));
    expect(suspect).toEqual([false, true, true, false]);
  });

  it('reaches back to the earliest good moment of all who never became usable', async () => {
    await failover();
    await clock.advance(60_000);
    epochs.begin({ identity: A, cause: 'outage-ended', rung: 'group' }, START + 50_000);
    expect(epochs.isSuspect({ at: START + 20_000, epoch: 'x' })).toBe(true);
    epochs.begin({ identity: B, cause: 'outage-ended', rung: 'group' }, START + 90_000);
    expect(epochs.isSuspect({ at: START + 20_000, epoch: 'x' })).toBe(true);
    expect(epochs.isSuspect({ at: START + 19_999, epoch: 'x' })).toBe(false);
  });

  /** Suspect from 10 s before each of these times (in s) until 1 s after it. */
  function changesAt(seconds: readonly number[], limit: number) {
    const bounded = new PrimaryEpochs({ clock, suspectWindowMs: 10_000, limit });
    for (const [i, at] of seconds.entries()) {
      clock.advanceSync(START + at * 1000 - clock.now());
      bounded.good();
      bounded.begin({ identity: i % 2 === 0 ? A : B, cause: 'group-elected', rung: 'group' });
      clock.advanceSync(1000);
      bounded.usable();
    }
    return (second: number): boolean => bounded.isSuspect({ at: START + second * 1000, epoch: 'x' });
  }

  it('of the two oldest becomes one when there are too many, and the others stay apart', () => {
    const isSuspect = changesAt([100, 200, 300, 400], 3);
    expect([89, 90, 150, 200, 201, 250, 289, 290, 300, 301, 350, 395, 401].filter(isSuspect)).toEqual([
      90, 150, 200, 290, 300, 395,
    ]);
    const apart = changesAt([1100, 1200, 1300], 3);
    expect([1095, 1150, 1195, 1250, 1295].filter(apart)).toEqual([1095, 1195, 1295]);
  });

  it('is one, however many are named that never become usable', async () => {
    const bounded = new PrimaryEpochs({ clock, suspectWindowMs: 10_000, limit: 2 });
    bounded.begin({ identity: A, cause: 'outage-ended', rung: 'group' });
    bounded.usable();
    await clock.advance(100_000);
    bounded.good();
    for (let i = 0; i < 5; i++) bounded.begin({ identity: B, cause: 'group-elected', rung: 'group' });
    expect(bounded.isSuspect({ at: START + 50_000, epoch: 'x' })).toBe(false);
    expect(bounded.isSuspect({ at: START + 95_000, epoch: 'x' })).toBe(true);
  });

  it('forgets none of many changes, though it stops telling them apart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.boolean()), { minLength: 1, maxLength: 40 }),
        (changes) => {
          const few = new ManualClock({ startMs: START });
          const bounded = new PrimaryEpochs({ clock: few, suspectWindowMs: 1_000, limit: 3 });
          const all = new PrimaryEpochs({ clock: few, suspectWindowMs: 1_000, limit: 1_000 });
          for (const [i, [ms, isUsable]] of changes.entries()) {
            few.advanceSync(ms);
            for (const each of [bounded, all]) {
              if (isUsable) each.usable();
              each.good();
              each.begin({ identity: i % 2 === 0 ? A : B, cause: 'group-elected', rung: 'group' });
            }
          }
          for (let at = START - 2_000; at <= few.now(); at += 500) {
            if (all.isSuspect({ at, epoch: 'x' })) expect(bounded.isSuspect({ at, epoch: 'x' })).toBe(true);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
