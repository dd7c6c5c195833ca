import { describe, expect, it } from 'vitest';
import type { Admin, Broker, TopicDescription } from '../../../src/broker/ports.ts';
import { TopicSchemasLog } from '../../../src/embedded-registry/topic-schemas-log.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';

const TOPIC = '_schemas';
const ONE: TopicDescription = { name: TOPIC, partitions: [{ partition: 0, leader: 1 }] };

describe('the topic of schemas', () => {
  it('that another node made a moment ago is waited for until the broker knows it', async () => {
    const clock = new ManualClock();
    let descriptions: readonly TopicDescription[] = [];
    const admin = {
      createTopics: async () => ['exists'],
      describeTopics: async () => descriptions,
      describeTopicConfigs: async () => {
        if (descriptions.length === 0) throw new Error('there is no such topic');
        return new Map([[TOPIC, new Map([['cleanup.policy', 'compact']])]]);
      },
      close: async () => {},
    } as unknown as Admin;
    const broker = { admin: () => admin, producer: () => ({ close: async () => {} }) } as unknown as Broker;
    let opened = false;
    const opening = TopicSchemasLog.open({ broker, topic: TOPIC, clock, logger: silentLogger }).then(() => {
      opened = true;
    });
    await clock.advance(1_000);
    expect(opened).toBe(false);
    descriptions = [ONE];
    await clock.advance(1_000);
    await opening;
    expect(opened).toBe(true);
  });
});
