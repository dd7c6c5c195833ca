/**
 * The nodes of one registry cluster: which is asked first, what is tried before an outage is called an outage, and which
 * node is remembered as dead so that no request waits for it first.
 *
 * With one URL only, a load balancer may stand behind it: a failure is tried again on a connection of its own, which may lead to
 * another node, and nothing is known of the nodes one by one.
 */
import type { Clock } from '../foundation/clock.ts';
import type { Credentials } from './credentials.ts';
import type { FailureContext, ServedBefore } from './failure-classes.ts';
import type { HttpTransport } from './http-transport.ts';
import { NodeBook, type NodeHealth, type RegistryNode } from './node-book.ts';
import {
  type CallResult,
  type ExchangeReport,
  NodeExchange,
  type NodeExchangeOptions,
  type RegistryRequest,
} from './node-exchange.ts';
import { NodeOrder } from './node-order.ts';
import { firstUsable } from './node-race.ts';
import { NodeRevival } from './node-revival.ts';
import { NodeRound } from './node-round.ts';
import { livenessRequest } from './registry-requests.ts';
import { deadNode, isOfRegistry } from './telling-answers.ts';
import { WritesUnderWay } from './writes-under-way.ts';

export type { CallResult, ExchangeReport, RegistryRequest } from './node-exchange.ts';

export interface CallOptions {
  readonly context?: FailureContext;
  /**
   * Asked before the request is repeated once an earlier attempt may have taken effect; an `ok` result takes the place of
   * the repetition.
   */
  readonly resolveUnknown?: () => Promise<CallResult>;
  /** One node's "there is none" will do: what follows from it is right in either case. Otherwise every node is asked, one that hangs included. */
  readonly believesOne?: boolean;
}

export interface EndpointsOptions {
  readonly nodes: readonly string[];
  readonly transport: HttpTransport;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** The node that writes go to first; null: unknown. */
  readonly primary: () => string | null;
  /** Whether a node says that it is ready; null: it says nothing. One that is not gets what no other takes. */
  readonly isReady?: (node: string) => boolean | null;
  readonly requestTimeoutMs: number;
  /** Added to every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets?: NodeExchangeOptions['secrets'];
  /** Begin with any node instead of the first. */
  readonly randomize: boolean;
  readonly random?: () => number;
  /** Called once per node and comeback, before its first answer is used; the last answer that it gets decides. A rejection ends the call. */
  readonly verify?: (node: string, get: (request: RegistryRequest) => Promise<CallResult>) => Promise<void>;
  /** A registry named its cluster at one of these nodes, in this run or an earlier one. */
  readonly answeredBefore?: () => boolean;
  /** A registry served with these very settings in an earlier run. Slow; asked only when an answer looks like a wrong setting. */
  readonly servedBefore?: () => Promise<ServedBefore>;
  /** A node serves; told for each of its answers. */
  readonly onServed?: (node: string) => void;
  /** A write has had no answer for a second. */
  readonly onWriteHangs?: () => void;
  /** A node died or came back. */
  readonly onNode?: (node: string, alive: boolean, reason: string) => void;
  readonly onExchange?: (report: ExchangeReport) => void;
  readonly admit?: NodeExchangeOptions['admit'];
}

/** How long others go first after a node answered a read with a failure that names no time. */
const SHUN_MS = 1000;
/** A node that serves takes less, as a rule. */
const SILENT_MS = 250;
/** For so long a node that left a write unanswered gets writes after the others. */
const WRITES_HUNG_MS = 10_000;

export class RegistryEndpoints {
  private readonly options: EndpointsOptions;
  private readonly book: NodeBook;
  private readonly orders: NodeOrder;
  private readonly exchanges: NodeExchange;
  private readonly revival: NodeRevival;
  private readonly writes: WritesUnderWay;
  private readonly verifying = new Map<RegistryNode, Promise<CallResult | undefined>>();
  private readonly life = new AbortController();
  private lastWriter: string | null = null;
  private served = false;

  constructor(options: EndpointsOptions) {
    const { clock, onNode, onExchange, primary } = options;
    const random = options.random ?? Math.random;
    this.options = options;
    this.book = new NodeBook({ nodes: options.nodes, clock, onNode });
    this.orders = new NodeOrder({
      book: this.book,
      clock,
      primary,
      isReady: options.isReady ?? (() => null),
      first: options.randomize ? Math.floor(random() * options.nodes.length) : 0,
    });
    this.exchanges = new NodeExchange({
      transport: options.transport,
      credentials: options.credentials,
      clock,
      requestTimeoutMs: options.requestTimeoutMs,
      headers: options.headers,
      secrets: options.secrets ?? [],
      onExchange,
      admit: options.admit,
      servedBefore: () => this.servedBefore(),
    });
    this.writes = new WritesUnderWay({ clock, onHanging: (node) => this.hanging(node) });
    this.revival = new NodeRevival({
      clock,
      random,
      // Invariant 9: with no node alive, the gate's prober is the one that asks.
      mayAsk: () => this.book.anyAlive,
      ask: async (node) => {
        await this.exchange(node, livenessRequest(node.alive), true, {}, this.life.signal);
      },
    });
  }

  get urls(): readonly string[] {
    return this.options.nodes;
  }

  /**
   * A registry served with these settings, at any node, if only in an earlier run: by an answer that was asked for, or a refusal in its own words.
   * What is not known yet holds for one answer, and is asked again for the next.
   */
  async servedBefore(): Promise<ServedBefore> {
    const before = this.served || ((await this.options.servedBefore?.()) ?? false);
    if (before === true) this.served = true;
    return this.served || before;
  }

  isAlive(node: string): boolean {
    return this.book.get(node)?.alive === true;
  }

  /** URLs of those that were asked, and have not answered for a while; without any, of those that would be asked. */
  unanswering(): readonly string[] {
    const { nodes } = this.book;
    const silent = nodes.filter(({ silentMs }) => silentMs >= SILENT_MS);
    return (silent.length > 0 ? silent : nodes.filter(({ alive }) => alive)).map(({ url }) => url);
  }

  /** How each node does, in the order of the URLs. */
  health(): readonly NodeHealth[] {
    return this.book.snapshot();
  }

  /**
   * Asks one node after the other until one gives an answer that settles the question. When none does, the most telling of
   * what they said. Rejects with the signal's reason, or with that of `verify`.
   */
  async call(request: RegistryRequest, signal: AbortSignal, options: CallOptions = {}): Promise<CallResult> {
    const { context = {}, resolveUnknown, believesOne = false } = options;
    const isWrite = request.channel === 'write';
    const order = isWrite ? this.orders.forWrites(this.lastWriter) : this.orders.forReads();
    const { anyAlive, nodes } = this.book;
    const hasRead = (node: RegistryNode): boolean => this.hasRead(node);
    if (!anyAlive && !isWrite && order.length > 1) {
      const attempts = nodes.map((node) => this.attempt(node, request, true, context, signal));
      return firstUsable(request, nodes, attempts, hasRead);
    }
    const round = new NodeRound({
      request,
      order,
      anyAlive,
      believesOne,
      resolveUnknown,
      send: (node, fresh) =>
        isWrite
          ? this.write(node, request, fresh, context, signal)
          : this.attempt(node, request, fresh, context, signal),
      hasRead,
      primary: this.options.primary,
      orders: this.orders,
    });
    const result = await round.run();
    if (request.operation === 'register' && round.settledAt !== null) this.lastWriter = round.settledAt;
    return result;
  }

  /** Asks this one node, once, on a connection of its own if `fresh`; one that gives no answer counts as dead from then on. */
  async callAt(
    url: string,
    request: RegistryRequest,
    signal: AbortSignal,
    options: { readonly fresh?: boolean; readonly context?: FailureContext } = {},
  ): Promise<CallResult> {
    const node = this.nodeAt(url);
    const context = options.context ?? {};
    let result = await this.attempt(node, request, options.fresh === true, context, signal);
    // A reused connection may just have been stale.
    if (result.transport === 'exchange' && options.fresh !== true) {
      result = await this.attempt(node, request, true, context, signal);
    }
    return result;
  }

  /** A node answers of which nothing says that it has not read its topic to the end: what it denies may be believed. */
  get anyHasRead(): boolean {
    return this.book.nodes.some((node) => node.alive && this.hasRead(node));
  }

  /** Nothing says that it has not read its topic to the end. */
  private hasRead(node: RegistryNode): boolean {
    return this.options.isReady?.(node.url) !== false;
  }

  /**
   * Asks every node once, all at the same time; for what differs from node to node. A node known to be dead is not waited for while another
   * is alive: its last failure stands for it.
   */
  callEach(request: RegistryRequest, signal: AbortSignal, context: FailureContext = {}): Promise<CallResult[]> {
    const { anyAlive, nodes } = this.book;
    return Promise.all(
      nodes.map((node) =>
        node.alive || !anyAlive ? this.attempt(node, request, false, context, signal) : Promise.resolve(deadNode(node)),
      ),
    );
  }

  /**
   * Asks this very node, once, whatever is known of it; who it is need not be known. For questions about the node itself, which it may
   * leave unanswered while it serves schemas: no answer is held against it.
   */
  async ask(url: string, request: RegistryRequest, signal: AbortSignal): Promise<CallResult> {
    const node = this.nodeAt(url);
    const result = await this.exchanges.perform(node, request, false, {}, signal);
    if (result.status !== undefined) this.revived(node);
    return result;
  }

  /** Every node is verified again before its next answer is used: after an outage another cluster may stand there. */
  reverify(): void {
    for (const node of this.book.nodes) node.verified = false;
  }

  /** Another primary was named: writes that hang since before are given up, and sent to it. */
  primaryNamed(): void {
    const primary = this.options.primary();
    // It may have left a write unanswered that it had forwarded to the one before.
    for (const node of this.book.nodes) if (primary === null || node.url === primary) node.writesHungUntil = 0;
    this.writes.giveUp();
  }

  close(): void {
    this.life.abort();
    this.revival.close();
  }

  /** A write that gets no answer tells of the primary, to which the node may have forwarded it, and nothing of the node's reads. */
  private async write(
    node: RegistryNode,
    request: RegistryRequest,
    fresh: boolean,
    context: FailureContext,
    signal: AbortSignal,
  ): Promise<CallResult> {
    const before = this.options.primary();
    const result = await this.writes.run(node.url, signal, (own) =>
      this.attempt(node, request, fresh, context, signal, own),
    );
    if (result.transport !== 'timeout') return result;
    this.book.hungAtWrite(node, WRITES_HUNG_MS);
    const primary = before === null ? undefined : this.book.get(before);
    // Others are asked first whether it was carried out.
    const reason = primary === node ? result.reason : `a write that ${node.url} forwards to it is not answered`;
    if (primary !== undefined) this.book.shun(primary, reason, this.options.requestTimeoutMs);
    return result;
  }

  /** @param own Ends the request itself, and not what others wait for too. */
  private async attempt(
    node: RegistryNode,
    request: RegistryRequest,
    fresh: boolean,
    context: FailureContext,
    signal: AbortSignal,
    own: AbortSignal = signal,
  ): Promise<CallResult> {
    if (!node.verified && this.options.verify !== undefined) {
      let verifying = this.verifying.get(node);
      if (verifying === undefined) {
        verifying = this.verify(node, fresh, signal).finally(() => this.verifying.delete(node));
        this.verifying.set(node, verifying);
      }
      const failed = await verifying;
      // Nothing was sent of the request itself, so its outcome is known.
      if (failed?.verdict.class === 'park') return { ...failed, verdict: { ...failed.verdict, outcomeUnknown: false } };
      if (failed !== undefined) return failed;
    }
    // What a node has to say of itself it may lack, or not tell us.
    if (request.operation === 'meta') return this.exchange(node, request, fresh, context, own);
    const before = this.served
      ? { servedBefore: true }
      : this.options.answeredBefore?.() === true
        ? { answeredBefore: true }
        : undefined;
    return this.exchange(node, request, fresh, before === undefined ? context : { ...context, ...before }, own);
  }

  /** Who is it? Returns the failure when the node gave no answer. */
  private async verify(node: RegistryNode, fresh: boolean, signal: AbortSignal): Promise<CallResult | undefined> {
    let failed: CallResult | undefined;
    let answered = true;
    await this.options.verify?.(node.url, async (question) => {
      const answer = await this.exchange(node, question, fresh, {}, signal);
      failed = answer.verdict.class === 'park' || answer.issuer !== undefined ? answer : undefined;
      answered = answer.status !== undefined;
      return answer;
    });
    // A certificate that does not fit settles nothing: once it is mended, the node is asked who it is.
    if (failed === undefined && answered) node.verified = true;
    return failed;
  }

  /** One exchange, and what it tells of the node. */
  private async exchange(
    node: RegistryNode,
    request: RegistryRequest,
    fresh: boolean,
    context: FailureContext,
    signal: AbortSignal,
  ): Promise<CallResult> {
    const { clock } = this.options;
    const beganAt = clock.monotonic();
    const result = await this.exchanges.perform(node, request, fresh, context, signal);
    if (result.issuer !== undefined) return result;
    const { verdict } = result;
    if (isOfRegistry(request, result)) {
      this.served = true;
      this.options.onServed?.(node.url);
    }
    if (result.status !== undefined) {
      this.revived(node);
      // Something else spoke in its place, and another cluster may stand there next.
      if (verdict.class === 'park' && verdict.misleading !== undefined) node.verified = false;
      if (request.channel === 'write') {
        node.writesHungUntil = 0;
        return result;
      }
      if (verdict.class === 'park') this.book.shun(node, result.reason, verdict.retryAfterMs ?? SHUN_MS);
      else this.book.served(node);
      return result;
    }
    if (request.channel === 'write' && result.transport === 'timeout') return result;
    if (request.channel === 'write' && result.transport === 'exchange') {
      // Something may break off writes only: then the node is not dead, and would be tried again as soon as it answers something else.
      if (fresh) this.revival.suspect(node);
      return result;
    }
    // One broken connection may be a stale one; what was refused, hung, or broke when it was new counts.
    if (verdict.class === 'park' && (fresh || result.transport !== 'exchange')) {
      this.bury(node, result.reason, clock.monotonic() - beganAt);
    }
    return result;
  }

  /** Frozen, or waiting itself: the node, and the primary to which it may have forwarded a write, are asked. */
  private hanging(url: string): void {
    this.options.onWriteHangs?.();
    for (const node of this.book.nodes) {
      if (node.alive && (node.url === url || node.url === this.options.primary())) this.revival.suspect(node);
    }
  }

  private nodeAt(url: string): RegistryNode {
    const node = this.book.get(url);
    if (node === undefined) throw new RangeError('This is not one of the URLs of the registry.');
    return node;
  }

  private revived(node: RegistryNode): void {
    this.book.answered(node);
    this.revival.stop(node);
  }

  private bury(node: RegistryNode, reason: string, afterMs: number): void {
    this.book.died(node, reason, afterMs);
    this.revival.plan(node);
  }
}
