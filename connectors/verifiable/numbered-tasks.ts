/** What the connectors here have in common: every task gets the settings of its connector, and its number as `id`. */
import type { ConfigDef, ConnectorConfig } from 'holdfast/sdk';
import { VERSION } from './version.ts';

export const ID = 'id';

export abstract class NumberedTasks {
  protected started: ConnectorConfig = {};

  version(): string {
    return VERSION;
  }

  abstract config(): ConfigDef;

  /** @throws ConfigError for what is missing or wrong */
  start(config: ConnectorConfig): void {
    this.config().parse(config);
    this.started = config;
  }

  taskConfigs(maxTasks: number): readonly ConnectorConfig[] {
    return Array.from({ length: maxTasks }, (_, id) => ({ ...this.started, [ID]: String(id) }));
  }

  stop(): void {}
}

/** A line of JSON on standard output: what the system tests that use these connectors read. */
export function printLine(fields: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  process.stdout.write(`${text}\n`);
}
