import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { PluginWatches, type StuckInfo } from '../../../../src/runtime/worker/plugin-watch.ts';

function open(task: number | null = 3) {
  const clock = new ManualClock({ startMs: 1_000 });
  const { logger, lines } = recordingLogger('debug');
  const watches = new PluginWatches({ clock, warnAfterMs: 500 });
  const seen: (StuckInfo | null)[] = [];
  const watch = watches.open({ owner: { connector: 'c', task }, logger, onStuck: (stuck) => seen.push(stuck) });
  return { clock, lines, watches, watch, seen };
}

const put = { method: 'put', since: 1_000 };

describe('a watch over the calls of a plugin', () => {
  it('says once that a call does not return, shows it while it lasts, and says that it has returned', () => {
    const { clock, lines, watches, watch, seen } = open();
    watch.calling(put);
    clock.advanceSync(499);
    expect([seen, lines]).toEqual([[], []]);
    clock.advanceSync(1);
    clock.advanceSync(60_000);
    expect(seen).toEqual([{ ...put, loopBlocked: false }]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'warn',
      message: 'A plugin call has not returned. The task waits for it.',
      fields: { code: 'holdfast.plugin.call-long', method: 'put' },
    });
    expect(watches.stuck.list()).toEqual([{ connector: 'c', task: 3, ...put, loopBlocked: false, count: 1 }]);
    watch.calling(null);
    expect(seen.at(-1)).toBeNull();
    expect(watches.stuck.list()).toEqual([]);
    expect(watches.stuck.totals()).toEqual([{ connector: 'c', method: 'put', count: 1 }]);
    expect(lines.at(-1)).toMatchObject({ level: 'info', fields: { method: 'put' } });
  });

  it('waits for records in poll without a word, and names a poll that blocks the loop', () => {
    const { clock, watches, watch, seen } = open();
    watch.calling({ method: 'poll', since: 1_000 });
    clock.advanceSync(60_000);
    expect(seen).toEqual([]);
    watch.loop({ since: 2_000, call: { connector: 'c', task: 3, method: 'poll' } }, true);
    expect(watches.stuck.list()).toMatchObject([{ method: 'poll', since: 2_000, loopBlocked: true }]);
    watch.loop(null, false);
    expect(watches.stuck.list()).toEqual([]);
  });

  it('goes on to show a call that has not returned when the loop turns again, and blames nobody for the loop of another', () => {
    const { clock, watches, watch } = open();
    watch.calling(put);
    clock.advanceSync(500);
    watch.loop({ since: 1_400, call: { connector: 'other', task: 0, method: 'poll' } }, false);
    expect(watches.stuck.list()).toMatchObject([{ method: null, loopBlocked: true }]);
    watch.loop(null, false);
    expect(watches.stuck.list()).toMatchObject([{ method: 'put', loopBlocked: false }]);
    watch.close();
    expect(watches.stuck.list()).toEqual([]);
    expect(watches.stuck.totals()).toMatchObject([{ method: 'put', count: 1 }]);
  });

  it('says and shows nothing once it is closed', () => {
    const { clock, lines, watches, watch, seen } = open();
    watch.calling(put);
    clock.advanceSync(500);
    watch.close();
    const before = [seen.length, lines.length];
    watch.calling({ method: 'stop', since: 1_500 });
    clock.advanceSync(60_000);
    watch.loop({ since: 2_000, call: null }, true);
    watch.calling(null);
    expect([seen.length, lines.length]).toEqual(before);
    expect(watches.stuck.list()).toEqual([]);
  });

  it('runs one call of a connector, and forgets what is counted of connectors that are gone', async () => {
    const { clock, lines, watches } = open();
    const { logger } = recordingLogger('debug');
    let end = (): void => {};
    const running = watches.during('gone', 'validate', logger, () => new Promise<void>((resolve) => (end = resolve)));
    await Promise.resolve();
    clock.advanceSync(500);
    expect(watches.stuck.list()).toMatchObject([{ connector: 'gone', task: null, method: 'validate' }]);
    end();
    await running;
    expect(watches.stuck.list()).toEqual([]);
    watches.stuck.forgetAllBut(new Set(['c']));
    expect([watches.stuck.totals(), lines]).toEqual([[], []]);
  });
});
