/** Whether modules of plugins can be imported at all without harm: tried in a thread, which one that blocks or exits takes with it. */
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import { messageOf } from '../../sdk/errors/readable-error.ts';

/** So long a module may take, in milliseconds; those of large packages on slow disks take a second or two. */
export const IMPORT_LIMIT_MS = 30_000;

/** Says of each module that it has been imported, in order; what it throws it throws again where it is used, and is told of there. */
const TRIAL = `
const { parentPort, workerData } = require('node:worker_threads');
(async () => {
  const { modules, token } = workerData;
  for (const module of modules) {
    await import(module).catch(() => {});
    parentPort.postMessage(token);
  }
})();
`;

/**
 * Why modules must not be imported in a thread that others need, by module: one that does not come to its end within {@link IMPORT_LIMIT_MS},
 * or ends its thread. Modules are tried in order, in one thread while nothing happens to it. What happens to it may come from any module that
 * is in it by then, late: one is named only if it was the first in its thread. Otherwise it is tried again in a thread of its own, and where
 * nothing happens then, a warning names all that it may have been.
 */
export async function tryImports(
  modules: readonly string[],
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<ReadonlyMap<string, string>> {
  const harmful = new Map<string, string>();
  let left = modules;
  let doubt: { readonly modules: readonly string[]; readonly reason: string } | null = null;
  while (left.length > 0) {
    const { imported, reason } = await tryInOneThread(left, clock);
    if (doubt !== null && imported > 0) {
      logger.warn('A plugin module may do harm after its import, and which one is not known. None is left out.', doubt);
    }
    doubt = null;
    const next = left[imported];
    if (next !== undefined && imported === 0) harmful.set(next, reason);
    if (next !== undefined && imported > 0) doubt = { modules: left.slice(0, imported + 1), reason };
    left = left.slice(doubt === null ? imported + 1 : imported);
  }
  return harmful;
}

/** How many could be imported before one that could not. */
async function tryInOneThread(
  modules: readonly string[],
  clock: Clock,
): Promise<{ readonly imported: number; readonly reason: string }> {
  // A module may post messages of its own.
  const token = randomUUID();
  // What it prints it prints again.
  const thread = new Worker(TRIAL, {
    eval: true,
    name: 'holdfast import',
    workerData: { modules, token },
    stdout: true,
    stderr: true,
  });
  const over = new Deferred<string>();
  const limit = () =>
    clock.setTimer(
      () =>
        over.resolve(
          `its module was not imported within ${IMPORT_LIMIT_MS} ms: it blocks, or awaits what does not come`,
        ),
      IMPORT_LIMIT_MS,
    );
  let imported = 0;
  let timer = limit();
  thread.on('message', (message: unknown) => {
    if (message !== token) return;
    imported += 1;
    timer.cancel();
    if (imported === modules.length) over.resolve('');
    else timer = limit();
  });
  // An error that a module leaves uncaught, or a process.exit in it.
  thread.on('error', (error: unknown) =>
    over.resolve(`its module throws where nobody can catch it: ${messageOf(error)}`),
  );
  thread.on('exit', (code) =>
    over.resolve(
      `its module ended the thread that it was tried in, with the code ${code}: it calls process.exit, or awaits what does not come`,
    ),
  );
  thread.stdout.resume();
  thread.stderr.resume();
  const reason = await over.promise;
  timer.cancel();
  await thread.terminate();
  return { imported, reason };
}
