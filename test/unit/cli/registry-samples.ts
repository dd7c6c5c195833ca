import type { PrimaryEpoch, RegistrySnapshot } from '../../../src/registry/registry-snapshot.ts';
import type { GateSnapshot } from '../../../src/sdk/dependency-gate.ts';

/** ms since the epoch of the samples' "now": 2023-11-14T22:13:20.000Z, where ManualClock begins. */
export const NOW = 1_700_000_000_000;

export const REGISTRY = 'sr-1-8081-abc123';

export function sampleGate(kind: string, more: Partial<GateSnapshot> = {}): GateSnapshot {
  return {
    id: `registry:${REGISTRY}:${kind}`,
    state: 'open',
    dependency: `schema registry (${kind})`,
    reason: '',
    since: NOW - 60_000,
    attempts: 0,
    nextProbeAt: null,
    ...more,
  };
}

export function sampleEpoch(more: Partial<PrimaryEpoch> = {}): PrimaryEpoch {
  return {
    number: 2,
    epoch: 'e2',
    memberId: 'sr-2-member',
    url: 'http://sr-2:8081',
    cause: 'group-elected',
    rung: 'group',
    changeBeganAt: NOW - 20_000,
    startedAt: NOW - 12_000,
    usableAt: NOW - 8_000,
    usableAfterMs: 12_000,
    endedAt: null,
    ...more,
  };
}

/** A registry of two nodes in the middle of an outage of writes. */
export function sampleSnapshot(more: Partial<RegistrySnapshot> = {}): RegistrySnapshot {
  const closed = sampleGate('write', {
    state: 'closed',
    reason: 'ECONNREFUSED at http://sr-1:8081',
    since: NOW - 9_500,
    attempts: 4,
    nextProbeAt: NOW + 500,
  });
  const id = sampleGate('id:42', {
    state: 'closed',
    dependency: 'schema id 42',
    reason: 'no node knows schema id 42 yet',
  });
  return {
    id: REGISTRY,
    urls: ['http://sr-1:8081', 'http://sr-2:8081'],
    vendor: 'confluent',
    clusterId: 'kafka-cluster=k;schema-registry-cluster=s',
    rung: 'group',
    rungReason: '',
    epoch: sampleEpoch(),
    epochs: [
      sampleEpoch(),
      sampleEpoch({
        number: 1,
        cause: 'first-seen',
        changeBeganAt: NOW - 90_000,
        startedAt: NOW - 90_000,
        usableAt: NOW - 90_000,
        usableAfterMs: 0,
        endedAt: NOW - 20_000,
      }),
    ],
    nodes: [
      {
        url: 'http://sr-1:8081',
        alive: false,
        ready: false,
        role: 'replica',
        reason: 'ECONNREFUSED at http://sr-1:8081',
        since: NOW - 9_500,
        latencyMs: 12.345,
        highestId: 40,
        lag: 2,
        requests: 100,
        failures: 3,
      },
      {
        url: 'http://sr-2:8081',
        alive: true,
        ready: null,
        role: 'primary',
        reason: '',
        since: 0,
        latencyMs: null,
        highestId: null,
        lag: null,
        requests: 0,
        failures: 0,
      },
    ],
    gates: [sampleGate('read'), closed, id],
    gateHistory: [{ gate: closed.id, reason: closed.reason, closedAt: NOW - 9_500, openedAt: null, attempts: 4 }],
    cache: { schemas: 7, answers: 9, suspect: 2, unconfirmed: 1, hits: 50, misses: 9, revalidations: 3, stored: 7 },
    parkedQuestions: 2,
    parkedViews: 5,
    integrityErrors: [],
    ...more,
  };
}
