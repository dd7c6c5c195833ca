import { describe, expect, it } from 'vitest';
import { parseWorkerSettings } from '../../../src/cli/worker-settings.ts';
import { AVRO_CONFIG } from '../../../src/converters/avro/avro-config.ts';
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import { isWorkerDefault } from '../../../src/registry/registry-keys.ts';
import { definitionHere } from '../../../src/runtime/config/plugin-definition.ts';
import { converterProblems } from '../../../src/runtime/config/plugin-problems.ts';
import type { ConfigKey } from '../../../src/sdk/config/index.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';

const AVRO = 'io.confluent.connect.avro.AvroConverter';
const URL = { 'schema.registry.url': 'http://a:8081' };
const CODE = 'holdfast.worker.config-invalid';

/** Texts that are nobody's value, by the type of the key. */
const BAD: Readonly<Record<string, readonly string[]>> = {
  INT: ['', ' ', '-2', '-2147483648', 'NaN', 'Infinity', '1e3', '1.5', '2147483648', '9'.repeat(30), 'soon'],
  LONG: [
    '',
    ' ',
    '-2',
    '-9007199254740991',
    'NaN',
    'Infinity',
    '1e3',
    '1.5',
    '9223372036854775808',
    '9'.repeat(30),
    'soon',
  ],
  BOOLEAN: ['', '1', 'yes', 'NaN'],
  STRING: ['', '-1', 'NaN', 'guess'],
  CLASS: ['', '-1', 'NaN', 'guess'],
};

/** The keys that take a number, a duration or one of some words; what is free text is none of them. */
function checkedKeys(keys: ReadonlyMap<string, ConfigKey>): readonly ConfigKey[] {
  return [...keys.values()].filter(
    ({ type, validator }) =>
      type === 'INT' || type === 'LONG' || type === 'BOOLEAN' || (type === 'STRING' && /^\[/.test(String(validator))),
  );
}

const ALGORITHM = 'schema.registry.ssl.endpoint.identification.algorithm';
const registryKeys = checkedKeys(REGISTRY_CONFIG.keys);
const avroKeys = checkedKeys(AVRO_CONFIG.keys);

function mistakesOf(settings: Record<string, string>): readonly string[] {
  try {
    parseWorkerSettings({ 'key.converter': AVRO, 'value.converter': AVRO, ...URL, ...settings });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe(CODE);
    return error.problems.map(({ key }) => {
      expect(error.message).toContain(key);
      return key;
    });
  }
}

describe('each number, duration and choice of a registry', () => {
  it('is looked at here', () => {
    expect(registryKeys.length).toBeGreaterThan(40);
    expect(avroKeys.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['use.schema.id', 'schemas.cache.config', 'schemas.cache.size', 'proxy.port']),
    );
  });

  it.each(registryKeys.map(({ name, type }) => [name, type]))(
    '%s is refused among a worker’s defaults',
    (name, type) => {
      const key = isWorkerDefault(name) ? name : `schema.registry.${name}`;
      for (const text of BAD[type] ?? []) expect([text, mistakesOf({ [key]: text })]).toEqual([text, [key]]);
    },
  );

  it.each(avroKeys.map(({ name, type }) => [name, type]))('%s is refused of a worker’s converter', (name, type) => {
    const key = `value.converter.${name}`;
    for (const text of BAD[type] ?? []) expect([text, mistakesOf({ [key]: text })]).toEqual([text, [key]]);
  });

  it.each(avroKeys.map(({ name, type }) => [name, type]))('%s is refused of a connector’s converter', (name, type) => {
    const prefix = 'key.converter.';
    for (const text of BAD[type] ?? []) {
      const found = converterProblems(
        definitionHere('AvroConverter', AvroConverter),
        { ...URL, [name]: text },
        'key',
        prefix,
      );
      expect([text, found.map(({ key }) => key)]).toEqual([text, [prefix + name]]);
      expect(found[0]?.message).toContain(prefix + name);
    }
  });

  it.each(['guess', 'NaN', '-1', 'off'])('and how names are checked: not %s', (text) => {
    expect(mistakesOf({ [ALGORITHM]: text })).toEqual([ALGORITHM]);
    expect(mistakesOf({ [`value.converter.${ALGORITHM}`]: text })).toEqual([`value.converter.${ALGORITHM}`]);
  });

  it('has a group with a name', () => {
    expect(mistakesOf({ 'registry.group.id': '' })).toEqual(['registry.group.id']);
  });

  it.each([
    ['use.schema.id', ['-1', '0', '1', '2147483647'], ['-2']],
    ['schemas.cache.config', ['0', '1', '2147483647'], ['-1']],
    ['schemas.cache.size', ['0', '1', '2147483647'], ['-1']],
    ['proxy.port', [], ['0', '65536']],
    ['latest.cache.ttl.sec', ['-1', '0'], []],
    ['registry.park.timeout.ms', ['-1', '0', '9007199254740991'], []],
  ] as const)('%s takes %j, and refuses %j', (name, good, bad) => {
    const key = `value.converter.${name}`;
    for (const text of good) expect([text, mistakesOf({ [key]: text })]).toEqual([text, []]);
    for (const text of bad) expect([text, mistakesOf({ [key]: text })]).toEqual([text, [key]]);
  });

  it('and the headers that a worker gives to all', () => {
    const key = 'schema.registry.request.header.Host';
    expect(mistakesOf({ [key]: 'x' })).toEqual([key]);
    expect(mistakesOf({ 'value.converter.request.header.X-A': 'a\nb' })).toEqual([
      'value.converter.request.header.X-A',
    ]);
  });
});
