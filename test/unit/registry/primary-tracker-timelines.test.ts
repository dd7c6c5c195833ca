/** What the tracker makes of each change of primary as it was measured; ten good seconds come first, so that 10.0 is the moment of the kill. */
import { afterEach, describe, expect, it } from 'vitest';
import { registryTimelines } from '../../../src/testing/index.ts';
import { TrackedRegistry } from './tracked-registry.ts';

let tracked: TrackedRegistry;
afterEach(() => tracked.close());

const FIRST = '0.0 first-seen group node 0, usable 0.0';

/** Ends: when the last epoch below is usable. */
const expected: Readonly<Record<keyof typeof registryTimelines, { readonly ms: number; readonly epochs: string[] }>> = {
  // The group names the dead one until 19.6, and from 21.8 the next one, which writes from 26.8.
  karapaceKill9: { ms: 18_000, epochs: [FIRST, '22.0 group-elected group node 1, usable 27.2'] },
  karapaceSigterm: { ms: 18_000, epochs: [FIRST, '22.3 group-elected group node 1, usable 27.2'] },
  // The old one takes the role back when it is woken at 45.0.
  karapaceSigstop: {
    ms: 42_000,
    epochs: [FIRST, '20.8 group-elected group node 1, usable 26.0', '47.5 group-elected group node 0, usable 51.4'],
  },
  // Nothing changed; what hung was done in time.
  karapaceShortSigstop: { ms: 10_000, epochs: [FIRST] },
  // Played upon the primary itself, which comes back as another member.
  karapaceLowerUrlJoins: { ms: 8_000, epochs: [FIRST, '10.5 group-elected group node 0, usable 15.1'] },
  // Named again at 26.0, it takes no writes until it has replayed at 86.0, though it calls itself healthy.
  karapaceZombie: {
    ms: 78_000,
    epochs: [FIRST, '21.0 group-elected group node 1', '26.3 group-elected group node 0, usable 86.3'],
  },
  // It looks the same as before, and may not be.
  karapaceBrokerDown: { ms: 23_000, epochs: [FIRST, '31.2 outage-ended group node 0, usable 31.2'] },
  karapaceRestart: { ms: 29_000, epochs: [FIRST, '32.5 group-elected group node 0, usable 37.6'] },
  confluentKill9: { ms: 12_000, epochs: [FIRST, '20.5 group-elected group node 1, usable 20.6'] },
  confluentElectorDead: { ms: 5_000, epochs: [FIRST, '10.3 primary-lost group nobody'] },
};

describe('a change of primary as it was measured', () => {
  for (const [name, { ms, epochs }] of Object.entries(expected)) {
    const timeline = registryTimelines[name as keyof typeof registryTimelines];
    it(`is followed: ${timeline.name}`, { timeout: 60_000 }, async () => {
      tracked = await TrackedRegistry.start({ vendor: timeline.vendor });
      await tracked.pass(10_000, 500);
      await tracked.play(timeline, ms, { everyMs: 250 });
      expect(tracked.epochs).toEqual(epochs);
      expect(tracked.snapshot).toMatchObject({ rung: 'group', vendor: timeline.vendor });
      // Every change but the first is told to the hosts, once.
      const told = tracked.notices.map((notice) => (notice.kind === 'changed' ? notice.epoch : notice.kind));
      expect(told).toEqual(
        tracked.snapshot.epochs
          .toReversed()
          .slice(1)
          .map(({ epoch }) => epoch),
      );
    });
  }
});
