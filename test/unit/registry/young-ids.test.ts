import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { steadyNow } from '../../../src/foundation/steady-time.ts';
import { YoungIds, YoungIdsOfTasks } from '../../../src/registry/young-ids.ts';
import type { ConnectError } from '../../../src/sdk/errors/index.ts';
import { avro, NODE_A, never, register, WorkerOfRegistries } from './worker-of-registries.ts';

const HOUR = 3_600_000;
const config = { 'schema.registry.url': NODE_A };

describe('YoungIdsOfTasks', () => {
  it.each([[false], [true]])(
    'a restarted task still names the records of its earlier run (another task was stopped meanwhile: %s)',
    async (otherStops) => {
      const worker = new WorkerOfRegistries();
      const host = worker.host();
      const first = host.schemaView(config, undefined, { owner: 'one-0 value' });
      const other = host.schemaView(config, undefined, { owner: 'two-0 value' });
      if (otherStops) other.close();
      await first.resolve([register('a')], never);
      expect(first.tracksRecords?.()).toBe(true);
      first.carried?.(1, 'orders', 0, 5);
      first.close();
      let stopped: ConnectError | undefined;
      const second = host.schemaView(config, undefined, {
        owner: 'one-0 value',
        stop: (error) => {
          stopped = error;
        },
      });
      await second.resolve([register('a')], never);
      second.carried?.(1, 'orders', 0, 6);
      worker.registry.schemas.set(1, { schema: avro('other').schema });
      await worker.clock.advance(70_000);
      const records = second.recordsOf?.(stopped as ConnectError);
      expect(records).toEqual([{ topic: 'orders', partition: 0, first: 5, last: 6 }]);
    },
  );

  it('forgets an owner whose last view is closed once nothing of it is young', () => {
    const clock = new ManualClock();
    const tasks = new YoungIdsOfTasks({ clock });
    const [first, second] = [tasks.open('one', 'r', 60_000), tasks.open('one', 'r', 60_000)];
    expect(second.young).toBe(first.young);
    first.young.given('', 1, { at: clock.now(), epoch: 'e' });
    first.close();
    second.close();
    const third = tasks.open('one', 'r', 60_000);
    expect(third.young).toBe(first.young);
    tasks.confirmed('r', '', [1]);
    third.close();
    expect(tasks.open('one', 'r', 60_000).young).not.toBe(first.young);
  });
});

describe('the young ids of a task', () => {
  it('are those of one registry, and confirmed by that', () => {
    const clock = new ManualClock();
    const tasks = new YoungIdsOfTasks({ clock });
    const [one, elsewhere, other] = [
      tasks.open('one', 'r', 60_000).young,
      tasks.open('one', 's', 60_000).young,
      tasks.open('other', 'r', 60_000).young,
    ];
    for (const each of [one, elsewhere, other]) each.given('', 1, { at: clock.now(), epoch: 'e' });
    tasks.confirmed('r', '', [1]);
    expect([one.any, elsewhere.any, other.any]).toEqual([false, true, false]);
  });
});

describe('YoungIds', () => {
  const young = (maxIds?: number): { readonly clock: ManualClock; readonly ids: YoungIds } => {
    const clock = new ManualClock();
    return { clock, ids: new YoungIds({ clock, secondLookMs: 60_000, ...(maxIds === undefined ? {} : { maxIds }) }) };
  };

  it('keeps the records of each of 1,500 ids that were given at once', () => {
    const { clock, ids } = young();
    for (let id = 1; id <= 1500; id++) ids.given('', id, { at: clock.now(), epoch: 'e' });
    for (let id = 1; id <= 1500; id++) ids.carried('', id, 't', 0, id * 2);
    expect(ids.recordsOf('', 1)).toEqual([{ topic: 't', partition: 0, first: 2, last: 2 }]);
    expect(ids.recordsOf('', 1500)).toEqual([{ topic: 't', partition: 0, first: 3000, last: 3000 }]);
  });

  it('of more ids than it keeps apart it names the records of the oldest together, and says so', () => {
    const { clock, ids } = young(2);
    const at = { at: clock.now(), epoch: 'e' };
    ids.given('', 1, at);
    ids.carried('', 1, 't', 0, 1);
    ids.given('', 2, at);
    ids.given('', 3, at);
    ids.given('', 4, at);
    ids.carried('', 1, 't', 0, 9);
    ids.carried('', 2, 't', 0, 20);
    ids.carried('', 4, 't', 0, 30);
    const coarse = (offset: number) => ({ topic: 't', partition: 0, first: offset, last: offset, isCoarse: true });
    expect(ids.recordsOf('', 1)).toEqual([coarse(1), coarse(9), coarse(20)]);
    expect(ids.recordsOf('', 4)).toEqual([{ topic: 't', partition: 0, first: 30, last: 30 }]);
    expect(ids.recordsOf('', 5)).toEqual([]);
    expect(ids.allRecords()).toHaveLength(4);
    ids.confirmed('', [1]);
    expect(ids.recordsOf('', 2)).toHaveLength(3);
    ids.confirmed('', [2, 3, 4]);
    expect([ids.any, ids.recordsOf('', 2), ids.allRecords()]).toEqual([false, [], []]);
  });

  it('forgets what no second look came for within an hour', async () => {
    const { clock, ids } = young(1);
    ids.given('', 1, { at: clock.now(), epoch: 'e' });
    ids.given('', 2, { at: clock.now(), epoch: 'e' });
    ids.carried('', 1, 't', 0, 1);
    await clock.advance(HOUR - 1);
    expect(ids.any).toBe(true);
    await clock.advance(1);
    expect([ids.any, ids.recordsOf('', 1)]).toEqual([false, []]);
  });

  const range = (offset: number) => ({ topic: 't', partition: 0, first: offset, last: offset });

  it('keeps none that was acknowledged long enough ago', () => {
    const { clock, ids } = young();
    const old = { at: clock.now(), epoch: 'e' };
    clock.advanceSync(59_999);
    ids.given('', 1, old);
    clock.advanceSync(1);
    ids.given('', 2, old);
    for (const id of [1, 2]) ids.carried('', id, 't', 0, id);
    expect([ids.recordsOf('', 1), ids.recordsOf('', 2)]).toEqual([[range(1)], []]);
  });

  it('keeps the records of one that is given again, for another hour, however old its acknowledgement is by then', () => {
    const { clock, ids } = young();
    const first = { at: clock.now(), epoch: 'e' };
    ids.given('', 1, first);
    ids.carried('', 1, 't', 0, 1);
    for (let n = 0; n < 2; n++) {
      clock.advanceSync(HOUR - 1);
      expect(ids.any).toBe(true);
      ids.given('', 1, first);
    }
    expect(ids.recordsOf('', 1)).toEqual([range(1)]);
  });

  it('forgets one by one', () => {
    const { clock, ids } = young();
    for (const id of [1, 2]) {
      ids.given('', id, { at: clock.now(), epoch: 'e' });
      ids.carried('', id, 't', 0, id);
      clock.advanceSync(1000);
    }
    clock.advanceSync(HOUR - 2000);
    expect(ids.any).toBe(true);
    expect([ids.recordsOf('', 1), ids.recordsOf('', 2)]).toEqual([[], [range(2)]]);
  });

  it('confirms each in its own context', () => {
    const { clock, ids } = young();
    ids.given('', 1, { at: clock.now(), epoch: 'e' });
    ids.given('x', 2, { at: clock.now(), epoch: 'e' });
    ids.confirmed('x', [1]);
    ids.confirmed('', [2, 7]);
    ids.carried('', 1, 't', 0, 1);
    ids.carried('x', 2, 't', 0, 3);
    expect(ids.allRecords()).toEqual([range(1), range(3)]);
    ids.confirmed('', [1]);
    ids.confirmed('x', [2]);
    expect(ids.any).toBe(false);
  });

  it('tells the same id of two contexts apart: the records of one stay when the other is confirmed', () => {
    const { clock, ids } = young();
    const at = { at: clock.now(), epoch: 'e' };
    ids.given('', 5, at);
    ids.carried('', 5, 't', 0, 100);
    ids.given('.europe', 5, at);
    ids.carried('.europe', 5, 't', 0, 200);
    ids.confirmed('.europe', [5]);
    expect([ids.recordsOf('', 5), ids.recordsOf('.europe', 5)]).toEqual([[range(100)], []]);
    ids.confirmed('', [5]);
    expect(ids.any).toBe(false);
  });

  it('crowds out the oldest of all contexts', () => {
    const { clock, ids } = young(2);
    for (const context of ['', '.europe', '.asia']) {
      ids.given(context, 5, { at: clock.now(), epoch: 'e' });
      clock.advanceSync(1);
    }
    ids.carried('', 5, 't', 0, 1);
    ids.carried('.europe', 5, 't', 0, 9);
    expect(ids.recordsOf('', 5)).toEqual([{ ...range(1), isCoarse: true }]);
    expect(ids.recordsOf('.europe', 5)).toEqual([range(9)]);
    ids.confirmed('.europe', [5]);
    expect(ids.recordsOf('', 5)).toEqual([{ ...range(1), isCoarse: true }]);
  });

  it.each([HOUR, -HOUR])('forgets nothing, and keeps nothing for longer, when the wall clock is set by %d ms', (ms) => {
    const { clock, ids } = young();
    const at = steadyNow(clock);
    ids.given('', 1, { at, epoch: 'e' });
    ids.carried('', 1, 't', 0, 1);
    clock.step(ms);
    clock.advanceSync(59_999);
    ids.given('', 2, { at, epoch: 'e' });
    ids.carried('', 2, 't', 0, 2);
    expect([ids.any, ids.recordsOf('', 1), ids.recordsOf('', 2)]).toEqual([true, [range(1)], [range(2)]]);
    clock.advanceSync(1);
    ids.given('', 3, { at, epoch: 'e' });
    ids.carried('', 3, 't', 0, 3);
    expect(ids.recordsOf('', 3)).toEqual([]);
    clock.advanceSync(HOUR);
    expect(ids.any).toBe(false);
  });
});
