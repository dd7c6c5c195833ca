/** Every bundled connector has what a bundled connector has to have: nobody can forget a part of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPlugin, type Plugin } from 'holdfast/sdk';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { parseProperties } from '../../src/foundation/java-properties.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = readdirSync(join(root, 'connectors'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const samples = readdirSync(join(root, 'config'))
  .filter((name) => name.endsWith('.properties'))
  .map((name) => ({ name, settings: parseProperties(readFileSync(join(root, 'config', name))) }));

it('finds the connectors', () => {
  expect(folders).toEqual(expect.arrayContaining(['datagen', 'file']));
});

describe.each(folders)('connectors/%s', (folder) => {
  const load = async (): Promise<Plugin> => {
    const module: { default: unknown } = await import(`../../connectors/${folder}/index.ts`);
    if (!isPlugin(module.default)) throw new Error(`connectors/${folder}/index.ts has no plugin as its default export`);
    return module.default;
  };

  it('is a plugin of the version of the package', async () => {
    const plugin = await load();
    expect(plugin.name).toBe(folder);
    expect(plugin.version).toBe(packageJson.version);
    expect(plugin.connectors?.length).toBeGreaterThan(0);
  });

  it('has an acceptance test that names each of its connectors', async () => {
    const path = join(root, 'test/acceptance', `${folder}.test.ts`);
    expect(existsSync(path), `test/acceptance/${folder}.test.ts exists`).toBe(true);
    const text = readFileSync(path, 'utf8');
    for (const { className } of (await load()).connectors ?? []) expect(text).toContain(`'${className}'`);
  });

  it('has a sample in config for each of its connectors, which is valid', async () => {
    for (const { className, create } of (await load()).connectors ?? []) {
      const simple = className.slice(className.lastIndexOf('.') + 1);
      const names = [className, simple, simple.replace(/Connector$/, '')];
      const sample = samples.find(({ settings }) => names.includes(settings['connector.class'] ?? ''));
      expect(sample, `a config/*.properties with connector.class=${className}`).toBeDefined();
      const settings = sample?.settings ?? {};
      const connector = new create();
      const values = await (connector.validate?.(settings) ?? connector.config().validate(settings));
      expect(values.flatMap(({ errorMessages }) => errorMessages)).toEqual([]);
    }
  });

  it('documents its settings in README.md, as they are', async () => {
    const readme = readFileSync(join(root, 'connectors', folder, 'README.md'), 'utf8');
    for (const { className, create } of (await load()).connectors ?? []) {
      expect(readme).toContain(className);
      const table = new create().config().toMarkdown({ level: 3 }).trim();
      expect(
        readme,
        `settings of ${className}: run node scripts/run-ts.mjs scripts/write-connector-readmes.ts`,
      ).toContain(table);
    }
  });
});
