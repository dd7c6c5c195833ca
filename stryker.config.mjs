/** `npm run test:mutation`; `-- --mutate src/registry/outages.ts` for some files. Results: docs/mutation.md. */
export default {
  testRunner: 'in-process',
  plugins: ['./scripts/in-process-test-runner.mjs'],
  mutate: ['src/registry/**/*.ts'],
  coverageAnalysis: 'perTest',
  // Texts for people are not what the tests hold on to.
  mutator: { excludedMutations: ['StringLiteral', 'ObjectLiteral'] },
  concurrency: 2,
  timeoutMS: 60_000,
  timeoutFactor: 3,
  incremental: true,
  incrementalFile: 'node_modules/.cache/stryker-incremental.json',
  tempDirName: 'node_modules/.cache/stryker-tmp',
  ignorePatterns: ['dist', '.stryker-tmp', 'docs', 'bench', 'connectors'],
  reporters: ['clear-text', 'json', 'progress-append-only'],
  jsonReporter: { fileName: 'node_modules/.cache/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
};
