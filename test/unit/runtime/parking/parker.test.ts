import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { GateMirror } from '../../../../src/registry/gate-mirror.ts';
import type { ParkedInfo } from '../../../../src/runtime/host/protocol.ts';
import { SnapshotGates } from '../../../../src/runtime/parking/mirrored-gates.ts';
import { Parker, type ParkSettings } from '../../../../src/runtime/parking/parker.ts';
import { EnvironmentError } from '../../../../src/sdk/errors/index.ts';
import { settle, snapshot } from '../fake-task-edges.ts';

const SETTINGS: ParkSettings = { backoffInitialMs: 100, backoffMaxMs: 1_000, timeoutMs: -1, timeoutAction: 'fail' };

function harness(settings: Partial<ParkSettings> = {}) {
  const clock = new ManualClock();
  const gates = new SnapshotGates();
  const published: (ParkedInfo | null)[] = [];
  const { logger, lines } = recordingLogger();
  const parker = new Parker({
    gates,
    clock,
    logger,
    settings: { ...SETTINGS, ...settings },
    publish: (parked) => published.push(parked),
    random: () => 0.5,
  });
  const ending = new AbortController();
  const options = { signal: ending.signal, dependency: 'somewhere' };
  return { clock, gates, published, parker, ending, options, lines };
}

describe('Parker', () => {
  it('waits at the gate, and publishes each change once', async () => {
    const h = harness();
    h.gates.apply(snapshot('g', 'closed'));
    let isThrough = false;
    void h.parker.wait('k', new EnvironmentError('away', { gateId: 'g' }), h.options).then(() => {
      isThrough = true;
    });
    await h.clock.advance(1_000_000);
    expect(isThrough).toBe(false);
    expect(h.published).toHaveLength(1);
    h.gates.apply({ ...snapshot('g', 'closed'), attempts: 4, nextProbeAt: 9 });
    expect(h.published).toHaveLength(2);
    expect(h.published[1]).toMatchObject({ attempts: 4, nextProbeAt: 9 });
    h.gates.apply({ ...snapshot('g', 'closed'), attempts: 4, nextProbeAt: 9 });
    expect(h.published).toHaveLength(2);
    h.gates.apply(snapshot('g', 'open'));
    await settle();
    expect(isThrough).toBe(true);
    // Only success ends the park.
    expect(h.published.at(-1)).not.toBeNull();
    h.parker.end('k');
    expect(h.published.at(-1)).toBeNull();
    expect(h.parker.parkedMs).toBe(1_000_000);
    expect(h.parker.count).toBe(1);
  });

  it('shows the code that the gate has now, and that of the error while it has none', async () => {
    const h = harness();
    h.gates.apply(snapshot('g', 'closed'));
    void h.parker.wait('k', new EnvironmentError('away', { gateId: 'g', code: 'a.first' }), h.options);
    expect(h.published.at(-1)).toMatchObject({ code: 'a.first' });
    h.gates.apply({ ...snapshot('g', 'closed', 'lost'), code: 'a.second' });
    expect(h.published.at(-1)).toMatchObject({ code: 'a.second', reason: 'lost' });
  });

  it('does not spin at a gate that stands open while the call goes on failing', async () => {
    const h = harness();
    h.gates.apply(snapshot('g', 'open'));
    let attempts = 0;
    const done = (async () => {
      for (;;) {
        attempts++;
        await h.parker.wait('k', new EnvironmentError('away', { gateId: 'g' }), h.options);
      }
    })().catch(() => {});
    await h.clock.advance(10_000);
    expect(attempts).toBeGreaterThan(3);
    expect(attempts).toBeLessThan(25);
    h.ending.abort(new Error('stopped'));
    await done;
  });

  it('waits at the gate of today, not at one of the same name that opened before', async () => {
    const h = harness();
    const mirror = new GateMirror({ clock: h.clock, random: () => 0.5 });
    const parker = new Parker({
      ...h,
      gates: mirror,
      logger: recordingLogger().logger,
      settings: SETTINGS,
      publish: () => {},
    });
    const away = new EnvironmentError('away', { gateId: 'registry:r:id:7' });
    const wait = async (): Promise<number> => {
      await parker.wait('k', away, h.options);
      return h.clock.monotonic();
    };
    mirror.apply(snapshot('registry:r:id:7', 'closed'));
    const first = wait();
    mirror.apply(snapshot('registry:r:id:7', 'open'));
    await h.clock.advance(100);
    await first;
    mirror.apply(snapshot('registry:r:id:7', 'closed'));
    const begun = h.clock.monotonic();
    const second = wait();
    await h.clock.advance(60_000);
    mirror.apply(snapshot('registry:r:id:7', 'open'));
    await h.clock.advance(100);
    expect((await second) - begun).toBeGreaterThanOrEqual(60_000);
  });

  it('tries again at a limit that passed before it came to wait, once', async () => {
    const h = harness();
    const mirror = new GateMirror({ clock: h.clock, random: () => 0.5 });
    const parker = new Parker({
      ...h,
      gates: mirror,
      logger: recordingLogger().logger,
      settings: SETTINGS,
      publish: () => {},
    });
    const away = new EnvironmentError('away', { gateId: 'registry:r:read' });
    mirror.apply(snapshot('registry:r:read', 'closed'));
    mirror.limitWait('registry:r:read', 'view', 5000);
    const triedAt: number[] = [];
    const task = async (key: string): Promise<void> => {
      for (;;) {
        await parker.wait(key, away, h.options);
        triedAt.push(h.clock.monotonic());
      }
    };
    const tasks = [task('before')];
    await h.clock.advance(5001);
    expect(triedAt).toEqual([5000]);
    tasks.push(task('after'));
    await h.clock.advance(600_000);
    expect(triedAt).toEqual([5000, 5001]);
    h.ending.abort(new Error('stopped'));
    await Promise.allSettled(tasks);
  });

  it('backs off without a gate, and rejects with the reason of the signal', async () => {
    const h = harness();
    const waiting = h.parker.wait('k', new EnvironmentError('away'), h.options);
    await settle();
    expect(h.published.at(-1)).toMatchObject({
      dependency: 'somewhere',
      gateId: null,
      reason: 'away',
      nextProbeAt: h.clock.now() + 100,
    });
    await h.clock.advance(100);
    await waiting;
    const second = h.parker.wait('k', new EnvironmentError('away'), h.options);
    const reason = new Error('stopped');
    h.ending.abort(reason);
    await expect(second).rejects.toBe(reason);
    await expect(h.parker.wait('k', new EnvironmentError('away'), h.options)).rejects.toBe(reason);
  });

  it('shows the whole task before partitions, and all partitions together', async () => {
    const h = harness();
    h.gates.apply(snapshot('g', 'closed'));
    const error = new EnvironmentError('away', { gateId: 'g' });
    void h.parker.wait('p1', error, { ...h.options, partitions: ['t-1'] });
    void h.parker.wait('p0', error, { ...h.options, partitions: ['t-0'] });
    await settle();
    expect(h.published.at(-1)).toMatchObject({ partitions: ['t-0', 't-1'] });
    h.parker.broker('producer', { available: false, reason: 'refused', since: 1 });
    expect(h.published.at(-1)).toMatchObject({ dependency: 'broker', partitions: [] });
    expect(h.parker.isBrokerAway).toBe(true);
    h.parker.broker('producer', { available: true, reason: '', since: 2 });
    expect(h.published.at(-1)).toMatchObject({ partitions: ['t-0', 't-1'] });
    h.parker.endAll();
    expect(h.published.at(-1)).toBeNull();
  });

  it('has no limit unless one is set; at the limit it fails or says so once', async () => {
    const failing = harness({ timeoutMs: 5_000 });
    failing.gates.apply(snapshot('g', 'closed'));
    const error = new EnvironmentError('away', { gateId: 'g' });
    const failed = failing.parker.wait('k', error, failing.options).catch((reason: unknown) => reason);
    await failing.clock.advance(4_999);
    expect(failing.published).toHaveLength(1);
    await failing.clock.advance(1);
    expect(await failed).toMatchObject({ code: 'holdfast.task.park-timeout', cause: error });

    const warning = harness({ timeoutMs: 5_000, timeoutAction: 'warn' });
    warning.gates.apply(snapshot('g', 'closed'));
    let isThrough = false;
    void warning.parker.wait('k', error, warning.options).then(() => {
      isThrough = true;
    });
    await warning.clock.advance(100_000);
    expect(isThrough).toBe(false);
    expect(warning.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    warning.gates.apply(snapshot('g', 'open'));
    await settle();
    expect(isThrough).toBe(true);
  });

  it('the limit counts the whole park, over many attempts', async () => {
    const h = harness({ timeoutMs: 5_000 });
    const outcome = h.parker
      .persist('k', h.options, () => Promise.reject(new EnvironmentError('away')))
      .catch((reason: unknown) => reason);
    await h.clock.advance(5_000);
    expect(await outcome).toMatchObject({ code: 'holdfast.task.park-timeout' });
  });

  it('persists until the call succeeds, and passes on what is no matter of the environment', async () => {
    const h = harness();
    let attempts = 0;
    const result = h.parker.persist('k', h.options, async () => {
      if (++attempts < 4) throw new EnvironmentError('away');
      return 'there';
    });
    await h.clock.advance(10_000);
    expect(await result).toBe('there');
    expect(h.parker.isParked).toBe(false);
    const boom = new TypeError('boom');
    await expect(h.parker.persist('k', h.options, () => Promise.reject(boom))).rejects.toBe(boom);
  });
});
