import { describe, expect, it } from 'vitest';
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import { definitionHere } from '../../../src/runtime/config/plugin-definition.ts';
import { converterProblems } from '../../../src/runtime/config/plugin-problems.ts';

const URL_KEY = 'schema.registry.url';
const PREFIX = 'value.converter.';

function problems(config: Record<string, string>, type: 'key' | 'value' = 'value'): string[] {
  return converterProblems(
    definitionHere('AvroConverter', AvroConverter),
    { [URL_KEY]: 'http://a:8081', ...config },
    type,
    PREFIX,
  ).map(({ key, message }) => {
    expect(key.startsWith(PREFIX)).toBe(true);
    expect(message).toContain(key);
    return key.slice(PREFIX.length);
  });
}

describe('what would fail the first task of an AvroConverter is told when its connector is created', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['no URL', { [URL_KEY]: '' }, [URL_KEY]],
    ['another scheme', { [URL_KEY]: 'ftp://x:1' }, [URL_KEY]],
    ['a port that there is none of', { [URL_KEY]: 'http://x:99999' }, [URL_KEY]],
    ['mock://', { [URL_KEY]: 'mock://x' }, [URL_KEY]],
    ['the port of a proxy alone', { 'proxy.port': '3128' }, ['proxy.host']],
    ['the host of a proxy alone', { 'proxy.host': 'p' }, ['proxy.port']],
    ['no user', { 'basic.auth.credentials.source': 'USER_INFO' }, ['basic.auth.user.info']],
    [
      'OAuth without its settings',
      { 'bearer.auth.credentials.source': 'OAUTHBEARER' },
      ['bearer.auth.issuer.endpoint.url', 'bearer.auth.client.id', 'bearer.auth.client.secret'],
    ],
    [
      'two kinds of credentials',
      {
        'basic.auth.credentials.source': 'USER_INFO',
        'basic.auth.user.info': 'a:b',
        'bearer.auth.credentials.source': 'STATIC_TOKEN',
        'bearer.auth.token': 't',
      },
      ['bearer.auth.token'],
    ],
    ['a strategy that there is none of', { 'value.subject.name.strategy': 'zz' }, ['value.subject.name.strategy']],
    ['a context without a name', { 'context.name.strategy': 'StaticContextNameStrategy' }, ['context.name']],
    ['SSLv3', { 'schema.registry.ssl.enabled.protocols': 'SSLv3' }, ['schema.registry.ssl.enabled.protocols']],
    [
      'several, of all kinds, each once',
      { [URL_KEY]: 'mock://x', 'http.connect.timeout.ms': 'abc', 'context.name': 'a', 'proxy.port': '1' },
      ['http.connect.timeout.ms', 'context.name', URL_KEY, 'proxy.host'],
    ],
    ['the strategy of the other part', { 'key.subject.name.strategy': 'zz' }, []],
    ['nothing', {}, []],
  ])('%s', (_what, config, expected) => {
    expect(problems(config)).toEqual(expected);
  });

  it('names a bad number once, with the converter that has it', () => {
    const config = { [URL_KEY]: 'http://a:8081', 'http.connect.timeout.ms': 'abc' };
    expect(converterProblems(definitionHere('AvroConverter', AvroConverter), config, 'value', PREFIX)).toEqual([
      {
        key: 'value.converter.http.connect.timeout.ms',
        message: expect.stringMatching(
          /^Invalid value abc for configuration value\.converter\.http\.connect\.timeout\.ms: /,
        ),
      },
    ]);
  });
});
