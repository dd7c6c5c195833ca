/** Parked tasks: how many there are now and since when, how often that happened and how long it took. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../../foundation/clock.ts';
import { REGISTRY_PENDING } from '../../registry/registry-errors.ts';
import type { ParkEvent, ParkListener } from '../../runtime/worker/park-watch.ts';
import { gateKind, registryOfGate } from '../gate-kind.ts';
import type { ParkedTask } from '../parked-tasks.ts';
import { type MetricsContributor, OUTAGE_BUCKETS } from './metrics-contributor.ts';
import { removeSeriesOf } from './registry-series.ts';

export interface ParkMetricsOptions {
  readonly clock: Clock;
  readonly parkedTasks: () => Promise<readonly ParkedTask[]>;
  /** Names of all connectors: the figures of one that is deleted go with it. */
  readonly connectors: () => Promise<readonly string[]>;
}

const REGISTRY_WORDS: Readonly<Record<string, string>> = {
  read: 'schema registry (reads)',
  write: 'schema registry (writes)',
  id: 'schema registry (id)',
  subject: 'schema registry (subject)',
  barrier: 'schema registry (barrier)',
  slow: 'schema registry (answer)',
};

/** Dependencies that are no registry, in the words of the runtime; what a plugin calls its own is `other`. */
const KNOWN_DEPENDENCIES: ReadonlySet<string> = new Set(['broker', 'source system', 'target system']);

export class ParkMetrics implements MetricsContributor {
  readonly listener: ParkListener = (event) => this.happened(event);
  private readonly options: ParkMetricsOptions;
  /** Which dependencies were shown of each connector. */
  private readonly shown = new Map<string, Set<string>>();

  private readonly parked = new Gauge({
    name: 'holdfast_parked_tasks',
    help: 'Tasks that are parked now, by what they wait for.',
    labelNames: ['connector', 'dependency'],
    registers: [],
  });
  private readonly oldest = new Gauge({
    name: 'holdfast_parked_tasks_oldest_seconds',
    help: 'For how long the one of them that has waited longest has waited.',
    labelNames: ['connector', 'dependency'],
    registers: [],
  });
  private readonly parks = new Counter({
    name: 'holdfast_task_parks_total',
    help: 'How often a task was parked, by what it waited for.',
    labelNames: ['connector', 'dependency'],
    registers: [],
  });
  private readonly parkSeconds = new Histogram({
    name: 'holdfast_task_park_duration_seconds',
    help: 'How long tasks were parked; observed when they go on or end.',
    labelNames: ['dependency'],
    buckets: OUTAGE_BUCKETS,
    registers: [],
  });
  private readonly registryParked = new Gauge({
    name: 'holdfast_registry_parked_tasks',
    help: 'Tasks that are parked at a gate of the registry now.',
    labelNames: ['registry', 'gate'],
    registers: [],
  });
  private readonly registryParks = new Counter({
    name: 'holdfast_registry_parks_total',
    help: 'How often a task was parked at a gate of the registry.',
    labelNames: ['registry', 'gate'],
    registers: [],
  });
  private readonly registryParkSeconds = new Histogram({
    name: 'holdfast_registry_park_duration_seconds',
    help: 'How long tasks were parked at a gate of the registry; observed when they go on or end.',
    labelNames: ['registry', 'gate'],
    buckets: OUTAGE_BUCKETS,
    registers: [],
  });

  constructor(options: ParkMetricsOptions) {
    this.options = options;
  }

  register(register: Registry): void {
    const { parked, oldest, parks, parkSeconds, registryParked, registryParks, registryParkSeconds } = this;
    for (const metric of [parked, oldest, parks, parkSeconds]) register.registerMetric(metric);
    for (const metric of [registryParked, registryParks, registryParkSeconds]) register.registerMetric(metric);
  }

  /** Shows zeros for a registry before a task is parked there. */
  begin(registry: string): void {
    for (const gate of ['read', 'write']) this.registryParks.inc({ registry, gate }, 0);
  }

  /** Nobody uses the registry any more. */
  end(registry: string): void {
    void removeSeriesOf(registry, [this.registryParks, this.registryParkSeconds] as (
      | Counter<string>
      | Histogram<string>
    )[]);
  }

  async refresh(): Promise<void> {
    const [tasks, connectors] = await Promise.all([this.options.parkedTasks(), this.options.connectors()]);
    this.forgetAllBut(new Set(connectors));
    const now = this.options.clock.now();
    const since = new Map<string, number>();
    for (const metric of [this.parked, this.oldest, this.registryParked]) metric.reset();
    for (const [connector, dependencies] of this.shown) {
      for (const dependency of dependencies) this.show(connector, dependency, 0, 0);
    }
    for (const { connector, parked } of tasks) {
      if (isPending(parked.code)) continue;
      const dependency = dependencyLabel(parked);
      const key = JSON.stringify([connector, dependency]);
      const oldest = Math.min(since.get(key) ?? parked.since, parked.since);
      since.set(key, oldest);
      this.show(connector, dependency, 1, Math.max(0, now - oldest) / 1000);
      const registry = registryOfGate(parked.gateId);
      if (registry !== undefined) this.registryParked.inc({ registry, gate: gateKind(parked.gateId ?? '') });
    }
  }

  private show(connector: string, dependency: string, more: number, oldestSeconds: number): void {
    this.remember(connector, dependency);
    this.parked.inc({ connector, dependency }, more);
    this.oldest.set({ connector, dependency }, oldestSeconds);
  }

  private happened(event: ParkEvent): void {
    if (isPending(event.code)) return;
    const { connector } = event.id;
    const dependency = dependencyLabel(event);
    const registry = registryOfGate(event.gateId);
    const gate = gateKind(event.gateId ?? '');
    if (event.type === 'begun') {
      this.remember(connector, dependency);
      this.parks.inc({ connector, dependency });
      if (registry !== undefined) this.registryParks.inc({ registry, gate });
      return;
    }
    this.parkSeconds.observe({ dependency }, event.durationMs / 1000);
    if (registry !== undefined) this.registryParkSeconds.observe({ registry, gate }, event.durationMs / 1000);
  }

  private remember(connector: string, dependency: string): void {
    const dependencies = this.shown.get(connector) ?? new Set();
    dependencies.add(dependency);
    this.shown.set(connector, dependencies);
  }

  private forgetAllBut(connectors: ReadonlySet<string>): void {
    for (const [connector, dependencies] of this.shown) {
      if (connectors.has(connector)) continue;
      for (const dependency of dependencies) this.parks.remove({ connector, dependency });
      this.shown.delete(connector);
    }
  }
}

/** A question under way for a moment only is not counted as a park; one that stays unanswered gets another code, and is. */
function isPending(code: string): boolean {
  return code === REGISTRY_PENDING;
}

function dependencyLabel({
  gateId,
  dependency,
}: {
  readonly gateId: string | null;
  readonly dependency: string;
}): string {
  if (registryOfGate(gateId) !== undefined) return REGISTRY_WORDS[gateKind(gateId ?? '')] ?? 'schema registry';
  return KNOWN_DEPENDENCIES.has(dependency) ? dependency : 'other';
}
