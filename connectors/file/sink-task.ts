import { javaText, type SinkRecord, type SinkTask, type SinkTaskContext } from 'holdfast/sdk';
import { FILE_STREAM_SINK_CONFIG, fileOf } from './config.ts';
import { FileAppender } from './file-appender.ts';
import { LineChunks } from './line-chunks.ts';
import { writeToStandardOutput } from './standard-output.ts';

/**
 * A line per record: the text that Java's `String.valueOf` gives for the value. `put` writes a batch or none of it, `flush` makes it
 * durable before offsets are committed.
 */
export class FileStreamSinkTask implements SinkTask {
  private context: SinkTaskContext | null = null;
  private appender: FileAppender | null = null;

  initialize(context: SinkTaskContext): void {
    this.context = context;
  }

  async start(raw: Readonly<Record<string, string>>): Promise<void> {
    const { context } = this;
    if (context === null) throw new Error('initialize() has to come before start().');
    const file = fileOf(FILE_STREAM_SINK_CONFIG.parse(raw));
    if (file !== null) this.appender = await FileAppender.open({ file, logger: context.logger });
  }

  put(records: readonly SinkRecord[]): void | Promise<void> {
    if (records.length === 0) return;
    const lines = new LineChunks();
    for (const { value, valueSchema } of records) {
      lines.add(typeof value === 'string' ? value : javaText(value, valueSchema));
    }
    return this.appender === null ? writeToStandardOutput(lines.finish()) : this.appender.append(lines.finish());
  }

  /** Invariant 2: what is vouched for survives the machine. */
  flush(): void | Promise<void> {
    return this.appender?.flush();
  }

  async stop(): Promise<void> {
    const { appender } = this;
    this.appender = null;
    await appender?.close();
  }
}
