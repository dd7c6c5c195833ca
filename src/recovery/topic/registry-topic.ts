import { isDeepStrictEqual } from 'node:util';
import type { Admin, NewTopic } from '../../broker/ports.ts';
import type { TopicDetails } from '../../broker/topic-details.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError, EnvironmentError, NotFoundError } from '../../sdk/errors/index.ts';
import type { TopicAcl } from '../snapshot/topic-facts.ts';
import { TOPIC_CHANGED, TOPIC_EXISTS } from './topic-errors.ts';

interface Topics {
  readonly admin: Admin;
  readonly clock: Clock;
}

export interface NewRegistryTopic {
  readonly topic: string;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  /** `cleanup.policy` is compact unless they say otherwise. */
  readonly configs: Readonly<Record<string, string>>;
  /** See {@link aclsFor}. */
  readonly acls: readonly TopicAcl[];
}

export interface CreatedTopic {
  /** null: the broker does not tell. */
  readonly topicId: string | null;
  /** Why ACLs were not created, though there are some to create; the topic is there all the same. */
  readonly aclsRefused: string | null;
}

const LOOK_AGAIN_MS = 200;
/** Brokers hear of a deletion one after the other, and any of them may be asked. */
const TIMES_GONE = 3;
/** A deletion goes on in the background, and the name is free only then. */
const DELETION_MS = 60_000;

/**
 * Creates the topic of a registry with its one partition, then its ACLs, and resolves once it can be read and written. A topic of that name
 * that is being deleted is waited for, a minute at most. One that was not there just before, is empty and as asked for counts as made by this
 * call, whose answer was lost.
 *
 * @throws ConfigError `holdfast.recovery.topic-exists`, or what {@link Admin.createTopics} says of the settings
 */
export async function createRegistryTopic(
  { admin, clock }: Topics,
  { topic, replicationFactor, configs, acls }: NewRegistryTopic,
  signal: AbortSignal,
): Promise<CreatedTopic> {
  const spec = { name: topic, partitions: 1, replicationFactor, configs: { 'cleanup.policy': 'compact', ...configs } };
  const giveUpAt = clock.monotonic() + DELETION_MS;
  for (let before = await admin.inspectTopic(topic, signal); ; ) {
    const [outcome] = await admin.createTopics([spec], signal);
    if (outcome === 'created') break;
    // Being deleted, it takes no new one of its name, and is not to be seen any more.
    const found = await admin.inspectTopic(topic, signal);
    if (before === null && found !== null && (await isAsMade(found, spec, admin, signal))) break;
    if (found !== null || clock.monotonic() > giveUpAt) {
      throw new ConfigError(
        `Topic '${topic}' exists already, and is not written over. Choose another name, or delete it if nobody needs it.`,
        { code: TOPIC_EXISTS, details: { topic } },
      );
    }
    before = found;
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
  const topicId = await whenReady({ admin, clock }, topic, signal);
  return { topicId, aclsRefused: await createAcls(admin, acls, signal) };
}

/**
 * Deletes the topic and resolves once no broker tells of it any more. One that is gone already is no failure, so that a killed run goes on.
 *
 * @throws EnvironmentError `holdfast.recovery.topic-changed` if there is another topic of that name by now than the one meant
 */
export async function deleteRegistryTopic(
  { admin, clock }: Topics,
  { topic, topicId }: { readonly topic: string; readonly topicId: string | null },
  signal: AbortSignal,
): Promise<void> {
  const known = await admin.inspectTopic(topic, signal);
  if (known !== null && topicId !== null && known.id !== topicId) {
    // Invariant 10: only what was backed up is deleted.
    throw new EnvironmentError(
      `Topic '${topic}' is another one than that which was to be deleted: it was made anew since. It was left alone.`,
      { code: TOPIC_CHANGED, details: { topic } },
    );
  }
  if (known !== null) {
    await admin.deleteTopics([topic], signal).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
    });
  }
  for (let gone = 0; gone < TIMES_GONE; ) {
    const seen = await admin.inspectTopic(topic, signal);
    if (seen !== null && known !== null && seen.id !== known.id) return;
    gone = seen === null ? gone + 1 : 0;
    if (gone < TIMES_GONE) await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

/**
 * The ACLs to create so that for the topic `to` holds what held for `from`: literal ones under the new name, and prefixed ones as literal
 * where they do not cover it. Those that hold anyway, as prefixed ones and those of `*` outlive a topic, are not among them.
 */
export function aclsFor(acls: readonly TopicAcl[], from: string, to: string): readonly TopicAcl[] {
  return acls.flatMap((acl): TopicAcl[] => {
    const isLiteral = acl.pattern === 'LITERAL' && acl.resource === from;
    const isUncovered = acl.pattern === 'PREFIXED' && from.startsWith(acl.resource) && !to.startsWith(acl.resource);
    return isLiteral || isUncovered ? [{ ...acl, pattern: 'LITERAL', resource: to }] : [];
  });
}

/** Whether it is what a creation leaves that was carried out, but repeated by the client because its answer was lost. */
async function isAsMade(found: TopicDetails, spec: NewTopic, admin: Admin, signal: AbortSignal): Promise<boolean> {
  const { name: topic, partitions, replicationFactor, configs } = spec;
  if (found.partitions !== partitions || !isDeepStrictEqual({ ...found.overrides }, { ...configs })) return false;
  if (replicationFactor !== -1 && found.replicationFactor !== replicationFactor) return false;
  const ends = await admin.listOffsets([{ topic, partition: 0, at: 'latest' }], signal).catch((error: unknown) => {
    // Brokers hear of a new topic one after the other: nothing was written to one that they do not know yet.
    if (error instanceof NotFoundError) return [0];
    throw error;
  });
  return ends[0] === 0;
}

async function whenReady({ admin, clock }: Topics, topic: string, signal: AbortSignal): Promise<string | null> {
  for (;;) {
    const details = await admin.inspectTopic(topic, signal);
    if (details !== null && details.partitions > 0) {
      try {
        await admin.listOffsets([{ topic, partition: 0, at: 'latest' }], signal);
        return details.id;
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    }
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

async function createAcls(admin: Admin, acls: readonly TopicAcl[], signal: AbortSignal): Promise<string | null> {
  if (acls.length === 0) return null;
  try {
    await admin.createTopicAcls(acls, signal);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
