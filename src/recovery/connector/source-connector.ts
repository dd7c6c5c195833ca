import type { ConfigDef } from '../../sdk/config/index.ts';
import type { ConnectorConfig, SourceConnector, SourceConnectorContext } from '../../sdk/connector.ts';
import type { SourceTask } from '../../sdk/task.ts';
import { SCHEMA_BACKUP_CONFIG, schemaBackupSettings } from './config.ts';
import { SchemaBackupTask } from './source-task.ts';

export const VERSION = '0.1.0';

/** Backs up a schema registry's topic every interval, and reports to a topic. Always one task. */
export class SchemaBackupConnector implements SourceConnector {
  private context: SourceConnectorContext | undefined;
  private taskConfig: ConnectorConfig = {};

  version(): string {
    return VERSION;
  }

  config(): ConfigDef {
    return SCHEMA_BACKUP_CONFIG;
  }

  initialize(context: SourceConnectorContext): void {
    this.context = context;
  }

  start(config: ConnectorConfig): void {
    const { servers, schemasTopic, intervalMs } = schemaBackupSettings(config);
    this.taskConfig = config;
    this.context?.logger.info('Starting schema backup connector.', { servers, topic: schemasTopic, intervalMs });
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.taskConfig];
  }

  taskClass(): new () => SourceTask {
    return SchemaBackupTask;
  }

  /** Without an offset the next start makes a backup at once; the backups themselves say where they go on. */
  alterOffsets(): boolean {
    return true;
  }

  stop(): void {}
}
