import type { TopicPartition } from '../ports.ts';

/*
 * Kafka's ConsumerProtocol, version 0: what members of a group of protocol type "consumer" tell each other. Version int16; topics
 * as an array (count int32) of strings (length int16); in an assignment each with its partitions (count int32, then int32);
 * user data as bytes (length int32, -1 for null).
 */

/** A member's subscription, as `describeGroups` shows it. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  return Buffer.concat([int16(0), int32(topics.length), ...topics.map(string), int32(-1)]);
}

/** A member's assignment, as `describeGroups` shows it. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = byTopic.get(topic);
    if (known === undefined) byTopic.set(topic, [partition]);
    else known.push(partition);
  }
  const topics = [...byTopic].flatMap(([topic, numbers]) => [
    string(topic),
    int32(numbers.length),
    ...numbers.map(int32),
  ]);
  return Buffer.concat([int16(0), int32(byTopic.size), ...topics, int32(-1)]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([int16(bytes.length), bytes]);
}
