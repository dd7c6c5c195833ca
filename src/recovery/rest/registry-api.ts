/** The REST API of one node of a registry, for reading and writing all of it. */
import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { HttpRequest } from '../../registry/http-transport.ts';
import { RegistryNode } from '../../registry/node-book.ts';
import type { CallResult, NodeExchange } from '../../registry/node-exchange.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/kinds.ts';
import { REST_REFUSED, REST_UNAVAILABLE } from './rest-errors.ts';

export interface RegistryApiOptions {
  /** Base URL without credentials and without a slash at the end. */
  readonly node: string;
  readonly exchange: NodeExchange;
  readonly clock: Clock;
  /** Requests under way at a time. */
  readonly parallel: number;
  /** ms that a request which fails for a reason that passes is tried again for. */
  readonly giveUpAfterMs: number;
  /** Called when a node is waited for, once until it answers again. */
  readonly onWaiting?: (reason: string) => void;
}

export interface ApiAnswer {
  readonly status: number;
  /** undefined: the answer has none. */
  readonly errorCode: number | undefined;
  /** undefined: the body is no JSON. */
  readonly json: unknown;
  /** What was answered, in one line without secrets. */
  readonly reason: string;
}

/** A page that is larger than is taken: told as a server would, so that less of it can be asked for. */
const TOO_LARGE = 413;

export interface RequestContent {
  readonly body: string | Uint8Array;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

const RETRY = { initialMs: 100, maxMs: 5000 };

export class RegistryApi {
  readonly node: string;
  private readonly options: RegistryApiOptions;
  private readonly book: RegistryNode;
  private readonly queue: PQueue;
  private isWaitedFor = false;

  constructor(options: RegistryApiOptions) {
    this.node = options.node;
    this.options = options;
    this.book = new RegistryNode(options.node, options.clock);
    this.queue = new PQueue({ concurrency: options.parallel });
  }

  /** What Apicurio's own API is below, beside the Confluent-compatible one: the host, and the path that a proxy has put before both. */
  origin(): RegistryApi {
    const { origin, pathname } = new URL(this.node);
    return new RegistryApi({ ...this.options, node: origin + pathname.replace(/\/apis\/ccompat(\/.*)?$|\/$/, '') });
  }

  /** How many requests are worth having under way at a time. */
  get parallel(): number {
    return this.options.parallel;
  }

  /**
   * Any answer but one that passes, which is waited out: refused connections, time limits, 5xx, 408, 425, 429.
   * @param path path and query, encoded
   * @throws EnvironmentError `holdfast.recovery.rest-unavailable` after `giveUpAfterMs`; ConfigError `holdfast.recovery.rest-refused` for 401,
   *   403 and failures of TLS that stay; the signal's reason
   */
  ask(method: HttpRequest['method'], path: string, signal: AbortSignal, body?: unknown): Promise<ApiAnswer> {
    return this.send(method, path, signal, body === undefined ? undefined : { body: JSON.stringify(body) });
  }

  /** As {@link ask}, with bytes instead of JSON. */
  send(
    method: HttpRequest['method'],
    path: string,
    signal: AbortSignal,
    content: RequestContent | undefined,
  ): Promise<ApiAnswer> {
    // Every request that waits or is under way listens to it.
    setMaxListeners(0, signal);
    return this.queue.add(() => this.persist(method, path, signal, content), { signal });
  }

  /** What is there; undefined for 404. @throws as {@link ask}, and ConfigError for what no registry answers to a reading. */
  async read(path: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.ask('GET', path, signal);
    if (answer.status === 200 && answer.json !== undefined) return answer.json;
    // Apicurio answers 204 for what it has the path of and nothing behind it.
    if (answer.status === 404 || answer.status === 204 || answer.status === 405 || answer.status === 501) {
      return undefined;
    }
    throw new ConfigError(`GET ${path}: ${answer.reason}. Check that --registry names a schema registry.`, {
      code: REST_REFUSED,
    });
  }

  private async persist(
    method: HttpRequest['method'],
    path: string,
    signal: AbortSignal,
    content: RequestContent | undefined,
  ): Promise<ApiAnswer> {
    const { clock, giveUpAfterMs } = this.options;
    const until = clock.monotonic() + giveUpAfterMs;
    const backoff = new Backoff(RETRY);
    for (;;) {
      const result = await this.once(method, path, signal, content);
      const { verdict, status, errorCode, json, reason } = result;
      if (verdict.class !== 'park' && status !== undefined && status !== 401 && status !== 403) {
        this.isWaitedFor = false;
        return { status, errorCode, json, reason };
      }
      if (reason.startsWith('BODY_TOO_LARGE')) return { status: TOO_LARGE, errorCode, json: undefined, reason };
      if (verdict.class !== 'park') {
        throw new ConfigError(
          `The registry at ${this.node} can not be used: ${reason}. Check --registry and --registry-config.`,
          { code: REST_REFUSED },
        );
      }
      const waitMs = Math.max(backoff.next(), verdict.retryAfterMs ?? 0);
      if (clock.monotonic() + waitMs > until) {
        throw new EnvironmentError(
          `The registry at ${this.node} gives no usable answer: ${method} ${path}: ${reason}. Bring it back and run the command again.`,
          { code: REST_UNAVAILABLE },
        );
      }
      if (!this.isWaitedFor) this.options.onWaiting?.(reason);
      this.isWaitedFor = true;
      await clock.sleep(waitMs, signal);
    }
  }

  private once(
    method: HttpRequest['method'],
    path: string,
    signal: AbortSignal,
    content: RequestContent | undefined,
  ): Promise<CallResult> {
    const request = {
      // Nothing is known of what a subject should have: "not there" is an answer like any other.
      operation: 'meta' as const,
      method,
      path,
      channel: method === 'GET' ? ('read' as const) : ('write' as const),
      ...content,
      expects: () => true,
    };
    return this.options.exchange.perform(this.book, request, false, {}, signal);
  }
}
