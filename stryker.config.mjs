/** `npm run test:mutation`; `-- --mutate src/registry/outages.ts` for one file. Results: docs/mutation.md. */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  mutate: ['src/registry/**/*.ts'],
  coverageAnalysis: 'perTest',
  // Texts for people are not what the tests hold on to.
  mutator: { excludedMutations: ['StringLiteral', 'ObjectLiteral'] },
  concurrency: 2,
  timeoutMS: 10_000,
  timeoutFactor: 2,
  incremental: true,
  incrementalFile: 'node_modules/.cache/stryker-incremental.json',
  tempDirName: 'node_modules/.cache/stryker-tmp',
  ignorePatterns: ['dist', '.stryker-tmp', 'docs', 'bench', 'connectors'],
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'node_modules/.cache/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
};
