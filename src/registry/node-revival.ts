/** Asks a dead node now and then, and at once one that may be dead, on a connection of its own, so that it gets its share again without any request waiting for it. */
import { Backoff } from '../foundation/backoff.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { RegistryNode } from './node-book.ts';

export interface NodeRevivalOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly mayAsk: () => boolean;
  /** Marks the node as alive when it answers, as dead when it does not. A rejection ends the asking. */
  readonly ask: (node: RegistryNode) => Promise<void>;
}

interface Plan {
  readonly backoff: Backoff;
  timer: Timer | undefined;
}

/** No two questions closer together than that. */
const PAUSE_MS = 500;

export class NodeRevival {
  private readonly options: NodeRevivalOptions;
  private readonly plans = new Map<RegistryNode, Plan>();
  private closed = false;

  constructor(options: NodeRevivalOptions) {
    this.options = options;
  }

  /** The node died; nothing changes when that is known. */
  plan(node: RegistryNode): void {
    const plan = this.planned(node);
    if (plan !== undefined) this.wait(node, plan);
  }

  /** Something makes it look dead: its answer tells, or that there is none. */
  suspect(node: RegistryNode): void {
    const plan = this.planned(node);
    if (plan !== undefined) this.look(node, plan).catch(() => this.stop(node));
  }

  private planned(node: RegistryNode): Plan | undefined {
    if (this.closed || this.plans.has(node)) return undefined;
    const { random } = this.options;
    const plan: Plan = { backoff: new Backoff({ initialMs: 1000, maxMs: 10_000, random }), timer: undefined };
    this.plans.set(node, plan);
    return plan;
  }

  /** The node answered. */
  stop(node: RegistryNode): void {
    this.plans.get(node)?.timer?.cancel();
    this.plans.delete(node);
  }

  close(): void {
    this.closed = true;
    for (const node of [...this.plans.keys()]) this.stop(node);
  }

  private wait(node: RegistryNode, plan: Plan): void {
    plan.timer = this.options.clock.setTimer(
      () => {
        this.look(node, plan).catch(() => this.stop(node));
      },
      PAUSE_MS + plan.backoff.next(),
      { unref: true },
    );
  }

  private async look(node: RegistryNode, plan: Plan): Promise<void> {
    if (this.options.mayAsk()) await this.options.ask(node);
    // An answer took the plan away.
    if (this.plans.get(node) === plan) this.wait(node, plan);
  }
}
