/**
 * What an answer of a registry means: the one table that decides between waiting, asking elsewhere, refusing a record and
 * failing a task. Keyed on (transport, status, error_code, operation), never on text: a body may be HTML, lack its
 * error_code, or carry an array message.
 */
import { isTlsFailure } from '../foundation/tls-failures.ts';

export type Operation =
  /** GET /schemas/ids/{id}: the id stands in a record. */
  | 'by-id'
  /** POST /subjects/{subject}/versions. */
  | 'register'
  /** POST /subjects/{subject}: which id has this schema? */
  | 'lookup'
  /** GET /subjects/{subject}/versions/{version}. */
  | 'version'
  /** GET /mode, /subjects, /v1/metadata/id: about the registry itself. */
  | 'meta';

/** What came back, or did not. */
export type Outcome =
  | { readonly kind: 'transport'; readonly code: string; readonly phase: 'connect' | 'exchange' | 'timeout' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** undefined: no JSON object, or none with a numeric error_code. */
      readonly errorCode: number | undefined;
      /** The body has the shape that this operation's success has. */
      readonly shape: 'expected' | 'error' | 'other';
      /** ms, from Retry-After. */
      readonly retryAfterMs?: number;
    };

export type ServedBefore = boolean | 'unknown';

/** What has to be known beyond the answer; all optional, the default is "nothing known". */
export interface FailureContext {
  /** The credentials were refreshed for this very request already. */
  readonly credentialsRefreshed?: boolean;
  /** We registered or read this subject or version before, so that its absence is suspicious. */
  readonly seenBefore?: boolean;
  /** A change of primary, or an outage, ended less than the settle window ago: what a node denies may be lag. */
  readonly settling?: boolean;
  /** The schema in question has references, which may lag themselves. */
  readonly hasReferences?: boolean;
  /** It was asked again after the settle window, or elsewhere: `data` needs no further look. */
  readonly rechecked?: boolean;
  /**
   * A registry served with these very settings before, at any of the nodes. What then looks like a wrong setting is a proxy, a certificate
   * or a check of credentials that is out of order. `unknown`: the schema store, which would know, is still being read.
   */
  readonly servedBefore?: ServedBefore;
  /** A registry named its cluster at one of these nodes, if only in an earlier run: with which credentials is not known. */
  readonly answeredBefore?: boolean;
  /** The subject's mode: undefined when not asked yet, null when the registry has no modes. */
  readonly mode?: string | null;
}

export type FailureClass =
  | { readonly class: 'ok' }
  /**
   * It passes: the next node, then the gate. `outcomeUnknown`: a write that may have happened. `misleading`: it looks like a wrong setting,
   * but the settings served before; `perhaps`: whether they did is not known yet.
   */
  | {
      readonly class: 'park';
      readonly outcomeUnknown: boolean;
      readonly retryAfterMs?: number;
      readonly misleading?: true | 'perhaps';
    }
  | { readonly class: 'refresh-credentials' }
  /** Denied, but lag explains it: other nodes, the primary, later again. */
  | { readonly class: 'refresh-and-retry' }
  /** A normal "there is none"; not to be remembered over an epoch change. */
  | { readonly class: 'negative' }
  /** Bad for good. `recheck`: look once more, elsewhere or later, before believing it. */
  | { readonly class: 'data'; readonly recheck: boolean }
  /** 42205: ask for the mode of the subject, then classify again. */
  | { readonly class: 'needs-mode' }
  /** The subject is read-only until an operator changes its mode: parks what writes to it. null: it may be, but who knows can't be asked. */
  | { readonly class: 'park-read-only'; readonly mode: string | null }
  | { readonly class: 'config' };

const URL_CONFIG = new Set([
  'ERR_INVALID_URL',
  'ERR_INVALID_PROTOCOL',
  'UND_ERR_INVALID_ARG',
  'ERR_UNESCAPED_CHARACTERS',
  // The proxy wants to know who we are, or forbids the registry.
  'PROXY_407',
  'PROXY_403',
]);

/** A TLS handshake that both sides will repeat in the same way for ever, as opposed to a connection that broke. */
export function isPermanentTransport(code: string): boolean {
  return isTlsFailure(code) || URL_CONFIG.has(code);
}

/** Soft-deleted states, and associations: the caller asked for what is not to be had. */
const DATA_404 = new Set([40404, 40405, 40406, 40407, 40410]);
/** Subject, version, schema; a subject without settings of its own. */
const ABSENT_404 = new Set([40401, 40402, 40403]);
const NO_SETTING_404 = new Set([40408, 40409]);

/** Classifies one outcome of one attempt. Pure. */
export function classify(operation: Operation, outcome: Outcome, context: FailureContext = {}): FailureClass {
  if (outcome.kind === 'transport') {
    if (isPermanentTransport(outcome.code)) return wrongSettings(context.servedBefore);
    return park(operation, outcome.phase !== 'connect');
  }
  const { status } = outcome;
  if (status >= 200 && status < 300) {
    // A maintenance page with status 200, or half an answer: nothing is lost by waiting.
    return outcome.shape === 'expected' ? { class: 'ok' } : park(operation, true);
  }
  if (status >= 500 || status === 408 || status === 425) return park(operation, true, outcome.retryAfterMs);
  if (status === 429) return park(operation, false, outcome.retryAfterMs);
  if (status === 401 || status === 403) {
    if (context.credentialsRefreshed !== true) return { class: 'refresh-credentials' };
    return wrongSettings(context.servedBefore);
  }
  if (status === 404) return classifyAbsence(operation, outcome.errorCode, context);
  if (status === 409) return { class: 'data', recheck: context.settling === true && context.rechecked !== true };
  if (status === 422) return classifyUnprocessable(outcome.errorCode, context);
  return wrong(context);
}

/** Another web server answers: the URL is wrong, unless a registry was there. */
function wrong({ servedBefore, answeredBefore }: FailureContext): FailureClass {
  return wrongSettings(answeredBefore === true || servedBefore);
}

/**
 * Invariant 3: settings that were right do not become wrong because something before the registry answers in its place. It did not write. Of
 * those of which that is not known yet nothing is said.
 */
export function wrongSettings(wereRight: ServedBefore | undefined): FailureClass {
  if (wereRight === true) return { class: 'park', outcomeUnknown: false, misleading: true };
  return wereRight === 'unknown'
    ? { class: 'park', outcomeUnknown: false, misleading: 'perhaps' }
    : { class: 'config' };
}

function park(operation: Operation, sent: boolean, retryAfterMs?: number): FailureClass {
  const outcomeUnknown = operation === 'register' && sent;
  return retryAfterMs === undefined
    ? { class: 'park', outcomeUnknown }
    : { class: 'park', outcomeUnknown, retryAfterMs };
}

function classifyAbsence(operation: Operation, errorCode: number | undefined, context: FailureContext): FailureClass {
  // No error_code: a proxy or another path answered, not the registry.
  if (errorCode === undefined) return wrong(context);
  if (operation === 'meta') return { class: 'negative' };
  // The bare status in JSON is what the registry's web server says of a path that it does not have: a wrong base URL, no missing schema.
  if (errorCode === 404) return wrong(context);
  if (DATA_404.has(errorCode)) return { class: 'data', recheck: false };
  if (NO_SETTING_404.has(errorCode)) return { class: 'negative' };
  if (operation === 'by-id') return { class: 'refresh-and-retry' };
  if (ABSENT_404.has(errorCode)) {
    return context.seenBefore === true || context.settling === true
      ? { class: 'refresh-and-retry' }
      : { class: 'negative' };
  }
  return { class: 'negative' };
}

function classifyUnprocessable(errorCode: number | undefined, context: FailureContext): FailureClass {
  if (errorCode === 42205) {
    if (context.mode === undefined) return { class: 'needs-mode' };
    if (context.mode !== null && isReadOnlyMode(context.mode)) return { class: 'park-read-only', mode: context.mode };
    // The mode may have changed since the refusal.
    return { class: 'data', recheck: context.rechecked !== true };
  }
  // An unresolved reference is reported as an invalid schema, and can be lag.
  const recheck = errorCode === 42201 && context.hasReferences === true && context.rechecked !== true;
  return { class: 'data', recheck };
}

/** Modes in which a registration without an id of its own is refused until an operator acts. */
export function isReadOnlyMode(mode: string): boolean {
  return mode === 'READONLY' || mode === 'READONLY_OVERRIDE' || mode === 'IMPORT' || mode === 'FORWARD';
}
