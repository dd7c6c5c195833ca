import type { ConfigDef, ConnectorConfig, ConnectorContext, SinkConnector, SinkTask } from 'holdfast/sdk';
import { FILE_STREAM_SINK_CONFIG, fileOf } from './config.ts';
import { FileStreamSinkTask } from './sink-task.ts';
import { VERSION } from './version.ts';

/** Kafka Connect's FileStreamSinkConnector: the values of topics as lines of one file, or of the standard output. */
export class FileStreamSinkConnector implements SinkConnector {
  private context: ConnectorContext | null = null;
  private taskConfig: ConnectorConfig = {};

  version(): string {
    return VERSION;
  }

  config(): ConfigDef {
    return FILE_STREAM_SINK_CONFIG;
  }

  initialize(context: ConnectorContext): void {
    this.context = context;
  }

  start(config: ConnectorConfig): void {
    const file = fileOf(FILE_STREAM_SINK_CONFIG.parse(config));
    this.taskConfig = config;
    this.context?.logger.info('Starting file sink connector.', { file: file ?? 'standard output' });
  }

  /** As many tasks as allowed, all writing to the same file, as with Kafka Connect. */
  taskConfigs(maxTasks: number): readonly ConnectorConfig[] {
    return Array.from({ length: maxTasks }, () => this.taskConfig);
  }

  taskClass(): new () => SinkTask {
    return FileStreamSinkTask;
  }

  /** Offsets are the worker's alone: nothing is kept in the file. */
  alterOffsets(): boolean {
    return true;
  }

  stop(): void {}
}
