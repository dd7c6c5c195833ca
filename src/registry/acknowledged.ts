/** An id that the registry vouched for and that no record carries yet: the barrier stands in between. */
import type { ConnectError } from '../sdk/errors/index.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import { contentFingerprint } from './fingerprint.ts';
import { idGate } from './id-gates.ts';
import { idLost } from './integrity-errors.ts';
import type { KnownAnswer } from './known-schemas.ts';
import type { Missing } from './missing-things.ts';
import type { CallResult } from './node-exchange.ts';
import { unusableIdIn } from './refusals.ts';
import { REGISTRY_BARRIER } from './registry-errors.ts';
import { contextOf, idOf } from './registry-requests.ts';
import type { Registered } from './write-barrier.ts';

export interface Acknowledged {
  readonly kind: 'acknowledged';
  readonly question: Extract<SchemaQuestion, { kind: 'register' | 'lookup' }>;
  readonly registered: Registered;
  readonly result: CallResult;
  /** What was acknowledged for it before, and then lost. */
  readonly replaced?: KnownAnswer;
}

/** The registry answered, and what it says can not be used. */
export interface Denied {
  readonly kind: 'denied';
  readonly error: ConnectError;
}

/** Of an answer that classified as good; denied for an id that no record can carry. */
export function acknowledgedBy(question: Acknowledged['question'], result: CallResult): Acknowledged | Denied {
  const id = idOf(result.json);
  if (id === undefined) throw new TypeError('An answer without id passed for a good one.');
  const error = unusableIdIn(result, question.subject);
  if (error !== undefined) return { kind: 'denied', error };
  const { subject, schema, normalize } = question;
  const registered = { id, subject, text: schema, normalize, node: result.node };
  return { kind: 'acknowledged', question, registered, result };
}

/** The barrier is not met: what waits does so at a gate of its own. */
export function heldBack({ registered }: Acknowledged, reason: string): Missing {
  return {
    gate: idGate('barrier', contextOf(registered.subject), registered.id),
    dependency: 'schema registry (barrier)',
    reason,
    code: REGISTRY_BARRIER,
    fromFuture: false,
  };
}

/** Throws RegistryIntegrityError when a lost registration was made again and came to another id: records carry the first. */
export function checkReplaced({ registered, replaced }: Acknowledged): void {
  const id = replaced?.schema.id;
  if (id === undefined || id === registered.id) return;
  const { subject, text, node } = registered;
  const reason = 'no node that answers knows it';
  const fingerprint = contentFingerprint(text);
  throw idLost({ id, context: contextOf(subject), subject, node, fingerprint, now: registered.id, reason });
}
