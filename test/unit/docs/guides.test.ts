/** README and guides: what they point at exists, what they name is so named. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseProperties } from '../../../src/foundation/java-properties.ts';
import { parseWorkerConfig } from '../../../src/runtime/config/worker-config.ts';
import { tempDir } from '../../support/temp-dir.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs/guides')).map((name) => `docs/guides/${name}`),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const reference = (name: string): string => readFileSync(join(root, 'docs/reference', name), 'utf8');

describe('README and guides', () => {
  test.each(pages)('$path points at files that exist', ({ path, text }) => {
    const targets = [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) => target);
    for (const target of targets.filter((link) => !/^https?:/.test(link))) {
      expect(existsSync(resolve(root, dirname(path), target)), target).toBe(true);
    }
  });

  test.each(pages)('$path names error codes that exist', ({ text }) => {
    const known = reference('errors.md');
    for (const [code] of text.matchAll(/holdfast\.[a-z-]+\.[a-z.-]*[a-z]/g)) {
      // What a reader's own plugin defines.
      if (!code.startsWith('holdfast.numbers.')) expect(known).toContain(`### \`${code}\``);
    }
  });

  test.each(pages)('$path names npm scripts that exist', ({ text }) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(name);
  });

  test('the guides are all reached from the README', () => {
    const readme = pages[0]?.text ?? '';
    for (const { path } of pages.filter((page) => page.path.startsWith('docs/guides/')))
      expect(readme).toContain(`(${path})`);
  });

  test('the plugins of README and guide load as a copy of their code blocks', async () => {
    for (const path of ['README.md', 'docs/guides/writing-a-connector.md']) {
      const text = pages.find((page) => page.path === path)?.text ?? '';
      const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
      expect(blocks.length, path).toBe(1);
      // Outside of the repository, with the SDK where Node looks for it.
      const folder = tempDir('plugin');
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(root, join(folder, 'node_modules/holdfast'));
      const file = join(folder, 'plugin.mjs');
      writeFileSync(file, blocks[0] ?? '');
      const { default: plugin } = (await import(file)) as {
        readonly default: { readonly connectors: readonly { create: new () => object }[] };
      };
      expect(plugin.connectors.length, path).toBeGreaterThan(0);
      for (const { create } of plugin.connectors) expect(new create(), path).toHaveProperty('taskClass');
    }
  });

  test('the sample of a worker file is valid and has no unknown settings', () => {
    const config = parseWorkerConfig(parseProperties(readFileSync(join(root, 'config/worker.properties'))));
    expect(config.unknown).toEqual([]);
    expect(config.withoutEffect).toEqual({});
  });
});
