/** Tokens for SASL OAUTHBEARER from an authorization server: over TLS, renewed in time, and what is waited for. */
import { afterEach, describe, expect, it } from 'vitest';
import { saslSettings } from '../../../src/broker/kafka/sasl/sasl-settings.ts';
import { TokenSource } from '../../../src/broker/kafka/sasl/token-source.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ConfigError, EnvironmentError } from '../../../src/sdk/errors/index.ts';
import { OAuthServer } from '../../support/oauth-server.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTlsMaterial } from '../../support/tls.ts';

const tls = createTlsMaterial(tempDir('oauth-tls'));
let server: OAuthServer | undefined;

afterEach(() => server?.stop());

function tokens(url: string, options: string, clock = new ManualClock()): TokenSource {
  const all: Record<string, string> = {
    'sasl.mechanism': 'OAUTHBEARER',
    'sasl.oauthbearer.token.endpoint.url': url,
    'sasl.jaas.config': `OAuthBearerLoginModule required clientId="c" clientSecret="s" ${options};`,
  };
  const report = (key: string, message: string): never => {
    throw new Error(`${key} ${message}`);
  };
  const sasl = saslSettings({ setting: (key) => all[key], report });
  if (sasl?.mechanism !== 'oauthbearer') throw new Error('no OAUTHBEARER');
  return new TokenSource({ settings: sasl.oauth, clock, random: () => 0 });
}

describe('the token endpoint of sasl.oauthbearer.token.endpoint.url', () => {
  it('is asked over TLS with the authority of the login module, and refused without it', async () => {
    server = await OAuthServer.start(0, tls.server);
    const trusted = `ssl.truststore.type="PEM" ssl.truststore.location="${tls.caFile}"`;
    expect(await tokens(server.url, trusted).value()).toBe(server.token);
    const refusal = await tokens(server.url, '')
      .value()
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigError);
    expect(String(refusal)).toContain('its certificate is not trusted');
  });

  it('is asked anew before the token ends, by one request for all, and the old one lasts while it is away', async () => {
    server = await OAuthServer.start();
    const clock = new ManualClock();
    const source = tokens(server.url, '', clock);
    const first = await source.value();
    expect(server.asked).toHaveLength(1);
    clock.advanceSync(2_879_000);
    expect(await source.value()).toBe(first);
    clock.advanceSync(1_000);
    const renewed = await Promise.all([source.value(), source.value(), source.value()]);
    expect(new Set(renewed)).toEqual(new Set([server.token]));
    expect(server.asked).toHaveLength(2);
    server.reply = { status: 503, body: '' };
    clock.advanceSync(3_000_000);
    expect(await source.value()).toBe(renewed[0]);
    clock.advanceSync(601_000);
    await expect(source.value()).rejects.toBeInstanceOf(EnvironmentError);
  });

  it.each([
    [401, '{"error":"invalid_client"}', ConfigError, ConfigError],
    [401, '', ConfigError, EnvironmentError],
    [404, '<html>', ConfigError, EnvironmentError],
    [429, '', EnvironmentError, EnvironmentError],
    [503, '{"error":"invalid_client"}', EnvironmentError, EnvironmentError],
    [200, '<html>', EnvironmentError, EnvironmentError],
  ])('%i %s is one thing before it has ever served, and may be another after', async (status, body, before, after) => {
    server = await OAuthServer.start();
    server.reply = { status, body };
    await expect(tokens(server.url, '').value()).rejects.toBeInstanceOf(before);
    server.reply = undefined;
    server.lifeSeconds = 10;
    const clock = new ManualClock();
    const source = tokens(server.url, '', clock);
    await source.value();
    server.reply = { status, body };
    clock.advanceSync(11_000);
    await expect(source.value()).rejects.toBeInstanceOf(after);
  });
});
