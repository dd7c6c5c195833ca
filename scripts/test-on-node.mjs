/**
 * Runs the unit tests on another major version of Node, fetched by npx: `node scripts/test-on-node.mjs 24`. Further
 * arguments go to vitest.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const [major = '24', ...rest] = process.argv.slice(2);
const vitest = join('node_modules', 'vitest', 'vitest.mjs');
const args = rest.length > 0 ? rest : ['--project', 'unit'];

const version = spawnSync('npx', ['--yes', `node@${major}`, '--version'], { cwd: root, encoding: 'utf8' });
if (version.status !== 0 || !version.stdout.startsWith(`v${major}.`)) {
  console.error(`test-on-node: could not get Node ${major}: ${version.stdout}${version.stderr}`);
  process.exit(1);
}
console.log(`test-on-node: Node ${version.stdout.trim()}`);
const { status } = spawnSync('npx', ['--yes', `node@${major}`, vitest, 'run', ...args], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
