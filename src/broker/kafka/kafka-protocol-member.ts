import type { Logger } from '../../foundation/logger.ts';
import type { GroupProtocol, ProtocolMember } from '../ports.ts';
import type { Cluster } from './cluster.ts';
import { GroupMembership } from './group-membership.ts';
import type { GroupSettings } from './kafka-settings.ts';

/** The ProtocolMember port over a real cluster. */
export class KafkaProtocolMember implements ProtocolMember {
  private readonly cluster: Cluster;
  private readonly membership: GroupMembership;
  private readonly onClose: () => void;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: GroupSettings;
    readonly logger: Logger;
    readonly groupId: string;
    readonly protocol: GroupProtocol;
    readonly onClose: () => void;
  }) {
    const { onClose, ...membership } = dependencies;
    this.cluster = dependencies.cluster;
    this.onClose = onClose;
    this.membership = new GroupMembership(membership);
  }

  start(): void {
    this.membership.start();
  }

  get confirmedAt(): number | null {
    return this.membership.confirmedAt;
  }

  async close({
    leaves = true,
    signal,
  }: {
    readonly leaves?: boolean;
    readonly signal?: AbortSignal;
  } = {}): Promise<void> {
    this.cluster.availability.close();
    await this.membership.close(signal, { leaves });
    this.cluster.close();
    this.onClose();
  }
}
