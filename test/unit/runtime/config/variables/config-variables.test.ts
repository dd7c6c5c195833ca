// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of config providers look like this
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../../src/foundation/logger.ts';
import { ConfigVariables } from '../../../../../src/runtime/config/variables/config-variables.ts';
import { secretsOf } from '../../../../../src/runtime/config/variables/secret-settings.ts';
import { variablesIn } from '../../../../../src/runtime/config/variables/variable-syntax.ts';
import { ConfigError } from '../../../../../src/sdk/errors/kinds.ts';
import { FakeProvider } from './fake-provider.ts';

function variablesWith(values: FakeProvider['values']): { variables: ConfigVariables; provider: FakeProvider } {
  const provider = new FakeProvider();
  provider.values = values;
  return { variables: new ConfigVariables({ providers: new Map([['p', provider]]), logger: silentLogger }), provider };
}

describe('ConfigVariables', () => {
  it('reads the syntax exactly: parts, several in one value, embedded, one pass, what is unknown stays', async () => {
    const { variables, provider } = variablesWith({
      '': { k: 'V', nested: '${p:k}', dollar: '$& $1 $$' },
      '/f': { k: 'F', 'a:b': 'colon', 'with space': 'S', '': 'nothing' },
    });
    const raw = {
      two: '${p:k}',
      three: '${p:/f:k}',
      empty: '${p::k}',
      many: 'x-${p:k}-${p:/f:k}${p:k}-y',
      colon: '${p:/f:a:b}',
      space: '${p:/f:with space}',
      nokey: '${p:/f:}',
      nested: '${p:nested}',
      dollar: '${p:dollar}',
      missing: '${p:/f:zzz}',
      unknown: '${q:/f:k}',
      unclosed: '${p:k',
      plain: '${k} $p:k {p:k}',
      nothing: null,
    };
    const { config } = await variables.resolve(raw);
    expect(config).toEqual({
      two: 'V',
      three: 'F',
      empty: 'V',
      many: 'x-V-FV-y',
      colon: 'colon',
      space: 'S',
      nokey: 'nothing',
      nested: '${p:k}',
      dollar: '$& $1 $$',
      missing: '${p:/f:zzz}',
      unknown: '${q:/f:k}',
      unclosed: '${p:k',
      plain: '${k} $p:k {p:k}',
      nothing: null,
    });
    expect(Object.keys(config)).toEqual(Object.keys(raw));
    // Each path once, with all its keys.
    expect(provider.asked.map(({ path }) => path)).toEqual(['', '/f']);
  });

  it('tells which variables of a setting stay as they are, and why', async () => {
    const { variables } = variablesWith({ '': { k: 'V' }, '/f': { k: '${p:/f:no}' } });
    const raw = { a: '${p:/f:k}', b: '${p:/f:user}:${p:/f:pass}-${p:k}', c: 'x${q:secret}', d: null, e: '${p:zzz}' };
    const { unresolved } = await variables.resolve(raw);
    expect(unresolved).toEqual({
      b: '${p:/f:user}, ${p:/f:pass}: the config provider has no such key',
      // What is no variable of a known provider may be a part of a secret.
      c: 'its config provider is not in config.providers',
      e: '${p:zzz}: the config provider has no such key',
    });
    const { unresolved: none } = await variables.resolve({ a: '${topic}', b: '${p:k}' });
    expect(none).toEqual({});
  });

  it('fails with the message of the provider, as no mistake of the configuration', async () => {
    const { variables, provider } = variablesWith({});
    provider.failure = new ConfigError('Path is not supported');
    const failure = variables.resolve({ a: '${p:/x:k}' });
    await expect(failure).rejects.toThrow('Path is not supported');
    await expect(failure).rejects.not.toBeInstanceOf(ConfigError);
    for (const thrown of [null, undefined, Object.create(null)]) {
      provider.get = () => {
        throw thrown;
      };
      await expect(variables.resolve({ a: '${p:/x:k}' })).rejects.toMatchObject({
        code: 'holdfast.config-provider.failed',
        message: expect.stringMatching(/^(null|undefined|a value that has no text form)$/),
      });
    }
  });

  it('puts variables back into task configurations, wherever a connector carried their values', async () => {
    const { variables } = variablesWith({ '/f': { pw: 'hunter2-hunter2', one: '1' } });
    const resolved = await variables.resolve({ password: '${p:/f:pw}', tasks: '${p:/f:one}', other: '${q:x}', a: 'b' });
    expect(
      resolved.putBack({
        password: 'changed by the connector',
        tasks: '1',
        other: 'z',
        a: 'c',
        none: null as never,
        'jdbc.url': 'jdbc:x://h?password=hunter2-hunter2',
        'task.id': '1',
      }),
    ).toEqual({
      none: null,
      password: '${p:/f:pw}',
      tasks: '${p:/f:one}',
      other: '${q:x}',
      a: 'c',
      'jdbc.url': 'jdbc:x://h?password=${p:/f:pw}',
      'task.id': '1',
    });
  });

  it('hides resolved values in messages about them', async () => {
    const { variables } = variablesWith({ '/f': { pw: 'abc', long: 'hunter2-hunter2' } });
    const resolved = await variables.resolve({ mode: '${p:/f:pw}', b: '${p:/f:long}' });
    expect(resolved.hide('Invalid value abc for configuration mode: String must be one of: abc, d', 'mode')).toBe(
      'Invalid value ${p:/f:pw} for configuration mode: String must be one of: abc, d',
    );
    expect(resolved.hide('can not connect with hunter2-hunter2')).toBe('can not connect with ${p:/f:long}');
  });
});

describe('secretsOf', () => {
  it('finds secrets by type, by name, in URLs, in JAAS texts and from providers', async () => {
    const { variables } = variablesWith({ '/f': { pw: 'from-provider', topic: 'orders', url: 'db-host' } });
    const raw = {
      name: 'c',
      'database.password': 'db-pw',
      'api.key': 'key-1',
      'x.client.secret': 'cs',
      'plain.setting': 'v',
      typed: 'typed-pw',
      'connection.url': 'jdbc:pg://me:p%40ss@h/db',
      'sasl.jaas.config': 'a.PlainLoginModule required username="u-name" password="jaas\\"pw";',
      'basic.auth.user.info': 'u:info-pw',
      'auth.header': 'Bearer tok-1',
      'token.endpoint.url': 'https://h/token',
      'ssl.truststore.password.file': '/etc/pw',
      topics: '${p:/f:topic}',
      a: '${p:/f:pw}',
      'db.host': '${p:/f:url}',
      'unresolved.password': '${p:/f:none}',
    };
    const resolved = await variables.resolve(raw);
    const secrets = secretsOf(resolved.config, { ...resolved, passwordKeys: new Set(['typed']) });
    expect([...secrets].sort()).toEqual(
      [
        'db-pw',
        'key-1',
        'cs',
        'typed-pw',
        'p%40ss',
        'p@ss',
        raw['sasl.jaas.config'],
        'jaas"pw',
        'u:info-pw',
        'info-pw',
        'Bearer tok-1',
        'tok-1',
        'from-provider',
        'db-host',
      ].sort(),
    );
  });

  it.each([
    ['a long word', 'y'.repeat(500_000)],
    ['colons in what is no variable', `\${${':'.repeat(200_000)}`],
    ['many beginnings without an end', '${a:'.repeat(100_000)],
    ['many schemes', 'a://'.repeat(100_000)],
  ])('searches %s in no time', (_, text) => {
    const startedAt = performance.now();
    secretsOf({ text });
    variablesIn(text);
    // Milliseconds, or minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
