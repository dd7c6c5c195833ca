// A test runner for Stryker: the unit tests of one folder in one process, their modules loaded once, each mutant switched on for the tests that reach it. Vitest's own runner
// loads everything anew for each mutant, which takes seconds; these tests open no port, wait for no real time and share no state, so they need no process of their own.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { createServer, createServerModuleRunner } from 'vite';
import { expect } from 'vitest';

// As @stryker-mutator/api names them.
const SUCCESS = 0;
const FAILED = 1;
const NAMESPACE = '__stryker__';
const FOLDER = process.env.HOLDFAST_MUTANT_FOLDER ?? 'test/unit/registry';
/** Random schedules and replayed timelines take seconds each: they would be run for every mutant that nothing else notices. */
const LEFT_OUT = /(?:fault-schedules|primary-tracker-timelines)\.test\.ts$/;
/** What replaces modules or turns the clock needs Vitest's own runner. */
const NEEDS_VITEST = /import \{[^}]*\bvi\b[^}]*\} from 'vitest'/;
/** Of the test files, those whose names match: for a change that few of them are about. What the others would notice counts as survived. */
const ONLY = new RegExp(process.env.HOLDFAST_MUTANT_TESTS ?? '');
/** A single test that takes longer, in ms of the dry run, is left out for the same reason. */
const SLOW_MS = 2_500;
/** Of one mutant, ms of this process's own CPU time, so that a busy machine changes nothing: what the quick tests have not noticed by then counts as survived, so the score is a lower bound. */
const MUTANT_BUDGET_MS = Number(process.env.HOLDFAST_MUTANT_BUDGET_MS ?? 8_000);
/** Of one test, ms of real time: they wait in virtual time only, so what takes longer hangs. */
const TEST_TIMEOUT_MS = 20_000;
/** One mutant in so many is tried: a first look at much code. Those left out count as errors, which no score counts. */
const SAMPLE = Number(process.env.HOLDFAST_MUTANT_SAMPLE ?? 1);
const usedMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const SHIM = '\0tests';

/** What test files see as `vitest`. Its `expect` is loaded by Node.js, once: loaded anew it throws. */
const shim = {
  name: 'tests-in-process',
  enforce: 'pre',
  resolveId: (id) => (id === 'vitest' ? SHIM : undefined),
  load: (id) =>
    id === SHIM
      ? 'export const { describe, it, test, beforeEach, afterEach, beforeAll, afterAll, expect } = globalThis.holdfastTests;'
      : undefined,
};

/** Collects tests as they are declared. */
class Collector {
  tests = [];
  scope;
  file = '';

  begin(file) {
    this.file = file;
    this.scope = { name: '', before: [], after: [], parent: null };
  }

  get globals() {
    const each =
      (declare) =>
      (table) =>
      (name, ...rest) => {
        for (const [index, row] of table.entries()) {
          const run = rest.find((one) => typeof one === 'function');
          const args = Array.isArray(row) ? row : [row];
          declare(`${name} [${index}]`, () => run(...args));
        }
      };
    const describe = (name, ...rest) => {
      const outer = this.scope;
      this.scope = { name: `${outer.name} ${name}`.trim(), before: [], after: [], parent: outer };
      rest.find((one) => typeof one === 'function')();
      this.scope = outer;
    };
    const it = (name, ...rest) => {
      const run = rest.find((one) => typeof one === 'function');
      const { scope, file } = this;
      let id = `${file}#${scope.name} ${name}`;
      while (this.tests.some((test) => test.id === id)) id += "'";
      this.tests.push({ id, name: id.slice(file.length + 1), fileName: file, scope, run });
    };
    describe.each = each(describe);
    describe.concurrent = describe;
    it.each = each(it);
    return {
      describe,
      it,
      test: it,
      expect,
      beforeEach: (run) => this.scope.before.push(run),
      afterEach: (run) => this.scope.after.push(run),
      beforeAll: (run) => this.scope.before.push(run),
      afterAll: (run) => this.scope.after.push(run),
    };
  }
}

class InProcessRunner {
  constructor() {
    this.tests = [];
    this.kills = new Map();
    /** ms, by test, of its last run. */
    this.times = new Map();
    this.rejections = [];
    process.on('unhandledRejection', (reason) => this.rejections.push(reason));
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    this.server = await createServer({
      root: process.cwd(),
      configFile: false,
      logLevel: 'error',
      appType: 'custom',
      plugins: [shim],
      server: { middlewareMode: true, hmr: false, ws: false, watch: null },
      optimizeDeps: { noDiscovery: true, include: [] },
      ssr: {
        noExternal: ['vitest'],
        resolve: { conditions: ['holdfast-source', 'node', 'import', 'default'], externalConditions: ['node'] },
      },
    });
    this.modules = createServerModuleRunner(this.server.environments.ssr, { hmr: false });
  }

  get namespace() {
    globalThis[NAMESPACE] ??= {};
    return globalThis[NAMESPACE];
  }

  async load() {
    const collector = new Collector();
    globalThis.holdfastTests = collector.globals;
    this.modules.clearCache();
    const all = await readdir(FOLDER, { recursive: true });
    const files = all.filter((file) => file.endsWith('.test.ts') && ONLY.test(file) && !LEFT_OUT.test(file));
    for (const file of files.sort()) {
      if (NEEDS_VITEST.test(await readFile(join(FOLDER, file), 'utf8'))) continue;
      collector.begin(join(FOLDER, file));
      await this.modules.import(resolve(FOLDER, file));
    }
    this.tests = collector.tests;
  }

  async dryRun() {
    this.namespace.activeMutant = undefined;
    await this.load();
    const tests = [];
    for (const test of this.tests) {
      this.namespace.currentTestId = test.id;
      const result = await this.runTest(test);
      this.namespace.currentTestId = undefined;
      if (result.status === FAILED)
        console.warn(`fails without any mutant, left out: ${result.name}: ${result.failureMessage}`);
      else if (result.timeSpentMs < SLOW_MS) tests.push(result);
    }
    return { status: 'complete', tests, mutantCoverage: this.namespace.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, reloadEnvironment, sandboxFileName }) {
    if (Number(activeMutant.id) % SAMPLE !== 0) return { status: 'error', errorMessage: 'not in the sample' };
    const { namespace } = this;
    namespace.hitLimit = hitLimit;
    namespace.hitCount = 0;
    const isStatic = mutantActivation === 'static';
    if (isStatic) namespace.activeMutant = activeMutant.id;
    try {
      if (this.tests.length === 0 || isStatic || reloadEnvironment) await this.load();
    } catch (error) {
      namespace.activeMutant = undefined;
      // Without the mutant it can be loaded, or nothing was told of it.
      await this.load();
      this.tests = [];
      return { status: 'killed', failureMessage: String(error), killedBy: [], nrOfTests: 0 };
    }
    namespace.activeMutant = activeMutant.id;
    const wanted = new Set(testFilter ?? []);
    const chosen = this.tests.filter(({ id }) => testFilter === undefined || wanted.has(id));
    // Those first that noticed the most mutants of late for their time, then those of the file's own test, then the quick ones.
    const own = `/${basename(sandboxFileName, '.ts')}.test.ts`;
    const hope = ({ id, fileName }) => (this.kills.get(id) ?? 0) + (fileName.endsWith(own) ? 0.005 : 0.001);
    const worth = (test) => hope(test) / (20 + (this.times.get(test.id) ?? 50));
    chosen.sort((a, b) => worth(b) - worth(a));
    const results = [];
    const endsAt = usedMs() + MUTANT_BUDGET_MS;
    for (const test of chosen) {
      if (usedMs() > endsAt) break;
      results.push(await this.runTest(test));
      if (results.at(-1).status !== FAILED) continue;
      for (const [id, kills] of this.kills) this.kills.set(id, kills * 0.9);
      this.kills.set(test.id, (this.kills.get(test.id) ?? 0) + 1);
      break;
    }
    namespace.activeMutant = undefined;
    const { hitCount } = namespace;
    // What a static mutant left behind must not be there for the next one.
    if (isStatic) this.tests = [];
    if (hitLimit !== undefined && hitCount > hitLimit) return { status: 'timeout', reason: 'it loops' };
    const failed = results.find(({ status }) => status === FAILED);
    const nrOfTests = results.length;
    return failed === undefined
      ? { status: 'survived', nrOfTests }
      : { status: 'killed', killedBy: [failed.id], failureMessage: failed.failureMessage, nrOfTests };
  }

  async runTest({ id, name, fileName, scope, run }) {
    const begun = performance.now();
    this.rejections.length = 0;
    const scopes = [];
    for (let one = scope; one !== null; one = one.parent) scopes.unshift(one);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('the test hangs')), TEST_TIMEOUT_MS);
    });
    const whole = async () => {
      for (const { before } of scopes) for (const hook of before) await hook();
      try {
        await run();
      } finally {
        for (const { after } of scopes.toReversed()) for (const hook of after) await hook();
      }
      if (this.rejections.length > 0) throw this.rejections[0];
    };
    const running = whole();
    running.catch(() => {});
    const result = { id, name, fileName };
    try {
      await Promise.race([running, late]);
      return { ...result, status: SUCCESS, timeSpentMs: performance.now() - begun };
    } catch (error) {
      const failureMessage = String(error?.message ?? error).slice(0, 300);
      return { ...result, status: FAILED, failureMessage, timeSpentMs: performance.now() - begun };
    } finally {
      clearTimeout(timer);
      this.times.set(id, performance.now() - begun);
    }
  }

  async dispose() {
    await this.modules?.close();
    await this.server?.close();
  }
}

const create = () => new InProcessRunner();
create.inject = [];
export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', factory: create }];
