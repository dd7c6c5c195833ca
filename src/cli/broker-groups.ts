/** The groups of a Kafka cluster as the registry client sees them. */
import type { Admin, Broker } from '../broker/ports.ts';
import { silentLogger } from '../foundation/logger.ts';
import type { DescribedGroup, GroupDescriber } from '../registry/group-describer.ts';

export class BrokerGroups implements GroupDescriber {
  private readonly admin: Admin;

  constructor(options: { readonly broker: Broker; readonly settings: Readonly<Record<string, string>> }) {
    const { broker, settings } = options;
    // Silent: whoever needs the broker logs that it is away, and that the primary is then detected in another way is logged once. This
    // look is repeated every second and would log it each time.
    this.admin = broker.admin({ settings, logger: silentLogger });
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
