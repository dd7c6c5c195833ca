/** One connector instance: its start, stop and task configurations. Kafka Connect 4.1.1, 5.2. */

import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Connector, ConnectorConfig, SourceConnector } from '../../sdk/connector.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { OffsetStorageReader } from '../../sdk/task.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';

export const TOO_MANY_TASKS = defineErrorCode('holdfast.connector.too-many-tasks', {
  what: 'A connector made more task configurations than tasks.max allows.',
  mend: 'Report it to the author of the connector; tasks.max.enforce=false permits it meanwhile.',
});

export const CONNECTOR_STOP_TIMEOUT = defineErrorCode('holdfast.connector.stop-timeout', {
  what: 'The stop method of a connector did not return in time, and the connector was abandoned.',
  mend: 'Report it to the author of the connector. What it held open may stay open until the worker ends.',
});

/** Kafka Connect waits that long for a connector's stop. */
const STOP_TIMEOUT_MS = 5_000;

export class WorkerConnector {
  readonly name: string;
  readonly desc: PluginDesc;
  private readonly connector: Connector;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly abort = new AbortController();
  private running = false;

  constructor(options: {
    readonly name: string;
    readonly desc: PluginDesc;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly offsetStorageReader: OffsetStorageReader;
    readonly onReconfigure: () => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.name = options.name;
    this.desc = options.desc;
    this.clock = options.clock;
    this.logger = options.logger;
    this.connector = new options.desc.create() as Connector;
    const context = {
      logger: options.logger,
      requestTaskReconfiguration: options.onReconfigure,
      raiseError: options.onError,
    };
    if (options.desc.type === 'source') {
      (this.connector as SourceConnector).initialize?.({
        ...context,
        offsetStorageReader: options.offsetStorageReader,
      });
    } else {
      this.connector.initialize?.(context as never);
    }
  }

  get version(): string {
    return this.connector.version();
  }

  get isRunning(): boolean {
    return this.running;
  }

  async start(config: ConnectorConfig): Promise<void> {
    if (this.running) return;
    await this.connector.start(config, this.abort.signal);
    this.running = true;
  }

  /** @throws ConnectError `holdfast.connector.too-many-tasks` */
  async taskConfigs(maxTasks: number, enforce: boolean): Promise<readonly ConnectorConfig[]> {
    const configs = await this.connector.taskConfigs(maxTasks);
    if (configs.length <= maxTasks) return configs;
    const text = `The connector ${this.name} has generated ${configs.length} tasks, which is greater than ${maxTasks}, the maximum number of tasks it is configured to create. `;
    if (enforce) {
      throw new ConnectError(
        `${text}This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this option will be removed in a future release of Kafka Connect.`,
        { code: TOO_MANY_TASKS },
      );
    }
    this.logger.warn('The connector generated more tasks than tasks.max; tasks.max.enforce=false permits it.', {
      connector: this.name,
      tasks: configs.length,
      tasksMax: maxTasks,
    });
    return configs;
  }

  /** Never rejects: what a connector throws while it stops is logged. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    const timeout = new AbortController();
    try {
      const late = this.clock.sleep(STOP_TIMEOUT_MS, timeout.signal).then(
        () => true,
        () => false,
      );
      const stopped = Promise.resolve(this.connector.stop()).then(() => false);
      if (await Promise.race([stopped, late])) {
        this.logger.warn('A connector did not stop in time and was abandoned.', {
          code: CONNECTOR_STOP_TIMEOUT,
          connector: this.name,
          timeoutMs: STOP_TIMEOUT_MS,
        });
      }
    } catch (error) {
      this.logger.warn('A connector failed while it stopped.', { connector: this.name, err: error });
    } finally {
      timeout.abort();
    }
  }
}
