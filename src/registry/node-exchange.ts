/** One exchange with one node: the request as the registry wants it, and what its answer means. */
import type { Clock } from '../foundation/clock.ts';
import { type CredentialHeaders, type Credentials, CredentialsUnavailable } from './credentials.ts';
import {
  classify,
  type FailureClass,
  type FailureContext,
  type Operation,
  type Outcome,
  type ServedBefore,
} from './failure-classes.ts';
import { type HttpRequest, type HttpResponse, type HttpTransport, TransportFailure } from './http-transport.ts';
import type { RegistryNode } from './node-book.ts';
import { RegistryConfigError } from './registry-errors.ts';
import { secretsOf, struckOut } from './secrets-sent.ts';

export interface RegistryRequest {
  readonly operation: Operation;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: string | Uint8Array;
  /** Lower-case names, in place of the usual ones of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly channel: 'read' | 'write';
  /** ms; the client's limit unless told, and never more than that. */
  readonly timeoutMs?: number;
  /** Whether a 2xx body has the shape that this request's answer has. */
  readonly expects: (json: unknown) => boolean;
}

/** What one request, over as many nodes as it took, came to. */
export interface CallResult {
  readonly verdict: FailureClass;
  /** The node that gave the answer; the last one tried when none did. */
  readonly node: string;
  /** undefined: no answer over HTTP; `transport` then says how far it came, or `issuer` who was missing instead. */
  readonly status: number | undefined;
  readonly transport?: TransportFailure['phase'];
  /** A write that was given up because another primary was named. */
  readonly overtaken?: true;
  /** The node was not asked: whoever issues our credentials gave none (`away`), or refused us (the error). */
  readonly issuer?: 'away' | RegistryConfigError;
  readonly errorCode: number | undefined;
  /** The parsed body of the answer. */
  readonly json: unknown;
  /** One line for people, without secrets. */
  readonly reason: string;
}

/** One HTTP exchange; `status` null: no answer. */
export interface ExchangeReport {
  readonly node: string;
  readonly operation: Operation;
  readonly status: number | null;
  readonly ms: number;
}

export interface NodeExchangeOptions {
  readonly transport: HttpTransport;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** Added to every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Invariant 8: what else is sent that no answer may bring to light, for a proxy. */
  readonly secrets?: readonly string[];
  readonly onExchange?: ((report: ExchangeReport) => void) | undefined;
  /** Asked when settings look wrong that the context does not say to have served: a registry served with them before all the same. */
  readonly servedBefore?: (() => Promise<ServedBefore>) | undefined;
  /** When the request may go: at once, or when this resolves. */
  readonly admit?: ((request: RegistryRequest, signal: AbortSignal) => Promise<void> | undefined) | undefined;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

export class NodeExchange {
  private readonly options: NodeExchangeOptions;

  constructor(options: NodeExchangeOptions) {
    this.options = options;
  }

  /** Rejects with the signal's reason only. */
  async perform(
    node: RegistryNode,
    request: RegistryRequest,
    fresh: boolean,
    context: FailureContext,
    signal: AbortSignal,
  ): Promise<CallResult> {
    const { credentials } = this.options;
    let own: CredentialHeaders;
    try {
      const headers = credentials.headers(node.url, signal);
      own = headers instanceof Promise ? await headers : headers;
    } catch (error) {
      signal.throwIfAborted();
      return withoutCredentials(node.url, error);
    }
    const result = await this.exchange(node, request, fresh, context, own, signal);
    if (result.verdict.class !== 'refresh-credentials') return result;
    try {
      await credentials.refresh(own, signal);
      const renewed = await credentials.headers(node.url, signal);
      return await this.exchange(node, request, fresh, { ...context, credentialsRefreshed: true }, renewed, signal);
    } catch (error) {
      signal.throwIfAborted();
      return withoutCredentials(node.url, error);
    }
  }

  private async exchange(
    node: RegistryNode,
    request: RegistryRequest,
    fresh: boolean,
    context: FailureContext,
    credentials: CredentialHeaders,
    signal: AbortSignal,
  ): Promise<CallResult> {
    const { clock, onExchange, requestTimeoutMs } = this.options;
    const httpRequest: HttpRequest = {
      node: node.url,
      method: request.method,
      path: request.path,
      headers: {
        accept: `${MEDIA_TYPE}, application/json`,
        ...this.options.headers,
        ...(request.body === undefined ? {} : { 'content-type': MEDIA_TYPE }),
        ...request.headers,
        ...credentials,
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      channel: request.channel,
      fresh,
      timeoutMs: Math.min(request.timeoutMs ?? requestTimeoutMs, requestTimeoutMs),
    };
    const admitted = this.options.admit?.(request, signal);
    if (admitted !== undefined) await admitted;
    // What a node says of itself may take its time: it tells nothing of how fast it serves.
    const end = request.operation === 'meta' ? undefined : node.begin(request.channel);
    const answered = node.sent();
    const beganAt = clock.monotonic();
    const report = (status: number | null): void =>
      onExchange?.({ node: node.url, operation: request.operation, status, ms: clock.monotonic() - beganAt });
    let response: HttpResponse;
    try {
      response = await this.options.transport.request(httpRequest, signal).finally(answered);
    } catch (error) {
      end?.(signal.aborted ? 'aborted' : 'failed');
      signal.throwIfAborted();
      report(null);
      const failure =
        error instanceof TransportFailure ? error : new TransportFailure('UNKNOWN', 'exchange', String(error));
      const outcome: Outcome = { kind: 'transport', code: failure.code, phase: failure.phase };
      return {
        verdict: await this.judge(request.operation, outcome, context),
        node: node.url,
        status: undefined,
        errorCode: undefined,
        transport: failure.phase,
        json: undefined,
        reason: describeFailure(failure, node.url),
      };
    }
    const result = await this.read(node.url, request, response, context, credentials);
    end?.(result.verdict.class === 'park' ? 'failed' : 'answered');
    report(response.status);
    return result;
  }

  /** What a node has to say of itself it may lack, or not tell us: that it served is no reason to wait for it. */
  private async judge(operation: Operation, outcome: Outcome, context: FailureContext): Promise<FailureClass> {
    const verdict = classify(operation, outcome, context);
    if (verdict.class !== 'config' || operation === 'meta' || context.servedBefore === true) return verdict;
    const servedBefore = (await this.options.servedBefore?.()) ?? false;
    return servedBefore === false ? verdict : classify(operation, outcome, { ...context, servedBefore });
  }

  private async read(
    node: string,
    request: RegistryRequest,
    response: HttpResponse,
    context: FailureContext,
    credentials: CredentialHeaders,
  ): Promise<CallResult> {
    const json = parseJson(response.body);
    const errorCode = errorCodeOf(json);
    const retryAfterMs = retryAfterOf(response.headers['retry-after'], this.options.clock);
    const isSuccess = response.status >= 200 && response.status < 300;
    const outcome: Outcome = {
      kind: 'answer',
      status: response.status,
      errorCode,
      shape: isSuccess && request.expects(json) ? 'expected' : errorCode === undefined ? 'other' : 'error',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
    return {
      verdict: await this.judge(request.operation, outcome, context),
      node,
      status: response.status,
      errorCode,
      json,
      reason: describeAnswer(node, response.status, errorCode, this.messageOf(json, credentials), isSuccess),
    };
  }

  private messageOf(json: unknown, credentials: CredentialHeaders): string {
    const message =
      typeof json === 'object' && json !== null ? (json as Record<string, unknown>)['message'] : undefined;
    const text = typeof message === 'string' ? message : Array.isArray(message) ? message.map(String).join('; ') : '';
    if (text === '') return '';
    const { headers, secrets = [] } = this.options;
    return struckOut(text, [...secretsOf({ ...headers, ...credentials }), ...secrets]);
  }
}

/** Nothing was sent to the node. Anything but the two failures that {@link Credentials} tells of is a mistake of ours, and is thrown. */
function withoutCredentials(node: string, error: unknown): CallResult {
  const nothing = { node, status: undefined, errorCode: undefined, json: undefined };
  if (error instanceof RegistryConfigError) {
    return { ...nothing, verdict: { class: 'config' }, issuer: error, reason: error.message };
  }
  if (!(error instanceof CredentialsUnavailable)) throw error;
  const { retryAfterMs } = error;
  return {
    ...nothing,
    verdict: { class: 'park', outcomeUnknown: false, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    issuer: 'away',
    reason: error.message,
  };
}

function describeFailure({ code, phase, proxy }: TransportFailure, node: string): string {
  if (phase === 'timeout') return `no answer in time at ${node}`;
  if (proxy !== undefined) {
    return `the proxy ${proxy} could not be reached (${code}), nor ${node} through it: check proxy.host and proxy.port`;
  }
  return `${code.startsWith('PROXY_') ? `the proxy answers HTTP ${code.slice(6)}` : code} at ${node}`;
}

/** The registry's own message helps people; it is cut, and a body that is no JSON is not repeated. */
function describeAnswer(
  node: string,
  status: number,
  code: number | undefined,
  message: string,
  success: boolean,
): string {
  const words = message.replace(/\s+/g, ' ').slice(0, 300);
  const what = success ? `${status} without what was asked for` : `${status}${code === undefined ? '' : `/${code}`}`;
  return `HTTP ${what} at ${node}${words === '' ? '' : `: ${words}`}`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function errorCodeOf(json: unknown): number | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const code = (json as Record<string, unknown>)['error_code'];
  return typeof code === 'number' ? code : undefined;
}

/** Seconds or a date, as RFC 9110 allows; at most ten minutes are believed. */
export function retryAfterOf(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 600_000) : undefined;
}
