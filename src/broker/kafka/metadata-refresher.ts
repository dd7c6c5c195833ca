import { EnvironmentError } from '../../sdk/errors/index.ts';
import type { Cluster } from './cluster.ts';

/** Refreshes metadata when asked to, and then again, with back-off, for as long as something is missing in it. */
export class MetadataRefresher {
  private readonly cluster: Cluster;
  private readonly isNeeded: () => boolean;
  private readonly onRefreshed: () => void;
  private readonly onFatal: (error: Error) => void;
  private readonly closing: AbortSignal;
  private running = false;
  private requested = false;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly isNeeded: () => boolean;
    readonly onRefreshed: () => void;
    /** Authentication and the like. */
    readonly onFatal: (error: Error) => void;
    readonly closing: AbortSignal;
  }) {
    this.cluster = dependencies.cluster;
    this.isNeeded = dependencies.isNeeded;
    this.onRefreshed = dependencies.onRefreshed;
    this.onFatal = dependencies.onFatal;
    this.closing = dependencies.closing;
  }

  /** What is known is, or may be, out of date. */
  request(): void {
    this.requested = true;
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    const backoff = this.cluster.retryBackoff();
    const key = 'metadata';
    try {
      while (!this.closing.aborted && (this.requested || this.isNeeded())) {
        this.requested = false;
        try {
          await this.cluster.metadata.refresh();
          this.cluster.availability.worked(key);
          this.onRefreshed();
        } catch (error) {
          if (this.closing.aborted) return;
          if (!(error instanceof EnvironmentError)) {
            this.onFatal(error instanceof Error ? error : new Error(String(error)));
            return;
          }
          this.requested = true;
          this.cluster.availability.failed(key, error.message);
        }
        if (!this.requested && !this.isNeeded()) return;
        await this.cluster.clock.sleep(backoff.next(), this.closing).catch(() => {});
        // Somebody else's refresh found it meanwhile: what was told about it as missing has to be taken back.
        if (!this.closing.aborted && !this.requested && !this.isNeeded()) this.onRefreshed();
      }
    } finally {
      this.running = false;
      this.cluster.availability.worked(key);
    }
  }
}
