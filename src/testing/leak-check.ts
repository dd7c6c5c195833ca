/** Finds what a piece of code leaves open: timers, handles, files. */
import { strict as assert } from 'node:assert';
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';

/** Timers that were set in this scope, whoever else sets some meanwhile. */
const timerScope = new AsyncLocalStorage<Set<NodeJS.Timeout>>();

/** Handles and files that are open. Timers are left to {@link timerScope}: the test runner has some of its own. */
function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const kinds = process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate');
  for (const kind of [...kinds, ...openFiles()]) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Files that are open, where the system tells; Node doesn't count them as active. */
function openFiles(): string[] {
  const folder = '/proc/self/fd';
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((descriptor) => {
    try {
      const target = readlinkSync(`${folder}/${descriptor}`);
      return target.startsWith('/') && !target.startsWith('/proc/') ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** Runs, then waits for what is being closed, by turns of the loop; what remains is a leak. */
export async function assertReleases(deadlineMs: number, run: () => Promise<void>): Promise<void> {
  const before = openResources();
  const timers = new Set<NodeJS.Timeout>();
  const hook = createHook({
    init(_asyncId, type, _triggerAsyncId, resource) {
      if (type === 'Timeout') timerScope.getStore()?.add(resource as NodeJS.Timeout);
    },
  }).enable();
  try {
    await timerScope.run(timers, run);
  } finally {
    hook.disable();
  }
  const until = performance.now() + Math.min(deadlineMs, 1000);
  let leaked: string[];
  do {
    await new Promise((resolve) => setImmediate(resolve));
    leaked = [...openResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);
    for (const timer of timers) if (isPending(timer)) leaked.push('Timeout');
  } while (leaked.length > 0 && performance.now() < until);
  assert.deepEqual(leaked, [], 'left open');
}

/** Node marks a timer that fired or was cleared; one without a reference holds up nothing. */
function isPending(timer: NodeJS.Timeout): boolean {
  return (timer as unknown as { readonly _destroyed?: boolean })._destroyed !== true && timer.hasRef();
}
