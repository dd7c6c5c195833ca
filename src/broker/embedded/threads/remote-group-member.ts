/** A group member whose group lives in another thread. */
import type { GroupMember, GroupMemberOptions, TopicPartition, TopicPartitionOffset } from '../../ports.ts';
import type { AskOwner } from './remote-topics.ts';

export class RemoteGroupMember implements GroupMember {
  private readonly ask: AskOwner;
  private readonly member: number;
  private readonly onClose: (member: RemoteGroupMember) => void;
  /** Rejects with what is wrong with its settings; every call says so. */
  private readonly opened: Promise<unknown>;

  constructor(input: {
    readonly options: GroupMemberOptions;
    readonly member: number;
    readonly ask: AskOwner;
    readonly onClose: (member: RemoteGroupMember) => void;
  }) {
    const { options, member } = input;
    this.ask = input.ask;
    this.member = member;
    this.onClose = input.onClose;
    const { groupId, settings, subscription } = options;
    this.opened = this.ask({ type: 'group.open', member, groupId, settings, subscription });
    this.opened.catch((error) => options.listener.onFailed(error as Error));
  }

  start(): void {
    void this.call('start', []).catch(() => {});
  }

  async commit(offsets: readonly TopicPartitionOffset[], signal?: AbortSignal): Promise<void> {
    await this.call('commit', [offsets], signal);
  }

  async committed(partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<readonly (number | null)[]> {
    return (await this.call('committed', [partitions], signal)) as readonly (number | null)[];
  }

  async close(signal?: AbortSignal): Promise<void> {
    try {
      await this.call('close', [], signal);
    } finally {
      this.onClose(this);
    }
  }

  private async call(
    method: 'start' | 'commit' | 'committed' | 'close',
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> {
    await this.opened;
    return this.ask({ type: 'group', member: this.member, method, args }, signal);
  }
}
