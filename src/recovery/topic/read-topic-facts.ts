import type { Admin } from '../../broker/ports.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { TOPIC_MISSING } from './topic-errors.ts';

/**
 * What the broker tells of a registry's topic and group now; needs no registry. `endOffset` is where a snapshot of it ends. What only the
 * records show is empty until {@link spoolTopic} has read them. A group that may not be asked for has the state `Unknown`.
 *
 * @throws ConfigError `holdfast.recovery.topic-missing`; what {@link Admin} throws
 */
export async function readTopicFacts(
  { admin, topic, groupId }: { readonly admin: Admin; readonly topic: string; readonly groupId: string },
  signal: AbortSignal,
): Promise<TopicFacts> {
  const details = await admin.inspectTopic(topic, signal);
  if (details === null || details.partitions === 0) throw missing(topic);
  const partitions = Array.from({ length: details.partitions }, (_, partition) => ({ topic, partition }));
  const [cluster, acls, group, begins, ends] = await Promise.all([
    admin.describeCluster(signal),
    admin.topicAcls(topic, signal),
    groupFacts(admin, groupId, signal),
    admin.listOffsets(
      partitions.map((place) => ({ ...place, at: 'earliest' as const })),
      signal,
    ),
    admin.listOffsets(
      partitions.map((place) => ({ ...place, at: 'latest' as const })),
      signal,
    ),
  ]);
  const bounds = partitions.map(({ partition }) => ({
    partition,
    beginOffset: begins[partition] ?? 0,
    endOffset: ends[partition] ?? 0,
  }));
  return {
    clusterId: cluster.clusterId,
    topic,
    topicId: details.id,
    partitions: details.partitions,
    replicationFactor: details.replicationFactor,
    overrides: details.overrides,
    effective: details.effective,
    acls,
    beginOffset: bounds[0]?.beginOffset ?? 0,
    endOffset: bounds[0]?.endOffset ?? 0,
    otherPartitions: bounds.slice(1),
    controlOffsets: [],
    transactionalOffsets: [],
    abortedOffsets: [],
    unreadable: [],
    group,
  };
}

function missing(topic: string): ConfigError {
  return new ConfigError(
    `There is no topic '${topic}' in this cluster. If the registry keeps its schemas elsewhere, name the topic with --topic (kafkastore.topic in ` +
      "Confluent's settings, topic_name in Karapace's). If it is lost, `holdfast schemas restore` makes it anew from a backup.",
    { code: TOPIC_MISSING, details: { topic } },
  );
}

async function groupFacts(admin: Admin, groupId: string, signal: AbortSignal): Promise<TopicFacts['group']> {
  try {
    const [group] = await admin.describeGroups([groupId], signal);
    return { groupId, state: group?.state ?? 'Unknown', members: group?.members.length ?? 0 };
  } catch (error) {
    // Not allowed to ask: a backup is worth more than the state of a group. Who writes asks again, and refuses.
    if (error instanceof ConfigError) return { groupId, state: 'Unknown', members: 0 };
    throw error;
  }
}
