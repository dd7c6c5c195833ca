/** The groups of a Kafka cluster as the registry client sees them. */
import type { Admin, Broker } from '../broker/ports.ts';
import type { Logger } from '../foundation/logger.ts';
import type { DescribedGroup, GroupDescriber } from '../registry/group-describer.ts';

export class BrokerGroups implements GroupDescriber {
  private readonly admin: Admin;

  constructor(options: {
    readonly broker: Broker;
    readonly settings: Readonly<Record<string, string>>;
    readonly logger: Logger;
  }) {
    const { broker, settings, logger } = options;
    // That the broker is away is told by those who need it; here it only means another way of detection.
    this.admin = broker.admin({ settings, logger, onAvailability: () => {} });
  }

  async describe(groupId: string, signal: AbortSignal): Promise<DescribedGroup> {
    const [group] = await this.admin.describeGroups([groupId], signal);
    if (group === undefined) throw new Error(`The broker did not describe group ${groupId}.`);
    return group;
  }

  async clusterId(signal: AbortSignal): Promise<string | null> {
    return (await this.admin.describeCluster(signal)).clusterId;
  }

  close(): Promise<void> {
    return this.admin.close();
  }
}
