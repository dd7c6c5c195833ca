/**
 * Adds to package-lock.json what npm left out because the machine that wrote it could not see it: the builds of native
 * packages for other platforms, without which `npm ci` refuses the lockfile. `--check` only says what is missing.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(resolve(dirname(fileURLToPath(import.meta.url)), '..'), 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const problems = [];
const added = {};

const systems = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.link) continue;
  for (const name of Object.keys({ ...entry.dependencies, ...(path === '' ? entry.devDependencies : {}) })) {
    if (!resolves(path, name) && entry.optionalDependencies?.[name] === undefined) {
      problems.push(`${path || 'the package'} needs ${name}, which the lockfile lacks: run npm install`);
    }
  }
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolves(path, name)) continue;
    if (!/^\d+\.\d+\.\d+/.test(version)) {
      problems.push(
        `${path} may use ${name}@${version}, which the lockfile lacks, and only an exact version can be added`,
      );
      continue;
    }
    const words = name.split(/[/-]/);
    const only = (known) => known.filter((word) => words.includes(word));
    const [os, cpu] = [only(systems), only(processors)];
    if (os.length + cpu.length === 0) {
      problems.push(`${path} may use ${name}, which the lockfile lacks, and its name tells no platform`);
      continue;
    }
    const libc = os[0] === 'linux' ? libcOf(words) : [];
    added[`node_modules/${name}`] = {
      version,
      ...(cpu.length > 0 ? { cpu } : {}),
      ...(entry.dev ? { dev: true } : {}),
      ...(libc.length > 0 ? { libc } : {}),
      ...(entry.license ? { license: entry.license } : {}),
      optional: true,
      ...(os.length > 0 ? { os } : {}),
      ...(entry.engines ? { engines: entry.engines } : {}),
    };
  }
}

const names = Object.keys(added);
if (process.argv.includes('--check')) {
  problems.push(...names.map((name) => `${name} is missing: run node scripts/complete-lockfile.mjs`));
} else if (names.length > 0) {
  const [[rootPath, rootEntry], ...rest] = Object.entries({ ...lock.packages, ...added });
  rest.sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries([[rootPath, rootEntry], ...rest]);
  writeFileSync(`${file}.new`, `${JSON.stringify(lock, null, 2)}\n`);
  renameSync(`${file}.new`, file);
  console.log(`added ${names.length}: ${names.map((name) => name.replace('node_modules/', '')).join(', ')}`);
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

/** Whether Node's resolution, from the package at `path` upwards, finds `name` in the lockfile. */
function resolves(path, name) {
  for (let base = path; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    if (lock.packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`]) return true;
    if (base === '') return false;
  }
}

function libcOf(words) {
  if (words.some((word) => word.startsWith('musl'))) return ['musl'];
  return words.some((word) => word.startsWith('gnu')) ? ['glibc'] : [];
}
