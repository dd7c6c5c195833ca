import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { NodeBook, RegistryNode } from '../../../src/registry/node-book.ts';

const [A, B] = ['http://a:1', 'http://b:1'] as const;

/** One exchange that takes `ms`. */
async function exchange(
  clock: ManualClock,
  node: RegistryNode,
  ms: number,
  outcome: 'answered' | 'failed' = 'answered',
) {
  const end = node.begin();
  await clock.advance(ms);
  end(outcome);
}

describe('the latency of a node', () => {
  it('is unknown before its first answer, and that answer then', async () => {
    const clock = new ManualClock();
    const node = new RegistryNode(A, clock);
    expect(node.latencyMs).toBeNull();
    await exchange(clock, node, 40);
    expect(node.latencyMs).toBe(40);
  });

  it('rises at once, and falls by and by', async () => {
    const clock = new ManualClock();
    const node = new RegistryNode(A, clock);
    await exchange(clock, node, 10);
    await exchange(clock, node, 200);
    expect(node.latencyMs).toBe(200);
    // A fast answer counts as for a second at least: exp(-1/10) of what was remembered stays.
    await exchange(clock, node, 0);
    expect(node.latencyMs).toBeCloseTo(200 * Math.exp(-0.1), 6);
    await clock.advance(10_000);
    const before = node.latencyMs ?? 0;
    await exchange(clock, node, 10);
    expect(node.latencyMs).toBeCloseTo(before * Math.exp(-1.001) + 10 * (1 - Math.exp(-1.001)), 6);
  });

  it('is not measured by what failed, nor counted by what was given up', async () => {
    const clock = new ManualClock();
    const node = new RegistryNode(A, clock);
    await exchange(clock, node, 10);
    await exchange(clock, node, 500, 'failed');
    node.begin()('aborted');
    expect([node.latencyMs, node.requests, node.failures]).toEqual([10, 2, 1]);
  });
});

describe('what a request is expected to cost', () => {
  it('is a little at a node of which nothing is known, and more with each request under way', () => {
    const node = new RegistryNode(A, new ManualClock());
    expect(node.cost).toBe(5);
    const end = node.begin();
    node.begin();
    expect(node.cost).toBe(15);
    end('aborted');
    expect(node.cost).toBe(10);
  });

  it('grows with the oldest request that waits there', async () => {
    const clock = new ManualClock();
    const node = new RegistryNode(A, clock);
    node.begin();
    await clock.advance(100);
    node.begin();
    await clock.advance(50);
    expect(node.cost).toBe((5 + 150) * 3);
  });

  it('is what was measured, which fades', async () => {
    const clock = new ManualClock();
    const node = new RegistryNode(A, clock);
    await clock.advance(60_000);
    await exchange(clock, node, 100);
    expect(node.cost).toBe(105);
    await clock.advance(10_000);
    expect(node.cost).toBeCloseTo(5 + 100 / Math.E, 6);
  });
});

describe('a node', () => {
  const booked = () => {
    const clock = new ManualClock({ startMs: 1000 });
    const told: unknown[] = [];
    const book = new NodeBook({ nodes: [A, B], clock, onNode: (...change) => told.push(change) });
    const [a, b] = book.nodes as [RegistryNode, RegistryNode];
    return { clock, told, book, a, b };
  };

  it('is found by its URL', () => {
    const { book, b } = booked();
    expect(book.get(B)).toBe(b);
    expect(book.get('http://c:1')).toBeUndefined();
  });

  it('dies and comes back, which is told once, with the time and the reason', async () => {
    const { clock, told, book, a } = booked();
    await clock.advance(5);
    book.answered(a);
    a.verified = true;
    expect([a.verified, a.since, told]).toEqual([true, 1000, []]);
    book.died(a, 'refused', 0);
    await clock.advance(5);
    book.died(a, 'hung', 600);
    expect([a.alive, a.since, a.reason, a.slowToFail]).toEqual([false, 1005, 'hung', true]);
    book.answered(a);
    book.answered(a);
    // Another cluster may stand there now.
    expect([a.alive, a.since, a.reason, a.verified]).toEqual([true, 1010, '', false]);
    expect(told).toEqual([
      [A, false, 'refused'],
      [A, true, ''],
    ]);
  });

  it.each([
    [499, false],
    [500, true],
  ])('that took %d ms to fail costs time: %s', (afterMs, slow) => {
    const { book, a } = booked();
    book.died(a, '', afterMs);
    expect(a.slowToFail).toBe(slow);
  });

  it('is there as long as one is alive', () => {
    const { book, a, b } = booked();
    book.died(a, '', 0);
    expect(book.anyAlive).toBe(true);
    book.died(b, '', 0);
    expect(book.anyAlive).toBe(false);
  });

  it('is left alone for the longest time that it asked for, or until it serves', async () => {
    const { clock, book, a } = booked();
    await clock.advance(100);
    book.shun(a, 'busy', 5000);
    book.shun(a, 'still busy', 10);
    expect([a.shunnedUntil, a.reason]).toEqual([5100, 'still busy']);
    book.served(a);
    expect([a.shunnedUntil, a.reason]).toEqual([0, '']);
  });

  it('is shown as it does, the latency to a tenth', async () => {
    const { clock, book, a } = booked();
    await exchange(clock, a, 200);
    await exchange(clock, a, 0);
    expect(book.snapshot()).toEqual([
      { url: A, alive: true, since: 1000, reason: '', latencyMs: 181, requests: 2, failures: 0 },
      { url: B, alive: true, since: 1000, reason: '', latencyMs: null, requests: 0, failures: 0 },
    ]);
  });
});
