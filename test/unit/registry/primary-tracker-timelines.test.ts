/** What the tracker makes of each change of primary as it was measured. Times are ms from its beginning, as in the timelines. */
import { afterEach, describe, expect, it } from 'vitest';
import { registryTimelines } from '../../../src/testing/index.ts';
import { TrackedRegistry } from './tracked-registry.ts';

let tracked: TrackedRegistry;
afterEach(() => tracked.close());

interface Expected {
  readonly cause: string;
  readonly node: number | null;
  /** It is named at that time, and the tracker sees it within half a second. */
  readonly namedAt: number;
  /** It writes from that time on, and the tracker knows it within 2 s, as a registration waits for its prober; null: never; undefined: for
   * so short a time that it may be missed. */
  readonly usableAt: number | null | undefined;
}

const expected: Readonly<
  Record<keyof typeof registryTimelines, { readonly ms: number; readonly epochs: readonly Expected[] }>
> = {
  // The group names the dead one for 9.6 s, and the next one five seconds before it writes.
  karapaceKill9: {
    ms: 18_500,
    epochs: [{ cause: 'group-elected', node: 1, namedAt: 11_800, usableAt: 16_800 }],
  },
  karapaceSigterm: {
    ms: 19_000,
    epochs: [{ cause: 'group-elected', node: 1, namedAt: 12_100, usableAt: 17_100 }],
  },
  // The old one takes the role back when it is woken.
  karapaceSigstop: {
    ms: 43_000,
    epochs: [
      { cause: 'group-elected', node: 1, namedAt: 10_600, usableAt: 15_800 },
      { cause: 'group-elected', node: 0, namedAt: 37_500, usableAt: 41_100 },
    ],
  },
  // Nothing changed; what hung was done in time.
  karapaceShortSigstop: { ms: 10_000, epochs: [] },
  // Played upon the primary itself, which comes back as another member.
  karapaceLowerUrlJoins: {
    ms: 8_000,
    epochs: [{ cause: 'group-elected', node: 0, namedAt: 400, usableAt: 5_100 }],
  },
  // Named again, it takes no writes until it has replayed, though it calls itself healthy.
  karapaceZombie: {
    ms: 78_000,
    epochs: [
      { cause: 'group-elected', node: 1, namedAt: 10_900, usableAt: undefined },
      { cause: 'group-elected', node: 0, namedAt: 16_000, usableAt: 76_000 },
    ],
  },
  // It looks the same as before, and may not be.
  karapaceBrokerDown: {
    ms: 23_000,
    epochs: [{ cause: 'outage-ended', node: 0, namedAt: 21_000, usableAt: 21_000 }],
  },
  karapaceRestart: {
    ms: 29_500,
    epochs: [{ cause: 'group-elected', node: 0, namedAt: 22_500, usableAt: 27_500 }],
  },
  confluentKill9: {
    ms: 12_500,
    epochs: [{ cause: 'group-elected', node: 1, namedAt: 10_400, usableAt: 10_500 }],
  },
  confluentElectorDead: {
    ms: 5_000,
    epochs: [{ cause: 'primary-lost', node: null, namedAt: 0, usableAt: null }],
  },
};

describe('a change of primary as it was measured', () => {
  for (const [name, { ms, epochs }] of Object.entries(expected)) {
    const timeline = registryTimelines[name as keyof typeof registryTimelines];
    it(`is followed: ${timeline.name}`, { timeout: 60_000 }, async () => {
      tracked = await TrackedRegistry.start({ vendor: timeline.vendor });
      await tracked.pass(10_000, 500);
      const begun = tracked.clock.now();
      await tracked.play(timeline, ms, { everyMs: 250 });

      const seen = tracked.snapshot.epochs.toReversed();
      expect(seen[0]).toMatchObject({ cause: 'first-seen', rung: 'group', url: tracked.registry.urls[0] });
      expect(seen[0]?.usableAt).toBeLessThan(begun);
      const words = seen.slice(1).map(({ cause, url }) => `${cause} ${url}`);
      expect(words).toEqual(
        epochs.map(({ cause, node }) => `${cause} ${node === null ? null : tracked.registry.urls[node]}`),
      );
      for (const [i, { namedAt, usableAt }] of epochs.entries()) {
        const epoch = seen[i + 1];
        if (epoch === undefined) throw new Error('counted above');
        const late = epoch.cause === 'outage-ended' ? 1_600 : 500;
        expect(epoch.startedAt - begun - namedAt).toBeGreaterThanOrEqual(0);
        expect(epoch.startedAt - begun - namedAt).toBeLessThanOrEqual(late);
        if (usableAt === null) expect(epoch.usableAt).toBeNull();
        else if (usableAt !== undefined) {
          const lateness = (epoch.usableAt ?? Number.NaN) - begun - usableAt;
          expect(lateness).toBeGreaterThanOrEqual(0);
          expect(lateness).toBeLessThanOrEqual(2_000);
        }
        // The first sign came within a second of the trouble that led to it, and not after the naming.
        expect(epoch.changeBeganAt).toBeLessThanOrEqual(epoch.startedAt);
      }
      // Every change but the first is told to the hosts, once, with a window that reaches back before its first sign.
      const told = tracked.notices.filter((notice) => notice.kind === 'changed');
      expect(told.map(({ epoch }) => epoch)).toEqual(seen.slice(1).map(({ epoch }) => epoch));
      for (const [i, { suspectSince }] of told.entries()) {
        expect(suspectSince).toBeLessThanOrEqual((seen[i + 1]?.changeBeganAt ?? 0) - 30_000);
      }
      expect(tracked.snapshot).toMatchObject({ rung: 'group', rungReason: '', vendor: timeline.vendor });
    });
  }
});
