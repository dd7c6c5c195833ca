import { byTopic } from './kafka/protocol/by-topic.ts';
import { WireReader, WireWriter } from './kafka/protocol/wire.ts';
import type { TopicPartition } from './ports.ts';

/*
 * What the members of a consumer group tell each other, in the format of Kafka's ConsumerProtocol. Version 0 of both messages is written;
 * of later ones, as Java's consumers write them, the fields that were added at the end are passed over.
 */

const VERSION = 0;

/** The topics a member wants. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  const writer = new WireWriter();
  writer.int16(VERSION).array(topics, (topic) => writer.string(topic));
  return writer.nullableBytes(null).done();
}

/** Throws RangeError for bytes that are no subscription. */
export function decodeSubscription(bytes: Buffer): readonly string[] {
  const reader = new WireReader(bytes);
  reader.int16();
  return reader.array(() => reader.string());
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const writer = new WireWriter();
  writer.int16(VERSION);
  writer.array(
    byTopic(partitions, ({ partition }) => partition),
    (topic) => writer.string(topic.topic).array(topic.partitions, (partition) => writer.int32(partition)),
  );
  return writer.nullableBytes(null).done();
}

/** An empty message means no partitions. Throws RangeError for bytes that are no assignment. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new WireReader(bytes);
  reader.int16();
  const partitions: TopicPartition[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => partitions.push({ topic, partition: reader.int32() }));
  });
  return partitions;
}
