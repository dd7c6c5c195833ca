/** What the demo says while it runs: one line that is rewritten on a terminal, a line a second elsewhere. */

export class DemoConsole {
  private readonly out: NodeJS.WriteStream;
  private readonly startedAt = performance.now();
  private hasStatusLine = false;
  private lastStatusAt = -Infinity;

  constructor(out: NodeJS.WriteStream) {
    this.out = out;
  }

  /** Something happened. */
  say(text: string): void {
    this.clear();
    this.out.write(`${this.time()}  ${text}\n`);
  }

  /** Without a time: tables. */
  print(text: string): void {
    this.clear();
    this.out.write(`${text}\n`);
  }

  /** How far it is. */
  status(text: string): void {
    const now = performance.now();
    if (this.out.isTTY === true) {
      this.clear();
      this.out.write(`${this.time()}  ${text}`.slice(0, Math.max(20, (this.out.columns ?? 120) - 1)));
      this.hasStatusLine = true;
    } else if (now - this.lastStatusAt >= 1_000) {
      this.lastStatusAt = now;
      this.out.write(`${this.time()}  ${text}\n`);
    }
  }

  private clear(): void {
    if (!this.hasStatusLine) return;
    this.out.write('\r\x1b[2K');
    this.hasStatusLine = false;
  }

  private time(): string {
    return `${((performance.now() - this.startedAt) / 1000).toFixed(1).padStart(5)} s`;
  }
}
