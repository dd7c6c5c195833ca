import { describe, expect, it } from 'vitest';
import type { Broker, ClientOptions } from '../../../src/broker/ports.ts';
import { TopicSchemasLog } from '../../../src/embedded-registry/topic-schemas-log.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';

/** Says how long the producer of a log holds on to its records. */
async function deliveryTimeout(options: { readonly writeWithinMs?: number }): Promise<string | undefined> {
  let producer: ClientOptions | undefined;
  const broker = {
    admin: () => ({ createTopics: async () => ['created'] }),
    producer: (asked: ClientOptions) => {
      producer = asked;
      return {};
    },
  } as unknown as Broker;
  await TopicSchemasLog.open({ broker, topic: '_schemas', logger: silentLogger, ...options });
  return producer?.settings['delivery.timeout.ms'];
}

describe('the topic of schemas', () => {
  it('gives a record up that the broker does not take in time, when it is told a time', async () => {
    expect(await deliveryTimeout({ writeWithinMs: 5_000 })).toBe('5000');
    expect(await deliveryTimeout({})).toBeUndefined();
  });
});
