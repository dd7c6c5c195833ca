/** In which order the steps of a topic's plan come; every other order is refused before anything is done. */
import { DataError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { PlanStep } from '../plan/plan.ts';
import type { CreateTopic } from './plan-topic.ts';
import { PLAN_UNFIT } from './restore-errors.ts';

type Step<K extends PlanStep['do']> = Extract<PlanStep, { readonly do: K }>;

/** A topic may be deleted, then made, then altered, then written to, each of them or none. */
export interface PlanShape {
  readonly remove: Step<'delete-topic'> | Step<'delete-made-topic'> | undefined;
  readonly create: CreateTopic | undefined;
  readonly alter: readonly Step<'alter-topic'>[];
  /** Index of the first step that writes a record; behind it there is no other kind. */
  readonly firstRecord: number;
  readonly records: number;
}

const RANK = { 'delete-topic': 0, 'delete-made-topic': 0, 'create-topic': 1, 'alter-topic': 2, produce: 3 } as const;

/** Reads the plan once. @throws DataError `holdfast.recovery.plan-unfit` */
export async function shapeOf(plan: Plan, topic: string, signal?: AbortSignal): Promise<PlanShape> {
  let remove: PlanShape['remove'];
  let create: CreateTopic | undefined;
  const alter: Step<'alter-topic'>[] = [];
  let records = 0;
  let index = 0;
  let rank = 0;
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      index++;
      if (step.do === 'request') throw unfit(plan, index, 'it is a request to a registry, and the target is a topic');
      if (step.topic !== topic) throw unfit(plan, index, `it is for the topic ${step.topic} instead of ${topic}`);
      const next = RANK[step.do];
      if (next < rank || isSecond(step, remove, create)) {
        throw unfit(plan, index, `a ${step.do} can't come there`);
      }
      rank = next;
      if (step.do === 'produce') {
        records++;
        if (step.record.key === null && create !== undefined && takesNoKeyless(create.configs)) {
          throw unfit(plan, index, 'it is a record without a key, and no broker takes one into a compacted topic');
        }
      }
      if (step.do === 'create-topic') create = step;
      else if (step.do === 'alter-topic') alter.push(step);
      else if (step.do !== 'produce') remove = step;
    }
  }
  return { remove, create, alter, firstRecord: index - records, records };
}

/** Whether a topic with these settings takes no records without a key. */
export function takesNoKeyless(configs: Readonly<Record<string, string | null>>): boolean {
  return /compact/.test(configs['cleanup.policy'] ?? '');
}

function isSecond(step: PlanStep, remove: PlanShape['remove'], create: CreateTopic | undefined): boolean {
  if (step.do === 'create-topic') return create !== undefined;
  return (step.do === 'delete-topic' || step.do === 'delete-made-topic') && remove !== undefined;
}

function unfit(plan: Plan, index: number, reason: string): DataError {
  return new DataError(`Step ${index} of the plan ${plan.path} can not be run: ${reason}. Nothing was done.`, {
    code: PLAN_UNFIT,
  });
}
