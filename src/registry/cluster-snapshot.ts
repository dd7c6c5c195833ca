/** Puts a {@link RegistrySnapshot} together from what each part of the client knows. */
import type { RegistryEndpoints } from './endpoints.ts';
import type { GateBook } from './gate-book.ts';
import type { KnowledgeSnapshot } from './registry-knowledge.ts';
import type { CacheSnapshot, NodeSnapshot, RegistrySnapshot } from './registry-snapshot.ts';

export interface SnapshotParts {
  readonly registryId: string;
  readonly urls: readonly string[];
  readonly endpoints: RegistryEndpoints;
  readonly knowledge: KnowledgeSnapshot;
  readonly clusterId: string | null;
  readonly gates: GateBook;
  readonly cache: CacheSnapshot;
  readonly parkedQuestions: number;
  readonly parkedViews: number;
  readonly integrityErrors: readonly string[];
}

export function clusterSnapshot(parts: SnapshotParts): RegistrySnapshot {
  const { registryId, urls, knowledge, clusterId, gates, cache, parkedQuestions, parkedViews, integrityErrors } = parts;
  const prefix = `registry:${registryId}:`;
  const [current] = knowledge.epochs;
  return {
    id: registryId,
    urls,
    vendor: knowledge.vendor,
    clusterId,
    rung: knowledge.rung,
    rungReason: knowledge.rungReason,
    epoch: current ?? null,
    epochs: knowledge.epochs,
    nodes: nodesOf(parts),
    gates: gates.snapshots().filter(({ id }) => id.startsWith(prefix)),
    gateHistory: gates.history(prefix),
    cache,
    parkedQuestions,
    parkedViews,
    integrityErrors,
  };
}

function nodesOf({ endpoints, knowledge }: SnapshotParts): NodeSnapshot[] {
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
