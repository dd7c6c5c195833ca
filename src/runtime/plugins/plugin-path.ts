/**
 * Finds the modules of plugins.
 *
 * An entry of `plugin.path` is a folder or the name of an npm package. A folder that is itself a package (has a package.json) is one
 * plugin; otherwise each of its sub-folders with a package.json is one, and so is each `.js` or `.mjs` file directly in it.
 * A package name is resolved from the working folder, as `import` would. What can't be read is a warning, as with Kafka Connect; so are
 * plugins of Java, which would otherwise be missing without a word.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasJavaArchives, isJavaArchive, javaPluginsSentence } from './java-archives.ts';

export interface PluginModule {
  /** A file URL. */
  readonly module: string;
  readonly location: string;
  readonly packageName?: string | undefined;
  /** It came with Holdfast. */
  readonly isOurs?: boolean;
}

/** @param report is told of each entry that can't be used, and why */
export async function findPluginModules(
  entries: readonly string[],
  report: (location: string, error: unknown) => void,
): Promise<readonly PluginModule[]> {
  const found: PluginModule[] = [];
  for (const entry of entries) {
    try {
      found.push(...(await modulesOf(entry, report)));
    } catch (error) {
      report(entry, error);
    }
  }
  return found;
}

async function modulesOf(entry: string, report: (location: string, error: unknown) => void): Promise<PluginModule[]> {
  const folder = resolve(entry);
  if (isJavaArchive(entry)) throw new Error(javaPluginsSentence([basename(entry)]));
  if (!existsSync(folder)) {
    if (isAbsolute(entry) || entry.startsWith('.')) throw new Error(`there is no folder ${folder}`);
    return [{ module: resolvePackage(entry), location: entry, packageName: entry }];
  }
  const own = await entryOfPackage(folder);
  if (own !== null) return [{ ...own, location: folder }];
  const modules: PluginModule[] = [];
  const java: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (name.startsWith('.')) continue;
    const location = join(folder, name);
    try {
      const found = await moduleAt(location);
      if (found !== null) modules.push({ ...found, location });
      else if (isJavaArchive(name) || (await hasJavaArchives(location))) java.push(name);
    } catch (error) {
      // The others of the folder are none the worse for it.
      report(location, error);
    }
  }
  if (java.length > 0) report(entry, new Error(javaPluginsSentence(java)));
  return modules;
}

/** Follows symbolic links, of which mounted folders are made. null: neither a package nor a module. */
async function moduleAt(path: string): Promise<Omit<PluginModule, 'location'> | null> {
  if ((await stat(path)).isDirectory()) return entryOfPackage(path);
  return /\.m?js$/.test(path) ? { module: pathToFileURL(path).href } : null;
}

/** `import` conditions: a package that exports nothing to CommonJS is still found, by the export target of its root. */
function resolvePackage(name: string): string {
  const require = createRequire(join(process.cwd(), 'package.json'));
  try {
    return pathToFileURL(require.resolve(name)).href;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') {
      throw new Error(`there is neither a folder ${resolve(name)} nor a package ${name} that is installed there`);
    }
    if (code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
  }
  for (const base of require.resolve.paths(name) ?? []) {
    const folder = join(base, name);
    if (existsSync(join(folder, 'package.json'))) {
      const target = rootExport(require(join(folder, 'package.json')) as PackageJson);
      if (target !== null) return pathToFileURL(join(folder, target)).href;
    }
  }
  throw new Error(`the package ${name} exports no root module`);
}

interface PackageJson {
  readonly name?: unknown;
  readonly main?: string;
  readonly exports?: unknown;
}

async function entryOfPackage(folder: string): Promise<Omit<PluginModule, 'location'> | null> {
  let text: string;
  try {
    text = await readFile(join(folder, 'package.json'), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return null;
    throw error;
  }
  const manifest = JSON.parse(text) as PackageJson;
  return {
    module: pathToFileURL(join(folder, rootExport(manifest) ?? 'index.js')).href,
    packageName: typeof manifest.name === 'string' && manifest.name !== '' ? manifest.name : undefined,
  };
}

/** The file that `import 'package'` would load, by the conditions `import`, `node`, `default`; then `main`. */
function rootExport(manifest: PackageJson): string | null {
  const root = manifest.exports;
  const dot = typeof root === 'object' && root !== null && '.' in root ? (root as Record<string, unknown>)['.'] : root;
  return target(dot) ?? manifest.main ?? null;
}

function target(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(target).find((found) => found !== null) ?? null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [condition, inner] of Object.entries(value)) {
    if (['import', 'node', 'default', 'module-sync'].includes(condition)) {
      const found = target(inner);
      if (found !== null) return found;
    }
  }
  return null;
}
