import type { PlanTopic } from '../../../src/recovery/restore/plan-topic.ts';

/** What ends a run as kill -9 would: nothing after it happens. */
export class Killed extends Error {}

/**
 * A plan's topic whose nth change is the last thing that happens: before it, after it, or, of an append, after half of its records.
 * Everything after that fails as well.
 */
export function failingTopic(target: PlanTopic, nth: number, when: 'before' | 'after' | 'halfway'): PlanTopic {
  let changes = 0;
  let isDead = false;
  const guard = async <T>(run: () => Promise<T>, half: () => Promise<unknown> = run): Promise<T> => {
    if (isDead) throw new Killed();
    if (++changes !== nth) return run();
    isDead = true;
    if (when === 'after') await run();
    if (when === 'halfway') await half();
    throw new Killed();
  };
  return {
    topic: target.topic,
    clusterId: (signal) => target.clusterId(signal),
    facts: (signal) => target.facts(signal),
    whileNoMembers: (signal, work) => target.whileNoMembers(signal, work),
    create: (step, signal) => guard(() => target.create(step, signal)),
    alter: (configs, signal) => guard(() => target.alter(configs, signal)),
    remove: (facts, signal) => guard(() => target.remove(facts, signal)),
    spool: (facts, writer, signal) => target.spool(facts, writer, signal),
    read: (from, end, signal) => target.read(from, end, signal),
    append: async (records, signal) => {
      const offsets: number[] = [];
      // In small pieces, so that a plan of few records has many points at which it can end.
      for (let at = 0; at < records.length; at += 4) {
        const piece = records.slice(at, at + 4);
        offsets.push(
          ...(await guard(
            () => target.append(piece, signal),
            () => target.append(piece.slice(0, 2), signal),
          )),
        );
      }
      return offsets;
    },
    close: () => target.close(),
  };
}
