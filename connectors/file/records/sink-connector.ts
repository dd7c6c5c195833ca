import type { ConfigDef, ConnectorConfig, SinkConnector, SinkTask } from 'holdfast/sdk';
import { VERSION } from '../version.ts';
import { dialectOf, formatOf, RECORD_FILE_SINK_CONFIG } from './config.ts';
import { RecordFileSinkTask } from './sink-task.ts';

/** The values of topics, Structs or maps, as rows of delimited text or JSON lines of one file. One task, as the file has one header. */
export class RecordFileSinkConnector implements SinkConnector {
  private taskConfig: ConnectorConfig = {};

  version(): string {
    return VERSION;
  }

  config(): ConfigDef {
    return RECORD_FILE_SINK_CONFIG;
  }

  start(config: ConnectorConfig): void {
    const parsed = RECORD_FILE_SINK_CONFIG.parse(config);
    dialectOf(formatOf(parsed), parsed);
    this.taskConfig = config;
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.taskConfig];
  }

  taskClass(): new () => SinkTask {
    return RecordFileSinkTask;
  }

  alterOffsets(): boolean {
    return true;
  }

  stop(): void {}
}
