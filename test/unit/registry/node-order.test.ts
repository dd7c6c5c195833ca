import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { NodeBook, type RegistryNode } from '../../../src/registry/node-book.ts';
import { NodeOrder } from '../../../src/registry/node-order.ts';

const [A, B, C] = ['http://a:1', 'http://b:1', 'http://c:1'] as const;

describe('the order in which nodes are asked', () => {
  const ordered = (options: { readonly first?: number; readonly nodes?: readonly string[] } = {}) => {
    const clock = new ManualClock();
    const book = new NodeBook({ nodes: options.nodes ?? [A, B, C], clock });
    const facts = { primary: null as string | null, ready: new Map<string, boolean>() };
    const order = new NodeOrder({
      book,
      clock,
      primary: () => facts.primary,
      isReady: (node) => facts.ready.get(node) ?? null,
      first: options.first ?? 0,
    });
    const urls = (nodes: readonly RegistryNode[]) => nodes.map(({ url }) => url);
    return {
      clock,
      book,
      facts,
      node: (url: string) => book.get(url) as RegistryNode,
      reads: () => urls(order.forReads()),
      writes: (lastWriter: string | null = null) => urls(order.forWrites(lastWriter)),
    };
  };

  it('begins with the one that it was told, and goes on in turns', () => {
    const { reads } = ordered({ first: 1 });
    expect([reads()[0], reads()[0], reads()[0], reads()[0]]).toEqual([B, C, A, B]);
  });

  it('is empty without nodes', () => {
    const { reads, writes } = ordered({ nodes: [] });
    expect([reads(), writes()]).toEqual([[], []]);
  });

  it('has each node once, by its standing: those that may serve, the shunned, the unready, the dead', () => {
    const { book, clock, facts, node, reads, writes } = ordered({ nodes: [A, B, C, 'http://d:1'] });
    book.died(node(A), '', 0);
    facts.ready.set(B, false);
    book.shun(node(C), '', 1000);
    expect(reads()).toEqual(['http://d:1', C, B, A]);
    expect(writes()).toEqual(['http://d:1', C, B, A]);
    facts.primary = B;
    expect(writes()).toEqual([B, 'http://d:1', C, A]);
    expect(writes(C)).toEqual([B, 'http://d:1', C, A]);
    facts.primary = A;
    expect(writes()[0]).toBe('http://d:1');
    clock.advanceSync(1000);
    facts.ready.set(B, true);
    expect(new Set([reads()[0], reads()[0], reads()[0]])).toEqual(new Set(['http://d:1', C, B]));
  });

  it('of writes begins with who took the last one while no primary is known, then with what costs least', async () => {
    const { clock, node, writes } = ordered();
    for (const [url, ms] of [
      [A, 100],
      [B, 50],
    ] as const) {
      const end = node(url).begin();
      await clock.advance(ms);
      end('answered');
    }
    expect(writes()).toEqual([C, B, A]);
    expect(writes(A)).toEqual([A, C, B]);
  });

  it('of reads gives each node its share by what it costs', async () => {
    const { clock, node, reads } = ordered({ nodes: [A, B] });
    // A has one request under way for 5 ms, and costs (5 + 5) * 2; B costs 5.
    node(A).begin();
    await clock.advance(5);
    const counts = { [A]: 0, [B]: 0 } as Record<string, number>;
    for (let n = 0; n < 50; n++) {
      const [first = ''] = reads();
      counts[first] = (counts[first] ?? 0) + 1;
    }
    expect(counts).toEqual({ [A]: 10, [B]: 40 });
  });
});
