import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node';

type ReportedModules = Parameters<NonNullable<Reporter['onTestRunEnd']>>[0];
type ReportedErrors = Parameters<NonNullable<Reporter['onTestRunEnd']>>[1];

/** What a run came to. A file that doesn't load, a hook that throws and an unhandled error each count as one failure. */
export interface RunCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** `N passed, N failed`, followed by `, N skipped` if any were. */
export function closingLine(counts: RunCounts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

/** Counts tests and what failed outside of them. */
export function countRun(modules: ReportedModules, unhandledErrors: ReportedErrors): RunCounts {
  const counts: RunCounts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
  for (const module of modules) {
    counts.failed += failuresOfItsOwn(module);
    for (const suite of module.children.allSuites()) counts.failed += failuresOfItsOwn(suite);
    for (const test of module.children.allTests()) {
      const state = test.result().state;
      if (state === 'passed') counts.passed++;
      else if (state === 'failed') counts.failed++;
      else if (state === 'skipped') counts.skipped++;
      else counts.failed++;
    }
  }
  return counts;
}

function failuresOfItsOwn(unit: TestModule | TestSuite): number {
  return unit.errors().length > 0 ? 1 : 0;
}

/**
 * Closes the run with one line that a machine can read, alone and the very last on stdout, whatever other reporters or
 * the runner itself print after the tests. A run in which nothing passed or failed is a failed run.
 */
export class ClosingLineReporter implements Reporter {
  #counts: RunCounts | undefined;
  #watching = false;
  #listening = false;

  onInit(vitest: Vitest): void {
    this.#watching = vitest.config.watch;
    if (this.#listening || this.#watching) return;
    this.#listening = true;
    process.on('exit', () => this.#close());
  }

  onTestRunEnd(modules: ReportedModules, unhandledErrors: ReportedErrors): void {
    this.#counts = countRun(modules, unhandledErrors);
    if (this.#watching) process.stdout.write(`${closingLine(this.#counts)}\n`);
  }

  #close(): void {
    // The runner ended before the tests did: that is a failure, and has to look like one.
    const counts = this.#counts ?? { passed: 0, failed: 1, skipped: 0 };
    if (counts.failed > 0 || counts.passed === 0) process.exitCode ||= 1;
    else if (process.exitCode) counts.failed++;
    process.stdout.write(`${closingLine(counts)}\n`);
  }
}
