import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { saslSettings } from '../../../../../src/broker/kafka/sasl/sasl-settings.ts';
import { TokenSource } from '../../../../../src/broker/kafka/sasl/token-source.ts';
import { ManualClock } from '../../../../../src/foundation/manual-clock.ts';
import { EnvironmentError } from '../../../../../src/sdk/errors/index.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

function source(settings: Record<string, string>, options: string, clock = new ManualClock()): TokenSource {
  const all: Record<string, string> = {
    'sasl.mechanism': 'OAUTHBEARER',
    'sasl.jaas.config': `OAuthBearerLoginModule required ${options};`,
    ...settings,
  };
  const sasl = saslSettings({
    setting: (key) => all[key],
    report: (key, message) => {
      throw new Error(`${key} ${message}`);
    },
  });
  if (sasl?.mechanism !== 'oauthbearer') throw new Error('no OAUTHBEARER');
  return new TokenSource({ settings: sasl.oauth, clock, random: () => 0 });
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('TokenSource', () => {
  it('makes unsecured tokens, and new ones in the last fifth of their life', async () => {
    const clock = new ManualClock();
    const tokens = source({}, 'unsecuredLoginStringClaim_sub="me" unsecuredLoginLifetimeSeconds="3600"', clock);
    const first = await tokens.value();
    const iat = clock.now() / 1000;
    expect(claimsOf(first)).toEqual({ sub: 'me', iat, exp: iat + 3600 });
    expect(first.endsWith('.')).toBe(true);
    clock.advanceSync(2_879_000);
    expect(await tokens.value()).toBe(first);
    clock.advanceSync(1_000);
    expect(await tokens.value()).not.toBe(first);
  });

  it('keeps to the least period and to the buffer before the end, where the life is long enough for both', async () => {
    const clock = new ManualClock();
    const tokens = source(
      { 'sasl.login.refresh.window.factor': '1', 'sasl.login.refresh.buffer.seconds': '600' },
      'unsecuredLoginStringClaim_sub="me" unsecuredLoginLifetimeSeconds="3600"',
      clock,
    );
    const first = await tokens.value();
    clock.advanceSync(2_999_000);
    expect(await tokens.value()).toBe(first);
    clock.advanceSync(1_000);
    expect(await tokens.value()).not.toBe(first);
  });

  it('gives a new one after the broker refused the old one', async () => {
    const clock = new ManualClock();
    const tokens = source({}, 'unsecuredLoginStringClaim_sub="me"', clock);
    const first = await tokens.value();
    clock.advanceSync(1_000);
    tokens.refused('another');
    expect(await tokens.value()).toBe(first);
    tokens.refused(first);
    expect(await tokens.value()).not.toBe(first);
  });

  it('reads a token file for every connection, and waits for one that is not there', async () => {
    const file = join(tempDir('token'), 'jwt');
    const clock = new ManualClock();
    const tokens = source({ 'sasl.oauthbearer.token.endpoint.url': pathToFileURL(file).href }, '', clock);
    await expect(tokens.value()).rejects.toBeInstanceOf(EnvironmentError);
    writeFileSync(file, 'first-token\n');
    clock.advanceSync(10_000);
    expect(await tokens.value()).toBe('first-token');
    writeFileSync(file, 'second-token\n');
    expect(await tokens.value()).toBe('second-token');
  });
});
