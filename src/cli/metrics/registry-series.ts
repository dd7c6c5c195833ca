/** The figures of one registry among those of all. */
import type { Counter, Histogram } from 'prom-client';

/** Removes them: the registry is not used any more, and what does not change for ever helps nobody. */
export async function removeSeriesOf(
  registry: string,
  metrics: readonly (Counter<string> | Histogram<string>)[],
): Promise<void> {
  const remove = async (metric: Counter<string> | Histogram<string>): Promise<void> => {
    const { values } = await metric.get();
    for (const { labels } of values) {
      if (labels['registry'] !== registry) continue;
      // The bounds of buckets are no labels of their own.
      const { le: _, ...own } = labels;
      metric.remove(own);
    }
  };
  // All at once: nothing may be counted anew before they are gone.
  await Promise.all(metrics.map(remove));
}
