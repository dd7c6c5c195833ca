import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** What a process has used so far, from Linux' /proc. */
export interface ProcessUsage {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** The sum of both. */
  readonly cpuSeconds: number;
  /** Resident memory now. */
  readonly rssBytes: number;
  /** The high-water mark of resident memory since the start or the last `resetPeak`. */
  readonly peakRssBytes: number;
  readonly threads: number;
}

let ticks: number | undefined;

/** Reads it for a running process; throws when there is none of that id. Children are not included. */
export function processUsage(pid: number): ProcessUsage {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, is in parentheses and may hold spaces; user and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const userSeconds = Number(fields[11]) / ticks;
  const systemSeconds = Number(fields[12]) / ticks;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => {
    const value = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1];
    if (value === undefined) throw new Error(`/proc/${pid}/status has no ${name}: the process is a zombie or ending`);
    return Number(value);
  };
  return {
    userSeconds,
    systemSeconds,
    cpuSeconds: userSeconds + systemSeconds,
    rssBytes: field('VmRSS') * 1024,
    peakRssBytes: field('VmHWM') * 1024,
    threads: field('Threads'),
  };
}

/** Sets the high-water mark of a process of the same user back to what it holds now. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
