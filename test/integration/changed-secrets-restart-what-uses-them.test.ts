// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of config providers look like this
/** Files, folders and values with a time to live: what has changed restarts the connectors that use it, and their tasks; nothing else. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';

const PLUGIN = new URL('../support/counting-plugin.ts', import.meta.url).href;
let connect: EmbeddedConnect | undefined;

afterEach(async () => {
  await connect?.stop();
  delete process.env['HOLDFAST_TEST_UNCHANGED'];
});

describe('a changed secret', () => {
  it('restarts the connectors that use it with their tasks, with the new value, and no other', async () => {
    const { STARTS, VALUES } = (await import(PLUGIN)) as typeof import('../support/counting-plugin.ts');
    const dir = tempDir('changed-secrets');
    const file = join(dir, 'secrets.properties');
    const folder = join(dir, 'mounted');
    mkdirSync(folder);
    const write = (a: string, b: string): void => {
      writeFileSync(`${file}.new`, `a=${a}\nb=${b}\n`);
      renameSync(`${file}.new`, file);
    };
    write('first-a', 'first-b');
    writeFileSync(join(folder, 'key'), 'first-key');
    VALUES.set('leased', 'first-leased').set('kept', 'first-kept');
    process.env['HOLDFAST_TEST_UNCHANGED'] = 'first-env';
    connect = await EmbeddedConnect.start({
      dir,
      pluginModules: [PLUGIN],
      settings: {
        'config.providers': 'file,dir,env,values',
        'config.providers.file.class': 'FileConfigProvider',
        'config.providers.file.param.reload.interval.ms': '100',
        'config.providers.dir.class': 'DirectoryConfigProvider',
        'config.providers.dir.param.reload.interval.ms': '100',
        'config.providers.env.class': 'EnvVarConfigProvider',
        'config.providers.values.class': 'test.ValuesConfigProvider',
      },
    });
    const uses: Readonly<Record<string, Record<string, string>>> = {
      'file-a': { secret: `\${file:${file}:a}` },
      'file-b': { secret: `\${file:${file}:b}` },
      folder: { secret: `\${dir:${folder}:key}` },
      leased: { secret: '${values:leased}' },
      kept: { secret: '${values:kept}' },
      env: { secret: '${env:HOLDFAST_TEST_UNCHANGED}' },
      nothing: {},
      'not-reloaded': { secret: `\${file:${file}:a}`, 'config.action.reload': 'none' },
    };
    for (const [name, settings] of Object.entries(uses)) {
      await connect.create(name, { 'connector.class': 'test.CountingSourceConnector', ...settings });
      await connect.waitForTasks(name, 'RUNNING');
    }
    const taken = (): string[] => STARTS.splice(0).map(({ who, secret }) => `${who}: ${secret}`);
    expect(taken()).toHaveLength(16);

    write('second-a', 'first-b');
    writeFileSync(join(folder, 'key'), 'second-key');
    VALUES.set('leased', 'second-leased');
    await connect.waitFor('the restarts', async () => STARTS.length >= 6);
    const changed = ['file-a: second-a', 'folder: second-key', 'leased: second-leased'];
    const both = (all: readonly string[]): string[] => all.flatMap((one) => [one, one.replace(':', ' task:')]).sort();
    expect(taken().sort()).toEqual(both(changed));

    // What has changed since then restarts that only: whatever else was to be restarted would have been by now.
    write('second-a', 'second-b');
    await connect.waitFor('the restarts', async () => STARTS.length >= 2);
    for (const name of Object.keys(uses)) await connect.waitForTasks(name, 'RUNNING');
    expect(taken().sort()).toEqual(both(['file-b: second-b']));
    expect((await connect.request('GET', '/connectors/file-a/config')).body).toMatchObject({
      secret: `\${file:${file}:a}`,
    });
  });
});
