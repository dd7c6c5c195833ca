/** How each registry stands, read from its snapshot at each scrape. */
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../foundation/clock.ts';
import { steadyNow } from '../../foundation/steady-time.ts';
import type { PrimaryEpoch, RegistrySnapshot } from '../../registry/registry-snapshot.ts';
import { gateKind } from '../gate-kind.ts';
import type { MetricsContributor } from './metrics-contributor.ts';

export interface RegistryStateMetricsOptions {
  readonly snapshots: () => readonly RegistrySnapshot[];
  readonly clock: Clock;
  /** Told of each registry before it is shown. */
  readonly onRegistry?: (registry: string) => void;
}

const STATES = ['open', 'half-open', 'closed'];
const MISSING_KINDS = ['id', 'subject', 'barrier'];

export class RegistryStateMetrics implements MetricsContributor {
  private readonly options: RegistryStateMetricsOptions;
  private readonly gauges = {
    info: gauge('holdfast_registry_info', 'Always 1. What the registry is, and how its primary is found out.', [
      'registry',
      'vendor',
      'rung',
    ]),
    gateState: gauge('holdfast_registry_gate_state', '1 for the state in which the gate is, 0 for the others.', [
      'registry',
      'gate',
      'state',
    ]),
    gateClosedSeconds: gauge(
      'holdfast_registry_gate_closed_seconds',
      'For how long the gate has been shut, half-open included; 0 while it is open.',
      ['registry', 'gate'],
    ),
    missing: gauge(
      'holdfast_registry_missing_things',
      'What the registry lacks for now and somebody waits for: ids that no node knows, subjects that lag or are read-only, new ids that not every node can read, answers that do not come (slow).',
      ['registry', 'kind'],
    ),
    parkedQuestions: gauge('holdfast_registry_parked_questions', 'Questions that wait for the registry.', ['registry']),
    primaryKnown: gauge(
      'holdfast_registry_primary_known',
      '1 if it is known which node is the primary, 0 if not; no line where there is no such thing, or where only requests tell.',
      ['registry'],
    ),
    epochNumber: gauge('holdfast_registry_epoch_number', 'Counts the primaries in the life of the worker.', [
      'registry',
    ]),
    epochAge: gauge('holdfast_registry_epoch_age_seconds', 'For how long the primary has been the primary.', [
      'registry',
    ]),
    epochUsable: gauge(
      'holdfast_registry_epoch_usable',
      '1 if the primary has been seen to take writes, 0 if not yet.',
      ['registry'],
    ),
    nodeUp: gauge('holdfast_registry_node_up', '1 while the node answers.', ['registry', 'node']),
    nodeReady: gauge(
      'holdfast_registry_node_ready',
      '1 while the node says that it has read all of its topic; no line: nobody says so.',
      ['registry', 'node'],
    ),
    nodePrimary: gauge('holdfast_registry_node_primary', '1 for the primary.', ['registry', 'node']),
    nodeLatency: gauge('holdfast_registry_node_latency_seconds', 'Moving average of its answers.', [
      'registry',
      'node',
    ]),
    nodeLag: gauge(
      'holdfast_registry_node_lag_ids',
      'By how many ids or offsets the node is behind the furthest one.',
      ['registry', 'node'],
    ),
    schemas: gauge('holdfast_registry_cache_schemas', 'Schemas in memory.', ['registry']),
    answers: gauge(
      'holdfast_registry_cache_answers',
      'Answers in memory: which id has this schema, which schema this id.',
      ['registry'],
    ),
    suspect: gauge(
      'holdfast_registry_suspect_entries',
      'Ids acknowledged around a change of primary that are read back before a record carries them again.',
      ['registry'],
    ),
    unconfirmed: gauge(
      'holdfast_registry_unconfirmed_entries',
      'Ids acknowledged less than 60 s ago, which are read once more.',
      ['registry'],
    ),
  } as const;

  constructor(options: RegistryStateMetricsOptions) {
    this.options = options;
  }

  register(register: Registry): void {
    for (const metric of Object.values(this.gauges)) register.registerMetric(metric);
  }

  refresh(): void {
    for (const metric of Object.values(this.gauges)) metric.reset();
    for (const snapshot of this.options.snapshots()) {
      this.options.onRegistry?.(snapshot.id);
      this.showGates(snapshot);
      this.showPrimary(snapshot);
      this.showNodes(snapshot);
      this.showCache(snapshot);
    }
  }

  private showGates({ id: registry, gates, parkedQuestions }: RegistrySnapshot): void {
    const { gateState, gateClosedSeconds, missing } = this.gauges;
    for (const kind of MISSING_KINDS) missing.set({ registry, kind }, 0);
    for (const { id, state, since } of gates) {
      const gate = gateKind(id);
      if (gate !== 'read' && gate !== 'write') {
        if (state !== 'open') missing.inc({ registry, kind: gate });
        continue;
      }
      for (const each of STATES) gateState.set({ registry, gate, state: each }, each === state ? 1 : 0);
      gateClosedSeconds.set({ registry, gate }, state === 'open' ? 0 : this.secondsSince(since));
    }
    this.gauges.parkedQuestions.set({ registry }, parkedQuestions);
  }

  private showPrimary({ id: registry, vendor, rung, epoch }: RegistrySnapshot): void {
    const { info, primaryKnown, epochNumber, epochAge, epochUsable } = this.gauges;
    info.set({ registry, vendor, rung }, 1);
    // Where nobody says who it is, or where there is no such thing, nothing is wrong with knowing none.
    if (rung === 'group' || rung === 'health') primaryKnown.set({ registry }, isKnown(epoch) ? 1 : 0);
    if (epoch === null) return;
    epochNumber.set({ registry }, epoch.number);
    epochAge.set({ registry }, Math.max(0, steadyNow(this.options.clock) - epoch.startedAt) / 1000);
    epochUsable.set({ registry }, epoch.usableAt === null ? 0 : 1);
  }

  private showNodes({ id: registry, nodes }: RegistrySnapshot): void {
    const { nodeUp, nodeReady, nodePrimary, nodeLatency, nodeLag } = this.gauges;
    for (const { url: node, alive, ready, role, latencyMs, lag } of nodes) {
      nodeUp.set({ registry, node }, alive ? 1 : 0);
      nodePrimary.set({ registry, node }, role === 'primary' ? 1 : 0);
      if (ready !== null) nodeReady.set({ registry, node }, ready ? 1 : 0);
      if (latencyMs !== null) nodeLatency.set({ registry, node }, latencyMs / 1000);
      if (lag !== null) nodeLag.set({ registry, node }, lag);
    }
  }

  private showCache({ id: registry, cache }: RegistrySnapshot): void {
    this.gauges.schemas.set({ registry }, cache.schemas);
    this.gauges.answers.set({ registry }, cache.answers);
    this.gauges.suspect.set({ registry }, cache.suspect);
    this.gauges.unconfirmed.set({ registry }, cache.unconfirmed);
  }

  private secondsSince(at: number): number {
    return Math.max(0, this.options.clock.now() - at) / 1000;
  }
}

function isKnown(epoch: PrimaryEpoch | null): boolean {
  return epoch !== null && epoch.endedAt === null && (epoch.url !== null || epoch.memberId !== null);
}

function gauge<T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> {
  return new Gauge({ name, help, labelNames, registers: [] });
}
