import type { AvroBench } from './avro-pipelines.ts';

const SECOND = 1_000;

/**
 * How many requests a worker sends to all nodes of its registries together, health resources and probes included, by what its own
 * `/registries` counts.
 */
export class RequestRate {
  /** The most in any second between two looks. */
  peak = 0;
  private readonly bench: AvroBench;
  private last: { readonly at: number; readonly requests: number } | undefined;

  constructor(bench: AvroBench) {
    this.bench = bench;
  }

  /** Asks if the last answer is a second old; to be called more often. */
  async look(): Promise<void> {
    const { last } = this;
    const now = performance.now();
    if (last !== undefined && now - last.at < SECOND) return;
    const requests = await this.requestsSoFar().catch(() => undefined);
    if (requests === undefined) return;
    if (last !== undefined) this.peak = Math.max(this.peak, ((requests - last.requests) / (now - last.at)) * SECOND);
    this.last = { at: now, requests };
  }

  private async requestsSoFar(): Promise<number> {
    const { body } = await this.bench.get('/registries');
    const registries = body as readonly { readonly nodes: readonly { readonly requests: number }[] }[];
    return registries.flatMap(({ nodes }) => nodes).reduce((sum, { requests }) => sum + requests, 0);
  }
}
