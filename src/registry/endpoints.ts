/**
 * The nodes of one registry cluster: which is asked first, what is tried before an outage is called an outage, and which
 * node is remembered as dead so that no request waits for it first.
 */
import { Backoff } from '../foundation/backoff.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Credentials } from './credentials.ts';
import { classify, type FailureClass, type FailureContext, type Operation, type Outcome } from './failure-classes.ts';
import { type HttpRequest, type HttpResponse, type HttpTransport, TransportFailure } from './http-transport.ts';

export interface RegistryRequest {
  readonly operation: Operation;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: string;
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
  /** undefined: no answer over HTTP; `transport` then says how far it came. */
  readonly status: number | undefined;
  readonly transport?: TransportFailure['phase'];
  readonly errorCode: number | undefined;
  /** The parsed body of the answer. */
  readonly json: unknown;
  /** One line for people, without secrets. */
  readonly reason: string;
}

export interface CallOptions {
  readonly context?: FailureContext;
  /**
   * Asked before the request is repeated once an earlier attempt may have taken effect; an `ok` result takes the place of
   * the repetition.
   */
  readonly resolveUnknown?: () => Promise<CallResult>;
}

export interface EndpointsOptions {
  readonly nodes: readonly string[];
  readonly transport: HttpTransport;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** The node that writes go to first; null: unknown. */
  readonly primary: () => string | null;
  readonly requestTimeoutMs: number;
  /** Added to every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Begin with any node instead of the first. */
  readonly randomize: boolean;
  readonly random?: () => number;
  /** Called once per node and comeback, before its first answer is used. A rejection ends the call. */
  readonly verify?: (node: string, get: (request: RegistryRequest) => Promise<CallResult>) => Promise<void>;
  /** A node died or came back. */
  readonly onNode?: (node: string, alive: boolean, reason: string) => void;
}

interface NodeState {
  readonly url: string;
  alive: boolean;
  verified: boolean;
  verifying: Promise<CallResult | undefined> | undefined;
  readonly backoff: Backoff;
  revival: Timer | undefined;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const LIVENESS: RegistryRequest = {
  operation: 'meta',
  method: 'GET',
  path: '/',
  channel: 'read',
  expects: () => true,
};

export class RegistryEndpoints {
  private readonly options: EndpointsOptions;
  private readonly nodes: readonly NodeState[];
  private readonly life = new AbortController();
  private turn: number;
  private lastWriter: string | null = null;

  constructor(options: EndpointsOptions) {
    this.options = options;
    const random = options.random ?? Math.random;
    this.nodes = options.nodes.map((url) => ({
      url,
      alive: true,
      verified: false,
      verifying: undefined,
      backoff: new Backoff({ initialMs: 1000, maxMs: 30_000, random }),
      revival: undefined,
    }));
    this.turn = options.randomize ? Math.floor(random() * this.nodes.length) : 0;
  }

  get urls(): readonly string[] {
    return this.options.nodes;
  }

  isAlive(node: string): boolean {
    return this.nodes.find((state) => state.url === node)?.alive === true;
  }

  /**
   * Asks one node after the other until one gives an answer that settles the question. When none does, the most telling of
   * what they said.
   */
  async call(request: RegistryRequest, signal: AbortSignal, options: CallOptions = {}): Promise<CallResult> {
    const order = this.order(request.channel);
    let context = options.context ?? {};
    let best: CallResult | undefined;
    let unknown = false;
    const attempt = async (node: NodeState, fresh: boolean): Promise<CallResult> => {
      if (unknown && options.resolveUnknown !== undefined) {
        const resolved = await options.resolveUnknown();
        if (resolved.verdict.class === 'ok') return resolved;
      }
      const result = await this.attempt(node, request, fresh, context, signal);
      if (result.verdict.class === 'park' && result.verdict.outcomeUnknown) unknown = true;
      return result;
    };
    for (const node of order) {
      const wasAlive = node.alive;
      let result = await attempt(node, false);
      if (result.verdict.class === 'refresh-credentials') {
        await this.options.credentials.refresh(signal);
        context = { ...context, credentialsRefreshed: true };
        result = await attempt(node, false);
      }
      if (result.verdict.class === 'park' && wasAlive && this.deservesFreshConnection(result, order.length)) {
        result = await attempt(node, true);
      }
      if (result.verdict.class === 'park' && result.status === undefined) this.markDead(node, result.reason);
      best = moreTelling(best, result);
      if (isSettled(result.verdict)) {
        if (request.operation === 'register') this.lastWriter = node.url;
        return result;
      }
    }
    if (best === undefined) throw new Error('A registry needs at least one URL.');
    // What may have been written stays "may have been written", whichever node answered last.
    return unknown && best.verdict.class === 'park'
      ? { ...best, verdict: { ...best.verdict, outcomeUnknown: true } }
      : best;
  }

  /** Asks this one node, once, on a connection of its own if `fresh`; one that gives no answer counts as dead from then on. */
  async callAt(
    url: string,
    request: RegistryRequest,
    signal: AbortSignal,
    options: { readonly fresh?: boolean; readonly context?: FailureContext } = {},
  ): Promise<CallResult> {
    const node = this.nodes.find((state) => state.url === url);
    if (node === undefined) throw new RangeError(`${url} is not one of the URLs of this registry.`);
    const result = await this.attempt(node, request, options.fresh === true, options.context ?? {}, signal);
    if (result.verdict.class === 'park' && result.status === undefined) this.markDead(node, result.reason);
    return result;
  }

  /** Asks every node once, all at the same time; for what differs from node to node. */
  callEach(request: RegistryRequest, signal: AbortSignal, context: FailureContext = {}): Promise<CallResult[]> {
    return Promise.all(this.nodes.map((node) => this.attempt(node, request, false, context, signal)));
  }

  /** Asks this very node, once, whatever is known of it; who it is need not be known. For questions about the node itself. */
  ask(node: string, request: RegistryRequest, signal: AbortSignal): Promise<CallResult> {
    const state = this.nodes.find(({ url }) => url === node);
    if (state === undefined) throw new Error('This is no node of the registry.');
    return this.exchange(state, request, false, {}, signal);
  }

  /** Every node is verified again before its next answer is used: after an outage another cluster may stand there. */
  reverify(): void {
    for (const node of this.nodes) node.verified = false;
  }

  close(): void {
    this.life.abort();
    for (const node of this.nodes) node.revival?.cancel();
  }

  /** Reads take turns over the nodes that are alive; writes begin with the primary, or with who took the last one. */
  private order(channel: 'read' | 'write'): NodeState[] {
    const start = channel === 'read' ? this.turn++ : this.turn;
    const rotated = this.nodes
      .map((_, i) => this.nodes[(start + i) % this.nodes.length])
      .filter((n) => n !== undefined);
    const preferred = channel === 'write' ? (this.options.primary() ?? this.lastWriter) : null;
    const rank = (node: NodeState): number => (node.alive ? (node.url === preferred ? 0 : 1) : 2);
    return rotated.sort((a, b) => rank(a) - rank(b));
  }

  /** A reused connection may just have been stale; with one URL only, another connection may lead to another node behind it. */
  private deservesFreshConnection(result: CallResult, nodes: number): boolean {
    if (result.status !== undefined) return nodes === 1 && result.status !== 429;
    // A node that answers nothing costs the whole time limit once more: another one is the better second try.
    if (result.transport === 'timeout') return nodes === 1;
    return result.transport !== 'connect';
  }

  private async attempt(
    node: NodeState,
    request: RegistryRequest,
    fresh: boolean,
    context: FailureContext,
    signal: AbortSignal,
  ): Promise<CallResult> {
    if (!node.verified && this.options.verify !== undefined) {
      node.verifying ??= this.verify(node, fresh, signal).finally(() => {
        node.verifying = undefined;
      });
      const failed = await node.verifying;
      // Nothing was sent of the request itself, so its outcome is known.
      if (failed?.verdict.class === 'park') return { ...failed, verdict: { ...failed.verdict, outcomeUnknown: false } };
    }
    return this.exchange(node, request, fresh, context, signal);
  }

  /** Who is it? Returns the failure when the node gave no answer. */
  private async verify(node: NodeState, fresh: boolean, signal: AbortSignal): Promise<CallResult | undefined> {
    let failed: CallResult | undefined;
    await this.options.verify?.(node.url, async (question) => {
      const answer = await this.exchange(node, question, fresh, {}, signal);
      if (answer.verdict.class === 'park') failed = answer;
      return answer;
    });
    if (failed === undefined) node.verified = true;
    return failed;
  }

  private async exchange(
    node: NodeState,
    request: RegistryRequest,
    fresh: boolean,
    context: FailureContext,
    signal: AbortSignal,
  ): Promise<CallResult> {
    const authorization = this.options.credentials.authorization(node.url);
    const httpRequest: HttpRequest = {
      node: node.url,
      method: request.method,
      path: request.path,
      headers: {
        accept: `${MEDIA_TYPE}, application/json`,
        ...this.options.headers,
        ...(request.body === undefined ? {} : { 'content-type': MEDIA_TYPE }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      channel: request.channel,
      fresh,
      timeoutMs: Math.min(request.timeoutMs ?? this.options.requestTimeoutMs, this.options.requestTimeoutMs),
    };
    let response: HttpResponse;
    try {
      response = await this.options.transport.request(httpRequest, signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure =
        error instanceof TransportFailure ? error : new TransportFailure('UNKNOWN', 'exchange', String(error));
      const outcome: Outcome = { kind: 'transport', code: failure.code, phase: failure.phase };
      return {
        verdict: classify(request.operation, outcome, context),
        node: node.url,
        status: undefined,
        errorCode: undefined,
        transport: failure.phase,
        json: undefined,
        reason: `${describeFailure(failure)} at ${node.url}`,
      };
    }
    this.markAlive(node);
    return this.read(node.url, request, response, context);
  }

  private read(node: string, request: RegistryRequest, response: HttpResponse, context: FailureContext): CallResult {
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
      verdict: classify(request.operation, outcome, context),
      node,
      status: response.status,
      errorCode,
      json,
      reason: describeAnswer(node, response.status, errorCode, json, isSuccess),
    };
  }

  private markAlive(node: NodeState): void {
    if (node.alive) return;
    node.alive = true;
    node.verified = false;
    node.backoff.reset();
    node.revival?.cancel();
    node.revival = undefined;
    this.options.onNode?.(node.url, true, '');
  }

  private markDead(node: NodeState, reason: string): void {
    if (node.alive) {
      node.alive = false;
      this.options.onNode?.(node.url, false, reason);
    }
    if (node.revival === undefined && !this.life.signal.aborted) this.planRevival(node);
  }

  /** Asks a dead node now and then, so that it gets its share again without any request waiting for it. */
  private planRevival(node: NodeState): void {
    node.revival = this.options.clock.setTimer(
      () => {
        node.revival = undefined;
        if (node.alive || this.life.signal.aborted) return;
        // Invariant 9: with no node alive, the gate's prober is the one that asks.
        const revive = this.nodes.some((other) => other.alive)
          ? this.exchange(node, LIVENESS, true, {}, this.life.signal)
          : Promise.resolve();
        revive.then(
          () => {
            if (!node.alive && !this.life.signal.aborted && node.revival === undefined) this.planRevival(node);
          },
          () => {},
        );
      },
      500 + node.backoff.next(),
      { unref: true },
    );
  }
}

function describeFailure(failure: TransportFailure): string {
  return failure.phase === 'timeout' ? 'no answer in time' : failure.code;
}

/** The registry's own message helps people; it is cut, and a body that is no JSON is not repeated. */
function describeAnswer(
  node: string,
  status: number,
  code: number | undefined,
  json: unknown,
  success: boolean,
): string {
  const message = typeof json === 'object' && json !== null ? (json as Record<string, unknown>)['message'] : undefined;
  const text = typeof message === 'string' ? message : Array.isArray(message) ? message.map(String).join('; ') : '';
  const words = text.replace(/\s+/g, ' ').slice(0, 300);
  const what = success ? `${status} without what was asked for` : `${status}${code === undefined ? '' : `/${code}`}`;
  return `HTTP ${what} at ${node}${words === '' ? '' : `: ${words}`}`;
}

function isSettled(verdict: FailureClass): boolean {
  return verdict.class !== 'park' && verdict.class !== 'config' && verdict.class !== 'refresh-and-retry';
}

const WEIGHT: Readonly<Record<string, number>> = { config: 1, park: 2, 'refresh-and-retry': 3 };

/**
 * Of answers that settle nothing: one that may yet change counts more than one that tells of a wrong setting, and one node's
 * "there is none" more than another's silence, so that a single unknown id never looks like an outage.
 */
function moreTelling(a: CallResult | undefined, b: CallResult): CallResult {
  if (a === undefined || isSettled(b.verdict)) return b;
  return (WEIGHT[b.verdict.class] ?? 0) >= (WEIGHT[a.verdict.class] ?? 0) ? b : a;
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
function retryAfterOf(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 600_000) : undefined;
}
