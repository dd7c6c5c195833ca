import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { loggerOver, recordingLogger, silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { tryImports } from '../../../../src/runtime/plugins/import-trial.ts';
import { Plugins } from '../../../../src/runtime/plugins/plugins.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const BLOCK = 'for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);';
let dir: string;
beforeEach(() => {
  dir = tempDir('import-trial');
});

function module(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return pathToFileURL(join(dir, name)).href;
}

it('modules that end their thread are told, and none beside them; what throws is told of where it is used', async () => {
  const modules = {
    good: module('a.mjs', 'export default 1;'),
    exits: module('b.mjs', 'process.exit(4);'),
    throws: module('c.mjs', 'throw undefined;'),
    waits: module('d.mjs', 'await new Promise(() => {});'),
    last: module('e.mjs', 'console.log("not shown here");'),
  };
  const harmful = await tryImports(Object.values(modules), { clock: systemClock, logger: silentLogger });
  expect([...harmful.keys()]).toEqual([modules.exits, modules.waits]);
  expect(harmful.get(modules.exits)).toMatch(
    /ended the thread that it was tried in, with the code 4: it calls process/,
  );
  expect(await tryImports([], { clock: systemClock, logger: silentLogger })).toEqual(new Map());
});

it('what a module does late is not blamed on the next one: a warning names all that it may have been', async () => {
  const modules = {
    first: module('a.mjs', ''),
    late: module('b.mjs', "globalThis.late = () => { throw new Error('late'); };"),
    // Is hit by it while it is imported, and is imported without it.
    next: module('c.mjs', 'if (globalThis.late) { setImmediate(globalThis.late); await new Promise(() => {}); }'),
    exits: module('d.mjs', 'process.exit(4);'),
    last: module('e.mjs', ''),
  };
  const { logger, lines } = recordingLogger();
  const harmful = await tryImports(Object.values(modules), { clock: systemClock, logger });
  expect([...harmful.keys()]).toEqual([modules.exits]);
  expect(lines).toEqual([
    {
      level: 'warn',
      message: 'A plugin module may do harm after its import, and which one is not known. None is left out.',
      fields: {
        modules: [modules.first, modules.late, modules.next],
        reason: 'its module throws where nobody can catch it: late',
      },
    },
  ]);
});

it('modules that block are told after half a minute', async () => {
  const clock = new ManualClock();
  const [blocks, good] = [module('a.mjs', BLOCK), module('b.mjs', '')];
  const trial = tryImports([blocks, good], { clock, logger: silentLogger });
  await clock.advance(29_999);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1);
  expect([...(await trial)]).toEqual([[blocks, expect.stringMatching(/not imported within 30000 ms: it blocks/)]]);
});

it('what a module posts by itself is not taken for the end of an import', async () => {
  const blocks = module('a.mjs', `(await import('node:worker_threads')).parentPort?.postMessage(0); ${BLOCK}`);
  const clock = new ManualClock();
  const trial = tryImports([blocks, module('b.mjs', '')], { clock, logger: silentLogger });
  // Time for its message to come.
  for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setTimeout(resolve, 25));
  await clock.advance(30_000);
  expect([...(await trial).keys()]).toEqual([blocks]);
});

it('plugins that must not be imported here are left out with a warning; one that awaits what does not come, too', async () => {
  const lines: { readonly fields: Readonly<Record<string, unknown>> }[] = [];
  const plugin = (more: string) => `
    globalThis.imported = [...(globalThis.imported ?? []), import.meta.url];
    ${more}
    export default { [Symbol.for('holdfast.plugin')]: true, name: 'p', version: '1', sdkContractVersion: 1, predicates: [{ className: 'p.P', create: class {} }] };`;
  module('bad.mjs', plugin(''));
  module('waits.mjs', plugin('await new Promise(() => {});'));
  const good = module('z-good.mjs', plugin(''));
  const clock = new ManualClock();
  const discovered = Plugins.discover({
    builtIn: [],
    pluginPath: [dir],
    tryImports: async ([first = '']) => new Map([[first, 'it blocks']]),
    clock,
    logger: loggerOver((line) => lines.push(line)),
  });
  while (clock.pendingTimers === 0) await new Promise(setImmediate);
  await clock.advance(30_000);
  expect((await discovered).list().map(({ module }) => module)).toEqual([good]);
  expect(lines.map(({ fields }) => fields['reason'])).toEqual([
    'it blocks',
    'its module was not imported within 30000 ms: it awaits what does not come',
  ]);
  const { imported } = globalThis as unknown as { readonly imported: readonly string[] };
  expect(imported.some((url) => url.endsWith('bad.mjs'))).toBe(false);
});
