import { expect, it } from 'vitest';
import type { Cluster } from '../../../../src/broker/kafka/cluster.ts';
import { MetadataRefresher } from '../../../../src/broker/kafka/metadata-refresher.ts';
import { Backoff } from '../../../../src/foundation/backoff.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';

it('tells what another refresh has found while it was waiting for the next of its own', async () => {
  const clock = new ManualClock({ startMs: 0 });
  let refreshes = 0;
  const cluster = {
    clock,
    retryBackoff: () => new Backoff({ initialMs: 100, maxMs: 100, jitter: 0 }),
    metadata: {
      refresh: async () => {
        refreshes += 1;
      },
    },
    availability: { worked: () => {}, failed: () => {} },
  } as unknown as Cluster;
  let isMissing = true;
  const told: boolean[] = [];
  const refresher = new MetadataRefresher({
    cluster,
    isNeeded: () => isMissing,
    onRefreshed: () => told.push(isMissing),
    onFatal: () => {},
    closing: new AbortController().signal,
  });
  refresher.request();
  await clock.advance(250);
  expect(told).toEqual([true, true, true]);
  isMissing = false;
  await clock.advance(1_000);
  expect(told).toEqual([true, true, true, false]);
  expect(refreshes).toBe(3);
});
