/**
 * Answers that look like a wrong setting, from a registry that served with the same settings before. When nothing is served at that moment,
 * it is an outage. When all else is, it concerns this one request, and is believed if it lasts.
 */
import type { ConnectError } from '../sdk/errors/index.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import type { Denials } from './denials.ts';
import type { CallResult } from './endpoints.ts';
import type { KnownSchemas } from './known-schemas.ts';
import type { Missing } from './missing-things.ts';
import { causeOf } from './outage-causes.ts';
import type { OutageCause } from './prober.ts';
import { gateOf } from './question-gates.ts';
import { refusalOf } from './refusals.ts';
import { REGISTRY_MISLEADING } from './registry-errors.ts';
import type { SignOfLife } from './sign-of-life.ts';

/** `away`: nothing is served. `missing`: all else is. `denied`: that lasted for so long that the setting is to blame. */
export type MisleadingVerdict =
  | ({ readonly kind: 'away' } & OutageCause)
  | { readonly kind: 'missing'; readonly missing: Missing }
  | { readonly kind: 'denied'; readonly error: ConnectError };

export interface MisleadingAnswersOptions {
  readonly life: SignOfLife;
  readonly known: KnownSchemas;
  readonly denials: Denials;
}

/** What these say has nothing to do with the content of a request. */
const WHATEVER_IS_ASKED = new Set([301, 302, 307, 308, 401, 403, 404]);

export class MisleadingAnswers {
  private readonly options: MisleadingAnswersOptions;

  constructor(options: MisleadingAnswersOptions) {
    this.options = options;
  }

  async judge(
    key: string,
    question: SchemaQuestion,
    result: CallResult,
    signal: AbortSignal,
  ): Promise<MisleadingVerdict> {
    const { denials } = this.options;
    const cause = causeOf(result);
    // No request got as far as to be answered.
    if (result.status === undefined || !(await this.options.life.servesOthers(signal))) {
      denials.delete(key);
      return { kind: 'away', ...cause };
    }
    // Invariant 3: what was allowed for this subject before is waited for without limit.
    if (denials.add(key).isLasting && !this.servedBefore(question, result.status)) {
      return { kind: 'denied', error: refusalOf({ ...result, verdict: { class: 'config' } }) };
    }
    const { reason } = cause;
    return { kind: 'missing', missing: { ...gateOf(question), reason, code: REGISTRY_MISLEADING, fromFuture: false } };
  }

  private servedBefore(question: SchemaQuestion, status: number): boolean {
    if (question.kind !== 'register' && question.kind !== 'lookup' && question.kind !== 'version') return false;
    return WHATEVER_IS_ASKED.has(status) && this.options.known.hasSeen(question.subject);
  }
}
