/** Keeps the metrics that the plugins of one connector or task define (KIP-877), and reads them. */
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { PluginCounter, PluginGauge, PluginMetricOptions, PluginMetrics } from '../../sdk/plugin-metrics.ts';

/** One metric of a plugin as it stands. Structured-cloneable. */
export interface PluginFigure {
  readonly name: string;
  readonly description: string;
  readonly isCounter: boolean;
  /** Those that say which plugin it is, then its own. */
  readonly tags: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Entry extends Omit<PluginFigure, 'value'> {
  readonly read: () => number;
}

/** A plugin that makes them without end must not fill the memory. */
const MAX_METRICS = 1_000;

export class PluginFigures {
  private readonly entries = new Map<string, Entry>();

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /** For one plugin. `own` are the tags that tell it apart: `{ converter: 'key' }`, `{ transform: alias }`; none for connector and task. */
  of(own: Readonly<Record<string, string>> = {}): PluginMetrics {
    return {
      counter: (name, options): PluginCounter => {
        let value = 0;
        const remove = this.add(name, own, options, true, () => value);
        return {
          increment: (by = 1) => {
            if (by > 0) value += by;
          },
          remove,
        };
      },
      gauge: (name, read, options): PluginGauge => ({ remove: this.add(name, own, options, false, read) }),
    };
  }

  /** What a gauge throws when it is read is NaN. */
  snapshot(): readonly PluginFigure[] {
    return [...this.entries.values()].map(({ read, ...figure }) => ({ ...figure, value: readingOf(read) }));
  }

  private add(
    name: string,
    own: Readonly<Record<string, string>>,
    options: PluginMetricOptions = {},
    isCounter: boolean,
    read: () => number,
  ): () => void {
    const tags = { ...own, ...options.tags };
    const key = JSON.stringify([name, Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))]);
    if (this.entries.has(key)) throw new IllegalStateError(`A metric ${name} with the same tags exists already.`);
    if (this.entries.size >= MAX_METRICS) throw new IllegalStateError(`There are ${MAX_METRICS} metrics already.`);
    const entry: Entry = { name, description: options.description ?? '', isCounter, tags, read };
    this.entries.set(key, entry);
    return () => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    };
  }
}

function readingOf(read: () => number): number {
  try {
    return Number(read());
  } catch {
    return Number.NaN;
  }
}
