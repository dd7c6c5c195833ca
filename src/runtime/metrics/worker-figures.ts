/** What a worker measures of its connectors and tasks, as somebody looks. Kafka Connect 4.1.1. */
import type { ClientFigures } from '../../broker/client-figures.ts';
import type { TaskSpec } from '../host/protocol.ts';
import type { PluginFigure } from './plugin-figures.ts';
import type { StartupFigures } from './startup-meter.ts';

export interface TaskFigures {
  readonly spec: TaskSpec;
  /** Under the names of Kafka Connect's attributes; NaN for an average or maximum without a value. */
  readonly figures: Readonly<Record<string, number>>;
  /** What its clients of the broker measure; none before it has said anything, and once it has ended. */
  readonly clients: readonly ClientFigures[];
  /** What its plugins measure themselves. */
  readonly plugins: readonly PluginFigure[];
}

export interface WorkerFigures {
  readonly connectorStartups: StartupFigures;
  readonly taskStartups: StartupFigures;
  readonly tasks: readonly TaskFigures[];
  /** What connectors measure themselves. */
  readonly connectors: readonly { readonly name: string; readonly plugins: readonly PluginFigure[] }[];
}
