/** A registry as `GET /registries` shows it: what the coordinator knows, at one moment. Structured-cloneable, no secrets. */
import type { GateSnapshot } from '../sdk/dependency-gate.ts';

export type RegistryVendor = 'confluent' | 'karapace' | 'apicurio' | 'redpanda' | 'other' | 'unknown';

/** How the primary was found out, from the surest to the least sure. */
export type DetectionRung = 'group' | 'health' | 'inference' | 'none';

/** A primary, from when to when. */
export interface PrimaryEpoch {
  /** Counts up from 1 in the life of the worker. */
  readonly number: number;
  /** {@link RegistryKnowledge.epoch} while it lasted. */
  readonly epoch: string;
  /** null: known by its URL only, or not at all. */
  readonly memberId: string | null;
  /** As the nodes advertise it, which need not be a URL that we reach; null: unknown or none. */
  readonly url: string | null;
  readonly cause: 'first-seen' | 'group-elected' | 'health-changed' | 'outage-ended' | 'write-moved' | 'primary-lost';
  readonly rung: DetectionRung;
  /** ms since the epoch: the first sign of the change. */
  readonly changeBeganAt: number;
  /** ms since the epoch: this primary was named. */
  readonly startedAt: number;
  /** ms since the epoch: a registration went through, or its node said that it is ready; null: not yet. */
  readonly usableAt: number | null;
  /**
   * ms from the first sign of the change until it took writes; null: not yet, or it is not known, because nobody tried to write and it does
   * not say so by itself: then `usableAt` is when it was found out.
   */
  readonly usableAfterMs: number | null;
  /** ms since the epoch; null: it lasts. */
  readonly endedAt: number | null;
}

export interface NodeSnapshot {
  readonly url: string;
  readonly alive: boolean;
  /** null: nobody said so. */
  readonly ready: boolean | null;
  readonly role: 'primary' | 'replica' | 'unknown';
  /** The last failure in one line; empty while it answers. */
  readonly reason: string;
  /** ms since the epoch of the last change between alive and not. */
  readonly since: number;
  /** Moving average of its answers, in ms; null: none yet. */
  readonly latencyMs: number | null;
  /** The highest id or offset that the node is known to have read, and how far that is behind the furthest node. */
  readonly highestId: number | null;
  readonly lag: number | null;
  readonly requests: number;
  readonly failures: number;
}

export interface GateHistoryEntry {
  readonly gate: string;
  readonly reason: string;
  /** ms since the epoch. */
  readonly closedAt: number;
  /** null: still closed. */
  readonly openedAt: number | null;
  readonly attempts: number;
}

export interface CacheSnapshot {
  readonly schemas: number;
  readonly answers: number;
  readonly suspect: number;
  /** Acknowledged less than 60 s ago, still to be looked at once more. */
  readonly unconfirmed: number;
  readonly hits: number;
  readonly misses: number;
  readonly revalidations: number;
  readonly stored: number;
}

export interface RegistrySnapshot {
  readonly id: string;
  readonly urls: readonly string[];
  readonly vendor: RegistryVendor;
  readonly clusterId: string | null;
  readonly rung: DetectionRung;
  /** Why no higher rung of the ladder is used; empty when it is the highest. */
  readonly rungReason: string;
  readonly epoch: PrimaryEpoch | null;
  /** The latest first. */
  readonly epochs: readonly PrimaryEpoch[];
  readonly nodes: readonly NodeSnapshot[];
  /** Reads, writes, and whatever waits for one id or subject. */
  readonly gates: readonly GateSnapshot[];
  /** The latest first. */
  readonly gateHistory: readonly GateHistoryEntry[];
  readonly cache: CacheSnapshot;
  /** Questions that wait, and the views that wait for them. */
  readonly parkedQuestions: number;
  readonly parkedViews: number;
  /** Integrity errors so far, one line each, the latest first. */
  readonly integrityErrors: readonly string[];
}
