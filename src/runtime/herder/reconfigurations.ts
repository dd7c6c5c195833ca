/** Connectors that asked for new task configurations. */
import type { Logger } from '../../foundation/logger.ts';
import type { DesiredConnector } from './desired-connectors.ts';

export class Reconfigurations {
  private readonly asked = new Set<DesiredConnector>();
  private readonly logger: Logger;
  private readonly inTurn: (name: string, run: () => Promise<void>) => Promise<void>;
  private readonly reconfigure: (entry: DesiredConnector) => Promise<void>;

  constructor(options: {
    readonly logger: Logger;
    /** Runs it when the connector's turn comes. */
    readonly inTurn: (name: string, run: () => Promise<void>) => Promise<void>;
    /** Does nothing for a connector that is gone or does not run. */
    readonly reconfigure: (entry: DesiredConnector) => Promise<void>;
  }) {
    this.logger = options.logger;
    this.inTurn = options.inTurn;
    this.reconfigure = options.reconfigure;
  }

  /** Requests of a connector that come together, or before its turn, are one. */
  soon(entry: DesiredConnector): void {
    if (this.asked.has(entry)) return;
    this.asked.add(entry);
    void this.inTurn(entry.name, async () => {
      await Promise.resolve();
      this.asked.delete(entry);
      await this.reconfigure(entry);
    }).catch((error: unknown) => {
      this.asked.delete(entry);
      this.logger.debug('Tasks were not reconfigured.', { connector: entry.name, err: error });
    });
  }
}
