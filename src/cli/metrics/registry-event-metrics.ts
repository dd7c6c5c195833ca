/** What happened at each registry since the worker started. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { RegistryEvent, RegistryListener } from '../../registry/registry-events.ts';
import type { PrimaryEpoch } from '../../registry/registry-snapshot.ts';
import type { GateSnapshot } from '../../sdk/dependency-gate.ts';
import { gateKind, registryOfGate } from '../gate-kind.ts';
import { EXCHANGE_BUCKETS, type MetricsContributor, OUTAGE_BUCKETS } from './metrics-contributor.ts';
import { removeSeriesOf } from './registry-series.ts';

type Outcome<T extends RegistryEvent['type']> = Extract<
  RegistryEvent,
  { readonly type: T; readonly outcome: string }
>['outcome'];

const EPOCH_CAUSES: readonly PrimaryEpoch['cause'][] = [
  'first-seen',
  'group-elected',
  'health-changed',
  'outage-ended',
  'write-moved',
  'primary-lost',
];
const CACHE_OUTCOMES: readonly Outcome<'cache'>[] = ['hit', 'miss', 'store'];
const REVALIDATION_OUTCOMES: readonly Outcome<'revalidated'>[] = ['equal', 'lost', 'contradicted', 'away'];
const LASTING_GATES = ['read', 'write'];

export class RegistryEventMetrics implements MetricsContributor {
  readonly listener: RegistryListener = (registry, event) => this.happened(registry, event);
  private readonly seen = new Set<string>();
  /** Ids of gates. */
  private readonly shut = new Set<string>();
  private readonly epochs = new Map<string, { number: number; isUsable: boolean }>();

  private readonly gateClosures = counter(
    'holdfast_registry_gate_closures_total',
    'How often a gate of the registry shut, by what it stands before: read and write are outages; id, subject and barrier one thing that the registry lacks for now.',
    ['registry', 'gate'],
  );
  private readonly gateClosedSeconds = histogram(
    'holdfast_registry_gate_closed_duration_seconds',
    'How long gates of the registry were shut; observed when they open.',
    ['registry', 'gate'],
    OUTAGE_BUCKETS,
  );
  private readonly epochChanges = counter(
    'holdfast_registry_epochs_total',
    'Changes of the primary that were seen, by cause; first-seen is the one that was there when the worker first asked.',
    ['registry', 'cause'],
  );
  private readonly outageToUsable = histogram(
    'holdfast_registry_outage_to_usable_seconds',
    'From the first sign of a change of primary until the new one took writes, of those for which it is known: somebody tried to write, or its node said so.',
    ['registry'],
    OUTAGE_BUCKETS,
  );
  private readonly requests = counter(
    'holdfast_registry_requests_total',
    'HTTP exchanges with nodes of the registry, by class of status (2xx, 4xx, ...); none: no answer.',
    ['registry', 'node', 'operation', 'status'],
  );
  private readonly requestSeconds = histogram(
    'holdfast_registry_request_duration_seconds',
    'How long these exchanges took, those without an answer included.',
    ['registry', 'node', 'operation'],
    EXCHANGE_BUCKETS,
  );
  private readonly cacheAnswers = counter(
    'holdfast_registry_cache_questions_total',
    'Questions of converters that do not know the answer yet: answered from memory (hit), from the schema store (store), or asked of the registry (miss).',
    ['registry', 'outcome'],
  );
  private readonly revalidations = counter(
    'holdfast_registry_revalidations_total',
    'Ids that were read back after a change of primary, or once more after their acknowledgement, by what that showed.',
    ['registry', 'outcome'],
  );
  private readonly barrierSeconds = histogram(
    'holdfast_registry_barrier_wait_seconds',
    'How long a new id was held back until the nodes could read it, by outcome.',
    ['registry', 'outcome'],
    OUTAGE_BUCKETS,
  );
  private readonly integrityErrors = counter(
    'holdfast_registry_integrity_errors_total',
    'Contradictions of the registry, such as an id with other content than before. Each stops the tasks concerned.',
    ['registry'],
  );
  private readonly idsFromFuture = counter(
    'holdfast_registry_ids_from_future_total',
    'Ids in records a little above the highest id of every node: the registry probably lost data.',
    ['registry'],
  );
  private readonly rungChanges = counter(
    'holdfast_registry_detection_changes_total',
    'How often the way in which the primary is found out changed.',
    ['registry'],
  );

  register(register: Registry): void {
    for (const metric of this.metrics) register.registerMetric(metric as Counter<string>);
  }

  /** Shows zeros for a registry before anything happens there: a rate needs a first value to count from. */
  begin(registry: string): void {
    if (this.seen.has(registry)) return;
    this.seen.add(registry);
    for (const gate of LASTING_GATES) this.gateClosures.inc({ registry, gate }, 0);
    for (const cause of EPOCH_CAUSES) this.epochChanges.inc({ registry, cause }, 0);
    for (const outcome of CACHE_OUTCOMES) this.cacheAnswers.inc({ registry, outcome }, 0);
    for (const outcome of REVALIDATION_OUTCOMES) this.revalidations.inc({ registry, outcome }, 0);
    for (const metric of [this.integrityErrors, this.idsFromFuture, this.rungChanges]) metric.inc({ registry }, 0);
  }

  private get metrics(): readonly (Counter<string> | Histogram<string>)[] {
    const { gateClosures, gateClosedSeconds, epochChanges, outageToUsable, requests, requestSeconds } = this;
    const { cacheAnswers, revalidations, barrierSeconds, integrityErrors, idsFromFuture, rungChanges } = this;
    return [
      ...[gateClosures, gateClosedSeconds, epochChanges, outageToUsable, requests, requestSeconds],
      ...[cacheAnswers, revalidations, barrierSeconds, integrityErrors, idsFromFuture, rungChanges],
    ] as (Counter<string> | Histogram<string>)[];
  }

  private happened(registry: string, event: RegistryEvent): void {
    if (event.type === 'closed') {
      this.forget(registry);
      return;
    }
    this.begin(registry);
    switch (event.type) {
      case 'gate':
        this.gateChanged(registry, event.gate, event.closedForMs);
        return;
      case 'epoch':
        this.epochTold(registry, event.epoch);
        return;
      case 'request': {
        const { node, operation } = event;
        const status = event.status === null ? 'none' : `${Math.floor(event.status / 100)}xx`;
        this.requests.inc({ registry, node, operation, status });
        this.requestSeconds.observe({ registry, node, operation }, event.ms / 1000);
        return;
      }
      case 'cache':
        this.cacheAnswers.inc({ registry, outcome: event.outcome });
        return;
      case 'revalidated':
        this.revalidations.inc({ registry, outcome: event.outcome });
        return;
      case 'barrier':
        this.barrierSeconds.observe({ registry, outcome: event.outcome }, event.waitedMs / 1000);
        return;
      case 'integrity':
        this.integrityErrors.inc({ registry });
        return;
      case 'id-from-future':
        this.idsFromFuture.inc({ registry });
        return;
      case 'detection':
        this.rungChanges.inc({ registry });
        return;
      default:
        return;
    }
  }

  private forget(registry: string): void {
    this.seen.delete(registry);
    this.epochs.delete(registry);
    for (const gate of this.shut) if (registryOfGate(gate) === registry) this.shut.delete(gate);
    void removeSeriesOf(registry, this.metrics);
  }

  /** A gate that is shut is told again when it is so for another reason. */
  private gateChanged(registry: string, { id, state }: GateSnapshot, closedForMs: number): void {
    const gate = gateKind(id);
    if (state === 'open') {
      this.shut.delete(id);
      this.gateClosedSeconds.observe({ registry, gate }, closedForMs / 1000);
    } else if (!this.shut.has(id)) {
      this.shut.add(id);
      this.gateClosures.inc({ registry, gate });
    }
  }

  /** An epoch is told when it begins, and again when it is usable. */
  private epochTold(registry: string, epoch: PrimaryEpoch): void {
    const last = this.epochs.get(registry);
    const isNew = last === undefined || epoch.number > last.number;
    const isUsable = epoch.usableAt !== null;
    if (isNew) this.epochChanges.inc({ registry, cause: epoch.cause });
    if (epoch.usableAfterMs !== null && epoch.cause !== 'first-seen' && (isNew || !last.isUsable)) {
      this.outageToUsable.observe({ registry }, epoch.usableAfterMs / 1000);
    }
    this.epochs.set(registry, { number: epoch.number, isUsable });
  }
}

function counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
  return new Counter({ name, help, labelNames, registers: [] });
}

function histogram<T extends string>(
  name: string,
  help: string,
  labelNames: readonly T[],
  buckets: number[],
): Histogram<T> {
  return new Histogram({ name, help, labelNames, buckets, registers: [] });
}
