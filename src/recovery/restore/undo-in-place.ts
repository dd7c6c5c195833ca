/** Takes a plan back that only wrote behind a topic's end. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { ConfigError, DataError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { UndonePlan } from '../plan/plan.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { openMadePlan } from './open-made-plan.ts';
import type { PlanShape } from './plan-shape.ts';
import { NOT_AS_PLANNED, TARGET_CHANGED } from './restore-errors.ts';
import { nothingToWriteBehind } from './run-refusals.ts';
import { checkBegun, checkSame } from './target-checks.ts';
import type { TopicRun, TopicRunResult } from './topic-run.ts';
import { seeUndo, type UndoSight, undoPosition } from './undo-position.ts';
import { writePlanned } from './write-planned.ts';
import { writeUndo } from './write-undo.ts';

/** So often it begins again behind what came while it wrote. */
const ATTEMPTS = 4;

/**
 * Its records say what each key held before, so that it may be begun again at any time. It is, behind whatever of the plan comes late. What
 * others wrote stays, and is refused where it would be lost or contradicted.
 *
 * @param undo that takes this very undo back; undefined: it was not begun yet
 * @throws as runTopicPlan
 */
export async function undoInPlace(
  run: TopicRun,
  shape: PlanShape,
  { undoes, undo }: { readonly undoes: UndonePlan; readonly undo: Plan | undefined },
): Promise<TopicRunResult> {
  const { plan, target, signal, options } = run;
  const made = await openMadePlan(plan, undoes, options.openPlan);
  const from = undoes.base ?? 0;
  let begun = undo?.header.undoes?.base ?? undefined;
  for (let attempt = 1; ; attempt++) {
    const facts = await run.settled();
    if (facts === undefined) throw nothingToWriteBehind(target.topic, 'it is not there any more');
    checkSame(undoes, facts);
    if (undo?.header.undoes !== undefined) checkBegun(run, shape, undo.header.undoes, facts);
    const end = facts.endOffset;
    if (end < from) throw nothingToWriteBehind(target.topic, `it ends at ${end}, and the plan began at ${from}`);
    const sight = await seeUndo(run, { made, from: Math.max(from, facts.beginOffset), end });
    if (begun === undefined && sight.hasNothing && isSet(shape, facts)) {
      // Late records have had the time in which the topic was read, too.
      if ((await target.facts(signal))?.endOffset !== end) continue;
      return {
        ...run.result('nothing-to-undo'),
        notes: [
          sight.hasNoop
            ? 'there is nothing to take back but a NOOP, which stays: it says nothing'
            : 'the plan had written nothing yet: there is nothing to take back',
        ],
      };
    }
    const { base, passed } = await undoPosition(run, { sight, begun, facts, firstRecord: shape.firstRecord });
    if (begun === undefined) {
      const present = await run.spooled(facts);
      const { clock, undoPath: path } = options;
      // Invariant 10: what takes the undo back is durable before its first record.
      await writeUndo({ plan, shape, path, topic: target.topic, present, base, now: clock.now() }, signal);
      await present.close();
      begun = base;
    }
    if (passed === shape.records)
      return run.result(run.written > 0 ? 'done' : 'was-done', Math.max(0, passed - run.written));
    try {
      await writePlanned(run, shape, { base, facts, before: passed, mayLieBetween: sight.isOthers });
      noteOthers(run, sight);
      return run.result('done', passed);
    } catch (error) {
      if (attempt === ATTEMPTS || !isDisturbed(error)) throw error;
    }
  }
}

function noteOthers({ notes }: TopicRun, { others }: UndoSight): void {
  if (others === 0) return;
  notes.push(
    `${counted(others, 'record')} that others wrote since ${agreeing(others, 'stays as it is', 'stay as they are')}: the undo touches nothing of what ${agreeing(others, 'it says', 'they say')}`,
  );
}

function isSet({ alter }: PlanShape, { overrides }: TopicFacts): boolean {
  return alter.every(({ configs }) =>
    Object.entries(configs).every(([name, value]) => (overrides[name] ?? null) === value),
  );
}

/** Records came in between; whose they are is seen next. */
function isDisturbed(error: unknown): boolean {
  if (error instanceof ConfigError) return error.code === TARGET_CHANGED;
  return error instanceof DataError && error.code === NOT_AS_PLANNED;
}
