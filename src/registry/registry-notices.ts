/**
 * What the registry coordinator tells every task host unasked: bodies of `service.notice` messages named `registry`.
 * Structured-cloneable.
 */
import type { WireError } from '../sdk/errors/error-wire.ts';
import type { Acknowledgement } from './registry-knowledge.ts';

export type RegistryNotice =
  /**
   * The primary changed, or may have. What was acknowledged at or after `suspectSince` (ms since the epoch) under another epoch is asked
   * for again before a further record is written with it (invariant 5); `latest` and what was denied is forgotten.
   */
  | {
      readonly kind: 'changed';
      readonly registryId: string;
      readonly epoch: string;
      readonly suspectSince: number;
    }
  /**
   * A new primary takes writes. What was acknowledged between its naming and now, under its own epoch, may have come from a node that did
   * not know of it: what was acknowledged from `since` until before `until` (ms since the epoch) is treated as after a change.
   */
  | { readonly kind: 'suspect'; readonly registryId: string; readonly since: number; readonly until: number }
  /**
   * Invariant 6: this id turned out to have other content than it was acknowledged with. Whoever uses it stops with this error, to
   * which the host adds the topics and offsets of the records that it wrote with the id.
   */
  | {
      readonly kind: 'contradicted';
      readonly registryId: string;
      /** '' is the default context. */
      readonly context: string;
      readonly id: number;
      readonly error: WireError;
    }
  /** The second look found these ids as they were acknowledged: nobody needs to know any longer which records carry them. */
  | {
      readonly kind: 'confirmed';
      readonly registryId: string;
      readonly context: string;
      readonly ids: readonly number[];
    }
  /** Another cluster answers behind the URLs, or ids go backwards: everything of this registry stops with this error. */
  | { readonly kind: 'distrusted'; readonly registryId: string; readonly error: WireError }
  /** Nobody uses this registry any more: its gates are gone. */
  | { readonly kind: 'closed'; readonly registryId: string };

/** Those after which what was acknowledged may not hold any more. */
export type Doubts = Extract<RegistryNotice, { kind: 'changed' | 'suspect' }>;

/** Whether the doubts are about what was acknowledged then. */
export function castsDoubt(doubts: Doubts, { at, epoch }: Acknowledgement): boolean {
  if (doubts.kind === 'changed') return at >= doubts.suspectSince && epoch !== doubts.epoch;
  return at >= doubts.since && at < doubts.until;
}

const KINDS: ReadonlySet<string> = new Set<RegistryNotice['kind']>([
  'changed',
  'suspect',
  'contradicted',
  'confirmed',
  'distrusted',
  'closed',
]);

/** Checks the body of a notice; undefined for anything else than one of ours. */
export function parseRegistryNotice(body: unknown): RegistryNotice | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { kind, registryId } = body as Readonly<Record<string, unknown>>;
  if (typeof registryId !== 'string') return undefined;
  return typeof kind === 'string' && KINDS.has(kind) ? (body as RegistryNotice) : undefined;
}
