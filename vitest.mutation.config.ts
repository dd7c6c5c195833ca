import { defineConfig } from 'vitest/config';

const conditions = ['holdfast-source'];

/** What mutants of src/registry are tried against: its unit tests, with the same schedules for each mutant. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/unit/registry/**/*.test.ts', 'test/unit/converters/avro*.test.ts'],
    testTimeout: 20_000,
    env: { HOLDFAST_TEST_SEED: '4', HOLDFAST_SCHEDULES: '25', HOLDFAST_NO_SHRINK: '1' },
  },
});
