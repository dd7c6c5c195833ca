/** The topic that is planned for or written to, at --bootstrap-servers. */
import { BrokerPlanTopic } from '../../recovery/restore/broker-plan-topic.ts';
import type { SchemasSession } from './schemas-session.ts';

/**
 * Closed with the session.
 * @throws UsageError without --bootstrap-servers
 */
export async function openPlanTopic(
  session: SchemasSession,
  {
    topic,
    groupId,
    registryReads,
  }: {
    readonly topic: string;
    readonly groupId: string;
    /** As of a plan's target. */
    readonly registryReads?: string | undefined;
  },
): Promise<BrokerPlanTopic> {
  const { clock, logger, options } = session;
  const planTopic = new BrokerPlanTopic({
    ...{ broker: await session.broker(), client: { settings: {}, logger }, clock, topic, groupId, registryReads },
    otherGroupsOk: options.otherGroupOk,
  });
  session.atEnd(() => planTopic.close());
  return planTopic;
}
