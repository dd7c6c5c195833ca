/**
 * Who may import whom, of ours: ARCHITECTURE.md has the table, this is the same one in a form that fails the build.
 * Exactly these edges, not their closure: `rest` may import `runtime`, but not the `broker` that `runtime` may import.
 * `scripts/check-imports.mjs` runs it and makes sure that every module was seen.
 */
const allowedImports = {
  foundation: [],
  sdk: ['foundation'],
  broker: ['foundation', 'sdk'],
  transforms: ['foundation', 'sdk'],
  registry: ['foundation', 'sdk'],
  converters: ['foundation', 'sdk', 'registry'],
  'embedded-registry': ['foundation', 'sdk', 'broker', 'registry'],
  recovery: ['foundation', 'sdk', 'broker', 'registry'],
  storage: ['foundation', 'sdk', 'broker'],
  runtime: ['foundation', 'sdk', 'broker', 'storage'],
  rest: ['foundation', 'sdk', 'runtime'],
  console: [],
};

const anyOf = (names) => `(?:${names.join('|')})`;

/** A folder may import itself and its row of the table; our other folders, the connectors and the roots are out of reach. */
const folderRules = Object.entries(allowedImports).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-its-row`,
  comment: `src/${folder} may import, of ours: ${allowed.join(', ') || 'nothing'}. Declare a port here and let the composition root hand in what implements it.`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^(?:src|connectors|test|bench|scripts)/', pathNot: `^src/${anyOf([folder, ...allowed])}/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  allowedImports,
  forbidden: [
    ...folderRules,
    {
      name: 'connectors-import-only-the-sdk',
      comment: "A bundled connector is written as a stranger would write it: of ours it imports 'holdfast/sdk' only.",
      severity: 'error',
      from: { path: '^connectors/([^/]+)/' },
      to: { path: '^(?:src|connectors|test|bench|scripts)/', pathNot: '^(?:src/sdk/index\\.ts$|connectors/$1/)' },
    },
    {
      name: 'composition-roots-stay-clear-of-console-and-testing',
      comment: 'cli, src/index.ts and src/task-host-entry.ts wire everything but console and testing.',
      severity: 'error',
      from: { path: '^src/(?:cli/|[^/]+\\.ts$)' },
      to: { path: '^(?:src/(?:console|testing)|test|bench|scripts)/' },
    },
    {
      name: 'testing-stays-clear-of-console-and-cli',
      comment: 'The public test kit may use everything but console and cli.',
      severity: 'error',
      from: { path: '^src/testing/' },
      to: { path: '^(?:src/(?:console|cli)|test|bench|scripts)/' },
    },
    {
      name: 'sdk-has-no-packages',
      comment:
        'src/sdk and the src/foundation below it import no npm package, so that a plugin may carry its own copy.',
      severity: 'error',
      from: { path: '^src/(?:sdk|foundation)/' },
      to: { path: 'node_modules/' },
    },
    {
      name: 'no-development-packages-in-what-ships',
      comment: 'A package that src or connectors import has to be in "dependencies".',
      severity: 'error',
      from: { path: '^(?:src|connectors)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-circular',
      comment: 'Modules that need each other are one module, or lack a third. Type-only edges are free.',
      severity: 'error',
      from: { path: '^(?:src|connectors)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['holdfast-source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
};
