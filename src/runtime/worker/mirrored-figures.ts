/** The metrics of a plugin in another thread, as if it had made them here. */
import type { PluginMetrics } from '../../sdk/plugin-metrics.ts';
import type { PluginFigure } from '../metrics/plugin-figures.ts';

interface Mirrored {
  set(value: number): void;
  remove(): void;
}

export class MirroredFigures {
  private readonly metrics: PluginMetrics | undefined;
  private readonly known = new Map<string, Mirrored>();

  constructor(metrics: PluginMetrics | undefined) {
    this.metrics = metrics;
  }

  /** All there are, as they stand. */
  apply(figures: readonly PluginFigure[]): void {
    const gone = new Set(this.known.keys());
    for (const figure of figures) {
      const key = JSON.stringify([figure.name, figure.tags]);
      gone.delete(key);
      let mirrored = this.known.get(key);
      if (mirrored === undefined) {
        mirrored = this.make(figure);
        if (mirrored === undefined) return;
        this.known.set(key, mirrored);
      }
      mirrored.set(figure.value);
    }
    for (const key of gone) {
      this.known.get(key)?.remove();
      this.known.delete(key);
    }
  }

  private make({ name, description, tags, isCounter }: PluginFigure): Mirrored | undefined {
    let value = 0;
    if (!isCounter) {
      const gauge = this.metrics?.gauge(name, () => value, { description, tags });
      return gauge === undefined
        ? undefined
        : {
            set: (now) => {
              value = now;
            },
            remove: () => gauge.remove(),
          };
    }
    const counter = this.metrics?.counter(name, { description, tags });
    return counter === undefined
      ? undefined
      : {
          set: (now) => {
            counter.increment(now - value);
            value = now;
          },
          remove: () => counter.remove(),
        };
  }
}
