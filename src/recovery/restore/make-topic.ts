/** Makes a plan's topic, also where somebody makes another one of its name at this very time. */
import type { Admin } from '../../broker/ports.ts';
import type { TopicDetails } from '../../broker/topic-details.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { createRegistryTopic, deleteRegistryTopic } from '../topic/registry-topic.ts';
import { TOPIC_EXISTS } from '../topic/topic-errors.ts';
import type { CreateTopic } from './plan-topic.ts';
import { TARGET_CHANGED } from './restore-errors.ts';

interface Topics {
  readonly admin: Admin;
  readonly clock: Clock;
}

const ATTEMPTS = 5;

/**
 * With one partition, the settings and ACLs of the step. One that is there gets what it lacks; if it holds nothing and has another shape, as
 * one that a consumer or a producer made by looking for it (auto.create.topics.enable), it is made anew. Resolves when it can be written to.
 *
 * @returns what is otherwise than the step says, and why
 * @throws ConfigError `holdfast.recovery.target-changed` for one of another shape that holds something, or that comes back again and again
 */
export async function makeTopic(topics: Topics, step: CreateTopic, signal: AbortSignal): Promise<readonly string[]> {
  const { admin } = topics;
  const notes: string[] = [];
  const wanted = clipped(step, (await admin.describeCluster(signal)).brokers, notes);
  for (let attempt = 1; ; attempt++) {
    const found = await admin.inspectTopic(step.topic, signal);
    if (found === null) {
      const made = await createRegistryTopic(topics, wanted, signal).catch((error: unknown) => {
        // Somebody was quicker.
        if (error instanceof ConfigError && error.code === TOPIC_EXISTS && attempt < ATTEMPTS) return undefined;
        throw error;
      });
      if (made === undefined) continue;
      return made.aclsRefused === null ? notes : [...notes, `ACLs were not made: ${made.aclsRefused}`];
    }
    const odd = oddShape(found, wanted);
    if (odd === undefined) return [...notes, ...(await complete(admin, found, wanted, signal))];
    const isEmpty = await holdsNothing(admin, found, step.topic, signal);
    if (!isEmpty && found.partitions === 1) {
      return [...notes, `the topic has ${odd}`, ...(await complete(admin, found, wanted, signal))];
    }
    if (!isEmpty || attempt === ATTEMPTS) {
      const who = isEmpty ? ', and came back whenever it was deleted' : ' and holds records';
      throw new ConfigError(
        `The topic ${step.topic} has ${odd}${who}. With auto.create.topics.enable=true any client that looks for it makes it: stop them. If nothing ` +
          'in it is needed, delete it, and run the plan again: it goes on where it was.',
        { code: TARGET_CHANGED },
      );
    }
    notes.push(`somebody made the topic meanwhile, with ${odd}: it was empty, and was made anew`);
    await deleteRegistryTopic(topics, { topic: step.topic, topicId: found.id }, signal);
  }
}

function oddShape({ partitions, replicationFactor }: TopicDetails, wanted: CreateTopic): string | undefined {
  if (partitions !== 1) return `${partitions} partitions instead of 1`;
  if (replicationFactor >= wanted.replicationFactor) return undefined;
  return `a replication factor of ${replicationFactor} instead of ${wanted.replicationFactor}`;
}

async function holdsNothing(
  admin: Admin,
  { partitions }: TopicDetails,
  topic: string,
  signal: AbortSignal,
): Promise<boolean> {
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, at: 'latest' as const }));
  return (await admin.listOffsets(places, signal)).every((end) => end === 0);
}

/** The cluster may have fewer brokers than when the plan was made. */
function clipped(step: CreateTopic, brokers: number, notes: string[]): CreateTopic {
  const { replicationFactor, configs } = step;
  if (brokers < 1 || replicationFactor <= brokers) return step;
  notes.push(`replication factor ${brokers} instead of ${replicationFactor}, as the cluster has ${brokers} brokers`);
  const least = configs['min.insync.replicas'];
  if (least === undefined || Number(least) <= brokers) return { ...step, replicationFactor: brokers };
  notes.push(`min.insync.replicas=${brokers} instead of ${least}, or nothing could be written`);
  return { ...step, replicationFactor: brokers, configs: { ...configs, 'min.insync.replicas': String(brokers) } };
}

async function complete(
  admin: Admin,
  { overrides }: TopicDetails,
  { topic, configs, acls }: CreateTopic,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const wanted = { 'cleanup.policy': 'compact', ...configs };
  const lacking = Object.entries(wanted).filter(([name, value]) => overrides[name] !== value);
  if (lacking.length > 0) await admin.alterTopicConfigs(topic, Object.fromEntries(lacking), signal);
  if (acls.length === 0) return [];
  try {
    await admin.createTopicAcls(acls, signal);
    return [];
  } catch (error) {
    // The records are what matters: an ACL can be made by hand.
    if (error instanceof ConfigError) return [`ACLs were not made: ${error.message}`];
    throw error;
  }
}
