/** The owner's side of an embedded log that another thread uses. */

import type { Logger } from '../../../foundation/logger.ts';
import { MessageLink, type MessagePort, Transferred } from '../../../foundation/message-link.ts';
import {
  errorFromWire,
  errorToWire,
  IllegalStateError,
  NotFoundError,
  RetriableError,
} from '../../../sdk/errors/index.ts';
import { GROUP_REBALANCED, TOPIC_UNKNOWN } from '../../broker-errors.ts';
import type { Admin, GroupMember, GroupMemberOptions, TopicPartition } from '../../ports.ts';
import type { AppendResult } from '../group-commit.ts';
import type { PartitionLog, ReadCursor } from '../partition-log.ts';
import type { Topic, TopicStore } from '../topic-store.ts';
import type { WriteAvailability } from '../write-availability.ts';
import type {
  LogBounds,
  MemberNotice,
  MemberRequest,
  OwnerNotice,
  OwnerRequest,
  TopicSnapshot,
} from './log-protocol.ts';

export interface LogOwnerOptions {
  readonly port: MessagePort<object, never>;
  readonly clusterId: string;
  readonly topics: TopicStore;
  readonly availability: WriteAvailability;
  readonly logger: Logger;
  readonly producerIds: { readonly first: number; readonly count: number };
  readonly ensureTopic: (name: string, signal: AbortSignal) => Promise<Topic>;
  readonly admin: () => Admin;
  readonly groupMember: (options: GroupMemberOptions) => GroupMember;
  readonly onClose: () => void;
}

/** Serves one thread until it says goodbye or {@link close} is called, whichever is first. */
export class LogOwner {
  private readonly options: LogOwnerOptions;
  private readonly link: MessageLink<OwnerNotice, MemberRequest, MemberNotice, OwnerRequest>;
  /** What the thread knows of the topics. */
  private readonly told = new Map<string, Topic>();
  /** Where each log was read last: mostly by a sequential reader. */
  private readonly cursors = new WeakMap<PartitionLog, ReadCursor>();
  private readonly members = new Map<number, GroupMember>();
  private readonly stopListening: (() => void)[] = [];
  private admin: Admin | null = null;
  private closed: Promise<void> | null = null;

  constructor(options: LogOwnerOptions) {
    this.options = options;
    this.link = new MessageLink<OwnerNotice, MemberRequest, MemberNotice, OwnerRequest>({
      port: options.port,
      errors: { toWire: errorToWire, fromWire: errorFromWire },
      ended: () => new IllegalStateError('The embedded broker, or the thread that uses it, has ended.'),
      onNotice: () => void this.close(),
      onRequest: (body, signal) => this.serve(body, signal),
    });
  }

  /** Takes its members out of their groups. What it has appended stays, and becomes durable. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    for (const stop of this.stopListening.splice(0)) stop();
    this.link.close();
    await Promise.all([...this.members.values()].map((member) => member.close()));
    await this.admin?.close();
    this.options.onClose();
  }

  private async serve(body: OwnerRequest, signal: AbortSignal): Promise<unknown> {
    switch (body.type) {
      case 'hello':
        return this.welcome();
      case 'topic.ensure': {
        const topic = await this.options.ensureTopic(body.name, signal);
        this.told.set(topic.name, topic);
        return snapshotOf(topic);
      }
      case 'log.append':
        return this.append(this.logOf(body), Buffer.from(body.batch), signal);
      case 'log.bounds':
        return boundsOf(this.logOf(body));
      case 'log.watch':
        return this.watch(this.logOf(body), body.endOffset, signal);
      case 'log.read':
        return this.read(this.logOf(body), body.offset, body.maxBytes);
      case 'admin':
        return this.administer(body.method, body.args, signal);
      case 'group.open':
        return this.openMember(body);
      case 'group':
        return this.callMember(body, signal);
    }
  }

  private welcome(): unknown {
    const { topics, availability, producerIds, clusterId } = this.options;
    for (const topic of topics.all()) this.told.set(topic.name, topic);
    this.stopListening.push(
      topics.onChange(() => this.tellTopics()),
      availability.subscribe((state) => this.link.post({ type: 'availability', availability: state })),
    );
    return {
      clusterId,
      firstProducerId: producerIds.first,
      producerIds: producerIds.count,
      topics: topics.all().map(snapshotOf),
      availability: availability.state,
    };
  }

  private tellTopics(): void {
    const { topics } = this.options;
    for (const name of [...this.told.keys()]) {
      if (topics.get(name) !== undefined) continue;
      this.told.delete(name);
      this.link.post({ type: 'topic.gone', name });
    }
    for (const topic of topics.all()) {
      if (this.told.get(topic.name) === topic) continue;
      this.told.set(topic.name, topic);
      this.link.post({ type: 'topic', topic: snapshotOf(topic) });
    }
  }

  private async append(log: PartitionLog, batch: Buffer, signal: AbortSignal): Promise<AppendResult> {
    const pending = log.append(batch);
    const cancelled = new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          // A thread that has ended takes nothing back: its records are as good as any that were sent before a crash.
          if (!this.isClosed) pending.withdraw();
          reject(signal.reason);
        },
        { once: true },
      );
    });
    return Promise.race([pending.done, cancelled]);
  }

  private get isClosed(): boolean {
    return this.closed !== null;
  }

  private async watch(log: PartitionLog, endOffset: number, signal: AbortSignal): Promise<LogBounds> {
    let stop: () => void = () => {};
    let onAbort: () => void = () => {};
    try {
      while (log.endOffset === endOffset && !log.deleted) {
        await new Promise<void>((wake, reject) => {
          stop = log.onChange(wake);
          onAbort = () => reject(signal.reason);
          if (signal.aborted) onAbort();
          signal.addEventListener('abort', onAbort, { once: true });
        });
        stop();
        signal.removeEventListener('abort', onAbort);
      }
      return boundsOf(log);
    } finally {
      stop();
      signal.removeEventListener('abort', onAbort);
    }
  }

  private async read(log: PartitionLog, offset: number, maxBytes: number): Promise<unknown> {
    const isOutside = offset < log.startOffset || offset > log.endOffset;
    const chunk = isOutside ? null : await log.read(offset, maxBytes, this.cursors.get(log) ?? null);
    if (chunk === null) return { ...boundsOf(log), bytes: null, nextOffset: offset };
    this.cursors.set(log, chunk.next);
    const { bytes, next } = chunk;
    return new Transferred({ ...boundsOf(log), bytes: viewOf(bytes), nextOffset: next.offset }, [
      bytes.buffer as ArrayBuffer,
    ]);
  }

  private async administer(method: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    this.admin ??= this.options.admin();
    const call = (this.admin as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method];
    if (call === undefined) throw new IllegalStateError(`An admin client has no method ${method}.`);
    return call.apply(this.admin, [...args, signal]);
  }

  private openMember({
    member,
    groupId,
    settings,
    subscription,
  }: OwnerRequest & { readonly type: 'group.open' }): void {
    const event = async (
      name: MemberRequest['event'],
      partitions: readonly TopicPartition[],
      error?: Error,
    ): Promise<void> => {
      const failure = error === undefined ? {} : { error: errorToWire(error) };
      // A thread that has ended holds nothing that it could let go of.
      await this.link.request({ type: 'group.event', member, event: name, partitions, ...failure }).catch((reason) => {
        if (!this.isClosed) throw reason;
      });
    };
    this.members.set(
      member,
      this.options.groupMember({
        groupId,
        settings,
        subscription,
        logger: this.options.logger,
        listener: {
          onAssigned: (partitions) => event('onAssigned', partitions),
          onRevoked: (partitions) => event('onRevoked', partitions),
          onLost: (partitions) => event('onLost', partitions),
          onFailed: (error) => void event('onFailed', [], error).catch(() => {}),
        },
      }),
    );
  }

  private async callMember(body: OwnerRequest & { readonly type: 'group' }, signal: AbortSignal): Promise<unknown> {
    const member = this.members.get(body.member);
    if (member === undefined) {
      throw new RetriableError('The member has left its group.', { code: GROUP_REBALANCED });
    }
    const [first] = body.args as readonly never[];
    switch (body.method) {
      case 'start':
        return member.start();
      case 'commit':
        return member.commit(first as never, signal);
      case 'committed':
        return member.committed(first as never, signal);
      case 'close':
        await member.close(signal);
        this.members.delete(body.member);
        return undefined;
    }
  }

  private logOf({ topic, topicId, partition }: { topic: string; topicId: string; partition: number }): PartitionLog {
    const known = this.options.topics.get(topic);
    const log = known?.id === topicId ? known.logs[partition] : undefined;
    if (log !== undefined) return log;
    throw new NotFoundError(
      `Partition ${partition} of topic '${topic}' does not exist in the embedded broker any more.`,
      {
        code: TOPIC_UNKNOWN,
      },
    );
  }
}

function snapshotOf({ name, id, internal, config, logs }: Topic): TopicSnapshot {
  return { name, id, internal, config, partitions: logs.length };
}

function boundsOf({ startOffset, endOffset, deleted }: PartitionLog): LogBounds {
  return { startOffset, endOffset, deleted };
}

/** A Buffer would arrive as one too, but by way of its prototype's fields. */
function viewOf(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
