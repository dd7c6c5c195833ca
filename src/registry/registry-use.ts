/** Which views use the client of a registry; says when nobody has for a while, so that it can be closed. */
import type { Clock, Timer } from '../foundation/clock.ts';
import type { RegistrySnapshot } from './registry-snapshot.ts';

/** A restart of a connector takes less: gates and epochs outlive it. */
export const UNUSED_MS = 60_000;
/** What is left to be done with a registry that nobody uses is given up after that. The schema store keeps it for who comes next. */
const WORK_LEFT_MS = 10 * 60_000;
/** A task that failed uses nothing: why it did has to be there when somebody looks. */
const ERRORS_SHOWN_MS = 24 * 60 * 60_000;

export interface RegistryUseOptions {
  readonly clock: Clock;
  /** After so long without a view it is closed, unless there is work left. */
  readonly unusedMs: number;
  readonly snapshot: () => RegistrySnapshot;
  /** Called once. */
  readonly onUnused: () => void;
}

export class RegistryUse {
  private readonly options: RegistryUseOptions;
  private readonly views = new Set<string>();
  private unusedSince: number;
  private timer: Timer | undefined;

  constructor(options: RegistryUseOptions) {
    this.options = options;
    this.unusedSince = options.clock.monotonic();
    this.plan();
  }

  enter(view: string): void {
    this.views.add(view);
    this.stop();
  }

  leave(view: string): void {
    if (!this.views.delete(view) || this.views.size > 0) return;
    this.unusedSince = this.options.clock.monotonic();
    this.plan();
  }

  /** It is closed for another reason. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private plan(): void {
    const { clock, unusedMs, onUnused } = this.options;
    this.timer = clock.setTimer(
      () => {
        if (clock.monotonic() - this.unusedSince >= keptFor(this.options.snapshot())) onUnused();
        else this.plan();
      },
      unusedMs,
      { unref: true },
    );
  }
}

/** Invariant 5: what waits for its second look, or is suspect, is looked at before nobody remembers why. */
function keptFor({ cache, parkedQuestions, integrityErrors }: RegistrySnapshot): number {
  if (integrityErrors.length > 0) return ERRORS_SHOWN_MS;
  return cache.unconfirmed > 0 || cache.suspect > 0 || parkedQuestions > 0 ? WORK_LEFT_MS : 0;
}
