import {
  type ConfigDef,
  ConfigError,
  type ConfigValue,
  type ConnectorConfig,
  type OffsetMap,
  type SourceConnector,
  type SourceTask,
} from 'holdfast/sdk';
import { DATAGEN_CONFIG, SOURCES } from './config.ts';
import { selectGenerator } from './generator-selection.ts';
import { DatagenTask, TASK_ID } from './source-task.ts';
import { VERSION } from './version.ts';

/** Confluent's DatagenConnector: random records for an Avro schema. Every task generates a sequence of its own. */
export class DatagenConnector implements SourceConnector {
  private taskConfig: ConnectorConfig = {};

  version(): string {
    return VERSION;
  }

  config(): ConfigDef {
    return DATAGEN_CONFIG;
  }

  validate(raw: ConnectorConfig): ConfigValue[] {
    const values = DATAGEN_CONFIG.validate(raw);
    if (values.some(({ errorMessages }) => errorMessages.length > 0)) return values;
    try {
      selectGenerator(DATAGEN_CONFIG.parse(raw));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const key = error.problems[0]?.key ?? SOURCES.find((source) => raw[source] !== undefined) ?? 'quickstart';
      values.find(({ name }) => name === key)?.errorMessages.push(error.message);
    }
    return values;
  }

  start(config: ConnectorConfig): void {
    selectGenerator(DATAGEN_CONFIG.parse(config));
    this.taskConfig = config;
  }

  taskConfigs(maxTasks: number): readonly ConnectorConfig[] {
    return Array.from({ length: maxTasks }, (_, id) => ({ ...this.taskConfig, [TASK_ID]: String(id) }));
  }

  taskClass(): new () => SourceTask {
    return DatagenTask;
  }

  /** The tasks start from whatever offset of theirs there is. */
  alterOffsets(
    _config: ConnectorConfig,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): boolean {
    for (const { partition, offset } of offsets) {
      if (!Object.hasOwn(partition, TASK_ID))
        throw new ConfigError(`Partition objects should contain the key '${TASK_ID}'`);
      if (offset === null) continue;
      for (const key of ['current.iteration', 'random.seed']) {
        if (!Object.hasOwn(offset, key)) {
          throw new ConfigError(`Offset objects should either be null or contain the key '${key}'`);
        }
      }
    }
    return true;
  }

  stop(): void {}
}
