/** Connections that are kept, for reads and for writes apart, until they are retired. */
import type { Dispatcher } from 'undici';

/** Opens connections to any node: so many per node at most. */
export type OpenDispatcher = (connections: number) => Dispatcher;

export class DispatcherPools {
  /** For connections of a single request. */
  readonly open: OpenDispatcher;
  private readonly pools: Readonly<Record<'read' | 'write', Dispatcher>>;
  private users = 0;
  private retired: (() => void) | undefined;

  constructor(open: OpenDispatcher, connections: number) {
    this.open = open;
    this.pools = { read: open(connections), write: open(connections) };
  }

  /** They stay open at least as long as the work lasts. */
  async use<T>(channel: 'read' | 'write', work: (dispatcher: Dispatcher) => Promise<T>): Promise<T> {
    this.users += 1;
    try {
      return await work(this.pools[channel]);
    } finally {
      this.users -= 1;
      if (this.users === 0) this.retired?.();
    }
  }

  /** Nobody uses them from now on. Resolves when they are closed, which is as soon as what is under way has ended. */
  async retire(): Promise<void> {
    if (this.users > 0) {
      await new Promise<void>((resolve) => {
        this.retired = resolve;
      });
    }
    await this.destroy();
  }

  /** At once: what is under way fails. */
  async destroy(): Promise<void> {
    await Promise.all([this.pools.read.destroy(), this.pools.write.destroy()]);
  }
}
