/** One connector instance: its start, stop and task configurations. WorkerConnector of Kafka Connect 4.1.1. */
import type { Clock, Timer } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Connector, ConnectorConfig, SinkConnector, SourceConnector } from '../../sdk/connector.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { readableError } from '../../sdk/errors/readable-error.ts';
import type { OffsetStorageReader } from '../../sdk/task.ts';
import { OF_CONNECTOR } from '../host/host-pulse.ts';
import { checkedTaskConfigs } from '../host/task-configs.ts';
import { PluginFigures } from '../metrics/plugin-figures.ts';
import type { StartupMeter } from '../metrics/startup-meter.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';
import type { PluginWatch, PluginWatches, StuckInfo } from './plugin-watch.ts';
import type { RemoteConnector } from './remote-connector.ts';

export const TOO_MANY_TASKS = defineErrorCode('holdfast.connector.too-many-tasks', {
  what: 'A connector made more task configurations than tasks.max allows.',
  mend: 'Report it to the author of the connector; tasks.max.enforce=false permits it meanwhile.',
});

export const CONNECTOR_STOP_TIMEOUT = defineErrorCode('holdfast.connector.stop-timeout', {
  what: 'A method of a connector did not return in time after it was asked to stop, and the connector was abandoned.',
  mend: 'Report it to the author of the connector. What it held open may stay open until the worker ends.',
});

/** Kafka Connect waits that long for a connector's stop. */
const STOP_TIMEOUT_MS = 5_000;

/** Its methods are called one at a time: whoever owns it sees to that. */
export class WorkerConnector {
  readonly name: string;
  readonly desc: PluginDesc;
  /** What the connector measures itself. */
  readonly metrics = new PluginFigures();
  private readonly connector: Connector;
  private readonly remote: RemoteConnector | null;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly startups: StartupMeter;
  private readonly watch: PluginWatch;
  private readonly calls = new Set<AbortController>();
  /** Where `initialize`, which is meant to be synchronous, is not. */
  private readonly initializing: PromiseLike<unknown> | null;
  private running = false;
  private closed = false;
  private failed = false;

  constructor(options: {
    readonly name: string;
    readonly desc: PluginDesc;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly offsetStorageReader: OffsetStorageReader;
    /** Hears how each start ended. */
    readonly startups: StartupMeter;
    /** The instance is in a task host. */
    readonly remote?: RemoteConnector;
    readonly watches: PluginWatches;
    readonly onReconfigure: () => void;
    readonly onError: (error: unknown) => void;
    readonly onStuck?: (stuck: StuckInfo | null) => void;
  }) {
    this.name = options.name;
    this.desc = options.desc;
    this.clock = options.clock;
    this.logger = options.logger;
    this.startups = options.startups;
    this.remote = options.remote ?? null;
    this.watch = options.watches.open({
      owner: { connector: options.name, task: null },
      logger: options.logger,
      onStuck: (stuck) => {
        if (!this.closed) options.onStuck?.(stuck);
      },
    });
    this.remote?.onBlocked((blocked) => {
      const { connector, task } = blocked?.call ?? {};
      this.watch.loop(blocked, connector === options.name && task === OF_CONNECTOR);
    });
    this.remote?.onCalling((call) => {
      // Of one that was given up nobody waits any more.
      if (this.calls.size > 0) this.watch.calling(call);
    });
    this.connector = options.remote?.asConnector() ?? this.created(options.desc);
    // What was closed says nothing any more: another instance may have its name.
    const context = {
      logger: options.logger,
      pluginMetrics: this.metrics.of(),
      requestTaskReconfiguration: () => {
        if (!this.closed) options.onReconfigure();
      },
      raiseError: (error: unknown) => {
        if (this.closed) return;
        this.failed = true;
        options.onError(error);
      },
    };
    if (options.desc.type === 'source') {
      const { offsetStorageReader } = options;
      this.initializing = promiseOf(
        (this.connector as SourceConnector).initialize?.({ ...context, offsetStorageReader }),
      );
    } else {
      this.initializing = promiseOf((this.connector as SinkConnector).initialize?.(context));
    }
  }

  get version(): string {
    try {
      return this.connector.version();
    } catch {
      return this.desc.version;
    }
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** True once it has reported through its context that it failed; only a new instance gets over that. */
  get hasFailed(): boolean {
    return this.failed;
  }

  async start(config: ConnectorConfig): Promise<void> {
    if (this.running) return;
    let isGivenUp = false;
    try {
      await this.call('start', async (signal) => {
        if (this.initializing !== null) await this.initializing;
        await this.connector.start(config, signal);
        // What it opened so late nobody would close otherwise.
        if (isGivenUp) await this.connector.stop();
      });
    } catch (error) {
      isGivenUp = true;
      this.startups.ended(false);
      throw error;
    }
    this.startups.ended(true);
    this.running = true;
    // The worker did not wait for it.
    if (this.closed) await this.stop();
  }

  /** @throws ConnectError `holdfast.connector.too-many-tasks` */
  async taskConfigs(maxTasks: number, enforce: boolean): Promise<readonly ConnectorConfig[]> {
    const configs = checkedTaskConfigs(await this.call('taskConfigs', () => this.connector.taskConfigs(maxTasks)));
    if (configs.length <= maxTasks) return configs;
    const text = `The connector ${this.name} has generated ${configs.length} tasks, which is greater than ${maxTasks}, the maximum number of tasks it is configured to create. `;
    if (enforce) {
      throw new ConnectError(
        `${text}This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this option will be removed in a future release of Kafka Connect.`,
        { code: TOO_MANY_TASKS },
      );
    }
    this.logger.warn('The connector generated more tasks than tasks.max; tasks.max.enforce=false permits it.', {
      tasks: configs.length,
      tasksMax: maxTasks,
    });
    return configs;
  }

  /** Asks a `start` or `taskConfigs` that is under way to end; one that has not after five seconds is given up, and rejects. */
  cancel(): void {
    for (const call of this.calls) call.abort(new ConnectError('the connector is stopped'));
  }

  /** False when its `stop` did not return in time, and so must not be started again. Never rejects: what it throws is logged. */
  async stop(): Promise<boolean> {
    this.cancel();
    if (!this.running) return true;
    this.running = false;
    try {
      const stopping = this.call('stop', () => this.connector.stop());
      this.cancel();
      await stopping;
      return true;
    } catch (error) {
      this.logger.warn('A connector failed while it stopped.', { err: error });
      return !(error instanceof ConnectError && error.code === CONNECTOR_STOP_TIMEOUT);
    }
  }

  /** As `stop`, for good: what its context still hears is ignored. */
  async close(): Promise<void> {
    this.closed = true;
    await this.stop();
    this.remote?.release();
    this.watch.close();
  }

  private created(desc: PluginDesc): Connector {
    try {
      return new desc.create() as Connector;
    } catch (error) {
      this.startups.ended(false);
      throw readableError(error);
    }
  }

  private async call<T>(method: string, run: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
    const abort = new AbortController();
    const givenUp = new Deferred<never>();
    let timer: Timer | null = null;
    abort.signal.addEventListener('abort', () => {
      timer = this.clock.setTimer(() => {
        const { name } = this;
        givenUp.reject(
          new ConnectError(
            `The ${method} method of connector ${name} did not return within ${STOP_TIMEOUT_MS} ms after the connector was asked to stop. It was abandoned.`,
            { code: CONNECTOR_STOP_TIMEOUT },
          ),
        );
      }, STOP_TIMEOUT_MS);
    });
    this.calls.add(abort);
    // A busy machine takes its time to start a thread: that is no call of the plugin. From then on the thread tells when it begins one.
    if (this.remote === null) this.watch.calling({ method, since: this.clock.now() });
    else if (!this.remote.wasCalled) this.watch.calling({ method: null, since: this.clock.now() });
    try {
      const running = Promise.resolve(run(abort.signal));
      // What it still says after it was given up is of no interest.
      running.catch(() => {});
      return await Promise.race([running, givenUp.promise]);
    } catch (error) {
      throw readableError(error);
    } finally {
      this.calls.delete(abort);
      this.watch.calling(null);
      (timer as Timer | null)?.cancel();
    }
  }
}

/** null for what is no promise. What it rejects with is heard of by whoever awaits it, and ends no process until then. */
function promiseOf(returned: unknown): PromiseLike<unknown> | null {
  if (typeof (returned as { readonly then?: unknown } | null)?.then !== 'function') return null;
  const promise = Promise.resolve(returned);
  promise.catch(() => {});
  return promise;
}
