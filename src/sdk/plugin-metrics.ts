/** Metrics that a plugin defines for itself, shown beside those of the worker. Kafka Connect 4.1.1, KIP-877. */

/** What tells a metric from others, and people what it counts. */
export interface PluginMetricOptions {
  readonly description?: string;
  /** Few, and each with few values: never an id or a text of a record. They come after those that the worker gives. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A number that only grows. */
export interface PluginCounter {
  /** Adds `by`, one by default, never less than zero. */
  increment(by?: number): void;
  /** Shows it no more; its name may be taken again. */
  remove(): void;
}

/** A number that is read when somebody looks. */
export interface PluginGauge {
  /** Shows it no more; its name may be taken again. */
  remove(): void;
}

/**
 * Names are in Kafka's manner, such as `rows-read-total`. Two metrics of one plugin differ in name or tags. All of them go with the
 * connector or task that the plugin belongs to. Available from `initialize` or `configure` on.
 */
export interface PluginMetrics {
  /** @throws IllegalStateError when there is one of this name and these tags */
  counter(name: string, options?: PluginMetricOptions): PluginCounter;
  /** `read` is called when somebody looks, a few times a second at most; it must be quick. @throws as `counter` */
  gauge(name: string, read: () => number, options?: PluginMetricOptions): PluginGauge;
}
