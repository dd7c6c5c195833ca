/** Progress of long work on stderr: one line that is rewritten on a terminal, a line every five seconds elsewhere. */
import type { Clock } from '../../foundation/clock.ts';
import type { ProgressReport } from '../../recovery/snapshot/watched-snapshot.ts';

const TERMINAL_EVERY_MS = 100;
const LINES_EVERY_MS = 5_000;

export interface Progress extends ProgressReport {
  /** Makes room for other output: what is shown goes. */
  clear(): void;
}

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export const noProgress: Progress = { report: () => {}, clear: () => {} };

export class PrintedProgress implements Progress {
  private readonly stream: ProgressStream;
  private readonly clock: Clock;
  private what = '';
  private shownAt: number;
  private isShown = false;

  constructor(options: { readonly stream: ProgressStream; readonly clock: Clock }) {
    this.stream = options.stream;
    this.clock = options.clock;
    this.shownAt = options.clock.monotonic();
  }

  report(what: string, done: number, total?: number): void {
    const isTerminal = this.stream.isTTY === true;
    const now = this.clock.monotonic();
    const isNew = what !== this.what && isTerminal;
    if (!isNew && now - this.shownAt < (isTerminal ? TERMINAL_EVERY_MS : LINES_EVERY_MS)) return;
    this.what = what;
    this.shownAt = now;
    const text = `${what}: ${figures(done, total)}`;
    if (!isTerminal) {
      this.stream.write(`${text}\n`);
      return;
    }
    this.isShown = true;
    this.stream.write(`\r\x1b[2K${text.slice(0, Math.max((this.stream.columns ?? 80) - 1, 20))}`);
  }

  clear(): void {
    if (this.isShown) this.stream.write('\r\x1b[2K');
    this.isShown = false;
  }
}

function figures(done: number, total: number | undefined): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  if (total === undefined || total <= 0) return number(done);
  return `${number(done)} of ${number(total)} (${Math.min(100, Math.floor((done / total) * 100))} %)`;
}
