/**
 * Where the tasks of a test's worker run. `HOLDFAST_TASK_ISOLATION=own` or `=shared` runs the tests that ask here with tasks in threads:
 * `HOLDFAST_TASK_ISOLATION=own npx vitest run --project integration test/integration/registry`, after a build.
 */
import { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import workerThreads, { Worker, type WorkerOptions } from 'node:worker_threads';
import { ISOLATIONS, type Isolation } from '../../src/runtime/host/isolation.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';

const BUILT = fileURLToPath(new URL('../../dist/src/testing/embedded-connect.js', import.meta.url));

/** What the environment says; `inline` unless it says something. */
export const TASK_ISOLATION = isolationOf(process.env['HOLDFAST_TASK_ISOLATION'] ?? 'inline');

function isolationOf(text: string): Isolation {
  const isolation = ISOLATIONS.find((each) => each === text);
  if (isolation === undefined) {
    throw new Error(`HOLDFAST_TASK_ISOLATION=${text}: it must be one of ${ISOLATIONS.join(', ')}`);
  }
  return isolation;
}

/**
 * What starts a worker in this process with tasks in that isolation. With threads it is the built one: each thread loads the modules anew,
 * and from the sources that takes three times as long. Only the sources know how to load plugins in TypeScript.
 */
export async function connectFor(
  isolation: Isolation,
  pluginModules: readonly string[] = [],
): Promise<typeof EmbeddedConnect> {
  if (isolation === 'inline' || pluginModules.some((each) => each.endsWith('.ts'))) return EmbeddedConnect;
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: run npm run build before these tests`);
  loadBuiltModulesInThreads();
  const built = (await import(/* @vite-ignore */ pathToFileURL(BUILT).href)) as {
    readonly EmbeddedConnect: typeof EmbeddedConnect;
  };
  return built.EmbeddedConnect;
}

let isPatched = false;

/** The flags of this process say that `holdfast/sdk` is the sources, which a thread without a loader for TypeScript can't read. */
function loadBuiltModulesInThreads(): void {
  if (isPatched) return;
  isPatched = true;
  workerThreads.Worker = class extends Worker {
    constructor(module: string | URL, options: WorkerOptions = {}) {
      super(module, { ...options, execArgv: [] });
    }
  };
  syncBuiltinESMExports();
}
