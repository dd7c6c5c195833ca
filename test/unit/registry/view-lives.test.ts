import { describe, expect, it } from 'vitest';
import type { UsedRegistry } from '../../../src/registry/view-lives.ts';
import { ViewLives } from '../../../src/registry/view-lives.ts';

/** What a registry is told of its views. */
function registry() {
  const told: string[] = [];
  const used = {
    cluster: { withdraw: (view: string) => told.push(`withdraw ${view}`) },
    use: {
      enter: (view: string) => told.push(`enter ${view}`),
      leave: (view: string) => told.push(`leave ${view}`),
    },
  } as unknown as UsedRegistry;
  return { used, told };
}

describe('a view', () => {
  it('uses its registry from its first question until it withdraws', () => {
    const lives = new ViewLives();
    const { used, told } = registry();
    expect(lives.registryOf('v')).toBeUndefined();
    lives.enter('v', used, undefined);
    lives.enter('v', used, undefined);
    expect(lives.registryOf('v')).toBe(used);
    lives.leave('v');
    expect(lives.registryOf('v')).toBeUndefined();
    lives.leave('v');
    expect(told).toEqual(['enter v', 'withdraw v', 'leave v']);
  });

  it('ends with its host, the others of that host too, and none of another host', () => {
    const lives = new ViewLives();
    const { used, told } = registry();
    const [host, other] = [new AbortController(), new AbortController()];
    lives.enter('v', used, host.signal);
    lives.enter('w', used, host.signal);
    lives.enter('x', used, other.signal);
    told.length = 0;
    host.abort();
    expect(told).toEqual(['withdraw v', 'leave v', 'withdraw w', 'leave w']);
    expect(lives.registryOf('x')).toBe(used);
  });

  it('that withdrew is not ended once more with its host', () => {
    const lives = new ViewLives();
    const { used } = registry();
    const host = new AbortController();
    const listening = new Set<unknown>();
    const { signal } = host;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: unknown[]) => {
      listening.add(args[1]);
      Reflect.apply(addEventListener, signal, args);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      listening.delete(args[1]);
      Reflect.apply(removeEventListener, signal, args);
    };
    lives.enter('v', used, signal);
    expect(listening.size).toBe(1);
    lives.leave('v');
    // A host lives for long, and its views come and go.
    expect(listening.size).toBe(0);
  });
});

describe('a question that comes late', () => {
  it('of a view that is gone uses nothing, and nobody waits for its answer', () => {
    const lives = new ViewLives();
    const { used, told } = registry();
    lives.leave('v');
    lives.enter('v', used, undefined);
    expect(told).toEqual(['withdraw v']);
    expect(lives.registryOf('v')).toBeUndefined();
  });

  it('of a host that is gone does neither', () => {
    const lives = new ViewLives();
    const { used, told } = registry();
    lives.enter('v', used, AbortSignal.abort());
    expect(told).toEqual(['withdraw v']);
    expect(lives.registryOf('v')).toBeUndefined();
  });

  it('is known for late of the last thousand views that are gone', () => {
    const lives = new ViewLives();
    const { used, told } = registry();
    for (let i = 0; i < 1000; i++) lives.leave(`v${i}`);
    lives.enter('v0', used, undefined);
    expect(told.splice(0)).toEqual(['withdraw v0']);
    lives.leave('v1000');
    lives.enter('v1', used, undefined);
    lives.enter('v0', used, undefined);
    expect(told).toEqual(['withdraw v1', 'enter v0']);
  });
});
