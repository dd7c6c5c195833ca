/** A registry as `GET /registries` shows it: snake_case, times as ISO 8601 in UTC, spans in ms, fields always in this order. */
import type {
  CacheSnapshot,
  GateHistoryEntry,
  NodeSnapshot,
  PrimaryEpoch,
  RegistrySnapshot,
} from '../registry/registry-snapshot.ts';
import type { GateSnapshot } from '../sdk/dependency-gate.ts';
import { gateKind } from './gate-kind.ts';
import type { ParkedTask } from './parked-tasks.ts';

/** `tasks`: all that are parked, also those that wait for something else. */
export function registryJson(registry: RegistrySnapshot, tasks: readonly ParkedTask[], now: number): object {
  const prefix = `registry:${registry.id}:`;
  const here = tasks.filter(({ parked }) => parked.gateId?.startsWith(prefix) === true);
  return {
    id: registry.id,
    urls: registry.urls,
    vendor: registry.vendor,
    cluster_id: registry.clusterId,
    detection: { rung: registry.rung, reason: registry.rungReason },
    epoch: registry.epoch === null ? null : epochJson(registry.epoch, now),
    epochs: registry.epochs.map((epoch) => epochJson(epoch, now)),
    nodes: registry.nodes.map(nodeJson),
    gates: registry.gates.map((gate) => ({
      ...gateJson(gate),
      parked_tasks: here.filter(({ parked }) => parked.gateId === gate.id).length,
    })),
    gate_history: registry.gateHistory.map((entry) => historyJson(entry, now)),
    cache: cacheJson(registry.cache),
    parked: {
      questions: registry.parkedQuestions,
      converters: registry.parkedViews,
      tasks: here.map(parkedTaskJson),
    },
    integrity_errors: registry.integrityErrors,
    links: {
      self: `/registries/${registry.id}`,
      probe: `/registries/${registry.id}/probe`,
      events: '/registries/events',
    },
  };
}

export function epochJson(epoch: PrimaryEpoch, now: number): object {
  const { number, memberId, url, cause, rung, changeBeganAt, startedAt, usableAt, usableAfterMs, endedAt } = epoch;
  return {
    number,
    member_id: memberId,
    url,
    cause,
    rung,
    change_began: isoTime(changeBeganAt),
    started: isoTime(startedAt),
    usable: isoTime(usableAt),
    ended: isoTime(endedAt),
    usable_after_ms: usableAfterMs,
    duration_ms: Math.max(0, (endedAt ?? now) - startedAt),
  };
}

export function gateJson(gate: GateSnapshot): object {
  return {
    id: gate.id,
    state: gate.state,
    dependency: gate.dependency,
    reason: gate.reason,
    since: isoTime(gate.since),
    attempts: gate.attempts,
    next_probe: isoTime(gate.nextProbeAt),
  };
}

export function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function nodeJson(node: NodeSnapshot): object {
  const { url, alive, ready, role, reason, since, latencyMs, highestId, lag, requests, failures } = node;
  return {
    url,
    alive,
    ready,
    role,
    reason,
    since: isoTime(since === 0 ? null : since),
    latency_ms: latencyMs === null ? null : Math.round(latencyMs * 10) / 10,
    highest_id: highestId,
    lag,
    requests,
    failures,
  };
}

function historyJson({ gate, reason, closedAt, openedAt, attempts }: GateHistoryEntry, now: number): object {
  return {
    gate,
    reason,
    closed: isoTime(closedAt),
    opened: isoTime(openedAt),
    duration_ms: Math.max(0, (openedAt ?? now) - closedAt),
    attempts,
  };
}

function cacheJson(cache: CacheSnapshot): object {
  const { schemas, answers, stored, suspect, unconfirmed, hits, misses, revalidations } = cache;
  return { schemas, answers, stored, suspect, unconfirmed, hits, misses, revalidations };
}

function parkedTaskJson({ connector, task, parked }: ParkedTask): object {
  const path = `/connectors/${encodeURIComponent(connector)}/tasks/${task}`;
  return {
    connector,
    task,
    gate: parked.gateId,
    dependency: parked.dependency,
    reason: parked.reason,
    code: parked.code,
    partitions: parked.partitions,
    ...(parked.waitingAt === undefined ? {} : { waiting_at: parked.waitingAt }),
    since: isoTime(parked.since),
    links: {
      status: `${path}/status`,
      // What one record alone waits for can be skipped with that record.
      ...(gateKind(parked.gateId ?? '') === 'id' ? { skip: `${path}/parked/skip` } : {}),
    },
  };
}
