import { describe, expect, it } from 'vitest';
import { expiryOfJwt, readTokenAnswer, tokenRequest } from '../../../src/foundation/oauth-token.ts';

const decoded = (header: string | undefined): string =>
  Buffer.from(header?.replace('Basic ', '') ?? '', 'base64').toString('utf8');

describe('a request for a token', () => {
  it('carries the client in its header only, percent-encoded if told, and a scope if there is one', () => {
    const client = { clientId: 'my client', clientSecret: 's:ü%' };
    const { headers, body } = tokenRequest({ ...client, scope: ' a b ' });
    expect(decoded(headers['authorization'])).toBe('my client:s:ü%');
    expect(body).toBe('grant_type=client_credentials&scope=a+b');
    const encoded = tokenRequest({ ...client, urlEncode: true });
    expect(decoded(encoded.headers['authorization'])).toBe('my%20client:s%3A%C3%BC%25');
    for (const scope of [undefined, null, '', ' ']) {
      expect(tokenRequest({ ...client, scope }).body).toBe('grant_type=client_credentials');
    }
  });
});

describe('an answer', () => {
  it.each([
    ['{"access_token":"t","expires_in":60}', 't', 60_000],
    ['{"access_token":" t\\n","expires_in":"60"}', 't', 60_000],
    ['{"id_token":"i"}', 'i', undefined],
    ['{"access_token":"t","expires_in":0}', 't', undefined],
    ['{"access_token":"t","expires_in":null}', 't', undefined],
    ['{"access_token":"t","expires_in":"soon"}', 't', undefined],
  ])('%s is a token', (body, value, statedLifeMs) => {
    expect(readTokenAnswer(200, body)).toEqual({ kind: 'token', value, statedLifeMs });
  });

  it.each([
    [200, '<html>sign in</html>', 'unavailable', 'HTTP 200'],
    [200, '{"access_token":""}', 'unavailable', 'HTTP 200'],
    [200, '[]', 'unavailable', 'HTTP 200'],
    [429, '', 'unavailable', 'HTTP 429'],
    [503, '{"error":"invalid_client"}', 'unavailable', 'HTTP 503 invalid_client'],
    [400, '{"error":"temporarily_unavailable"}', 'unavailable', 'HTTP 400 temporarily_unavailable'],
    [400, '{"error":"invalid_scope"}', 'refused for certain', 'HTTP 400 invalid_scope'],
    [401, '{"error":"invalid_client","error_description":"s3cret"}', 'refused for certain', 'HTTP 401 invalid_client'],
    [403, '{"error":"access_denied"}', 'refused for certain', 'HTTP 403 access_denied'],
    [401, '', 'refused', 'HTTP 401'],
    [404, '<html>', 'refused', 'HTTP 404'],
    [302, '', 'refused', 'HTTP 302'],
    [400, '{"error":"the secret s3cret is wrong"}', 'refused', 'HTTP 400'],
  ])('%i %s: %s', (status, body, kind, reason) => {
    const answer = readTokenAnswer(status, body);
    if (answer.kind === 'token') throw new Error('a token');
    const isCertain = answer.kind === 'refused' && answer.isCertain;
    expect([`${answer.kind}${isCertain ? ' for certain' : ''}`, answer.reason]).toEqual([kind, reason]);
  });

  it('says when a JWT ends, and nothing of other tokens', () => {
    const jwt = (claims: unknown): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
    expect(expiryOfJwt(jwt({ exp: 17 }))).toBe(17);
    for (const token of [jwt({}), jwt(null), jwt({ exp: '17' }), 'opaque', 'a.b.c', '']) {
      expect(expiryOfJwt(token), token).toBeUndefined();
    }
  });
});
