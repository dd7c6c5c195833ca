/**
 * What task hosts and the registry coordinator say to each other: bodies of `service` requests named `registry`, and their
 * answers. Structured-cloneable; errors in their wire form.
 */
import { ConnectError, errorFromWire, errorToWire, type WireError } from '../sdk/errors/index.ts';
import type { RegisteredSchema, SchemaAnswer, SchemaQuestion } from '../sdk/schema-view.ts';
import { RegistryUnavailableError } from './registry-errors.ts';
import type { Acknowledgement } from './registry-knowledge.ts';

/** The service name under which the coordinator is contributed. */
export const REGISTRY_SERVICE = 'registry';

export type RegistryMessage =
  /** Answer: {@link RegistryReply}, parallel to the questions. */
  | {
      readonly kind: 'ask';
      /** The registry's settings, as `registryConfigOf` picks them. Never logged. */
      readonly config: Readonly<Record<string, string>>;
      /** Who asks: a name that is unique among views. */
      readonly view: string;
      readonly questions: readonly SchemaQuestion[];
    }
  /**
   * The view, which has asked before, is gone, or needs these questions no more: what only it waits for is asked no longer. Answer:
   * undefined.
   */
  | {
      readonly kind: 'withdraw';
      readonly config: Readonly<Record<string, string>>;
      readonly view: string;
      /** Absent: all of them, and the view is gone. */
      readonly questions?: readonly SchemaQuestion[];
    };

export type WireAnswer =
  | { readonly kind: 'known'; readonly schema: RegisteredSchema; readonly acknowledgement: Acknowledgement }
  | {
      readonly kind: 'waiting';
      readonly gateId: string;
      readonly error: WireError;
      /** The id lies above what every node has: `unknown.id.action` applies. */
      readonly fromFuture: boolean;
    }
  | { readonly kind: 'refused'; readonly error: WireError };

export interface RegistryReply {
  readonly answers: readonly WireAnswer[];
}

/** The answers to so many questions, or why what came is none. */
export function repliesOf(reply: unknown, count: number): readonly WireAnswer[] | Error {
  const answers = (reply as RegistryReply | undefined)?.answers;
  return Array.isArray(answers) && answers.length === count
    ? answers
    : new TypeError('The answer is not of the right form.');
}

/** What the coordinator found out; the control plane's form of {@link WireAnswer}. */
export type RegistryAnswer =
  | { readonly kind: 'known'; readonly schema: RegisteredSchema; readonly acknowledgement: Acknowledgement }
  | {
      readonly kind: 'waiting';
      readonly error: RegistryUnavailableError;
      readonly gateId: string;
      readonly fromFuture: boolean;
    }
  | { readonly kind: 'refused'; readonly error: ConnectError };

export function answerToWire(answer: RegistryAnswer): WireAnswer {
  return answer.kind === 'known' ? answer : { ...answer, error: errorToWire(answer.error) };
}

/** The answer as a converter sees it. */
export function schemaAnswerOf(answer: WireAnswer): Exclude<SchemaAnswer, { kind: 'unasked' }> {
  if (answer.kind === 'known') return { kind: 'known', schema: answer.schema };
  const error = errorFromWire(answer.error);
  if (error instanceof ConnectError) return { kind: answer.kind, error };
  return { kind: 'waiting', error: new RegistryUnavailableError(error.message, { cause: error }) };
}

/** Checks the body of a service request; undefined for anything else than a message of ours. */
export function parseRegistryMessage(body: unknown): RegistryMessage | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { kind, config, view, questions } = body as Readonly<Record<string, unknown>>;
  if (typeof view !== 'string' || typeof config !== 'object' || config === null) return undefined;
  if (kind !== 'ask' && kind !== 'withdraw') return undefined;
  if (kind === 'withdraw' && questions === undefined) return body as RegistryMessage;
  return Array.isArray(questions) && questions.every(isQuestion) ? (body as RegistryMessage) : undefined;
}

function isQuestion(value: unknown): value is SchemaQuestion {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id, subject, schema, version, metadata, guid } = value as Readonly<Record<string, unknown>>;
  if (kind === 'by-id') return typeof id === 'number';
  if (kind === 'by-guid') return typeof guid === 'string';
  if (kind === 'with-metadata') return typeof subject === 'string' && typeof metadata === 'object' && metadata !== null;
  if (kind === 'version') return typeof subject === 'string' && typeof version === 'number';
  if (kind !== 'register' && kind !== 'lookup') return false;
  return typeof subject === 'string' && typeof schema === 'object' && schema !== null;
}
