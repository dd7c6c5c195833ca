/** A sink and a transformation that fail as the scenarios of Kafka Connect's error handling want it. For tests only. */
import {
  ConfigDef,
  type ConnectorConfig,
  type ConnectRecord,
  DataError,
  definePlugin,
  RetriableError,
  type SinkConnector,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type Transformation,
} from 'holdfast/sdk';

const STATE = Symbol.for('holdfast.test.faulty');

interface Seen {
  readonly delivered: string[];
}

/** What the plugin saw; one for the process, however often the module is loaded. */
export function seen(): Seen {
  const holder = globalThis as { [STATE]?: Seen };
  holder[STATE] ??= { delivered: [] };
  return holder[STATE];
}

class FaultySinkConnector implements SinkConnector {
  private started: ConnectorConfig = {};

  version(): string {
    return '1';
  }

  config(): ConfigDef {
    return ConfigDef.of({}) as never;
  }

  start(config: ConnectorConfig): void {
    this.started = config;
  }

  taskConfigs(maxTasks: number): readonly ConnectorConfig[] {
    return Array.from({ length: maxTasks }, () => this.started);
  }

  taskClass(): new () => SinkTask {
    return FaultySinkTask;
  }

  stop(): void {}
}

/** Reports what begins with `errant`, if it can. */
class FaultySinkTask implements SinkTask {
  private context: SinkTaskContext | null = null;

  initialize(context: SinkTaskContext): void {
    this.context = context;
  }

  start(): void {}

  put(records: readonly SinkRecord[]): void {
    const reporter = this.context?.errantRecordReporter() ?? null;
    for (const record of records) {
      const value = String(record.value);
      if (value.startsWith('errant')) void reporter?.report(record, new DataError(`errant: ${value}`)).catch(() => {});
      else seen().delivered.push(value);
    }
  }

  stop(): void {}
}

/** Every record needs three attempts, and those that begin with `bad` have none that succeeds. */
class FaultyPassthrough<R extends ConnectRecord> implements Transformation<R> {
  private attempts = 0;

  config(): ConfigDef {
    return ConfigDef.of({}) as never;
  }

  configure(): void {}

  apply(record: R): R {
    if (String(record.value).startsWith('bad')) throw new DataError(`bad record: ${String(record.value)}`);
    if (++this.attempts % 3 !== 0) throw new RetriableError('not yet');
    return record;
  }
}

export default definePlugin({
  name: 'faulty',
  version: '1',
  connectors: [{ className: 'test.FaultySinkConnector', type: 'sink', create: FaultySinkConnector }],
  transformations: [{ className: 'test.FaultyPassthrough', create: FaultyPassthrough }],
});
