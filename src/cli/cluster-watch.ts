import type { Admin, Availability, Broker } from '../broker/ports.ts';
import { systemClock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { WorkerConfig } from '../runtime/config/worker-config.ts';
import { adminSettings } from './admin-settings.ts';

/** Asks the broker who it is until it answers, so that `/health` can say what the worker waits for. */
export class ClusterWatch {
  clusterId: string | null = null;
  private readonly admin: Admin;
  private readonly logger: Logger;
  private readonly servers: string;
  private readonly abort = new AbortController();
  private asking: Promise<void> = Promise.resolve();
  private answered = false;
  private availability: Availability = { available: true, reason: '', since: systemClock.now() };

  constructor(options: { readonly broker: Broker; readonly config: WorkerConfig; readonly logger: Logger }) {
    this.logger = options.logger;
    this.servers = options.config.values['bootstrap.servers'].join(',');
    this.admin = options.broker.admin({
      settings: adminSettings(options.config),
      logger: options.logger.child({ name: 'admin' }),
      onAvailability: (availability) => {
        this.availability = availability;
      },
    });
  }

  start(): void {
    this.asking = this.admin
      .describeCluster(this.abort.signal)
      .then(({ clusterId }) => {
        this.clusterId = clusterId;
        this.answered = true;
      })
      .catch((error: unknown) => {
        if (this.abort.signal.aborted) return;
        this.availability = { available: false, reason: (error as Error).message, since: systemClock.now() };
        this.logger.error('The broker refuses the worker.', { servers: this.servers, err: error });
      });
  }

  /** What keeps the worker from being ready; empty when nothing does. */
  startup(): string {
    if (this.answered) return '';
    const { reason, since } = this.availability;
    return `The worker is currently waiting for the broker at ${this.servers}, which began at ${new Date(since).toISOString()}.${reason === '' ? '' : ` ${reason}`}`;
  }

  async stop(): Promise<void> {
    this.abort.abort(new Error('the worker stops'));
    await this.asking;
    await this.admin.close();
  }
}
