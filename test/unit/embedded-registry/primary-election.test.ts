import { describe, expect, it } from 'vitest';
import { type Assignment, GroupElection } from '../../../src/embedded-registry/primary-election.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';

function elect(forgetsPrimaryAtRebalance: boolean) {
  const clock = new ManualClock();
  const election = new GroupElection({
    clock,
    sessionTimeoutMs: 10_000,
    rebalanceMs: 2_000,
    forgetsPrimaryAtRebalance,
  });
  const heard: (string | null)[] = [];
  const join = (url: string) => election.join(url, ({ primary }: Assignment) => heard.push(primary));
  join('http://b');
  join('http://a');
  election.settleNow();
  heard.length = 0;
  return { clock, election, heard, join };
}

describe('the election', () => {
  it('names the lowest URL, and tells every member', () => {
    const { election, heard, join } = elect(true);
    expect([election.primary, election.state, election.generation]).toEqual(['http://a', 'Stable', 1]);
    join('http://0');
    election.settleNow();
    expect(heard).toEqual(['http://0', 'http://0', 'http://0']);
  });

  it('notices who vanished after the session timeout, and is not sticky', async () => {
    const { clock, election } = elect(true);
    election.vanish('http://a');
    await clock.advance(9_999);
    expect([election.primary, election.state]).toEqual(['http://a', 'Stable']);
    await clock.advance(1);
    expect([election.primary, election.state]).toEqual([null, 'PreparingRebalance']);
    await clock.advance(2_000);
    expect(election.primary).toBe('http://b');
    election.reappear('http://a');
    await clock.advance(2_000);
    expect(election.primary).toBe('http://a');
  });

  it('does not notice who is back in time', async () => {
    const { clock, election, heard } = elect(true);
    election.vanish('http://a');
    await clock.advance(9_000);
    election.reappear('http://a');
    await clock.advance(60_000);
    expect([election.primary, heard]).toEqual(['http://a', []]);
  });

  it('keeps naming the old one during a rebalance where the vendor does', async () => {
    const { clock, election } = elect(false);
    election.leave('http://a');
    expect([election.primary, election.state]).toEqual(['http://a', 'PreparingRebalance']);
    await clock.advance(2_000);
    expect(election.primary).toBe('http://b');
  });

  it('names nobody in the place of one that it is restricted to', async () => {
    const { clock, election } = elect(true);
    election.restrictTo('http://a');
    election.vanish('http://a');
    await clock.advance(12_000);
    expect([election.primary, election.state]).toEqual([null, 'Stable']);
    election.restrictTo(undefined);
    election.rebalanceNow();
    await clock.advance(2_000);
    expect(election.primary).toBe('http://b');
  });
});
