import { setTimeout as delay } from 'node:timers/promises';
import { type RunHoldfastOptions, runHoldfast } from '../holdfast-process.ts';

export interface CommandResult {
  /** null: it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** `holdfast schemas ...` in a process of its own, to its end. */
export async function schemasCommand(
  args: readonly string[],
  options: RunHoldfastOptions = {},
): Promise<CommandResult> {
  const begun = performance.now();
  const command = await runHoldfast(['schemas', ...args], options);
  const { code } = await command.waitForExit();
  return {
    code,
    stdout: command.stdout.join('\n'),
    stderr: command.stderr.join('\n'),
    tookMs: performance.now() - begun,
  };
}

/** As {@link schemasCommand}; throws, with all that it said, unless it ends with one of the codes. */
export async function schemasCommandEnds(
  codes: number | readonly number[],
  args: readonly string[],
  options: RunHoldfastOptions = {},
): Promise<CommandResult> {
  const result = await schemasCommand(args, options);
  if ([codes].flat().includes(result.code ?? -1)) return result;
  throw new Error(
    `holdfast schemas ${args.join(' ')} ended with ${result.code}, not ${codes}\n${result.stdout}\n${result.stderr}`,
  );
}

/** Where a command is killed: so many ms after its start, or so many ms after something was seen that it does. */
export interface KillPoint {
  readonly afterMs: number;
  readonly until?: () => boolean | Promise<boolean>;
}

const LOOK_MS = 2;

/** Kills it there with SIGKILL. `code` is null unless it had ended by itself before. */
export async function killedCommand(args: readonly string[], { afterMs, until }: KillPoint): Promise<CommandResult> {
  const begun = performance.now();
  const command = await runHoldfast(['schemas', ...args]);
  const ended = command.waitForExit();
  if (until !== undefined) while (command.isRunning && !(await until())) await delay(LOOK_MS);
  await Promise.race([delay(afterMs), ended]);
  await command.kill('SIGKILL');
  const { code } = await ended;
  return {
    code,
    stdout: command.stdout.join('\n'),
    stderr: command.stderr.join('\n'),
    tookMs: performance.now() - begun,
  };
}
