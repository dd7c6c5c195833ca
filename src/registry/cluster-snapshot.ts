/** Puts a {@link RegistrySnapshot} together from what each part of the client knows. */
import type { ClusterParts } from './cluster-parts.ts';
import type { RegistryEndpoints } from './endpoints.ts';
import type { GateBook } from './gate-book.ts';
import type { ParkedQuestions } from './parked-questions.ts';
import type { KnowledgeSnapshot } from './registry-knowledge.ts';
import type { RegistrySettings } from './registry-settings.ts';
import type { NodeSnapshot, RegistrySnapshot } from './registry-snapshot.ts';

export interface SnapshotSources {
  readonly settings: RegistrySettings;
  readonly gates: GateBook;
  readonly parts: ClusterParts;
  readonly parked: ParkedQuestions;
  readonly counters: { readonly hits: number; readonly misses: number };
}

export function clusterSnapshot({ settings, gates, parts, parked, counters }: SnapshotSources): RegistrySnapshot {
  const { endpoints, identity, known, trust } = parts;
  const knowledge = parts.knowledge.snapshot();
  const prefix = `registry:${settings.registryId}:`;
  const [current] = knowledge.epochs;
  return {
    id: settings.registryId,
    urls: settings.nodes,
    vendor: knowledge.vendor,
    clusterId: identity.told(),
    rung: knowledge.rung,
    rungReason: knowledge.rungReason,
    epoch: current ?? null,
    epochs: knowledge.epochs,
    nodes: nodesOf(endpoints, knowledge),
    gates: gates.snapshots().filter(({ id }) => id.startsWith(prefix)),
    gateHistory: gates.history(prefix),
    cache: {
      ...known.counts(({ acknowledgement }) => parts.knowledge.isSuspect(acknowledgement)),
      ...counters,
      revalidations: trust.verifier.done,
      unconfirmed: trust.unconfirmed,
    },
    parkedQuestions: parked.size,
    parkedViews: parked.views,
    integrityErrors: trust.contradictions.lines,
  };
}

function nodesOf(endpoints: RegistryEndpoints, knowledge: KnowledgeSnapshot): NodeSnapshot[] {
  const highest = Math.max(...[...knowledge.nodes.values()].map(({ progress }) => progress?.highestId ?? 0));
  return endpoints.health().map((health) => {
    const node = knowledge.nodes.get(health.url);
    const highestId = node?.progress?.highestId ?? null;
    return {
      ...health,
      ready: node?.progress?.ready ?? null,
      role: node?.role ?? 'unknown',
      highestId,
      lag: highestId === null ? null : highest - highestId,
    };
  });
}
