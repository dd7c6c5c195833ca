/**
 * Builds `src` and `connectors` into `dist` (JavaScript, declarations, source maps), copies what isn't TypeScript beside
 * it, and removes what an earlier build left there. `dist` is never emptied first, so that a worker that runs from it
 * while a build goes on finds its files.
 *
 * `--if-possible` (the `prepare` step of npm) does nothing where the compiler isn't installed (`npm ci --omit=dev`), and
 * takes type errors for warnings: the compiler emits in spite of them, and an installation is no place to stop at them.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const compiler = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');

const ifPossible = process.argv.includes('--if-possible');

if (!existsSync(compiler)) {
  if (ifPossible) {
    console.log('build: skipped, the compiler is a development dependency and is not installed');
    process.exit(0);
  }
  console.error('build: the compiler is not installed: run `npm ci` first');
  process.exit(1);
}

const compile = spawnSync(
  process.execPath,
  [compiler, '-p', 'tsconfig.build.json', '--listEmittedFiles', '--pretty', 'false'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  },
);
const emitted = new Set();
const messages = [];
for (const line of compile.stdout.split('\n')) {
  if (line.startsWith('TSFILE: ')) emitted.add(resolve(root, line.slice('TSFILE: '.length).trim()));
  else if (line.trim() !== '') messages.push(line);
}
if (messages.length > 0) console.error(messages.join('\n'));
if (compile.stderr) console.error(compile.stderr);

for (const folder of ['src', 'connectors']) {
  for (const file of filesBelow(join(root, folder))) {
    if (/\.(ts|tsx|mts|md)$/.test(file) || file.startsWith(join(root, 'src', 'console') + sep)) continue;
    const target = join(dist, relative(root, file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
    emitted.add(target);
  }
}

// A failed build may have emitted nothing: then what is there stays.
if (compile.status === 0) {
  for (const folder of ['src', 'connectors']) {
    for (const file of filesBelow(join(dist, folder))) if (!emitted.has(file)) rmSync(file, { force: true });
  }
}

const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const path of Object.values(bin)) {
  const file = join(root, path);
  if (existsSync(file)) chmodSync(file, 0o755);
}

if (compile.status !== 0 && ifPossible && emitted.size > 0) {
  console.error('build: there are type errors, see above; dist was written');
} else if (compile.status !== 0) {
  console.error('build: failed, see the errors above');
  process.exit(compile.status ?? 1);
}

/** @param {string} folder @returns {string[]} absolute paths of the files below a folder, none if there is no such folder */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
