/** What a plugin author imports: `holdfast/sdk`. */
export { type Clock, systemClock, type Timer } from '../foundation/clock.ts';
export type { LogFields, Logger, LogLevel } from '../foundation/logger.ts';
export * from './config/index.ts';
export * from './config-provider.ts';
export * from './connector.ts';
export * from './converter.ts';
export * from './data/index.ts';
export * from './dependency-gate.ts';
export * from './errors/index.ts';
export * from './plugin.ts';
export * from './plugin-metrics.ts';
export * from './record/index.ts';
export * from './schema-view.ts';
export * from './task.ts';
export * from './transformation.ts';
