/** Wires what is seen of the worker beyond Kafka Connect's API: registries, their events, and metrics. */
import type { Clock } from '../foundation/clock.ts';
import type { RegistryCoordinator } from '../registry/registry-coordinator.ts';
import type { RegistryListener } from '../registry/registry-events.ts';
import type { RestResource } from '../rest/resource.ts';
import type { Herder } from '../runtime/herder/herder.ts';
import type { ParkListener } from '../runtime/worker/park-watch.ts';
import type { StuckCalls } from '../runtime/worker/stuck-calls.ts';
import type { MetricsContributor } from './metrics/metrics-contributor.ts';
import { metricsResources } from './metrics/metrics-resource.ts';
import { ParkMetrics } from './metrics/park-metrics.ts';
import { PluginCallMetrics } from './metrics/plugin-call-metrics.ts';
import { RegistryEventMetrics } from './metrics/registry-event-metrics.ts';
import { RegistryStateMetrics } from './metrics/registry-state-metrics.ts';
import { type ParkedTask, parkedTasks } from './parked-tasks.ts';
import { registriesResources } from './registries-resource.ts';
import { RegistryEventStream } from './registry-event-stream.ts';

export interface SeenFromOutsideOptions {
  readonly clock: Clock;
  readonly version: string;
  /** `metrics.enable` */
  readonly metrics: boolean;
  /** Called when somebody looks, not before. */
  readonly registries: () => Pick<RegistryCoordinator, 'snapshots' | 'probeNow'>;
  readonly herder: () => Pick<Herder, 'connectors' | 'connectorStatus'>;
  /** Called when somebody looks, not before. */
  readonly stuckCalls: () => StuckCalls;
  /** Further ones. */
  readonly contributors?: readonly MetricsContributor[];
}

export class SeenFromOutside {
  readonly registryListener: RegistryListener;
  readonly parkListener: ParkListener;
  readonly resources: readonly RestResource[];
  readonly contributors: readonly MetricsContributor[];

  constructor(options: SeenFromOutsideOptions) {
    const { clock, version, herder, registries } = options;
    const tasks = (): Promise<readonly ParkedTask[]> => parkedTasks(herder());
    const events = new RegistryEventStream({ clock });
    const happenings = new RegistryEventMetrics();
    const parks = new ParkMetrics({ clock, parkedTasks: tasks, connectors: () => herder().connectors() });
    const calls = new PluginCallMetrics({
      clock,
      stuckCalls: options.stuckCalls,
      connectors: () => herder().connectors(),
    });
    const state = new RegistryStateMetrics({
      clock,
      snapshots: () => registries().snapshots(),
      onRegistry: (registry) => {
        happenings.begin(registry);
        parks.begin(registry);
      },
    });
    this.contributors = [state, happenings, parks, calls, ...(options.contributors ?? [])];
    this.registryListener = (registry, event) => {
      happenings.listener(registry, event);
      events.listener(registry, event);
      if (event.type === 'closed') parks.end(registry);
    };
    this.parkListener = parks.listener;
    const seen = {
      snapshots: () => registries().snapshots(),
      probeNow: (id: string) => registries().probeNow(id),
    };
    this.resources = [
      ...registriesResources({ registries: seen, events, parkedTasks: tasks, clock }),
      ...(options.metrics ? metricsResources({ version, contributors: this.contributors }) : []),
    ];
  }
}
