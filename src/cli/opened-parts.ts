/** What was opened on the way to a running worker, so that a failure in the middle leaves nothing open. */
export class OpenedParts {
  private closers: (() => Promise<unknown>)[] = [];

  add(close: () => Promise<unknown>): void {
    this.closers.push(close);
  }

  /** Closes all, the last one first, whatever one of them says; throws what the first of those said. Once: again it does nothing. */
  async close(): Promise<void> {
    const closers = this.closers.reverse();
    this.closers = [];
    const failures: unknown[] = [];
    for (const close of closers) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
