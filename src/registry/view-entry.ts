/** What a schema view remembers of one question. */
import type { ConnectError } from '../sdk/errors/index.ts';
import type { SchemaAnswer, SchemaQuestion } from '../sdk/schema-view.ts';
import { idGate } from './id-gates.ts';
import { RegistryUnavailableError } from './registry-errors.ts';
import type { Acknowledgement } from './registry-knowledge.ts';
import { contextOf } from './registry-requests.ts';
import type { WaitingLimit } from './waiting-limits.ts';

export type Settled = Exclude<SchemaAnswer, { kind: 'unasked' }>;

export interface ViewEntry {
  readonly question: SchemaQuestion;
  answer: Settled;
  /** Clock.monotonic(); infinite for what never changes. */
  expiresAt: number;
  /** Since when the question waits, and at which gate; null: it doesn't. */
  waiting: Waiting | null;
  /** Set for what the registry acknowledged. */
  acknowledgement: Acknowledgement | null;
  /** Invariant 5: to be asked for again before anything is written with it, whatever time that takes. */
  isSuspect: boolean;
  /** Clock.monotonic() of its last use, near enough. */
  usedAt: number;
}

export interface Waiting {
  readonly since: number;
  readonly gateId: string;
  readonly limit: WaitingLimit | null;
  /** Asked again at that time although the gate is closed: what it waits for may be called something else by then. */
  readonly askAgainAt: number;
}

/** It says what this id means. */
export function isAbout({ question, answer }: ViewEntry, context: string, id: number): boolean {
  return answer.kind === 'known' && answer.schema.id === id && contextOf(question.subject) === context;
}

/** What waits there waits for this id or GUID only, not for the registry. */
export function isOneId(question: SchemaQuestion, gateId: string): boolean {
  if (question.kind === 'by-guid') return gateId.endsWith(`:guid:${question.guid}`);
  return question.kind === 'by-id' && gateId.endsWith(`:${idGate('id', contextOf(question.subject), question.id)}`);
}

/** It concerns the record at hand alone: an operator may have it skipped. */
export function skippable({ message, code, details }: ConnectError, gateId: string): ConnectError {
  return new RegistryUnavailableError(message, { code, gateId, details: { ...details, skippable: true } });
}

/** Refused by a contradiction. */
export function isForGood({ answer, expiresAt }: ViewEntry): boolean {
  return answer.kind === 'refused' && expiresAt === Number.POSITIVE_INFINITY;
}
