import { describe, expect, it } from 'vitest';
import { isSecretName, secretsOf } from '../../../../../src/runtime/config/variables/secret-settings.ts';

describe('secretsOf', () => {
  it('finds the passwords of URLs, several in one text, as written and decoded', () => {
    const secrets = secretsOf({ 'db.url': 'jdbc:pg://app:p%40ss-word@db/x,http://u:other-one@h, x://no-password@h' });
    expect([...secrets]).toEqual(['p%40ss-word', 'p@ss-word', 'other-one']);
  });

  it('looks through megabytes in no time, whatever they are', () => {
    const before = performance.now();
    const texts = [
      'v'.repeat(8_000_000),
      'a://'.repeat(1_000_000),
      'a://b:'.repeat(1_000_000),
      `a://${':'.repeat(4_000_000)}`,
    ];
    for (const text of texts) expect(secretsOf({ text, password: text }).size).toBe(1);
    // A fraction of a second, or hours.
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('takes what is in JAAS and behind Bearer, and tells settings by their names', () => {
    const secrets = secretsOf({
      'sasl.jaas.config': 'a.ScramLoginModule required username="svc" password="in-jaas-1";',
      'request.header.authorization': 'Bearer in-header-2',
      'db.user': 'nobody',
    });
    expect([...secrets]).toEqual(expect.arrayContaining(['in-jaas-1', 'in-header-2']));
    expect([...secrets].some((secret) => ['svc', 'nobody'].includes(secret))).toBe(false);
    for (const key of [
      'sasl.oauthbearer.assertion.private.key.passphrase',
      'sasl.oauthbearer.client.credentials.client.secret',
      'ssl.keystore.key',
      'ssl.keystore.certificate.chain',
    ]) {
      expect(isSecretName(key), key).toBe(true);
    }
    for (const key of [
      'sasl.oauthbearer.assertion.private.key.file',
      'sasl.oauthbearer.token.endpoint.url',
      'key.converter',
    ]) {
      expect(isSecretName(key), key).toBe(false);
    }
  });
});
