import type { TopicPartition } from '../ports.ts';
import { writeInt64 } from '../record-batch/batch-header.ts';

/*
 * Records of Kafka's __consumer_offsets. Key, version 1: version int16, group string, topic string, partition int32 (strings have
 * a length int16 before them). Value, version 3: version int16, offset int64, leader epoch int32 (-1), metadata string, commit
 * time int64.
 */

const KEY_VERSION = 1;
const VALUE_VERSION = 3;

export function encodeOffsetKey(groupId: string, { topic, partition }: TopicPartition): Buffer {
  const group = Buffer.from(groupId, 'utf8');
  const name = Buffer.from(topic, 'utf8');
  const bytes = Buffer.alloc(2 + 2 + group.length + 2 + name.length + 4);
  bytes.writeInt16BE(KEY_VERSION, 0);
  bytes.writeInt16BE(group.length, 2);
  group.copy(bytes, 4);
  bytes.writeInt16BE(name.length, 4 + group.length);
  name.copy(bytes, 6 + group.length);
  bytes.writeInt32BE(partition, 6 + group.length + name.length);
  return bytes;
}

/** Null for a key of another kind, such as Kafka's group metadata. */
export function decodeOffsetKey(bytes: Buffer): (TopicPartition & { readonly groupId: string }) | null {
  if (bytes.length < 10 || bytes.readInt16BE(0) > KEY_VERSION) return null;
  const groupEnd = 4 + bytes.readInt16BE(2);
  const topicEnd = groupEnd + 2 + bytes.readInt16BE(groupEnd);
  return {
    groupId: bytes.toString('utf8', 4, groupEnd),
    topic: bytes.toString('utf8', groupEnd + 2, topicEnd),
    partition: bytes.readInt32BE(topicEnd),
  };
}

export function encodeOffsetValue(offset: number, commitTimestamp: number): Buffer {
  const bytes = Buffer.alloc(2 + 8 + 4 + 2 + 8);
  bytes.writeInt16BE(VALUE_VERSION, 0);
  writeInt64(bytes, offset, 2);
  bytes.writeInt32BE(-1, 10);
  bytes.writeInt16BE(0, 14);
  writeInt64(bytes, commitTimestamp, 16);
  return bytes;
}

export function decodeOffsetValue(bytes: Buffer): number {
  return Number(bytes.readBigInt64BE(2));
}
