/** What happens to a registry, for log, metrics, REST and console: one event per change or request, none per record. */
import type { GateSnapshot } from '../sdk/dependency-gate.ts';
import type { ConnectError } from '../sdk/errors/index.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import type { Operation } from './failure-classes.ts';
import type { DetectionRung, PrimaryEpoch, RegistryVendor } from './registry-snapshot.ts';

export type RegistryEvent =
  /** Opened, closed or half-opened; `closedForMs` at the opening. */
  | { readonly type: 'gate'; readonly gate: GateSnapshot; readonly closedForMs: number }
  | { readonly type: 'node'; readonly node: string; readonly alive: boolean; readonly reason: string }
  /** A node says that it is (not) ready, or that it lags; on change only. */
  | { readonly type: 'node-readiness'; readonly node: string; readonly ready: boolean; readonly lag: number | null }
  /** Another primary, or the same one after an outage; and again with `usableAt` once it writes. */
  | { readonly type: 'epoch'; readonly epoch: PrimaryEpoch; readonly previous: PrimaryEpoch | null }
  /** Another rung of the detection ladder is used from now on. */
  | {
      readonly type: 'detection';
      readonly vendor: RegistryVendor;
      readonly rung: DetectionRung;
      readonly reason: string;
    }
  /** A question waits, for the first time. */
  | { readonly type: 'parked'; readonly question: SchemaQuestion['kind']; readonly gateId: string }
  | {
      readonly type: 'resumed';
      readonly question: SchemaQuestion['kind'];
      readonly gateId: string;
      readonly waitedMs: number;
    }
  /** One HTTP exchange with one node. `status` null: no answer. */
  | {
      readonly type: 'request';
      readonly node: string;
      readonly operation: Operation;
      readonly status: number | null;
      readonly ms: number;
    }
  /** A question of a view: answered from memory or the store, or asked. */
  | { readonly type: 'cache'; readonly outcome: 'hit' | 'miss' | 'store' }
  /** A suspect or unconfirmed id was read back. */
  | { readonly type: 'revalidated'; readonly id: number; readonly outcome: 'equal' | 'lost' | 'contradicted' | 'away' }
  /** A registration was held until the barrier was met, or gave up waiting. */
  | {
      readonly type: 'barrier';
      readonly id: number;
      readonly waitedMs: number;
      readonly outcome: 'met' | 'probable' | 'timed-out' | 'skipped';
    }
  /** Invariant 6. */
  | { readonly type: 'integrity'; readonly error: ConnectError }
  /** The registry probably lost data. */
  | { readonly type: 'id-from-future'; readonly id: number; readonly reason: string }
  /** Nobody has used the registry for a while: nothing is asked of it any more, and nothing comes after this until somebody does. */
  | { readonly type: 'closed' };

export type RegistryListener = (registryId: string, event: RegistryEvent) => void;
