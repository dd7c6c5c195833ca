/** The second rung: what each node says of itself, where the vendor has a resource for it; and whose registry it is. */
import type { Clock } from '../foundation/clock.ts';
import { hasCaughtUp, healthRequest, type NodeHealth, readHealth } from './node-health.ts';
import { PollLoop } from './poll-loop.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { NodeProgress } from './registry-knowledge.ts';
import type { RegistryVendor } from './registry-snapshot.ts';
import { type AskNode, detectVendor } from './registry-vendor.ts';

export interface HealthWatchOptions {
  readonly nodes: readonly string[];
  /** `auto`: by what the nodes answer. */
  readonly vendor: RegistryVendor | 'auto';
  readonly ask: AskNode;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly retryMs: number;
  readonly intervalMs: () => number;
  /** After every look at a node. */
  readonly looked: () => void;
  readonly emit: (event: RegistryEvent) => void;
  readonly failed: (error: unknown) => void;
}

export interface HealthWord {
  readonly health: NodeHealth;
  /** Clock.monotonic() at which it was asked. */
  readonly askedAt: number;
}

interface WatchedNode {
  readonly url: string;
  readonly loop: PollLoop;
  state: 'untried' | 'says' | 'silent' | 'has-none';
  word: HealthWord | undefined;
  /** Another registry may stand there than when it was last asked. */
  isDoubted: boolean;
  asking: Promise<void> | undefined;
}

/** A word counts for this long, and as long again as it takes to ask. */
const FRESH_MS = 5000;

export class HealthWatch {
  private readonly options: HealthWatchOptions;
  private readonly nodes: readonly WatchedNode[];
  private found: RegistryVendor;

  constructor(options: HealthWatchOptions) {
    this.options = options;
    this.found = options.vendor === 'auto' ? 'unknown' : options.vendor;
    this.nodes = options.nodes.map((url) => {
      const node: WatchedNode = {
        url,
        loop: new PollLoop({
          clock: options.clock,
          intervalMs: () => this.intervalOf(node),
          work: (signal) => this.look(node, signal),
          failed: options.failed,
        }),
        state: 'untried',
        word: undefined,
        isDoubted: false,
        asking: undefined,
      };
      return node;
    });
  }

  get vendor(): RegistryVendor {
    return this.found;
  }

  /** Every node was asked, or one answered so that it is known what all of them have. */
  get isSettled(): boolean {
    return !this.isPossible || this.nodes.every(({ state }) => state !== 'untried');
  }

  /** Why nothing is to be had here. */
  get reason(): string {
    if (!this.isPossible || this.nodes.every(({ state }) => state === 'has-none')) {
      return 'the nodes have no health resource';
    }
    return 'no node answers for its health';
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.isPossible) await Promise.all(this.nodes.map(({ loop }) => loop.run(signal)));
  }

  /** Every node that has something to say, now. */
  nudge(): void {
    for (const { state, loop } of this.nodes) if (state !== 'has-none') loop.nudge();
  }

  /** Every node now, whatever it said before. */
  detectAgain(): void {
    for (const node of this.nodes) {
      node.isDoubted = true;
      node.loop.nudge();
    }
  }

  /** What nodes said lately, by URL. */
  words(): ReadonlyMap<string, NodeHealth> {
    return new Map(
      this.nodes.flatMap(({ url }) => {
        const word = this.word(url);
        return word === undefined ? [] : [[url, word.health]];
      }),
    );
  }

  /** undefined: it said nothing lately. */
  word(url: string): HealthWord | undefined {
    const { clock, timeoutMs } = this.options;
    const word = this.nodes.find((node) => node.url === url)?.word;
    return word !== undefined && clock.monotonic() - word.askedAt < FRESH_MS + timeoutMs ? word : undefined;
  }

  /** Asks these nodes for their health, those of them that have such a thing. */
  async refresh(urls: readonly string[], signal: AbortSignal): Promise<void> {
    const nodes = this.nodes.filter(({ url, state }) => urls.includes(url) && state !== 'has-none');
    await Promise.all(nodes.map((node) => this.look(node, signal)));
  }

  /** The same, but ready are only those that say themselves that they have caught up, or can't say anything. */
  vouched(probed: readonly NodeProgress[]): readonly NodeProgress[] {
    return probed.map((progress) => {
      if (this.hasNone(progress.node)) return progress;
      const word = this.word(progress.node);
      // A node that says nothing of itself does not vouch for what it denies.
      return { ...progress, ready: progress.ready && word !== undefined && hasCaughtUp(word.health) };
    });
  }

  hasNone(url: string): boolean {
    return !this.isPossible || this.nodes.find((node) => node.url === url)?.state === 'has-none';
  }

  private get isPossible(): boolean {
    return this.options.vendor === 'auto' || this.options.vendor === 'karapace';
  }

  private intervalOf(node: WatchedNode): number | null {
    const { intervalMs, retryMs } = this.options;
    if (node.state !== 'has-none') return intervalMs();
    return this.found === 'unknown' || node.isDoubted ? retryMs : null;
  }

  /** One request at a time and node, whoever wants to know. */
  private look(node: WatchedNode, signal: AbortSignal): Promise<void> {
    node.asking ??= this.askHealth(node, signal).finally(() => {
      node.asking = undefined;
    });
    return node.asking;
  }

  private async askHealth(node: WatchedNode, signal: AbortSignal): Promise<void> {
    const { ask, clock, timeoutMs, looked, emit } = this.options;
    const askedAt = clock.monotonic();
    const result = await ask(node.url, healthRequest(timeoutMs), signal);
    const health = result.status === undefined ? undefined : readHealth(result.json);
    if (health !== undefined) {
      const before = node.word?.health.isReady;
      node.word = { health, askedAt };
      node.state = 'says';
      node.isDoubted = false;
      this.found = 'karapace';
      if (before !== health.isReady) {
        const { readOffset, endOffset } = health;
        const lag = readOffset === null || endOffset === null ? null : Math.max(0, endOffset - readOffset);
        emit({ type: 'node-readiness', node: node.url, ready: health.isReady, lag });
      }
    } else if (result.status === undefined || result.status >= 500) {
      if (node.state !== 'has-none') node.state = 'silent';
    } else {
      node.state = 'has-none';
      node.word = undefined;
      node.isDoubted = false;
      if (this.options.vendor === 'auto') {
        const vendor = await detectVendor(node.url, ask, signal);
        if (vendor !== 'unknown') this.found = vendor;
      }
    }
    looked();
  }
}
