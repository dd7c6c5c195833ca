import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/closing-line-reporter.ts';

/**
 * `npm test` runs repo, unit, integration and acceptance; chaos and compat have commands of their own. The groups run one
 * after the other, so that nothing competes with the tests that start servers, workers and a Kafka.
 */
const conditions = {
  resolve: { conditions: ['holdfast-source'] },
  ssr: { resolve: { conditions: ['holdfast-source'] } },
};
/** `expect.poll` gives up after a second by itself, which a busy machine can take for anything. */
const patience = { expect: { poll: { timeout: 20_000 } } };

export default defineConfig({
  ...conditions,
  test: {
    pool: 'forks',
    // Of the run, not of a project: its Kafka starts once, for the first file of any project that asks.
    globalSetup: ['test/support/shared-kafka-setup.ts'],
    reporters: ['default', new ClosingLineReporter()],
    projects: [
      {
        ...conditions,
        test: {
          ...patience,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude: ['test/unit/repo/**'],
          // A process per worker and not per file: half of the time went into importing the same modules again. So a test that
          // touches what a process has only once (its environment, its folder) puts it back.
          isolate: false,
          // Much of it is in virtual time, which a loaded machine makes slow.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...conditions,
        test: {
          ...patience,
          name: 'repo',
          include: ['test/unit/repo/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...conditions,
        test: {
          ...patience,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // Where each worker starts threads, they take their time to start.
          testTimeout: process.env['HOLDFAST_TASK_ISOLATION'] === undefined ? 60_000 : 180_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...conditions,
        test: {
          ...patience,
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        ...conditions,
        test: {
          ...patience,
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
      {
        ...conditions,
        test: {
          ...patience,
          name: 'compat',
          include: ['test/compat/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
