import type { Admin } from '../../broker/ports.ts';
import type { TopicDetails } from '../../broker/topic-details.ts';
import type { Clock } from '../../foundation/clock.ts';

const LOOKS = 8;
const FIRST_WAIT_MS = 50;

/**
 * The topic as it is. If it is not there, or is another one than expected, some six seconds are given to the brokers, which hear of a new
 * topic one after the other, and any of which may be asked.
 */
export async function lookForTopic(
  { admin, clock }: { readonly admin: Pick<Admin, 'inspectTopic'>; readonly clock: Clock },
  /** Without an id any topic of that name will do. */
  expected: { readonly topic: string; readonly topicId?: string | null },
  signal: AbortSignal,
): Promise<TopicDetails | null> {
  const { topic, topicId } = expected;
  let waitMs = FIRST_WAIT_MS;
  for (let look = 1; ; look++) {
    const found = await admin.inspectTopic(topic, signal);
    if (look === LOOKS || (found !== null && (topicId === undefined || found.id === topicId))) return found;
    await clock.sleep(waitMs, signal);
    waitMs *= 2;
  }
}
