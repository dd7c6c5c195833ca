/** Which views wait for the answer to a question that is on its way, so that they are entered as waiting if it comes to that. */

const MAX_WITHDRAWN = 1000;

export class AskingViews {
  private readonly byQuestion = new Map<string, Set<string>>();
  /** Views that are gone, the latest of them. Names are never used again. */
  private readonly withdrawn = new Set<string>();

  /** They ask this. Returns what `leave` takes. */
  enter(key: string, views: Iterable<string>): ReadonlySet<string> {
    const asking = this.byQuestion.get(key) ?? new Set();
    this.byQuestion.set(key, asking);
    for (const view of views) asking.add(view);
    return asking;
  }

  /** The answer came. */
  leave(key: string, asking: ReadonlySet<string>): void {
    if (this.byQuestion.get(key) === asking) this.byQuestion.delete(key);
  }

  /** Who asks this at the moment. */
  of(key: string): Set<string> {
    return this.present(this.byQuestion.get(key) ?? []);
  }

  /** Those who have not withdrawn. */
  present(views: Iterable<string>): Set<string> {
    return new Set([...views].filter((view) => !this.withdrawn.has(view)));
  }

  /** A question of its that is on its way, or not yet begun, must not be entered as waiting when it comes back. */
  withdraw(view: string): void {
    this.withdrawn.add(view);
    const [oldest] = this.withdrawn;
    if (this.withdrawn.size > MAX_WITHDRAWN && oldest !== undefined) this.withdrawn.delete(oldest);
  }
}
