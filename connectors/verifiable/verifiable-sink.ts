/** Kafka's VerifiableSink: a line for each record it is given, and one more once that is flushed. */
import { ConfigDef, type SinkConnector, type SinkRecord, type SinkTask, type SinkTaskContext } from 'holdfast/sdk';
import { ID, NumberedTasks, printLine } from './numbered-tasks.ts';

export class VerifiableSinkConnector extends NumberedTasks implements SinkConnector {
  config(): ConfigDef {
    return ConfigDef.of({}) as unknown as ConfigDef;
  }

  taskClass(): new () => SinkTask {
    return VerifiableSinkTask;
  }

  alterOffsets(): boolean {
    return true;
  }
}

export class VerifiableSinkTask implements SinkTask {
  private context: SinkTaskContext | null = null;
  private name = '';
  private id = 0;
  private unflushed: Readonly<Record<string, unknown>>[] = [];

  initialize(context: SinkTaskContext): void {
    this.context = context;
  }

  start(config: Readonly<Record<string, string>>): void {
    this.name = config['name'] ?? '';
    this.id = Number(config[ID] ?? 0);
  }

  put(records: readonly SinkRecord[]): void {
    const now = this.context?.clock.now();
    for (const { topic, key, value, kafkaOffset } of records) {
      const line = {
        name: this.name,
        task: key,
        sinkTask: this.id,
        topic,
        time_ms: now,
        seqno: value,
        offset: kafkaOffset,
      };
      printLine(line);
      this.unflushed.push(line);
    }
  }

  flush(): void {
    const now = this.context?.clock.now();
    for (const line of this.unflushed) printLine({ ...line, time_ms: now, flushed: true });
    this.unflushed = [];
  }

  stop(): void {}
}
