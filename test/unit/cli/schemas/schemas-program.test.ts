import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Every file that is loaded with this one: what it imports, and so on, without types and what is imported later. */
function loadedWith(entry: URL): ReadonlySet<string> {
  const loaded = new Set([fileURLToPath(entry)]);
  for (const file of loaded) {
    for (const [, clause = '', from = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) ([^;]*?)from '(\.[^']+)';$/gm,
    )) {
      if (!clause.startsWith('type ')) loaded.add(fileURLToPath(new URL(from, `file://${file}`)));
    }
  }
  return loaded;
}

it('loads no worker and no REST server: somebody waits for each of these commands to start', () => {
  const loaded = [...loadedWith(new URL('../../../../src/cli/schemas/schemas-program.ts', import.meta.url))];
  expect(loaded.some((file) => file.endsWith('/cli/schemas/run-schemas.ts'))).toBe(true);
  expect(loaded.filter((file) => /\/src\/(rest\/|runtime\/(worker|herder|host)\/|index\.ts)/.test(file))).toEqual([]);
});
