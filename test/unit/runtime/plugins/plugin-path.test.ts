import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogLine, loggerOver, silentLogger } from '../../../../src/foundation/logger.ts';
import { ModulePluginLoader } from '../../../../src/runtime/plugins/module-plugin-loader.ts';
import { Plugins } from '../../../../src/runtime/plugins/plugins.ts';
import { tempDir } from '../../../support/temp-dir.ts';

let dir: string;
let lines: LogLine[];
const cwd = process.cwd();

beforeEach(() => {
  dir = tempDir('plugin-path');
  lines = [];
  process.chdir(dir);
});
afterEach(() => process.chdir(cwd));

/** Plain JavaScript, as somebody without our package would have it. */
function pluginSource(className: string, options: { version?: string; contract?: number } = {}): string {
  return `export default {
    name: 'p', version: '${options.version ?? '1.0'}', sdkContractVersion: ${options.contract ?? 1}, [Symbol.for('holdfast.plugin')]: true,
    connectors: [{ className: '${className}', type: 'source', create: class {} }],
  };`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

function writePackage(
  path: string,
  className: string,
  manifest: object = { main: 'index.js' },
  file = 'index.js',
): void {
  write(`${path}/package.json`, JSON.stringify({ name: 'p', type: 'module', ...manifest }));
  write(`${path}/${file}`, pluginSource(className));
}

async function discover(...pluginPath: string[]): Promise<string[]> {
  const logger = loggerOver((line) => lines.push(line));
  const plugins = await Plugins.discover({ builtIn: [], pluginPath, logger });
  return plugins.list().map(({ className }) => className);
}

const warnings = (): unknown[] => lines.map(({ fields }) => fields['entry'] ?? fields['location'] ?? fields['class']);

describe('plugin.path', () => {
  it('takes a folder that is a package for one plugin', async () => {
    writePackage('one', 'a.One');
    expect(await discover(join(dir, 'one'))).toEqual(['a.One']);
    expect(await discover('one')).toEqual(['a.One']);
    expect(await discover('./one')).toEqual(['a.One']);
    expect(lines).toEqual([]);
  });

  it('says once for each entry that plugins of Java do not run here', async () => {
    write('libs/connect-file-4.1.1.jar', '');
    write('libs/connect-json-4.1.1.jar', '');
    for (let n = 1; n <= 6; n++) write(`java/plugin-${n}/lib/core.jar`, '');
    write('java/one/one.jar', '');
    write('java/ours.mjs', pluginSource('a.Ours'));
    write('none/README.md', '');
    write('none/folder/README.md', '');
    expect(await discover('libs/connect-file-4.1.1.jar', '/opt/gone.jar', 'libs', 'java', 'none')).toEqual(['a.Ours']);
    expect(lines.map(({ fields }) => [fields['entry'], `${fields['reason']}`.split(' do not run here')[0]])).toEqual([
      ['libs/connect-file-4.1.1.jar', 'Java plugins (connect-file-4.1.1.jar)'],
      ['/opt/gone.jar', 'Java plugins (gone.jar)'],
      ['libs', 'Java plugins (connect-file-4.1.1.jar, connect-json-4.1.1.jar)'],
      ['java', 'Java plugins (one, plugin-1, plugin-2, plugin-3, plugin-4 and 2 more)'],
    ]);
    await expect(
      Plugins.discover({ builtIn: [], pluginPath: ['libs'], discovery: 'hybrid_fail', logger: silentLogger }),
    ).rejects.toThrow(/libs: Java plugins/);
  });

  it('says of a relative entry where it was looked for', async () => {
    await discover('plugns');
    expect(lines[0]?.fields['reason']).toBe(
      `there is neither a folder ${join(dir, 'plugns')} nor a package plugns that is installed there`,
    );
  });

  it('says how to find a mistake in the syntax of a plugin, for which Node tells no place', async () => {
    write('folder/bad.mjs', 'throw new SyntaxError("Unexpected token \';\'")');
    await discover('folder');
    const path = join(dir, 'folder/bad.mjs');
    expect(lines[0]?.fields['reason']).toBe(`Unexpected token ';' (the command 'node ${path}' shows the place)`);
  });

  it('takes each package and each module of another folder for one, and nothing else of it', async () => {
    writePackage('all/b', 'b.B');
    write('all/c.mjs', pluginSource('c.C'));
    write('all/d.js', pluginSource('d.D'));
    write('all/readme.txt', 'no');
    write('all/.hidden.mjs', 'throw new Error()');
    write('all/no-package/index.js', 'throw new Error()');
    expect(await discover(join(dir, 'all'))).toEqual(['b.B', 'c.C', 'd.D']);
    expect(lines).toEqual([]);
  });

  it('follows symbolic links to packages and to modules, of which mounted folders are made', async () => {
    writePackage('real/package', 'a.Package');
    write('real/module.mjs', pluginSource('a.Module'));
    mkdirSync(join(dir, 'mounted'));
    symlinkSync(join(dir, 'real/package'), join(dir, 'mounted/package'));
    symlinkSync(join(dir, 'real/module.mjs'), join(dir, 'mounted/module.mjs'));
    symlinkSync(join(dir, 'mounted'), join(dir, 'link'));
    expect(await discover(join(dir, 'link'))).toEqual(['a.Module', 'a.Package']);
  });

  it('resolves the name of an npm package from the working folder', async () => {
    writePackage('node_modules/connect-thing', 'a.Thing');
    writePackage('node_modules/@scope/thing', 'a.Scoped');
    expect(await discover('connect-thing', '@scope/thing')).toEqual(['a.Scoped', 'a.Thing']);
  });

  it.each([
    ['a string', './lib/main.js'],
    ['import only', { '.': { import: './lib/main.js' } }],
    ['types first', { '.': { types: './x.d.ts', import: { types: './x.d.ts', default: './lib/main.js' } } }],
    ['default', { default: './lib/main.js' }],
    ['node', { '.': { browser: './no.js', node: './lib/main.js' } }],
    ['an array', { '.': ['./lib/main.js'] }],
  ])('reads an exports map: %s', async (_what, exports) => {
    writePackage('node_modules/esm-only', 'a.Esm', { exports }, 'lib/main.js');
    expect(await discover('esm-only')).toEqual(['a.Esm']);
    expect(await discover(join(dir, 'node_modules/esm-only'))).toEqual(['a.Esm']);
  });

  it('warns of what it cannot use, and uses the rest', async () => {
    write('all/broken-json/package.json', '{');
    write('all/no-plugin.mjs', 'export const x = 1;');
    write('all/throws.mjs', 'throw new Error("at load")');
    write('all/newer.mjs', pluginSource('a.Newer', { contract: 999 }));
    write('all/good.mjs', pluginSource('a.Good'));
    symlinkSync(join(dir, 'nowhere'), join(dir, 'all/dangling.mjs'));
    const missing = join(dir, 'missing');
    expect(await discover(missing, './also-missing', 'no-such-package', join(dir, 'all'))).toEqual(['a.Good']);
    expect(lines.every(({ level }) => level === 'warn')).toBe(true);
    expect(warnings()).toEqual([
      missing,
      './also-missing',
      'no-such-package',
      join(dir, 'all/broken-json'),
      join(dir, 'all/dangling.mjs'),
      join(dir, 'all/newer.mjs'),
      join(dir, 'all/no-plugin.mjs'),
      join(dir, 'all/throws.mjs'),
    ]);
    const reasons = lines.map(({ fields }) => fields['reason']).join('\n');
    expect(reasons).toContain('contract version 999');
    expect(reasons).toContain('export default definePlugin');
    expect(reasons).toContain('at load');
  });

  it('uses the first of two equal versions, with a warning', async () => {
    write('x/a.mjs', pluginSource('a.Same'));
    write('y/a.mjs', pluginSource('a.Same'));
    expect(await discover(join(dir, 'x'), join(dir, 'y'), join(dir, 'x'))).toEqual(['a.Same']);
    expect(warnings()).toEqual(['a.Same', 'a.Same']);
    expect(lines[0]?.fields).toMatchObject({ used: join(dir, 'x/a.mjs'), notUsed: join(dir, 'y/a.mjs') });
  });

  it('fails for a built-in plugin that cannot be loaded', async () => {
    write('bad.mjs', 'export default 1;');
    const builtIn = [`file://${join(dir, 'bad.mjs')}`];
    const logger = loggerOver(() => {});
    await expect(Plugins.discover({ builtIn, pluginPath: [], logger })).rejects.toThrow('no plugin as default export');
  });
});

describe('ModulePluginLoader', () => {
  it('loads a class by module and name, of the kind asked for', async () => {
    write('a.mjs', pluginSource('a.One'));
    const module = `file://${join(dir, 'a.mjs')}`;
    const loader = new ModulePluginLoader();
    expect(typeof (await loader.load({ module, className: 'a.One' }, 'connector'))).toBe('function');
    await expect(loader.load({ module, className: 'a.One' }, 'converter')).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'holdfast.plugin.not-found',
    });
    await expect(loader.load({ module, className: 'a.Two' }, 'connector')).rejects.toThrow('offers no connector a.Two');
  });
});

describe('plugin.discovery', () => {
  const discoverBy = (discovery: string) =>
    Plugins.discover({
      builtIn: [],
      pluginPath: ['some', 'nowhere-1'],
      discovery,
      logger: loggerOver((line) => lines.push(line)),
    });
  beforeEach(() => {
    write('some/good.mjs', pluginSource('a.Good'));
    write('some/bad.mjs', 'export default {};');
  });

  it.each(['only_scan', 'hybrid_warn'])('%s leaves out what is no plugin, with a warning', async (discovery) => {
    expect((await discoverBy(discovery)).list().map(({ className }) => className)).toEqual(['a.Good']);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
  });

  it('service_load does so without one', async () => {
    expect((await discoverBy('service_load')).list()).toHaveLength(1);
    expect(lines.map(({ level }) => level)).toEqual(['debug', 'debug']);
  });

  it('hybrid_fail refuses it, and names all of it', async () => {
    const refused = discoverBy('hybrid_fail');
    await expect(refused).rejects.toThrow(/bad\.mjs: its module has no plugin as default export/);
    await expect(refused).rejects.toThrow(/nowhere-1: /);
    await expect(refused).rejects.toMatchObject({ code: 'holdfast.plugin.unusable' });
    expect(lines).toEqual([]);
  });
});

describe('names of packages', () => {
  it('stand for the one class that a package has of a type, and before the names of each', async () => {
    writePackage('plugins/one', 'a.OneSourceConnector', { name: '@acme/one', main: 'index.js' });
    writePackage('node_modules/two', 'b.TwoSourceConnector', { name: 'two', main: 'index.js' });
    const plugins = await Plugins.discover({
      builtIn: [],
      pluginPath: ['plugins', 'two'],
      logger: loggerOver(() => {}),
    });
    const found = (name: string) => plugins.find(['source', 'sink'], name)?.className;
    for (const name of ['@acme/one', '@acme/one#OneSource', '@acme/one#OneSourceConnector', 'OneSource']) {
      expect([name, found(name)]).toEqual([name, 'a.OneSourceConnector']);
    }
    for (const name of ['two', 'two#TwoSource', 'b.TwoSourceConnector']) {
      expect([name, found(name)]).toEqual([name, 'b.TwoSourceConnector']);
    }
    for (const name of ['@acme', 'one', '@acme/one#', '@acme/one#TwoSource', 'p']) expect(found(name)).toBeUndefined();
  });
});
