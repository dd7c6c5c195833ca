import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { CallResult } from '../../../src/registry/node-exchange.ts';
import { WritesUnderWay } from '../../../src/registry/writes-under-way.ts';
import { NODE_A, NODE_B, never } from './worker-of-registries.ts';

const written: CallResult = {
  verdict: { class: 'ok' },
  node: NODE_A,
  status: 200,
  errorCode: undefined,
  json: { id: 1 },
  reason: '',
};

function setUp() {
  const clock = new ManualClock();
  const hanging: string[] = [];
  const writes = new WritesUnderWay({ clock, onHanging: (node) => hanging.push(node) });
  /** A write that is answered after `ms`; undefined: never. */
  const write = (ms: number | undefined, node = NODE_A, signal = never) => {
    const state: { result?: CallResult; failed?: unknown; signal?: AbortSignal; at?: number } = {};
    writes
      .run(node, signal, async (own) => {
        state.signal = own;
        await clock.sleep(ms ?? 1e9, own);
        return written;
      })
      .then(
        (result) => {
          state.result = result;
          state.at = clock.monotonic();
        },
        (reason: unknown) => {
          state.failed = reason;
        },
      );
    return state;
  };
  return { clock, hanging, writes, write };
}

describe('a write under way', () => {
  it('comes to what its node answers, and leaves no timer behind', async () => {
    const { clock, hanging, write } = setUp();
    const other = write(300);
    await clock.advance(300);
    expect(other).toMatchObject({ result: written, at: 300, signal: { aborted: false } });
    await clock.advance(1000);
    expect(hanging).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is told of once when it has had no answer for a second, with its node', async () => {
    const { clock, hanging, write } = setUp();
    write(undefined);
    write(undefined, NODE_B);
    write(999);
    await clock.advance(999);
    expect(hanging).toEqual([]);
    await clock.advance(1);
    expect(hanging).toEqual([NODE_A, NODE_B]);
    await clock.advance(60_000);
    expect(hanging).toHaveLength(2);
  });

  it('is given up at once when another primary is named half a second after it began', async () => {
    const { clock, writes, write } = setUp();
    const state = write(undefined);
    await clock.advance(500);
    writes.giveUp();
    await clock.advance(0);
    expect(state).toMatchObject({ at: 500, signal: { aborted: true } });
    expect(clock.pendingTimers).toBe(0);
  });

  it('has half a second for its answer from its beginning, however often a primary is named meanwhile', async () => {
    const { clock, writes, write } = setUp();
    const [slow, quick] = [write(undefined), write(450)];
    for (let i = 0; i < 4; i++) {
      await clock.advance(100);
      writes.giveUp();
    }
    // One timer each for giving it up, one for telling that it hangs, and the answer.
    expect(clock.pendingTimers).toBe(6);
    await clock.advance(99);
    expect(quick).toMatchObject({ result: written, at: 450 });
    expect(slow.result).toBeUndefined();
    await clock.advance(1);
    expect(slow.at).toBe(500);
    expect(slow.result).toBeDefined();
  });

  it('that was given up may have been carried out, and is told from one whose time was over', async () => {
    const { clock, writes, write } = setUp();
    const state = write(undefined);
    await clock.advance(600);
    writes.giveUp();
    await clock.advance(0);
    expect(state.result).toEqual({
      verdict: { class: 'park', outcomeUnknown: true },
      node: NODE_A,
      status: undefined,
      transport: 'timeout',
      overtaken: true,
      errorCode: undefined,
      json: undefined,
      reason: `no answer at ${NODE_A} until another primary was named`,
    });
  });

  it('that begins after the change is not given up for it', async () => {
    const { clock, writes, write } = setUp();
    writes.giveUp();
    const state = write(5000);
    await clock.advance(5000);
    expect(state.result).toBe(written);
  });

  it('ends with the signal of who wants it, and is not given up once more', async () => {
    const { clock, hanging, writes, write } = setUp();
    const life = new AbortController();
    const state = write(undefined, NODE_A, life.signal);
    await clock.advance(100);
    life.abort(new Error('closed'));
    await clock.advance(0);
    expect(state.failed).toEqual(new Error('closed'));
    writes.giveUp();
    await clock.advance(5000);
    expect([hanging, clock.pendingTimers]).toEqual([[], 0]);
  });
});
