/** A whole plan file at once, from its steps. */
import { openPlan, type Plan } from './open-plan.ts';
import type { PlanHeader, PlanStep } from './plan.ts';
import { PlanWriter } from './plan-writer.ts';

/** In bounded memory. The file is there, whole and durable, when it resolves; it is not if this throws, as `steps` may. */
export async function writePlan(
  path: string,
  header: PlanHeader,
  steps: AsyncIterable<PlanStep>,
  signal?: AbortSignal,
): Promise<Plan> {
  const writer = await PlanWriter.create(path, header);
  try {
    for await (const step of steps) {
      signal?.throwIfAborted();
      await writer.add(step);
    }
    await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return openPlan(path, signal);
}
