/** What happens to a registry, for metrics, REST and console: one event per change, none per record. */
import type { GateSnapshot } from '../sdk/dependency-gate.ts';
import type { ConnectError } from '../sdk/errors/index.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';

export type RegistryEvent =
  /** Opened, closed or half-opened; `closedForMs` at the opening. */
  | { readonly type: 'gate'; readonly gate: GateSnapshot; readonly closedForMs: number }
  | { readonly type: 'node'; readonly node: string; readonly alive: boolean; readonly reason: string }
  /** A question waits, for the first time. */
  | { readonly type: 'parked'; readonly question: SchemaQuestion['kind']; readonly gateId: string }
  | {
      readonly type: 'resumed';
      readonly question: SchemaQuestion['kind'];
      readonly gateId: string;
      readonly waitedMs: number;
    }
  /** Invariant 6. */
  | { readonly type: 'integrity'; readonly error: ConnectError }
  /** The registry probably lost data. */
  | { readonly type: 'id-from-future'; readonly id: number; readonly reason: string };

export type RegistryListener = (registryId: string, event: RegistryEvent) => void;
