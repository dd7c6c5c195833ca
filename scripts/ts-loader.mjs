// Loads the sources of this repository into a plain Node: types are stripped, and `holdfast/...` means the sources. For `module.register`.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Vite's own transformer, without Vite: that takes a second to load, in each thread.
const ofVite = createRequire(createRequire(import.meta.url).resolve('vite/package.json'));
const { transformSync } = await import(pathToFileURL(ofVite.resolve('rolldown/utils')).href);

export function resolve(specifier, context, next) {
  return next(specifier, { ...context, conditions: [...context.conditions, 'holdfast-source'] });
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const { code, map, errors } = transformSync(path, await readFile(path, 'utf8'), { sourcemap: true });
  if (errors.length > 0) throw errors[0];
  const inline = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  return { format: 'module', source: `${code}\n${inline}`, shortCircuit: true };
}
