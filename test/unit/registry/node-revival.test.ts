import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RegistryNode } from '../../../src/registry/node-book.ts';
import { NodeRevival } from '../../../src/registry/node-revival.ts';

const [A, B] = ['http://a:1', 'http://b:1'] as const;

describe('a dead node', () => {
  const revived = (options: { readonly mayAsk?: () => boolean; readonly fails?: boolean } = {}) => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const [a, b] = [new RegistryNode(A, clock), new RegistryNode(B, clock)];
    const revival = new NodeRevival({
      clock,
      random: () => 0.5,
      mayAsk: options.mayAsk ?? (() => true),
      ask: (node) => {
        asked.push(`${clock.monotonic()} ${node.url}`);
        return options.fails === true ? Promise.reject(new Error('a mistake')) : Promise.resolve();
      },
    });
    return { clock, asked, a, b, revival };
  };

  it('is asked less and less often, down to once in 5.5 s on average', async () => {
    const { clock, asked, a, revival } = revived();
    revival.plan(a);
    revival.plan(a);
    await clock.advance(25_000);
    const at = [1000, 2500, 5000, 9500, 15_000, 20_500];
    expect(asked).toEqual(at.map((ms) => `${ms} ${A}`));
  });

  it('is asked no more once it answered, and from the beginning when it dies again', async () => {
    const { clock, asked, a, b, revival } = revived();
    revival.plan(a);
    revival.plan(b);
    await clock.advance(3000);
    revival.stop(a);
    revival.stop(a);
    await clock.advance(3000);
    expect(asked).toEqual([`1000 ${A}`, `1000 ${B}`, `2500 ${A}`, `2500 ${B}`, `5000 ${B}`]);
    revival.plan(a);
    await clock.advance(1000);
    expect(asked.at(-1)).toBe(`7000 ${A}`);
  });

  it('is not asked while it may not be, and looked at again later', async () => {
    let may = false;
    const { clock, asked, a, revival } = revived({ mayAsk: () => may });
    revival.plan(a);
    await clock.advance(2000);
    may = true;
    await clock.advance(1000);
    expect(asked).toEqual([`2500 ${A}`]);
  });

  it('is asked no more when asking is a mistake, until it dies again', async () => {
    const { clock, asked, a, revival } = revived({ fails: true });
    revival.plan(a);
    await clock.advance(60_000);
    expect(asked).toEqual([`1000 ${A}`]);
    revival.plan(a);
    await clock.advance(1000);
    expect(asked).toHaveLength(2);
  });

  it('is asked no more when all is over, and no plan is made then', async () => {
    const { clock, asked, a, b, revival } = revived();
    revival.plan(a);
    revival.close();
    expect(clock.pendingTimers).toBe(0);
    revival.plan(b);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(60_000);
    expect(asked).toEqual([]);
  });
});
