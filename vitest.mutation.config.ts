import { defineConfig } from 'vitest/config';

const conditions = ['holdfast-source'];

/** What mutants of src/registry are tried against: its unit tests without the random schedules, which take seconds. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/unit/registry/**/*.test.ts'],
    exclude: ['test/unit/registry/fault-schedules.test.ts'],
    testTimeout: 20_000,
    isolate: false,
  },
});
