/**
 * What the thread that owns the embedded log and the others tell each other. Batches cross it encoded, and their buffers go over: a copy
 * per record or per batch there is none. The owner never sends unasked what grows with the records: a thread that is blocked can't make it
 * fill memory.
 */
import type { Availability, TopicPartition } from '../../ports.ts';
import type { TopicConfig } from '../topic-config.ts';

export interface TopicSnapshot {
  readonly name: string;
  /** Another one if the topic is deleted and created again. */
  readonly id: string;
  readonly internal: boolean;
  readonly config: TopicConfig;
  readonly partitions: number;
}

/** Where a log begins and ends. */
export interface LogBounds {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly deleted: boolean;
}

export interface Welcome {
  readonly clusterId: string;
  /** So many ids from this one on are the asking thread's. */
  readonly firstProducerId: number;
  readonly producerIds: number;
  readonly topics: readonly TopicSnapshot[];
  readonly availability: Availability;
}

interface OfLog {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/** Other thread -> owner. */
export type OwnerRequest =
  /** Answer: {@link Welcome}. Topics and availability are told from then on. */
  | { readonly type: 'hello' }
  /** Answer: {@link TopicSnapshot}; the topic is created if it may be. */
  | { readonly type: 'topic.ensure'; readonly name: string }
  /** One batch. Answer: AppendResult, once it is durable. Cancelled: it is withdrawn, if that isn't too late. */
  | (OfLog & { readonly type: 'log.append'; readonly batch: ArrayBuffer })
  /** Answer: {@link LogBounds}. */
  | (OfLog & { readonly type: 'log.bounds' })
  /** Answer: {@link LogBounds}, as soon as the log ends elsewhere or has gone. */
  | (OfLog & { readonly type: 'log.watch'; readonly endOffset: number })
  /** Answer: {@link LogChunk}. */
  | (OfLog & { readonly type: 'log.read'; readonly offset: number; readonly maxBytes: number })
  /** Answer: what the method of an Admin answers. */
  | { readonly type: 'admin'; readonly method: string; readonly args: readonly unknown[] }
  | {
      readonly type: 'group.open';
      readonly member: number;
      readonly groupId: string;
      readonly settings: Readonly<Record<string, string>>;
      readonly subscription: { readonly topics: readonly string[] } | { readonly pattern: RegExp };
    }
  | {
      readonly type: 'group';
      readonly member: number;
      readonly method: 'start' | 'commit' | 'committed' | 'close';
      readonly args: readonly unknown[];
    };

export interface LogChunk extends LogBounds {
  /** null at the end of the log, or when the offset lies outside of it. */
  readonly bytes: Uint8Array | null;
  readonly nextOffset: number;
}

/** Owner -> other thread. */
export interface MemberRequest {
  readonly type: 'group.event';
  readonly member: number;
  readonly event: 'onAssigned' | 'onRevoked' | 'onLost' | 'onFailed';
  readonly partitions: readonly TopicPartition[];
  /** In its wire form. */
  readonly error?: unknown;
}

/** Owner -> other thread, unasked. */
export type OwnerNotice =
  | { readonly type: 'topic'; readonly topic: TopicSnapshot }
  | { readonly type: 'topic.gone'; readonly name: string }
  | { readonly type: 'availability'; readonly availability: Availability };

/** Other thread -> owner, unasked: it uses no log any more. */
export interface MemberNotice {
  readonly type: 'bye';
}
