/**
 * Runs the import rules of `.dependency-cruiser.cjs` over src, connectors, test and bench, and fails if a module was not
 * seen: without a TypeScript that it can drive, dependency-cruiser finds no modules and reports no violations.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
process.chdir(root);
const {
  allowedImports,
  forbidden,
  options: { tsConfig, ...options },
} = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs'));

const folders = ['src', 'connectors', 'test', 'bench'].filter((folder) => existsSync(folder));
const { output } = await cruise(
  folders,
  { ...options, validate: true, ruleSet: { forbidden } },
  { ...options.enhancedResolveOptions },
  { tsConfig: extractTSConfig(join(root, tsConfig.fileName)) },
);
if (typeof output === 'string') throw new Error('check-imports: expected the result of a cruise, got text');

const problems = output.summary.violations.map((violation) => {
  const cycle = violation.cycle?.map((step) => step.name).join(' -> ');
  return `${violation.rule.name}: ${violation.from} -> ${cycle ?? violation.to}`;
});

const seen = new Set(output.modules.map((module) => module.source));
const files = ['src', 'connectors'].flatMap((folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
        .map((entry) => relative(root, join(root, entry.parentPath, entry.name)))
    : [],
);
const unseen = files.filter((file) => !seen.has(file));
if (unseen.length > 0) problems.push(`modules that the tool did not see: ${unseen.length}, such as ${unseen[0]}`);
if (files.length === 0) problems.push('there is nothing to check in src and connectors');

const known = new Set([...Object.keys(allowedImports), 'cli', 'testing']);
for (const entry of readdirSync('src', { withFileTypes: true })) {
  if (entry.isDirectory() && !known.has(entry.name))
    problems.push(`src/${entry.name} has no row in the table of allowed imports`);
}

if (problems.length > 0) {
  const comments = new Map(forbidden.map((rule) => [rule.name, rule.comment]));
  const broken = new Set(output.summary.violations.map((violation) => violation.rule.name));
  console.error(problems.join('\n'));
  for (const name of broken) console.error(`  ${name}: ${comments.get(name)}`);
  process.exit(1);
}
console.log(
  `${files.length} modules of src and connectors seen, ${output.summary.totalDependenciesCruised} imports as allowed`,
);
