/** Creates the topics that records are sent to, by the rules of `topic.creation.*`. Kafka Connect 4.1.1, KIP-158. */
import type { Admin, NewTopic } from '../../broker/ports.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { topicPattern } from '../config/topic-pattern.ts';
import { failureKind } from '../errors/failure-kind.ts';
import type { TopicCreationGroup } from '../host/protocol.ts';

export const TOPIC_CREATION_FAILED = defineErrorCode('holdfast.task.topic-creation-failed', {
  what: 'A source task could not create a topic that its records go to.',
  mend: 'Authorize the task to create topics, correct the topic.creation settings that the message names, or create the topic and restart the task.',
});

interface CompiledGroup extends TopicCreationGroup {
  readonly includes: readonly RegExp[];
  readonly excludes: readonly RegExp[];
}

export class TopicCreation {
  private readonly groups: readonly CompiledGroup[];
  private readonly admin: Admin;
  private readonly logger: Logger;
  private readonly checked = new Set<string>();

  constructor(options: {
    readonly groups: readonly TopicCreationGroup[];
    readonly admin: Admin;
    readonly logger: Logger;
  }) {
    this.groups = options.groups.map((group) => ({
      ...group,
      includes: group.include.map(topicPattern),
      excludes: group.exclude.map(topicPattern),
    }));
    this.admin = options.admin;
    this.logger = options.logger;
  }

  /** Leaves a topic that exists as it is. Throws EnvironmentError while the broker is away. */
  async ensure(topic: string, signal: AbortSignal): Promise<void> {
    if (this.checked.has(topic)) return;
    const existing = await this.admin.describeTopics([topic], signal);
    const group = this.groupOf(topic);
    if (existing.length === 0 && group !== undefined) {
      const created = newTopic(topic, group);
      try {
        const [outcome] = await this.admin.createTopics([created], signal);
        this.logger.info(outcome === 'created' ? 'A topic was created.' : 'A topic was created by somebody else.', {
          topic,
          group: group.name,
        });
      } catch (error) {
        if (signal.aborted || failureKind(error) === 'environment') throw error;
        throw new ConnectError(
          `Task failed to create new topic ${describe(created)}. Ensure that the task is authorized to create topics or that the topic exists and restart the task`,
          { code: TOPIC_CREATION_FAILED, cause: error },
        );
      }
    }
    this.checked.add(topic);
  }

  /** Groups in their order; `exclude` wins over `include`. */
  private groupOf(topic: string): TopicCreationGroup | undefined {
    return this.groups.find(
      ({ includes, excludes }) =>
        !excludes.some((pattern) => pattern.test(topic)) && includes.some((pattern) => pattern.test(topic)),
    );
  }
}

function newTopic(name: string, { partitions, replicationFactor, configs }: TopicCreationGroup): NewTopic {
  return { name, partitions, replicationFactor, configs };
}

function describe({ name, partitions, replicationFactor, configs }: NewTopic): string {
  const settings = Object.entries(configs ?? {}).map(([key, value]) => `${key}=${value}`);
  return `(name=${name}, numPartitions=${count(partitions)}, replicationFactor=${count(replicationFactor)}, replicasAssignments=null, configs={${settings.join(', ')}})`;
}

function count(value: number): string {
  return value === -1 ? 'default' : String(value);
}
