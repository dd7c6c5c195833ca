/**
 * Packs the package as `npm publish` would and checks the tarball: publint, are-the-types-wrong, and that every file
 * which package.json promises is inside and nothing from the workshop is. `dist` has to be built.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
const problems = [];

try {
  const pack = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  if (pack.status !== 0) throw new Error(`check-package: npm pack failed\n${pack.output}`);
  const [{ filename, files, unpackedSize }] = JSON.parse(pack.stdout);
  const paths = files.map((file) => file.path);

  for (const target of promised(manifest)) {
    const pattern = new RegExp(`^${target.replace(/^\.\//, '').replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`);
    if (!paths.some((path) => pattern.test(path)))
      problems.push(`package.json names ${target}, which is not in the tarball`);
  }
  for (const path of paths) {
    if (/(^|\/)(test|bench|scripts|\.holdfast|\.ci)\//.test(path))
      problems.push(`${path} does not belong in the tarball`);
  }
  for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
    if (!paths.includes(path)) problems.push(`${path} is not in the tarball`);
  }

  const tarball = join(folder, filename);
  const publint = run('node_modules/.bin/publint', ['--strict', tarball]);
  if (publint.status !== 0) problems.push(publint.output);
  const attw = run('node_modules/.bin/attw', ['--profile', 'esm-only', '--no-emoji', '--format', 'ascii', tarball]);
  if (attw.status !== 0) problems.push(attw.output);

  if (problems.length === 0)
    console.log(`${paths.length} files, ${Math.round(unpackedSize / 1024)} KiB unpacked, as package.json promises`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

/** Every file that exports and bin lead to. */
function promised({ exports, bin }) {
  const targets = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(targets));
  return [...targets(exports), ...targets(bin)];
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, output: `${stdout ?? ''}${stderr ?? ''}`.trim() };
}
