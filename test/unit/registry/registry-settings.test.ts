import { describe, expect, it } from 'vitest';
import { parseRegistrySettings, registryConfigOf } from '../../../src/registry/registry-settings.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';

const URL_KEY = 'schema.registry.url';
const parse = (config: Record<string, string>) => parseRegistrySettings({ [URL_KEY]: 'http://a:8081', ...config });
const problemsOf = (config: Record<string, string>): string[] => {
  try {
    parse(config);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) => `${key}: ${message}`);
  }
};

describe('parseRegistrySettings', () => {
  it('takes a list of URLs, without what stands in them twice, and without credentials', () => {
    const settings = parse({ [URL_KEY]: 'http://ann:secret@a:8081/ , https://b/path/, http://a:8081,c:1' });
    expect(settings.nodes).toEqual(['http://a:8081', 'https://b/path', 'http://c:1']);
    expect(settings.authorizationByNode.get('http://a:8081')).toBe(`Basic ${btoa('ann:secret')}`);
    expect(JSON.stringify(settings.nodes) + settings.registryId).not.toContain('secret');
  });

  it('has the defaults that a failover needs', () => {
    expect(parse({}).values).toMatchObject({
      'http.connect.timeout.ms': 2000,
      'http.read.timeout.ms': 5000,
      'registry.park.timeout.ms': -1,
      'unknown.id.max.gap': 1_000_000,
      'unknown.id.action': 'wait',
      'max.schemas.per.subject': 1000,
    });
  });

  it.each([
    [{ [URL_KEY]: '' }, /at least one URL/],
    [{ [URL_KEY]: 'ftp://u:hidden@x' }, /^schema.registry.url: The URL is not of the form/],
    [
      { [URL_KEY]: 'mock://hidden' },
      /^schema.registry.url: The URL is mock:.*embedded registry instead \(holdfast registry\)/,
    ],
    [{ [URL_KEY]: 'http://a,http://:hidden@' }, /URL number 2/],
    [{ 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': 'hidden' }, /user:password/],
    [{ 'basic.auth.credentials.source': 'SASL_INHERIT' }, /USER_INFO/],
    [{ 'schema.registry.ssl.truststore.type': 'JKS' }, /PEM/],
    [{ 'unknown.id.action': 'guess' }, /wait, fail, report/],
    [{ [URL_KEY]: 'http://u:hidden@a', 'bearer.auth.token': 'hidden' }, /not both/],
  ])('names the mistake in %j, and no secret', (config, message) => {
    const problems = problemsOf(config as Record<string, string>);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).not.toContain('hidden');
  });

  it('tells registries apart by what is asked and as whom, not by how patiently', () => {
    const id = (config: Record<string, string>): string => parse(config).registryId;
    const user = (info: string) => ({ 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': info });
    expect(id({})).toBe(id({ 'registry.park.timeout.ms': '5', 'schemas.cache.size': '3' }));
    expect(id({ [URL_KEY]: 'http://a,http://b' })).toBe(id({ [URL_KEY]: 'http://b/,http://a' }));
    const ids = [
      {},
      { [URL_KEY]: 'http://b:8081' },
      user('ann:1'),
      user('bob:1'),
      user('ann:2'),
      { 'bearer.auth.token': 'x' },
    ].map(id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(id({})).toMatch(/^a-8081-[0-9a-f]{6}$/);
  });
});

describe('registryConfigOf', () => {
  it('picks what concerns the registry', () => {
    const config = {
      [URL_KEY]: 'http://a',
      'schemas.enable': 'true',
      'request.header.x': '1',
      'auto.register.schemas': 'true',
    };
    expect(registryConfigOf(config)).toEqual({ [URL_KEY]: 'http://a', 'request.header.x': '1' });
  });
});
