/** From its first question until it withdraws, or its host ends, a view uses one registry. */
import type { RegistryCluster } from './registry-cluster.ts';
import type { RegistryUse } from './registry-use.ts';

export interface UsedRegistry {
  readonly cluster: RegistryCluster;
  readonly use: RegistryUse;
}

interface ViewLife {
  readonly registry: UsedRegistry;
  readonly end: () => void;
}

const MAX_GONE = 1000;

export class ViewLives {
  private readonly lives = new Map<string, ViewLife>();
  /** Views that are gone, the latest of them: a question of theirs may come late. Names are never used again. */
  private readonly gone = new Set<string>();

  /** It asks. `hostEnds` ends it with its host, which may have no time to say so. */
  enter(view: string, registry: UsedRegistry, hostEnds: AbortSignal | undefined): void {
    if (this.lives.has(view)) return;
    if (this.gone.has(view) || hostEnds?.aborted === true) {
      registry.cluster.withdraw(view);
      return;
    }
    const onEnd = (): void => this.leave(view);
    hostEnds?.addEventListener('abort', onEnd, { once: true });
    this.lives.set(view, { registry, end: () => hostEnds?.removeEventListener('abort', onEnd) });
    registry.use.enter(view);
  }

  /** What it uses; undefined: it has not asked yet, or is gone. */
  registryOf(view: string): UsedRegistry | undefined {
    return this.lives.get(view)?.registry;
  }

  leave(view: string): void {
    this.gone.add(view);
    const [oldest] = this.gone;
    if (this.gone.size > MAX_GONE && oldest !== undefined) this.gone.delete(oldest);
    const life = this.lives.get(view);
    if (life === undefined) return;
    this.lives.delete(view);
    life.end();
    life.registry.cluster.withdraw(view);
    life.registry.use.leave(view);
  }
}
