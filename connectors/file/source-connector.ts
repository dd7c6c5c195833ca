import type {
  ConfigDef,
  ConnectorConfig,
  OffsetMap,
  SourceConnector,
  SourceConnectorContext,
  SourceTask,
} from 'holdfast/sdk';
import { FILE_STREAM_SOURCE_CONFIG, fileOf } from './config.ts';
import { checkAlteredOffsets } from './file-offsets.ts';
import { FileStreamSourceTask } from './source-task.ts';
import { VERSION } from './version.ts';

/** Kafka Connect's FileStreamSourceConnector: the lines of one file, or of the standard input, to one topic. Always one task. */
export class FileStreamSourceConnector implements SourceConnector {
  private context: SourceConnectorContext | null = null;
  private taskConfig: ConnectorConfig = {};

  version(): string {
    return VERSION;
  }

  config(): ConfigDef {
    return FILE_STREAM_SOURCE_CONFIG;
  }

  initialize(context: SourceConnectorContext): void {
    this.context = context;
  }

  start(config: ConnectorConfig): void {
    const file = fileOf(FILE_STREAM_SOURCE_CONFIG.parse(config));
    this.taskConfig = config;
    this.context?.logger.info('Starting file source connector.', { file: file ?? 'standard input' });
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.taskConfig];
  }

  taskClass(): new () => SourceTask {
    return FileStreamSourceTask;
  }

  alterOffsets(
    config: ConnectorConfig,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): boolean {
    checkAlteredOffsets(fileOf(FILE_STREAM_SOURCE_CONFIG.parse(config)), offsets);
    return true;
  }

  stop(): void {}
}
