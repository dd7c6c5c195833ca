/**
 * `npm run verify`: every check that needs no port, two at a time, and the unit tests. `--list` prints the names of the
 * checks, `--only <name>` runs one of them; the tests in test/unit/repo run them so, each counted as a test.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const node = process.execPath;
const bin = (name) => join('node_modules', '.bin', name);
const tsc = join('node_modules', 'typescript-native', 'bin', 'tsc');
const consoleProject = join('src', 'console', 'tsconfig.json');

/** Each check is a list of commands; the first that fails ends it. */
const checks = {
  'format and lint': [[bin('biome'), 'check', '--colors=off', '--error-on-warnings', '.']],
  types: [
    [node, tsc, '--noEmit', '--pretty', 'false', '-p', 'tsconfig.json'],
    ...(existsSync(join(root, consoleProject))
      ? [[node, tsc, '--noEmit', '--pretty', 'false', '-p', consoleProject]]
      : []),
  ],
  lockfile: [[node, join('scripts', 'complete-lockfile.mjs'), '--check']],
  'import rules': [[node, join('scripts', 'check-imports.mjs')]],
  'dead code': [[bin('knip'), '--no-progress']],
  'package shape': [
    [node, join('scripts', 'build.mjs')],
    [node, join('scripts', 'check-package.mjs')],
  ],
  ...generatedDocs(),
};

const only = process.argv.indexOf('--only');
if (process.argv.includes('--list')) {
  console.log(JSON.stringify(Object.keys(checks)));
} else if (only >= 0) {
  const name = process.argv[only + 1];
  if (!(name in checks))
    throw new Error(`verify: there is no check "${name}", only: ${Object.keys(checks).join(', ')}`);
  process.exitCode = (await runCheck(name, checks[name])) ? 0 : 1;
} else {
  const waiting = Object.entries(checks);
  const results = [];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await runCheck(...next));
  };
  await Promise.all([lane(), lane()]);
  results.push(await runCheck('unit tests', [[bin('vitest'), 'run', '--project', 'unit']]));
  const failed = results.filter((good) => !good).length;
  console.log(failed === 0 ? 'verify: all good' : `verify: ${failed} of ${results.length} checks failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Scripts that write a part of docs/reference can say, asked with --check, whether what is there is current. */
function generatedDocs() {
  const generators = readdirSync(join(root, 'scripts')).filter((file) => /^generate-.*\.mjs$/.test(file));
  if (generators.length === 0) return {};
  return {
    'generated docs': [
      [node, join('scripts', 'build.mjs')],
      ...generators.map((file) => [node, join('scripts', file), '--check']),
    ],
  };
}

async function runCheck(name, commands) {
  const started = performance.now();
  for (const [command, ...args] of commands) {
    const { code, output } = await run(command, args);
    if (code === 0) continue;
    console.log(`✗ ${name} (${command === node ? args.join(' ') : [command, ...args].join(' ')})\n${output}`);
    return false;
  }
  console.log(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return true;
}

function run(command, args) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', failed);
    child.on('close', (code) => done({ code, output: Buffer.concat(chunks).toString() }));
  });
}
