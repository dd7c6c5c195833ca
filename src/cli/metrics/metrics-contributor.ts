/** What has figures for `/metrics`. Each part of the worker that does brings its own; `/metrics` shows them all. */
import type { Registry } from 'prom-client';

export interface MetricsContributor {
  /**
   * Called once: creates its metrics there. A name begins with `holdfast_`, or is what another product calls the same thing; its unit stands
   * in it. Labels take few values: never an id, a subject or a text.
   */
  register(register: Registry): void;
  /** Called before each answer, for gauges that say how things stand. */
  refresh?(): void | Promise<void>;
  /** Lines of its own, in Prometheus' text format, beside what it registered. */
  render?(): Promise<string>;
}

/** Histogram buckets in seconds, for an exchange over HTTP. */
export const EXCHANGE_BUCKETS: number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Histogram buckets in seconds, for an outage: from a blink to an hour. */
export const OUTAGE_BUCKETS: number[] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600, 1800, 3600];
