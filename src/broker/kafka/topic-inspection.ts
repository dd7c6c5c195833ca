/** What the Admin port tells of one topic so that it can be made anew, over a real cluster. */
import { ConfigError } from '../../sdk/errors/index.ts';
import { TOPIC_INVALID } from '../broker-errors.ts';
import type { TopicAcl, TopicDetails } from '../topic-details.ts';
import { absent, topicFailure } from './admin-failures.ts';
import type { Cluster } from './cluster.ts';
import { errorForCode, UNSUPPORTED_VERSION } from './kafka-errors.ts';
import { createAcls, describeAcls, isAclOperation } from './protocol/acl-admin.ts';
import { ErrorCode } from './protocol/error-code.ts';
import { metadata } from './protocol/metadata.ts';
import { describeConfigs, SET_FOR_TOPIC } from './protocol/topic-admin.ts';
import { type IdentifiedTopic, topicMetadata } from './protocol/topic-metadata.ts';

/** See {@link Admin.inspectTopic}. */
export function inspectTopic(cluster: Cluster, name: string, signal?: AbortSignal): Promise<TopicDetails | null> {
  return cluster.retrying(async () => {
    const topic = await identify(cluster, name);
    if (topic === undefined || absent.has(topic.errorCode)) return null;
    if (topic.errorCode !== ErrorCode.NONE) throw errorForCode(topic.errorCode, `describe topic '${name}'`);
    const [described] = await cluster.request('any', describeConfigs, { topics: [name] });
    // Deleted between the two questions.
    if (described === undefined || absent.has(described.errorCode)) return null;
    if (described.errorCode !== ErrorCode.NONE) {
      throw topicFailure(described.errorCode, `describe the settings of topic '${name}'`, described.errorMessage);
    }
    const overrides: Record<string, string> = {};
    const effective: Record<string, string> = {};
    for (const { name: key, value, source } of described.configs) {
      if (value === null) continue;
      effective[key] = value;
      if (source === SET_FOR_TOPIC) overrides[key] = value;
    }
    const { id, partitions } = topic;
    const replicationFactor = Math.max(0, ...partitions.map(({ replicas }) => replicas));
    return { name, id, partitions: partitions.length, replicationFactor, overrides, effective };
  }, signal);
}

/** See {@link Admin.topicAcls}. */
export async function topicAcls(
  cluster: Cluster,
  topic: string,
  signal?: AbortSignal,
): Promise<readonly TopicAcl[] | null> {
  try {
    return await cluster.retrying(async () => {
      const { errorCode, errorMessage, acls } = await cluster.request('any', describeAcls, { topic });
      if (notTold.has(errorCode)) return null;
      if (errorCode !== ErrorCode.NONE)
        throw errorForCode(errorCode, `tell the ACLs of topic '${topic}'`, errorMessage);
      return acls;
    }, signal);
  } catch (error) {
    if (isUnsupported(error)) return null;
    throw error;
  }
}

/** See {@link Admin.createTopicAcls}. */
export async function createTopicAcls(
  cluster: Cluster,
  acls: readonly TopicAcl[],
  signal?: AbortSignal,
): Promise<void> {
  if (acls.length === 0) return;
  const odd = acls.find(({ operation }) => !isAclOperation(operation));
  if (odd !== undefined) {
    throw new ConfigError(
      `The ACL of ${odd.principal} on topic '${odd.resource}' is for the operation ${odd.operation}, which is not known here. ` +
        'Create it with kafka-acls.sh, and leave it out.',
      { code: TOPIC_INVALID },
    );
  }
  await cluster.retrying(async () => {
    const outcomes = await cluster.request('any', createAcls, { acls });
    for (const [n, { errorCode, errorMessage }] of outcomes.entries()) {
      if (errorCode === ErrorCode.NONE) continue;
      const what = `create the ACL of ${acls[n]?.principal} on topic '${acls[n]?.resource}'`;
      throw errorForCode(errorCode, what, errorMessage);
    }
  }, signal);
}

const notTold = new Set<number>([ErrorCode.SECURITY_DISABLED, ErrorCode.CLUSTER_AUTHORIZATION_FAILED]);

async function identify(cluster: Cluster, name: string): Promise<IdentifiedTopic | undefined> {
  try {
    const [topic] = await cluster.request('any', topicMetadata, { topics: [name] });
    return topic;
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
  const { topics } = await cluster.request('any', metadata, { topics: [name], allowAutoCreation: false });
  return topics.map((topic) => ({ ...topic, id: null }))[0];
}

function isUnsupported(error: unknown): boolean {
  return error instanceof ConfigError && error.code === UNSUPPORTED_VERSION;
}
