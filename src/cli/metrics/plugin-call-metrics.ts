/** Calls of plugins that do not return: which there are now, for how long, and how many there were. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../foundation/clock.ts';
import type { StuckCalls } from '../../runtime/worker/stuck-calls.ts';
import type { MetricsContributor } from './metrics-contributor.ts';

const LABELS = ['connector', 'task', 'method'];

export interface PluginCallMetricsOptions {
  readonly clock: Clock;
  readonly stuckCalls: () => StuckCalls;
  /** Names of all connectors: the figures of one that is deleted go with it. */
  readonly connectors: () => Promise<readonly string[]>;
}

export class PluginCallMetrics implements MetricsContributor {
  private readonly options: PluginCallMetricsOptions;
  private readonly stuck = new Gauge({
    name: 'holdfast_plugin_call_stuck',
    help: 'Calls of plugins that have not returned for task.call.warn.ms, or whose thread is blocked. An empty task is the connector itself, an empty method one that only waits for its thread, which is blocked or still starting.',
    labelNames: LABELS,
    registers: [],
  });
  private readonly seconds = new Gauge({
    name: 'holdfast_plugin_call_stuck_seconds',
    help: 'For how long they have not returned.',
    labelNames: LABELS,
    registers: [],
  });
  private readonly total = new Counter({
    name: 'holdfast_plugin_calls_stuck_total',
    help: 'How many calls of plugins did not return for task.call.warn.ms, or blocked their thread; those that returned later, too.',
    labelNames: ['connector', 'method'],
    registers: [],
  });

  constructor(options: PluginCallMetricsOptions) {
    this.options = options;
  }

  register(register: Registry): void {
    for (const metric of [this.stuck, this.seconds, this.total]) register.registerMetric(metric);
  }

  async refresh(): Promise<void> {
    const calls = this.options.stuckCalls();
    calls.forgetAllBut(new Set(await this.options.connectors()));
    const now = this.options.clock.now();
    for (const metric of [this.stuck, this.seconds, this.total]) metric.reset();
    for (const { connector, task, method, since, count } of calls.list()) {
      const labels = { connector, task: task === null ? '' : String(task), method: method ?? '' };
      this.stuck.set(labels, count);
      this.seconds.set(labels, Math.max(0, now - since) / 1000);
    }
    for (const { connector, method, count } of calls.totals()) this.total.inc({ connector, method }, count);
  }
}
