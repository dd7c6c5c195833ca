import { describe, expect, it } from 'vitest';
import { IntegrityError } from '../../../../src/sdk/errors/index.ts';
import { settle, TOLERATE_ALL } from '../fake-task-edges.ts';
import { sinkHarness } from './sink-harness.ts';

const error = new IntegrityError('Schema id 7 resolves to other content than before.');

describe('a sink task that read what turned out to be something else', () => {
  it('invariant 6: stops although it is idle and tolerates everything; what it took stays committed', async () => {
    const h = sinkHarness({ policy: TOLERATE_ALL });
    h.fetcher.append('t', 0, 'a', 'b');
    const done = h.run();
    h.assign([0]);
    await settle();
    expect(h.task.values(0)).toEqual(['a', 'b']);
    h.signals.stop(error);
    expect((await done).failure).toBe(error);
    expect(h.counters.skipped).toBe(0);
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 2 });
  });

  it('stops while it is paused, and goes on over a recall, for it holds nothing that could be written', async () => {
    const h = sinkHarness({ initialState: 'PAUSED' });
    const done = h.run();
    await settle();
    h.signals.recall();
    await settle();
    expect(h.outcome()).toBeNull();
    h.signals.stop(error);
    expect((await done).failure).toBe(error);
  });
});
