/** What a plan will do, for a person before saying yes and for `--json`. */
import { counted } from '../../foundation/counted.ts';
import { describeRecord } from './describe-record.ts';
import type { Plan } from './open-plan.ts';
import { partitionsInWords } from './partitions-in-words.ts';
import type { PlannedChange, PlannedId, PlanStep } from './plan.ts';

/** Examples of one sign; the others are only counted. */
const EXAMPLES = 20;

export interface PlanDescription {
  readonly id: string;
  readonly title: string;
  readonly created: string;
  readonly source: string;
  readonly target: string;
  readonly summary: readonly string[];
  /** As in the plan's header. */
  readonly changedIds: readonly PlannedId[];
  /** As in the plan's header. */
  readonly lostIds: readonly PlannedId[];
  /** As in the plan's header; empty: it brings everything back. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly steps: number;
  /** Topics that are made, altered or deleted, in words and in order. */
  readonly topics: readonly string[];
  /** It deletes the topic and makes none anew: a registry that starts then begins with an empty one, and gives out ids from 1. */
  readonly leavesNoTopic: boolean;
  readonly changes: Readonly<Record<PlannedChange, ChangeDescription>>;
}

export interface ChangeDescription {
  readonly total: number;
  /** By what it is of: schema, config, mode, ... */
  readonly kinds: Readonly<Record<string, number>>;
  /** The first ones. */
  readonly examples: readonly string[];
}

/** Reads the plan once; memory does not grow with it. Throws as {@link Plan.read}. */
export async function describePlan(plan: Plan, signal?: AbortSignal): Promise<PlanDescription> {
  const topics: string[] = [];
  let leavesNoTopic = false;
  const changes = { '+': new Changes(), '~': new Changes(), '-': new Changes() };
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      const topic = topicStep(step);
      if (topic !== undefined) topics.push(topic);
      if (step.do === 'delete-topic' || step.do === 'delete-made-topic') leavesNoTopic = true;
      if (step.do === 'create-topic') leavesNoTopic = false;
      if (step.do === 'produce') {
        const { kind, text, gone } = describeRecord(step.record);
        changes[step.change ?? (gone ? '-' : '+')].add(kind, text);
      } else if (step.do === 'request') {
        changes[step.change ?? (step.method === 'DELETE' ? '-' : '+')].add('request', `${step.method} ${step.path}`);
      }
    }
  }
  const { id, title, created, source, target, summary, changedIds = [], lostIds = [], dropped = {} } = plan.header;
  return {
    id,
    title,
    created,
    source,
    target:
      target.kind === 'registry'
        ? `the registry at ${target.nodes.join(', ')}`
        : `the topic ${target.topic}${target.clusterId === null ? '' : ` of the cluster ${target.clusterId}`}`,
    summary,
    changedIds,
    lostIds,
    dropped,
    steps: plan.steps,
    topics,
    leavesNoTopic,
    changes: { '+': changes['+'].end(), '~': changes['~'].end(), '-': changes['-'].end() },
  };
}

const VERBS: Readonly<Record<PlannedChange, string>> = { '+': 'written', '~': 'changed', '-': 'deleted' };

/** As lines of text for a terminal. */
export function printPlan(description: PlanDescription): readonly string[] {
  const { title, source, target, created, summary, topics, changes, steps } = description;
  const lines = [title, `  from ${source}`, `  to ${target}`, `  planned at ${created}; ${counted(steps, 'step')}`];
  for (const line of summary) lines.push(`  ${line}`);
  lines.push('');
  for (const topic of topics) lines.push(`  ${topic}`);
  for (const sign of ['+', '~', '-'] as const) {
    const { total, kinds, examples } = changes[sign];
    if (total === 0) continue;
    const parts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
    lines.push(`  ${sign} ${total} ${VERBS[sign]}: ${parts.join(', ')}`);
    for (const example of examples) lines.push(`    ${sign} ${example}`);
    if (total > examples.length) lines.push(`    ${sign} and ${total - examples.length} more, all in the plan file`);
  }
  if (steps === 0) lines.push('  Nothing is to be done.');
  return lines;
}

class Changes {
  private total = 0;
  private readonly kinds = new Map<string, number>();
  private readonly examples: string[] = [];

  add(kind: string, text: string): void {
    this.total++;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    if (this.examples.length < EXAMPLES) this.examples.push(text);
  }

  end(): ChangeDescription {
    return { total: this.total, kinds: Object.fromEntries(this.kinds), examples: this.examples };
  }
}

function topicStep(step: PlanStep): string | undefined {
  switch (step.do) {
    case 'create-topic': {
      const acls = step.acls.length === 0 ? '' : `, ${counted(step.acls.length, 'ACL')}`;
      return `create the topic ${step.topic}: 1 partition, replication factor ${step.replicationFactor}${settings(step.configs)}${acls}`;
    }
    case 'delete-topic': {
      const { givenUp = [] } = step;
      const words = givenUp.length === 0 ? '' : `; no backup has what is lost with it: ${partitionsInWords(givenUp)}`;
      return `delete the topic ${step.topic}, once the backup ${step.backup} was read again and holds all up to offset ${step.endOffset}${words}`;
    }
    case 'delete-made-topic':
      return `delete the topic ${step.topic}, if it holds nothing but what ${step.plan} wrote`;
    case 'alter-topic':
      return `set for the topic ${step.topic}${settings(step.configs).replace(/^,/, ':')}`;
    default:
      return undefined;
  }
}

function settings(configs: Readonly<Record<string, string | null>>): string {
  return Object.entries(configs)
    .map(([name, value]) => `, ${value === null ? `${name} back to its default` : `${name}=${value}`}`)
    .join('');
}
