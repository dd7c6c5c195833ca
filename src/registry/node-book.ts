/** What is remembered of each node of a registry: whether it answers, how fast, and how much is under way at it. */
import type { Clock } from '../foundation/clock.ts';

export interface NodeBookOptions {
  readonly nodes: readonly string[];
  readonly clock: Clock;
  /** A node died or came back. */
  readonly onNode?: ((node: string, alive: boolean, reason: string) => void) | undefined;
}

/** One node, as {@link NodeBook.snapshot} shows it; times as in {@link NodeSnapshot}. */
export interface NodeHealth {
  readonly url: string;
  readonly alive: boolean;
  readonly since: number;
  readonly reason: string;
  readonly latencyMs: number | null;
  readonly requests: number;
  readonly failures: number;
}

/** A slow answer counts at once, a fast one by and by: half of the old value is forgotten in about seven seconds. */
const LATENCY_MEMORY_MS = 10_000;
/** Below that, differences of latency are chance. */
const LATENCY_FLOOR_MS = 5;
/** A refused connection is told at once. */
const SLOW_FAILURE_MS = 500;

export class RegistryNode {
  readonly url: string;
  alive = true;
  /** Who it belongs to was asked since it last came back. */
  verified = false;
  reason = '';
  since: number;
  /** It died without a word, or took its time to refuse: asking it again costs a time limit. */
  slowToFail = false;
  requests = 0;
  failures = 0;
  /** Clock.monotonic() until which others go first: it answered that it can't serve. */
  shunnedUntil = 0;
  /** Clock.monotonic() until which others get writes first: it left one unanswered, or whom it forwarded it to. */
  writesHungUntil = 0;
  /** Smooth weighted round robin: what it is owed. */
  credit = 0;
  private readonly clock: Clock;
  private readonly startedAt = new Set<{ readonly at: number }>();
  /** Requests of whatever kind that are on their way; the oldest first. */
  private readonly sentAt = new Set<{ readonly at: number }>();
  private latency = 0;
  private measuredAt: number | null = null;

  constructor(url: string, clock: Clock) {
    this.url = url;
    this.clock = clock;
    this.since = clock.now();
  }

  /** Peak-sensitive moving average of its answers, in ms; null: none yet. */
  get latencyMs(): number | null {
    return this.measuredAt === null ? null : this.latency;
  }

  /**
   * An exchange begins; call the result once when it is over. How long a write takes depends on the primary, and says nothing of what a read
   * costs here.
   */
  begin(channel: 'read' | 'write' = 'read'): (outcome: 'answered' | 'failed' | 'aborted') => void {
    const exchange = { at: this.clock.monotonic() };
    if (channel === 'read') this.startedAt.add(exchange);
    return (outcome) => {
      this.startedAt.delete(exchange);
      if (outcome === 'aborted') return;
      this.requests += 1;
      if (outcome === 'failed') this.failures += 1;
      else if (channel === 'read') this.measure(this.clock.monotonic() - exchange.at);
    };
  }

  /** A request goes out to it; call the result once when it is answered, or over. */
  sent(): () => void {
    const request = { at: this.clock.monotonic() };
    this.sentAt.add(request);
    return () => {
      this.sentAt.delete(request);
    };
  }

  /** For how many ms it has left the oldest request that is on its way without an answer. */
  get silentMs(): number {
    const [oldest] = this.sentAt;
    return oldest === undefined ? 0 : this.clock.monotonic() - oldest.at;
  }

  /**
   * What one more request is expected to cost here: the latency, or how long the oldest request has waited already, times the
   * requests under way. What was measured long ago counts less, so that a node that was slow is tried again.
   */
  get cost(): number {
    const now = this.clock.monotonic();
    const remembered = this.measuredAt === null ? 0 : this.latency * fading(now - this.measuredAt);
    const [oldest] = this.startedAt;
    const waiting = oldest === undefined ? 0 : now - oldest.at;
    return (LATENCY_FLOOR_MS + Math.max(remembered, waiting)) * (this.startedAt.size + 1);
  }

  private measure(ms: number): void {
    const now = this.clock.monotonic();
    if (this.measuredAt === null || ms >= this.latency) this.latency = ms;
    else {
      // A sample counts as for a second at least, so that a burst of answers is believed as well.
      const old = fading(Math.max(1000, now - this.measuredAt));
      this.latency = this.latency * old + ms * (1 - old);
    }
    this.measuredAt = now;
  }
}

function fading(elapsedMs: number): number {
  return Math.exp(-elapsedMs / LATENCY_MEMORY_MS);
}

export class NodeBook {
  readonly nodes: readonly RegistryNode[];
  private readonly options: NodeBookOptions;

  constructor(options: NodeBookOptions) {
    this.options = options;
    this.nodes = options.nodes.map((url) => new RegistryNode(url, options.clock));
  }

  get(url: string): RegistryNode | undefined {
    return this.nodes.find((node) => node.url === url);
  }

  get anyAlive(): boolean {
    return this.nodes.some(({ alive }) => alive);
  }

  /** It answered, whatever it said. */
  answered(node: RegistryNode): void {
    if (node.alive) return;
    node.alive = true;
    // Another cluster may stand there now.
    node.verified = false;
    node.reason = '';
    node.since = this.options.clock.now();
    this.options.onNode?.(node.url, true, '');
  }

  /** It gave no answer at all, which took `afterMs` to find out. */
  died(node: RegistryNode, reason: string, afterMs: number): void {
    node.reason = reason;
    node.slowToFail = afterMs >= SLOW_FAILURE_MS;
    if (!node.alive) return;
    node.alive = false;
    node.since = this.options.clock.now();
    this.options.onNode?.(node.url, false, reason);
  }

  /** It answers, but says that it can't serve reads just now. */
  shun(node: RegistryNode, reason: string, forMs: number): void {
    node.reason = reason;
    node.shunnedUntil = Math.max(node.shunnedUntil, this.options.clock.monotonic() + forMs);
  }

  /** A write was not answered in time; reads are another matter. */
  hungAtWrite(node: RegistryNode, forMs: number): void {
    node.writesHungUntil = this.options.clock.monotonic() + forMs;
  }

  served(node: RegistryNode): void {
    node.reason = '';
    node.shunnedUntil = 0;
  }

  snapshot(): NodeHealth[] {
    return this.nodes.map(({ url, alive, since, reason, latencyMs, requests, failures }) => ({
      url,
      alive,
      since,
      reason,
      latencyMs: latencyMs === null ? null : Math.round(latencyMs * 10) / 10,
      requests,
      failures,
    }));
  }
}
