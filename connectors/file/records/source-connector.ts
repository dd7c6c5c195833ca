import type { ConfigDef, ConnectorConfig, OffsetMap, SourceConnector, SourceTask } from 'holdfast/sdk';
import { checkAlteredOffsets } from '../file-offsets.ts';
import { VERSION } from '../version.ts';
import { dialectOf, formatOf, RECORD_FILE_SOURCE_CONFIG } from './config.ts';
import { parseSchemaText } from './schema-text.ts';
import { RecordFileSourceTask } from './source-task.ts';

/** The records of one file of delimited text or JSON, as Structs, to one topic. Always one task. */
export class RecordFileSourceConnector implements SourceConnector {
  private taskConfig: ConnectorConfig = {};

  version(): string {
    return VERSION;
  }

  config(): ConfigDef {
    return RECORD_FILE_SOURCE_CONFIG;
  }

  start(config: ConnectorConfig): void {
    const parsed = RECORD_FILE_SOURCE_CONFIG.parse(config);
    dialectOf(formatOf(parsed), parsed);
    if (parsed.schema !== null) parseSchemaText(parsed.schema, 'schema');
    this.taskConfig = config;
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.taskConfig];
  }

  taskClass(): new () => SourceTask {
    return RecordFileSourceTask;
  }

  alterOffsets(
    config: ConnectorConfig,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): boolean {
    checkAlteredOffsets(RECORD_FILE_SOURCE_CONFIG.parse(config).file, offsets);
    return true;
  }

  stop(): void {}
}
