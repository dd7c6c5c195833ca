import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { HostPulse } from '../../../../src/runtime/host/host-pulse.ts';
import { PluginCalls, type PluginScope } from '../../../../src/runtime/host/plugin-calls.ts';

const id = { connector: 'a connector with spaces', task: 7 };

const NEVER = new Promise<never>(() => {});

describe('the calls of a plugin', () => {
  it('are known while they last, the oldest first', async () => {
    const clock = new ManualClock({ startMs: 1_000 });
    const calls = new PluginCalls({ id, clock });
    const ends: (() => void)[] = [];
    const plugin = calls.watched({
      put: () => new Promise<void>((resolve) => ends.push(resolve)),
      flush: () => Promise.reject(new Error('no')),
      stop: () => 3,
    });
    expect(plugin.stop()).toBe(3);
    expect(calls.oldest).toBeNull();
    const put = plugin.put();
    clock.advanceSync(500);
    await expect(plugin.flush()).rejects.toThrow('no');
    expect(calls.oldest).toEqual({ method: 'put', since: 1_000 });
    ends[0]?.();
    await put;
    expect(calls.oldest).toBeNull();
  });

  it('hide nothing behind what nobody waits for', async () => {
    const calls = new PluginCalls({ id, clock: new ManualClock({ startMs: 1_000 }) });
    const plugin = calls.watched({
      commitRecords: (batch: number): unknown => (batch === 0 ? Promise.reject(Object.create(null)) : NEVER),
      commitRecord: (): unknown => Promise.reject(Object.create(null)),
      put: () => NEVER,
    });
    await expect(plugin.commitRecords(0)).rejects.toBeInstanceOf(Error);
    await expect(plugin.commitRecord()).rejects.toBeInstanceOf(Error);
    for (let batch = 1; batch <= 1_000; batch += 1) void plugin.commitRecords(batch);
    expect(calls.oldest).toBeNull();
    void plugin.put();
    expect(calls.oldest).toEqual({ method: 'put', since: 1_000 });
  });

  it('reach the plugin itself, with what it has and lacks', () => {
    class Plugin {
      #private = 1;
      counted = 0;
      commitRecord(): void {
        this.counted += this.#private;
      }
      poll(): number {
        return this.#private;
      }
    }
    const plain: Plugin & { commit?: () => void } = new Plugin();
    const plugin = new PluginCalls({ id, clock: new ManualClock() }).watched(plain);
    plugin.commitRecord();
    expect([plugin.poll(), plain.counted, plugin.commit]).toEqual([1, 1, undefined]);
    plain.commit = () => {};
    expect(plugin.commit).toBeTypeOf('function');
  });

  it('are seen from another thread while they run, and by what they started', async () => {
    const pulse = new HostPulse();
    const scope = new AsyncLocalStorage<PluginScope>();
    const elsewhere = new HostPulse(pulse.memory);
    let later: PluginScope | undefined;
    const plugin = new PluginCalls({ id, clock: new ManualClock(), pulse, scope }).watched({
      put: () => {
        queueMicrotask(() => {
          later = scope.getStore();
        });
        return elsewhere.current();
      },
    });
    expect(plugin.put()).toEqual({ ...id, method: 'put' });
    expect(elsewhere.current()).toBeNull();
    await Promise.resolve();
    expect(later).toEqual({ id, method: 'put' });
    pulse.beat();
    expect(elsewhere.beats).toBe(1);
  });

  it('names what is too long as far as there is room', () => {
    const pulse = new HostPulse();
    const long = { connector: 'ü'.repeat(5_000), task: 0 };
    const plugin = new PluginCalls({ id: long, clock: new ManualClock(), pulse }).watched({
      start: () => new HostPulse(pulse.memory).current(),
    });
    expect(plugin.start()).toMatchObject({ method: 'start', task: 0 });
  });
});
