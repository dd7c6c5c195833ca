/** Runs commands of `holdfast schemas` as processes of their own, and tells what each took. */
import { setTimeout as delay } from 'node:timers/promises';
import { runHoldfast } from '../test/support/holdfast-process.ts';
import { processUsage } from '../test/support/process-usage.ts';

interface Measured {
  readonly what: string;
  readonly seconds: number;
  /** Of the processor, in the process itself and its threads. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  /** undefined: it ended as it should. */
  readonly failure: string | undefined;
}

const SAMPLE_MS = 50;
const MB = 2 ** 20;

export class Measuring {
  private readonly rows: Measured[] = [];
  private readonly cwd: string;
  private readonly begun = performance.now();

  constructor(parts: { readonly cwd: string }) {
    this.cwd = parts.cwd;
  }

  get failures(): number {
    return this.rows.filter(({ failure }) => failure !== undefined).length;
  }

  /** Runs it to its end. One that fails is a row as well, and the others go on. Returns whether it ended with one of the codes. */
  async command(what: string, args: readonly string[], codes: readonly number[] = [0]): Promise<boolean> {
    this.say(`${what} ...`);
    const begun = performance.now();
    const command = await runHoldfast(['schemas', ...args, '--quiet'], { cwd: this.cwd });
    let isOver = false;
    const ended = command.waitForExit().finally(() => {
      isOver = true;
    });
    let peak = 0;
    let cpuSeconds = 0;
    while (!isOver) {
      try {
        const usage = processUsage(command.pid);
        peak = Math.max(peak, usage.peakRssBytes);
        cpuSeconds = Math.max(cpuSeconds, usage.cpuSeconds);
      } catch {
        // It has just ended.
      }
      await Promise.race([delay(SAMPLE_MS), ended]);
    }
    const { code } = await ended;
    const isDone = codes.includes(code ?? -1);
    const failure = isDone ? undefined : `ended with ${code}`;
    const row = { what, seconds: (performance.now() - begun) / 1000, cpuSeconds, peakMb: peak / MB, failure };
    this.rows.push(row);
    this.say(rowOf(row));
    if (!isDone) console.error(command.lines.slice(-30).join('\n'));
    return isDone;
  }

  /** What could not be measured because something before it failed: a row as well. */
  left(what: string, why: string): void {
    const row = { what, seconds: 0, cpuSeconds: 0, peakMb: 0, failure: `not run: ${why}` };
    this.rows.push(row);
    this.say(rowOf(row));
  }

  say(text: string): void {
    console.error(`[${((performance.now() - this.begun) / 1000).toFixed(0)} s] ${text}`);
  }

  /** Markdown. */
  table(): readonly string[] {
    return ['| command | time | processor | memory |', '|---|---|---|---|', ...this.rows.map(rowOf)];
  }
}

function rowOf({ what, seconds, cpuSeconds, peakMb, failure }: Measured): string {
  if (failure !== undefined) return `| ${what} | **${failure}** | | |`;
  return `| ${what} | ${seconds.toFixed(1)} s | ${cpuSeconds.toFixed(1)} s | ${Math.round(peakMb)} MB |`;
}
