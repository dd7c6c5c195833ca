import type { RegistryOperation, RegistryRequest } from '../embedded-registry/routes.ts';
import { Deferred } from '../foundation/deferred.ts';

/**
 * What becomes of a request.
 *
 * - `pass`: nothing happens to it, and no rule that was added earlier is asked.
 * - `answer`: this is answered, after `delayMs`, and nothing is done. A string is a plain-text body.
 * - `delay`: it is done after `ms`.
 * - `hang`: nothing happens until the rule ends or is removed, or the client gives up; then it is done, or `answer` is given.
 * - `cut`: the connection is reset, and nothing is done.
 * - `lose-answer`: it is done, and the connection is reset instead of an answer: a write whose outcome nobody knows.
 */
export type ScriptedFault =
  | { readonly kind: 'pass' }
  | AnswerFault
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'hang'; readonly answer?: ScriptedAnswer }
  | { readonly kind: 'cut' }
  | { readonly kind: 'lose-answer' };

/** A request is answered with this, and nothing is done. */
export interface AnswerFault extends ScriptedAnswer {
  readonly kind: 'answer';
  /** ms before it is answered; 0 unless told. */
  readonly delayMs?: number;
}

/** An HTTP answer of the test's making. */
export interface ScriptedAnswer {
  readonly status: number;
  /** Sent as JSON, a string as plain text. */
  readonly body: unknown;
  /** Lower-case names, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as rules see it. */
export interface ScriptedRequest extends RegistryRequest {
  readonly node: number;
  readonly operation: RegistryOperation | 'unknown';
}

/** Which requests meet a fault, and for how long; times in ms by the registry's clock. */
export interface ScriptedRule {
  /** All nodes unless told. */
  readonly node?: number | readonly number[];
  /** All operations unless told. */
  readonly operation?: RegistryOperation | readonly RegistryOperation[];
  /** Must match somewhere in path and query. */
  readonly path?: RegExp;
  readonly when?: (request: ScriptedRequest) => boolean;
  /**
   * `request`, the default: as it arrives. `write`: only when it needs the primary, so that schemas which the node knows
   * are still answered.
   */
  readonly stage?: 'request' | 'write';
  /** In force from so many ms after it was added. */
  readonly fromMs?: number;
  /** In force until so many ms after it was added. */
  readonly untilMs?: number;
  /** The first so many requests that match pass: `skip: 2, times: 1` meets the third. */
  readonly skip?: number;
  /** Meets so many requests, then ends. */
  readonly times?: number;
  readonly fault: ScriptedFault | ((request: ScriptedRequest) => ScriptedFault);
}

/** A rule that was added. */
export interface RuleHandle {
  /** How many requests it has met. */
  readonly hits: number;
  /** False once it was removed, is over, or has met `times` requests. */
  readonly active: boolean;
  /** Ends it: what hangs by it goes on. */
  remove(): void;
}

/** The fault that the registry's own error rows are made of. */
export function errorAnswer(status: number, errorCode: number, message = '', delayMs = 0): AnswerFault {
  return { kind: 'answer', status, body: { error_code: errorCode, message }, delayMs };
}

interface RuleState {
  readonly rule: ScriptedRule;
  readonly addedAt: number;
  readonly ended: Deferred;
  matches: number;
  hits: number;
}

/** The fault for one request, and what ends it when it hangs. */
export interface MatchedFault {
  readonly fault: ScriptedFault;
  readonly ended: Promise<void>;
}

/** The rules in force; the one added last is asked first. */
export class FaultRules {
  private readonly now: () => number;
  private rules: RuleState[] = [];

  /** `now`: ms, never going back. */
  constructor({ now }: { readonly now: () => number }) {
    this.now = now;
  }

  add(rule: ScriptedRule): RuleHandle {
    const state: RuleState = { rule, addedAt: this.now(), ended: new Deferred(), matches: 0, hits: 0 };
    this.rules.unshift(state);
    const isActive = (): boolean => this.rules.includes(state);
    return {
      get hits() {
        return state.hits;
      },
      get active() {
        return isActive();
      },
      remove: () => this.end(state),
    };
  }

  clear(): void {
    for (const state of this.rules) this.end(state);
  }

  match(stage: 'request' | 'write', request: ScriptedRequest): MatchedFault | undefined {
    for (const state of this.rules) {
      if (!this.concerns(state, stage, request)) continue;
      const { rule } = state;
      state.matches++;
      if (state.matches <= (rule.skip ?? 0)) continue;
      state.hits++;
      const fault = typeof rule.fault === 'function' ? rule.fault(request) : rule.fault;
      // What hangs by its last hit hangs until somebody removes the rule or its time is over.
      const isLast = rule.times !== undefined && state.hits >= rule.times;
      if (isLast && fault.kind !== 'hang') this.end(state);
      return { fault, ended: state.ended.promise };
    }
    return undefined;
  }

  /** Ends what is over; to be called when time has passed. */
  expire(): void {
    for (const state of this.rules) {
      const { untilMs } = state.rule;
      if (untilMs !== undefined && this.now() - state.addedAt >= untilMs) this.end(state);
    }
  }

  private concerns(state: RuleState, stage: 'request' | 'write', request: ScriptedRequest): boolean {
    const { rule, addedAt, hits } = state;
    if ((rule.stage ?? 'request') !== stage) return false;
    if (rule.times !== undefined && hits >= rule.times) return false;
    const age = this.now() - addedAt;
    if (age < (rule.fromMs ?? 0) || age >= (rule.untilMs ?? Number.POSITIVE_INFINITY)) return false;
    if (rule.node !== undefined && ![rule.node].flat().includes(request.node)) return false;
    if (rule.operation !== undefined && ![rule.operation].flat().some((o) => o === request.operation)) return false;
    if (rule.path !== undefined && !rule.path.test(request.path)) return false;
    return rule.when?.(request) ?? true;
  }

  private end(state: RuleState): void {
    this.rules = this.rules.filter((other) => other !== state);
    state.ended.resolve();
  }
}
