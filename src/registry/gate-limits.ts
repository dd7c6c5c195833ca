/**
 * The times at which those who wait at one gate are let through, because a limit of theirs is met. A gate does not know who waits at it: each
 * time lets everybody through once who asked before it, whether they waited already when it came or not, so that nobody's limit is lost to
 * another.
 */
export class GateLimits {
  /** Those that lie ahead, as far as is known, by who set them. */
  private readonly times = new Map<string, number>();
  private latestPassed = Number.NEGATIVE_INFINITY;

  /** All times are Clock.monotonic(). */
  set(name: string, at: number): void {
    this.times.set(name, at);
  }

  /** How long somebody who asked at that time may wait, in ms; undefined: without limit. */
  maxWaitMs(askedAt: number, now: number): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const [name, at] of this.times) {
      if (at > now) next = Math.min(next, at);
      else {
        this.latestPassed = Math.max(this.latestPassed, at);
        this.times.delete(name);
      }
    }
    if (this.latestPassed > askedAt) return 0;
    return next === Number.POSITIVE_INFINITY ? undefined : next - now;
  }
}
