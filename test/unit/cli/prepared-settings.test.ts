// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of config providers look like this
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareSettings } from '../../../src/cli/prepared-settings.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { ConfigError } from '../../../src/sdk/errors/kinds.ts';
import { tempDir } from '../../support/temp-dir.ts';

const VALID = {
  'bootstrap.servers': 'embedded:broker',
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'offset.storage.file.filename': 'connect.offsets',
};
const FILE = { 'config.providers': 'file', 'config.providers.file.class': 'FileConfigProvider' };

async function failureOf(settings: Readonly<Record<string, string>>): Promise<ConfigError> {
  const failure = await prepareSettings({ settings: { ...VALID, ...settings }, logger: silentLogger }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(ConfigError);
  return failure as ConfigError;
}

const WARNING = 'Variables of the worker have no value. They are taken as they are written.';

async function warningsOf(settings: Readonly<Record<string, string>>) {
  const { logger, lines } = recordingLogger();
  const prepared = await prepareSettings({ settings: { ...VALID, ...settings }, logger }).catch(() => null);
  await prepared?.variables.close();
  return lines.filter(({ message }) => message === WARNING).map(({ level, fields }) => ({ level, ...fields }));
}

describe('prepareSettings', () => {
  it('warns of variables without a value, with the reason of each setting, and without what may be a secret', async () => {
    const unknown = 'its config provider is not in config.providers';
    expect(await warningsOf({ 'ssl.key.password': 'a${b:c', 'sasl.jaas.config': 'x${y:hunter2}' })).toEqual([
      { level: 'warn', reasons: { 'sasl.jaas.config': unknown } },
    ]);
    const folder = tempDir('variables');
    writeFileSync(join(folder, 'a'), 'there=1000');
    const found = { 'offset.flush.interval.ms': `\${file:${folder}/a:there}` };
    expect(await warningsOf({ ...FILE, ...found })).toEqual([]);
    expect(await warningsOf({ ...FILE, ...found, 'group.id': `\${file:${folder}/a:gone}`, x: '${y:hunter2}' })).toEqual(
      [
        {
          level: 'warn',
          reasons: { 'group.id': `\${file:${folder}/a:gone}: the config provider has no such key`, x: unknown },
        },
      ],
    );
    // Told as a mistake: nobody knows which keys there are.
    expect(await warningsOf({ ...FILE, 'group.id': '${file:/missing/a:x}' })).toEqual([]);
  });

  it('names every setting that can not be looked up, and every other mistake beside them, in one message', async () => {
    const { message, code, problems } = await failureOf({
      ...FILE,
      'rest.advertised.host.name': '${file:/missing/a:x}',
      'offset.flush.interval.ms': '${file:/missing/a:y}',
      'group.id': 'g-${file:/missing/b:x}',
      'log.level': 'loud',
    });
    expect(code).toBe('holdfast.worker.config-invalid');
    const [title, ...lines] = message.split('\n');
    expect(title).toBe("The worker's settings have 4 mistakes:");
    expect(lines).toHaveLength(4);
    for (const [key, written, file] of [
      ['rest.advertised.host.name', '${file:/missing/a:x}', '/missing/a'],
      ['offset.flush.interval.ms', '${file:/missing/a:y}', '/missing/a'],
      ['group.id', '${file:/missing/b:x}', '/missing/b'],
    ] as const) {
      const line = lines.find((each) => each.startsWith(`  ${key}: ${written} can't be looked up: `));
      expect(line).toContain(`Could not read properties from file ${file} (`);
      expect(line).toContain('ENOENT');
    }
    expect(message).toContain('loud for configuration log.level');
    expect(problems.map(({ key }) => key).sort()).toEqual([
      'group.id',
      'log.level',
      'offset.flush.interval.ms',
      'rest.advertised.host.name',
    ]);
  });

  it('names every provider that can not be used, and the mistakes in settings that ask none', async () => {
    const providers = {
      'config.providers': 'one,two',
      'config.providers.two.class': 'test.NoSuchProvider',
      'offset.flush.interval.ms': '${one:x}',
    };
    const both = await failureOf(providers);
    expect(both.message).toContain('Missing required configuration "config.providers.one.class"');
    expect(both.message).toContain('test.NoSuchProvider');
    expect(both.code).toBe('holdfast.config-provider.invalid');
    const all = await failureOf({ ...providers, 'log.level': 'loud' });
    expect(all.message).toContain('Missing required configuration "config.providers.one.class"');
    expect(all.message).toContain('test.NoSuchProvider');
    expect(all.message).toContain('loud for configuration log.level');
    expect(all.problems.map(({ key }) => key)).toEqual(['config.providers', 'log.level']);
  });
});
