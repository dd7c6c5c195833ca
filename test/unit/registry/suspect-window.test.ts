import { afterEach, describe, expect, it } from 'vitest';
import { steadyNow } from '../../../src/foundation/steady-time.ts';
import { registryTimelines } from '../../../src/testing/index.ts';
import { TrackedRegistry } from './tracked-registry.ts';
import { avro, latest, lookup, never, wordsOf } from './worker-of-registries.ts';

let tracked: TrackedRegistry;
afterEach(() => tracked.close());

describe('an id that is given while a new primary is named and takes no writes yet', () => {
  it.each([
    ['off', 0],
    ['all', 0],
    ['off', 3_600_000],
    ['off', -3_600_000],
  ])(
    'invariant 5: is read back once it does, before a record carries it again; barrier %s, wall clock set by %d ms',
    async (barrier, stepMs) => {
      tracked = await TrackedRegistry.start({ settings: { 'registry.barrier': barrier } });
      const id = await tracked.registry.register('s', avro('s'));
      // Named at 11.8 s, it writes from 16.8 s on.
      await tracked.pass(10_000, 500);
      await tracked.play(registryTimelines.karapaceKill9, 13_000, { everyMs: 0 });
      expect(tracked.snapshot.epoch).toMatchObject({ cause: 'group-elected', usableAt: null });
      let recalls = 0;
      const view = tracked.view({ recall: () => recalls++ });
      const questions = [lookup('s', avro('s')), latest('s')];
      const resolved = view.resolve(questions, never);
      await tracked.clock.advance(200);
      await resolved;
      expect(questions.map((question) => wordsOf(view.peek(question)))).toEqual([`known ${id}`, `known ${id}`]);
      const windowed = steadyNow(tracked.clock);
      tracked.clock.step(stepMs);
      await tracked.clock.advance(6_000);
      expect(tracked.snapshot.epoch?.usableAt).toBeGreaterThan(windowed);
      expect(recalls).toBe(1);
      // Read back in the background, and the host asks before it goes on.
      expect(questions.map((question) => wordsOf(view.peek(question)))).toEqual(['unasked', 'unasked']);
      const again = view.resolve(questions, never);
      await tracked.clock.advance(200);
      await again;
      expect(questions.map((question) => wordsOf(view.peek(question)))).toEqual([`known ${id}`, `known ${id}`]);
      await tracked.clock.advance(10_000);
      expect(recalls).toBe(1);
      expect(wordsOf(view.peek(lookup('s', avro('s'))))).toBe(`known ${id}`);
    },
  );
});
