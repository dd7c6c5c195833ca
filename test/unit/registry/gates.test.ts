import { getEventListeners, setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { GateMirror } from '../../../src/registry/gate-mirror.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);

function pair() {
  const clock = new ManualClock();
  const book = new GateBook({ clock, random: () => 0.5 });
  const mirror = new GateMirror({ clock, random: () => 0.5 });
  book.onSnapshot((snapshot) => mirror.apply(structuredClone(snapshot)));
  return { clock, book, mirror };
}

function watch(promise: Promise<void>): { settled: string } {
  const watched = { settled: 'no' };
  promise.then(
    () => {
      watched.settled = 'yes';
    },
    (reason: unknown) => {
      watched.settled = String(reason);
    },
  );
  return watched;
}

describe('gates', () => {
  it('leave the book when nobody needs them, whoever waits goes on, and one of the same name is another one', async () => {
    const { clock, book, mirror } = pair();
    const old = book.gate('registry:x:read', 'reads');
    const id = book.gate('registry:x:id:7', 'id', { transient: true });
    const other = book.gate('registry:xy:read', 'reads');
    for (const gate of [old, id, other]) gate.close('away');
    const waits = [old, id, other].map(({ id }) => watch(mirror.get(id)?.opened(never) ?? Promise.reject()));
    book.drop('registry:x:');
    await clock.advance(1000);
    expect(waits.map(({ settled }) => settled)).toEqual(['yes', 'yes', 'no']);
    expect(book.snapshots().map(({ id }) => id)).toEqual(['registry:xy:read']);
    mirror.drop('x');
    expect(['registry:x:read', 'registry:x:id:7', 'registry:xy:read'].map((id) => mirror.get(id)?.id)).toEqual([
      undefined,
      undefined,
      'registry:xy:read',
    ]);
    const again = book.gate('registry:x:read', 'reads');
    again.close('away once more');
    // Whoever still has the old one says nothing of the new one.
    old.close('late');
    old.open();
    expect(mirror.get('registry:x:read')?.snapshot()).toMatchObject({ state: 'closed', reason: 'away once more' });
    expect(book.history('registry:x:read').map(({ reason }) => reason)).toEqual(['away once more', 'away']);
  });

  it('let everyone through while they are open', async () => {
    const { book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    expect(mirror.get(gate.id)).toBeUndefined();
    gate.close('away');
    gate.open();
    await mirror.get(gate.id)?.opened(never);
    await gate.opened(never);
  });

  it('show when they closed, why, and when the next probe comes', () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:write', 'writes');
    gate.close('HTTP 500');
    clock.advanceSync(700);
    gate.probed('refused', 1_700_000_009_000);
    gate.halfOpen();
    gate.probed('refused again', 1_700_000_019_000);
    expect(mirror.get(gate.id)?.snapshot()).toEqual({
      id: 'registry:x:write',
      state: 'closed',
      dependency: 'writes',
      reason: 'refused again',
      since: 1_700_000_000_000,
      attempts: 2,
      nextProbeAt: 1_700_000_019_000,
    });
    gate.open();
    expect(gate.snapshot()).toMatchObject({
      state: 'open',
      reason: '',
      attempts: 0,
      nextProbeAt: null,
      since: 1_700_000_000_700,
    });
  });

  it('show the code of what they are shut for, which may become another one', () => {
    const { book, mirror } = pair();
    const gate = book.gate('registry:x:id:7', 'id 7', { transient: true });
    gate.close('not seen', 'a.first');
    gate.probed('not seen', null);
    expect(mirror.get(gate.id)?.snapshot()).toMatchObject({ reason: 'not seen', code: 'a.first' });
    gate.close('lost', 'a.second');
    expect(mirror.get(gate.id)?.snapshot()).toMatchObject({ reason: 'lost', code: 'a.second' });
  });

  it('let one waiter through when they are half-open', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:write', 'writes');
    gate.close('away');
    const waiters = [1, 2, 3].map(() => watch(mirror.get(gate.id)!.opened(never)));
    gate.halfOpen();
    await clock.advance(0);
    expect(waiters.map(({ settled }) => settled)).toEqual(['yes', 'no', 'no']);
    gate.close('still away');
    await clock.advance(10_000);
    expect(waiters.map(({ settled }) => settled)).toEqual(['yes', 'no', 'no']);
    gate.open();
    await clock.advance(1000);
    expect(waiters.map(({ settled }) => settled)).toEqual(['yes', 'yes', 'yes']);
  });

  it('keep those who were not let go yet when they close again', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    const waiters = Array.from({ length: 40 }, () => watch(mirror.get(gate.id)!.opened(never)));
    gate.open();
    await clock.advance(10);
    gate.close('away again');
    await clock.advance(10_000);
    const through = waiters.filter(({ settled }) => settled === 'yes').length;
    expect(through).toBeGreaterThan(0);
    expect(through).toBeLessThan(20);
    gate.open();
    await clock.advance(1000);
    expect(waiters.every(({ settled }) => settled === 'yes')).toBe(true);
  });

  it('reject a wait only with the reason of its signal', async () => {
    const { clock, book } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    const stop = new AbortController();
    const waiter = watch(gate.opened(stop.signal));
    stop.abort('task stopped');
    await clock.advance(0);
    expect(waiter.settled).toBe('task stopped');
    await expect(gate.opened(stop.signal)).rejects.toBe('task stopped');
  });

  it('let nobody overtake those who waited, nor wait longer than they', async () => {
    const { clock, book } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    const waiters = Array.from({ length: 40 }, () => watch(gate.opened(never)));
    gate.open();
    const late = watch(gate.opened(never));
    await clock.advance(0);
    expect(late.settled).toBe('no');
    await clock.advance(1000);
    expect([...waiters, late].every(({ settled }) => settled === 'yes')).toBe(true);
    const after = watch(gate.opened(never));
    await new Promise(setImmediate);
    expect(after.settled).toBe('yes');
  });

  it('let one waiter through per half-opening, however often that is told', async () => {
    const { clock, mirror } = pair();
    const halfOpen = {
      id: 'registry:x:write',
      state: 'half-open',
      dependency: 'writes',
      reason: 'away',
      since: 0,
      attempts: 0,
      nextProbeAt: null,
    } as const;
    mirror.apply({ ...halfOpen, state: 'closed' });
    const waiters = [1, 2].map(() => watch(mirror.get(halfOpen.id)!.opened(never)));
    mirror.apply(halfOpen);
    mirror.apply(halfOpen);
    await clock.advance(0);
    expect(waiters.map(({ settled }) => settled)).toEqual(['yes', 'no']);
  });

  it('leave nothing behind of those who went, or gave up', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    mirror.limitWait(gate.id, 'view', 5000);
    const lives = [new AbortController(), new AbortController()];
    for (const { signal } of lives) watch(mirror.get(gate.id)!.opened(signal));
    expect(clock.pendingTimers).toBe(2);
    lives[0]?.abort(new Error('stopped'));
    gate.open();
    await clock.advance(1000);
    expect(clock.pendingTimers).toBe(0);
    expect(lives.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([0, 0]);
    const next = watch(mirror.get(gate.id)!.opened(never));
    await new Promise(setImmediate);
    expect(next.settled).toBe('yes');
  });

  it('keep the time of their closing and their attempts when they close again while closed', () => {
    const { clock, book } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    gate.probed('away', 5);
    clock.advanceSync(500);
    gate.close('still away');
    expect(gate.snapshot()).toMatchObject({ since: 1_700_000_000_000, attempts: 1, reason: 'still away' });
  });

  it('are not opened halfway, nor closed, by what is said of an open one', () => {
    const { book } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.halfOpen();
    expect(gate.snapshot().state).toBe('open');
    gate.probed('late word of a probe', 5);
    expect(gate.snapshot()).toMatchObject({ state: 'open', attempts: 0 });
    expect(book.history('registry:x:')).toEqual([]);
  });

  it('leave the book and the mirror when they stood for one question', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:id:42', 'schema id 42', { transient: true });
    gate.close('not there');
    const waiter = watch(mirror.get(gate.id)!.opened(never));
    gate.open();
    await clock.advance(100);
    expect(waiter.settled).toBe('yes');
    expect(book.get(gate.id)).toBeUndefined();
    expect(mirror.get(gate.id)).toBeUndefined();
  });

  it('tell of every change of theirs, attempts and next probe too', () => {
    const { book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    const heard: string[] = [];
    const end = mirror
      .get(gate.id)!
      .onChange(({ state, attempts, nextProbeAt }) => heard.push(`${state} ${attempts} ${nextProbeAt}`));
    gate.probed('away', 5);
    gate.probed('away', 6);
    gate.open();
    gate.open();
    end();
    gate.close('away');
    expect(heard).toEqual(['closed 1 5', 'closed 2 6', 'open 0 null']);
  });

  it('are one per id, which is in the book for as long as it stands for something', () => {
    const { book } = pair();
    const lasting = book.gate('registry:x:read', 'reads');
    const transient = book.gate('registry:x:id:7', 'schema id 7', { transient: true });
    expect(book.gate('registry:x:read', 'reads')).toBe(lasting);
    for (const gate of [lasting, transient]) gate.close('away');
    expect([book.get(lasting.id), book.get(transient.id)]).toEqual([lasting, transient]);
    expect(book.snapshots()).toEqual([lasting.snapshot(), transient.snapshot()]);
    for (const gate of [lasting, transient]) gate.open();
    expect(book.snapshots()).toEqual([lasting.snapshot()]);
    expect(book.get(transient.id)).toBeUndefined();
  });

  it('let a waiter through at its limit, once', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    mirror.limitWait(gate.id, 'view', 5000);
    const waiter = watch(mirror.get(gate.id)!.opened(never));
    await clock.advance(4999);
    expect(waiter.settled).toBe('no');
    await clock.advance(1);
    expect(waiter.settled).toBe('yes');
    const again = watch(mirror.get(gate.id)!.opened(never));
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(60_000);
    expect(again.settled).toBe('no');
  });

  it('let a waiter through at a limit that passed just before it waited, once', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    mirror.limitWait(gate.id, 'view', 5000);
    const askedAt = clock.monotonic();
    await clock.advance(5001);
    const waiter = watch(mirror.get(gate.id)!.opened(never, askedAt));
    await clock.advance(0);
    expect(waiter.settled).toBe('yes');
    const again = watch(mirror.get(gate.id)!.opened(never, clock.monotonic()));
    await clock.advance(60_000);
    expect(again.settled).toBe('no');
  });

  it('let a waiter through at its limit although another one waited for it and was let through', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    mirror.limitWait(gate.id, 'view', 5000);
    const askedAt = clock.monotonic();
    const other = watch(mirror.get(gate.id)!.opened(never, askedAt));
    await clock.advance(5001);
    expect(other.settled).toBe('yes');
    const own = watch(mirror.get(gate.id)!.opened(never, askedAt));
    await clock.advance(0);
    expect(own.settled).toBe('yes');
    // Each of them knows of that limit by now.
    const again = [1, 2].map(() => watch(mirror.get(gate.id)!.opened(never, clock.monotonic())));
    await clock.advance(600_000);
    expect(again.map(({ settled }) => settled)).toEqual(['no', 'no']);
  });

  it('take limits of any number of questions', () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    for (let n = 0; n < 200_000; n++) mirror.limitWait(gate.id, `q${n}`, 5000 + n);
    const waiter = watch(mirror.get(gate.id)!.opened(never));
    clock.advanceSync(4999);
    expect([waiter.settled, clock.pendingTimers]).toEqual(['no', 1]);
  });

  it('let a waiter through at the first of several limits, and forget limits that have passed', async () => {
    const { clock, book, mirror } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    mirror.limitWait(gate.id, 'one', 5000);
    mirror.limitWait(gate.id, 'other', 3000);
    const waiter = watch(mirror.get(gate.id)!.opened(never));
    await clock.advance(2999);
    expect(waiter.settled).toBe('no');
    await clock.advance(1);
    expect(waiter.settled).toBe('yes');
    const again = watch(mirror.get(gate.id)!.opened(never));
    await clock.advance(1999);
    expect(again.settled).toBe('no');
    await clock.advance(1);
    expect(again.settled).toBe('yes');
  });

  it('stay in a mirror when they are a part of the registry, and not when they stood for a question', () => {
    const { mirror, book } = pair();
    const open = book.gate('registry:x:read', 'reads').snapshot();
    mirror.apply(open);
    mirror.apply({ ...open, id: 'registry:x:id:7' });
    expect(mirror.get('registry:x:read')).toBeDefined();
    expect(mirror.get('registry:x:id:7')).toBeUndefined();
  });

  it('tell nobody who does not listen any more', () => {
    const { book } = pair();
    const heard: string[] = [];
    const end = book.onSnapshot(({ state }) => heard.push(state));
    const gate = book.gate('registry:x:read', 'reads');
    gate.close('away');
    end();
    gate.open();
    expect(heard).toEqual(['closed']);
  });

  it('of a host alone open with the answer they stand for', async () => {
    const { clock, mirror } = pair();
    const open = mirror.pending('registry:x:answer:1', 'answer', 'asked');
    const waiter = watch(mirror.get('registry:x:answer:1')!.opened(never));
    await clock.advance(60_000);
    expect(waiter.settled).toBe('no');
    open();
    await clock.advance(100);
    expect(waiter.settled).toBe('yes');
    expect(mirror.get('registry:x:answer:1')).toBeUndefined();
  });
});

describe('the history of gates', () => {
  it('keeps the last 200 closings, one entry each, the latest first', () => {
    const { clock, book } = pair();
    const gate = book.gate('registry:x:read', 'reads');
    for (let i = 0; i < 201; i++) {
      clock.advanceSync(10);
      gate.close(`away ${i}`);
      gate.probed(`still away ${i}`, 5);
      gate.halfOpen();
      gate.open();
    }
    const history = book.history('registry:x:');
    expect(history).toHaveLength(200);
    expect(history[0]).toEqual({
      gate: 'registry:x:read',
      reason: 'still away 200',
      closedAt: 1_700_000_002_010,
      openedAt: 1_700_000_002_010,
      attempts: 1,
    });
    expect(history.at(-1)?.reason).toBe('still away 1');
    expect(book.history('registry:y:')).toEqual([]);
  });
});
