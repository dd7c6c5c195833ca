/** Kafka's MockSource and MockSink: nothing but a connector or a task that fails after a while. */
import {
  type Clock,
  type ConfigDef,
  ConnectError,
  type ConnectorConfig,
  type ConnectorContext,
  type SinkConnector,
  type SinkTask,
  type SinkTaskContext,
  type SourceConnector,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  systemClock,
  type Timer,
} from 'holdfast/sdk';
import { MOCK_CONFIG } from './config.ts';
import { NumberedTasks } from './numbered-tasks.ts';

/** How long an idle `poll` takes. */
const IDLE_MS = 100;

const failure = (what: string): ConnectError => new ConnectError(`Mock ${what} failure, as mock_mode asks for.`);

abstract class MockConnector extends NumberedTasks {
  private context: ConnectorContext | null = null;
  private timer: Timer | null = null;

  config(): ConfigDef {
    return MOCK_CONFIG;
  }

  initialize(context: ConnectorContext): void {
    this.context = context;
  }

  override start(config: ConnectorConfig): void {
    super.start(config);
    const { mock_mode: mode, delay_ms: delayMs } = MOCK_CONFIG.parse(config);
    if (mode !== 'connector-failure') return;
    this.timer = systemClock.setTimer(() => this.context?.raiseError(failure('connector')), delayMs, { unref: true });
  }

  /** One, whatever is allowed. */
  override taskConfigs(): readonly ConnectorConfig[] {
    return super.taskConfigs(1);
  }

  override stop(): void {
    this.timer?.cancel();
  }
}

export class MockSourceConnector extends MockConnector implements SourceConnector {
  taskClass(): new () => SourceTask {
    return MockSourceTask;
  }
}

export class MockSinkConnector extends MockConnector implements SinkConnector {
  taskClass(): new () => SinkTask {
    return MockSinkTask;
  }
}

/** Knows when the task is to fail. */
class Fuse {
  private readonly clock: Clock;
  private readonly failsAt: number;

  constructor(options: { readonly clock: Clock; readonly config: ConnectorConfig }) {
    const { mock_mode: mode, delay_ms: delayMs } = MOCK_CONFIG.parse(options.config);
    this.clock = options.clock;
    this.failsAt = mode === 'task-failure' ? options.clock.monotonic() + delayMs : Number.POSITIVE_INFINITY;
  }

  check(): void {
    if (this.clock.monotonic() >= this.failsAt) throw failure('task');
  }
}

class MockSourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private fuse: Fuse | null = null;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }

  start(config: ConnectorConfig): void {
    this.fuse = new Fuse({ clock: this.context?.clock ?? systemClock, config });
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[]> {
    this.fuse?.check();
    await this.context?.clock.sleep(IDLE_MS, signal).catch(() => {});
    return [];
  }

  stop(): void {}
}

class MockSinkTask implements SinkTask {
  private context: SinkTaskContext | null = null;
  private fuse: Fuse | null = null;

  initialize(context: SinkTaskContext): void {
    this.context = context;
  }

  start(config: ConnectorConfig): void {
    this.fuse = new Fuse({ clock: this.context?.clock ?? systemClock, config });
  }

  /** Comes without records, too, as a heartbeat. */
  put(): void {
    this.fuse?.check();
  }

  stop(): void {}
}
