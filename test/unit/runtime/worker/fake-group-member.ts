import type {
  Broker,
  GroupMember,
  GroupMemberOptions,
  TopicPartition,
  TopicPartitionOffset,
} from '../../../../src/broker/ports.ts';

/** A member whose group is the test. */
export class FakeGroupMember implements GroupMember {
  readonly options: GroupMemberOptions;
  readonly commits: (readonly TopicPartitionOffset[])[] = [];
  isStarted = false;
  closes = 0;
  onCommit: (offsets: readonly TopicPartitionOffset[], signal: AbortSignal | undefined) => Promise<void> =
    async () => {};
  onCommitted: (partitions: readonly TopicPartition[], signal?: AbortSignal) => Promise<readonly (number | null)[]> =
    async (partitions) => partitions.map(() => null);
  onClose: (signal?: AbortSignal) => Promise<void> = async () => {};

  constructor(options: GroupMemberOptions) {
    this.options = options;
  }

  get listener(): GroupMemberOptions['listener'] {
    return this.options.listener;
  }

  start(): void {
    this.isStarted = true;
  }

  async commit(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    await this.onCommit(offsets, signal);
    this.commits.push(offsets);
  }

  committed(partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly (number | null)[]> {
    return this.onCommitted(partitions, signal);
  }

  async close(signal?: AbortSignal): Promise<void> {
    this.closes++;
    await this.onClose(signal);
  }
}

/** A broker that makes nothing but group members. */
export function groupBroker(): { readonly broker: Broker; readonly members: FakeGroupMember[] } {
  const members: FakeGroupMember[] = [];
  const broker = {
    kind: 'embedded',
    groupMember(options: GroupMemberOptions): GroupMember {
      const member = new FakeGroupMember(options);
      members.push(member);
      return member;
    },
  } as unknown as Broker;
  return { broker, members };
}

/** Ends only with its signal, as a coordinator that is away. */
export function never(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal?.reason);
    if (signal?.aborted === true) fail();
    signal?.addEventListener('abort', fail, { once: true });
  });
}
