/**
 * Writes the settings of each bundled connector into its README.md, between `<!-- settings: <class> -->` and `<!-- /settings -->`.
 * Run it with `node scripts/run-ts.mjs scripts/write-connector-readmes.ts`; test/acceptance/fleet.test.ts tells when it is needed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isPlugin } from 'holdfast/sdk';

const connectors = fileURLToPath(new URL('../connectors', import.meta.url));

for (const folder of readdirSync(connectors)) {
  const { default: plugin }: { default: unknown } = await import(
    pathToFileURL(join(connectors, folder, 'index.ts')).href
  );
  if (!isPlugin(plugin)) throw new Error(`connectors/${folder}/index.ts has no plugin as its default export`);
  const path = join(connectors, folder, 'README.md');
  let text = readFileSync(path, 'utf8');
  for (const { className, create } of plugin.connectors ?? []) {
    const start = `<!-- settings: ${className} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf('<!-- /settings -->', from);
    if (from === -1 || to === -1) throw new Error(`${path} has no place for the settings of ${className}: ${start}`);
    const settings = new create().config().toMarkdown({ level: 3 }).trim();
    text = `${text.slice(0, from + start.length)}\n\n${settings}\n\n${text.slice(to)}`;
  }
  writeFileSync(path, text);
}
