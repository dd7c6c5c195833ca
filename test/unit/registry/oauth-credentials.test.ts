import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { type CredentialHeaders, CredentialsUnavailable } from '../../../src/registry/credentials.ts';
import { TransportFailure } from '../../../src/registry/http-transport.ts';
import { OAuthCredentials, type OAuthSettings } from '../../../src/registry/oauth-credentials.ts';
import { RegistryConfigError } from '../../../src/registry/registry-errors.ts';
import { ok, type Reply, ScriptedTransport } from './scripted-transport.ts';

const SECRET = 'cl13nt-s3cr3t';
const never = new AbortController().signal;
setMaxListeners(0, never);

class Issuer {
  readonly clock = new ManualClock();
  readonly transport = new ScriptedTransport(this.clock);
  readonly credentials: OAuthCredentials;
  /** In place of a token. */
  reply: Reply | undefined;
  lifeSeconds: number | null = 3600;
  issued = 0;

  constructor(settings: Partial<OAuthSettings> = {}) {
    this.transport.nodes.set('https://idp:8443', () => {
      if (this.reply !== undefined) return this.reply;
      this.issued += 1;
      const life = this.lifeSeconds === null ? {} : { expires_in: this.lifeSeconds };
      return ok({ access_token: `token-${this.issued}`, token_type: 'Bearer', ...life });
    });
    this.credentials = new OAuthCredentials({
      settings: {
        kind: 'oauth',
        tokenEndpoint: 'https://idp:8443/oauth2/token?tenant=1',
        clientId: 'me',
        clientSecret: SECRET,
        scope: 'registry read',
        renewBeforeMs: 300_000,
        headers: { 'target-sr-cluster': 'lsrc-1' },
        ...settings,
      },
      transport: this.transport,
      clock: this.clock,
      timeoutMs: 5000,
      random: () => 0.5,
    });
  }

  async headers(): Promise<CredentialHeaders> {
    return this.credentials.headers('http://a', never);
  }

  async token(): Promise<string | undefined> {
    return (await this.headers())['authorization'];
  }

  async failure(): Promise<Error> {
    return this.headers().then(
      () => new Error('no failure'),
      (error: unknown) => error as Error,
    );
  }
}

describe('an OAuth token', () => {
  it('is asked for as RFC 6749 says', async () => {
    const issuer = new Issuer();
    expect(await issuer.headers()).toEqual({ authorization: 'Bearer token-1', 'target-sr-cluster': 'lsrc-1' });
    expect(issuer.transport.requests[0]).toMatchObject({
      node: 'https://idp:8443',
      path: '/oauth2/token?tenant=1',
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`me:${SECRET}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=registry+read',
    });
  });

  it('is fetched once for all requests, and given without a promise from then on', async () => {
    const issuer = new Issuer();
    const all = await Promise.all(Array.from({ length: 100 }, () => issuer.token()));
    expect(new Set(all)).toEqual(new Set(['Bearer token-1']));
    expect(issuer.issued).toBe(1);
    expect(issuer.credentials.headers('http://b', never)).not.toBeInstanceOf(Promise);
  });

  it('is renewed before it expires, without anybody waiting for it', async () => {
    const issuer = new Issuer();
    await issuer.token();
    await issuer.clock.advance(3_299_000);
    await issuer.token();
    expect(issuer.issued).toBe(1);
    await issuer.clock.advance(2000);
    expect(await issuer.token()).toBe('Bearer token-1');
    await issuer.clock.advance(0);
    expect(await issuer.token()).toBe('Bearer token-2');
  });

  it('is used until it expires while the issuer is away, which is asked no more than now and then', async () => {
    const issuer = new Issuer();
    await issuer.token();
    issuer.reply = 'refused';
    await issuer.clock.advance(3_310_000);
    issuer.transport.take();
    for (let second = 0; second < 280; second++) {
      expect(await issuer.token()).toBe('Bearer token-1');
      await issuer.clock.advance(1000);
    }
    expect(issuer.transport.take().length).toBeLessThan(30);
    await issuer.clock.advance(20_000);
    expect(await issuer.failure()).toBeInstanceOf(CredentialsUnavailable);
    issuer.reply = undefined;
    expect(await issuer.token()).toBe('Bearer token-2');
  });

  it('that lives no longer than the buffer is renewed after half of its life', async () => {
    const issuer = new Issuer();
    issuer.lifeSeconds = 60;
    await issuer.token();
    await issuer.clock.advance(29_000);
    await issuer.token();
    await issuer.clock.advance(0);
    expect(issuer.issued).toBe(1);
    await issuer.clock.advance(2000);
    await issuer.token();
    await issuer.clock.advance(0);
    expect(issuer.issued).toBe(2);
  });

  it('tells its life itself when the issuer does not', async () => {
    const issuer = new Issuer();
    const exp = Math.floor(issuer.clock.now() / 1000) + 1000;
    const jwt = `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.sig`;
    issuer.reply = ok({ access_token: jwt });
    await issuer.token();
    issuer.reply = undefined;
    await issuer.clock.advance(999_000);
    expect(await issuer.token()).toBe(`Bearer ${jwt}`);
    await issuer.clock.advance(2000);
    expect(await issuer.token()).not.toBe(`Bearer ${jwt}`);
    const endless = new Issuer();
    endless.lifeSeconds = null;
    await endless.token();
    await endless.clock.advance(1e9);
    expect(await endless.token()).toBe('Bearer token-1');
  });

  it('that was refused is replaced once, however many were refused with it', async () => {
    const issuer = new Issuer();
    const old = await issuer.headers();
    await Promise.all(Array.from({ length: 20 }, () => issuer.credentials.refresh(old, never)));
    expect(issuer.issued).toBe(2);
    await issuer.credentials.refresh(old, never);
    expect(issuer.issued).toBe(2);
    expect(await issuer.token()).toBe('Bearer token-2');
  });

  it('goes on being fetched for the others when one gives up', async () => {
    const issuer = new Issuer();
    issuer.reply = { status: 200, body: { access_token: 'late', expires_in: 60 }, delayMs: 100 };
    const impatient = new AbortController();
    const given = Promise.resolve(issuer.credentials.headers('http://a', impatient.signal)).catch((e: unknown) => e);
    const patient = issuer.token();
    impatient.abort(new Error('gave up'));
    expect(await given).toEqual(new Error('gave up'));
    await issuer.clock.advance(100);
    expect(await patient).toBe('Bearer late');
  });
});

describe('an issuer that gives none', () => {
  it.each<[string, Reply, string]>([
    ['refused connection', 'refused', 'ECONNREFUSED'],
    ['500', { status: 500, body: '' }, 'HTTP 500'],
    ['503', { status: 503, body: { error: 'temporarily_unavailable' } }, 'HTTP 503 temporarily_unavailable'],
    ['maintenance page', { status: 200, body: '<html>' }, 'HTTP 200'],
    ['429', { status: 429, body: '' }, 'HTTP 429'],
  ])('is an environment failure: %s', async (_, reply, words) => {
    const issuer = new Issuer();
    issuer.reply = reply;
    const failure = await issuer.failure();
    expect(failure).toBeInstanceOf(CredentialsUnavailable);
    expect(failure.message).toBe(`the OAuth token endpoint https://idp:8443/oauth2/token gives no token: ${words}`);
  });

  it('is waited for no longer than the time limit', async () => {
    const issuer = new Issuer();
    issuer.reply = 'hung';
    const failing = issuer.failure();
    await issuer.clock.advance(5000);
    expect((await failing).message).toContain('does not answer in time');
  });

  it('Invariant 3: is waited for when something answers in the place of an endpoint that served before', async () => {
    const issuer = new Issuer();
    issuer.lifeSeconds = 60;
    await issuer.token();
    issuer.reply = { status: 404, body: '<html>default backend</html>' };
    await issuer.clock.advance(61_000);
    expect(await issuer.failure()).toBeInstanceOf(CredentialsUnavailable);
    issuer.reply = { status: 401, body: { error: 'invalid_client' } };
    expect(await issuer.failure()).toBeInstanceOf(RegistryConfigError);
    issuer.reply = undefined;
    await issuer.clock.advance(2_000);
    expect(await issuer.token()).toBe('Bearer token-2');
  });

  it('Invariant 3: is waited for when the certificate of an endpoint that served before has expired', async () => {
    const expired = (): never => {
      throw new TransportFailure('CERT_HAS_EXPIRED', 'exchange', '');
    };
    const issuer = new Issuer();
    issuer.lifeSeconds = 60;
    await issuer.token();
    await issuer.clock.advance(61_000);
    issuer.transport.nodes.set('https://idp:8443', expired);
    expect(await issuer.failure()).toBeInstanceOf(CredentialsUnavailable);
    const another = new Issuer();
    another.transport.nodes.set('https://idp:8443', expired);
    expect(await another.failure()).toBeInstanceOf(RegistryConfigError);
  });

  it.each<[Reply, string]>([
    [
      { status: 401, body: { error: 'invalid_client', error_description: `bad secret ${SECRET}` } },
      'HTTP 401 invalid_client',
    ],
    [{ status: 400, body: { error: 'invalid_scope' } }, 'HTTP 400 invalid_scope'],
    [{ status: 404, body: '<html>' }, 'HTTP 404'],
  ])('is a matter of configuration when it refuses us: %j', async (reply, words) => {
    const issuer = new Issuer();
    issuer.reply = reply;
    const failure = await issuer.failure();
    expect(failure).toBeInstanceOf(RegistryConfigError);
    expect(failure.message).toContain(`refuses the client: ${words}. Check bearer.auth.client.id`);
    expect(failure.message).not.toContain(SECRET);
  });
});

describe('the request for a token', () => {
  it('goes over a connection of its own, within the time limit', async () => {
    const issuer = new Issuer();
    await issuer.token();
    expect(issuer.transport.requests[0]).toMatchObject({ channel: 'read', fresh: true, timeoutMs: 5000 });
  });

  it.each([null, ''])('names no scope when there is none: %j', async (scope) => {
    const issuer = new Issuer({ scope });
    await issuer.token();
    expect(issuer.transport.requests[0]?.body).toBe('grant_type=client_credentials');
  });
});

describe('the life of a token', () => {
  const lasting = async (body: Record<string, unknown>) => {
    const issuer = new Issuer({ renewBeforeMs: 10_000 });
    issuer.reply = ok({ access_token: 'first', ...body });
    await issuer.token();
    issuer.reply = undefined;
    return issuer;
  };

  it('ends at the very moment that it was told', async () => {
    const issuer = await lasting({ expires_in: 60 });
    issuer.reply = 'refused';
    await issuer.clock.advance(59_999);
    expect(await issuer.token()).toBe('Bearer first');
    await issuer.clock.advance(1);
    expect(await issuer.failure()).toBeInstanceOf(CredentialsUnavailable);
  });

  it('is renewed at the very moment that the buffer begins, and no earlier', async () => {
    const issuer = await lasting({ expires_in: '60' });
    await issuer.clock.advance(49_999);
    await issuer.token();
    await issuer.clock.advance(0);
    expect(issuer.issued).toBe(0);
    await issuer.clock.advance(1);
    await issuer.token();
    await issuer.clock.advance(0);
    expect(issuer.issued).toBe(1);
  });

  const jwt = (exp: unknown) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.sig`;
  it.each<[Record<string, unknown>]>([
    [{}],
    [{ expires_in: 0 }],
    [{ expires_in: -60 }],
    [{ expires_in: null }],
    [{ expires_in: 'soon' }],
    [{ access_token: jwt('60') }],
    [{ access_token: jwt(null) }],
    [{ access_token: 'e30.bnVsbA.sig' }],
    [{ access_token: 'e30.!.sig' }],
  ])('has no end that was told: %j', async (body) => {
    const issuer = await lasting(body);
    const token = await issuer.token();
    await issuer.clock.advance(1e9);
    expect(await issuer.token()).toBe(token);
    expect(issuer.issued).toBe(0);
  });

  it('is asked for again a second after a failure at the earliest, and less often with each', async () => {
    const issuer = await lasting({ expires_in: 60 });
    issuer.reply = 'refused';
    await issuer.clock.advance(50_000);
    issuer.transport.take();
    const asked: number[] = [];
    for (let ms = 0; ms < 9_000; ms += 500) {
      await issuer.token();
      await issuer.clock.advance(0);
      if (issuer.transport.take().length > 0) asked.push(ms);
      await issuer.clock.advance(500);
    }
    // 1 s and half of 1, 2 and 4 s.
    expect(asked).toEqual([0, 1500, 3500, 6500]);
  });
});

describe('an answer that is no token', () => {
  it.each<[Reply]>([
    [ok({ access_token: '' })],
    [ok({ access_token: 7 })],
    [ok('null')],
    [ok('7')],
    [{ status: 408, body: '' }],
    [{ status: 425, body: '' }],
    [{ status: 400, body: { error: 'server_error' } }],
    [{ status: 400, body: { error: 'temporarily_unavailable' } }],
    [{ status: 500, body: { access_token: 'x' } }],
  ])('is waited for: %j', async (reply) => {
    const issuer = new Issuer();
    issuer.reply = reply;
    expect(await issuer.failure()).toBeInstanceOf(CredentialsUnavailable);
  });

  it.each<[Reply]>([
    [{ status: 300, body: { access_token: 'x' } }],
    [{ status: 400, body: { access_token: 'x' } }],
    [{ status: 400, body: { error: 'invalid_client' } }],
  ])('is a refusal: %j', async (reply) => {
    const issuer = new Issuer();
    issuer.reply = reply;
    expect(await issuer.failure()).toBeInstanceOf(RegistryConfigError);
  });

  it.each<[number, unknown, boolean]>([
    [401, '<html>401 Authorization Required</html>', false],
    [403, '', false],
    [403, { error: 'Forbidden' }, false],
    [404, { error: 'NotFound' }, false],
    [401, { error: 'invalid_client' }, true],
    [400, { error: 'unauthorized_client' }, true],
    [400, { error: 'no word' }, false],
  ])('of an issuer that served before is a refusal in OAuth’s words only: %d %j', async (status, body, refuses) => {
    const issuer = new Issuer();
    issuer.lifeSeconds = 60;
    await issuer.token();
    await issuer.clock.advance(60_000);
    issuer.reply = { status, body };
    expect(await issuer.failure()).toBeInstanceOf(refuses ? RegistryConfigError : CredentialsUnavailable);
  });

  it.each(['a secret', 'a!', '!a', 'x'.repeat(65), ''])(
    'repeats no more than one word of it: not %j',
    async (error) => {
      const issuer = new Issuer();
      issuer.reply = { status: 400, body: { error } };
      expect((await issuer.failure()).message).toContain('refuses the client: HTTP 400. Check');
    },
  );

  it('is not asked again and again about a client that it refuses: that may lock it', async () => {
    const issuer = new Issuer();
    issuer.reply = { status: 401, body: { error: 'invalid_client' } };
    for (let second = 0; second < 600; second++) {
      expect((await issuer.failure()).message).toContain('HTTP 401 invalid_client');
      await issuer.clock.advance(1000);
    }
    const asked = issuer.transport.requests.length;
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(30);
    issuer.reply = undefined;
    await issuer.clock.advance(61_000);
    expect(await issuer.token()).toBe('Bearer token-1');
  });

  it('says when to come again', async () => {
    const issuer = new Issuer();
    issuer.reply = { status: 503, body: '', headers: { 'retry-after': '7' } };
    expect(await issuer.failure()).toMatchObject({ retryAfterMs: 7000 });
  });

  it('is none at all when TLS can not be agreed on: a wrong setting', async () => {
    const issuer = new Issuer();
    issuer.transport.nodes.set('https://idp:8443', () => {
      throw new TransportFailure('CERT_HAS_EXPIRED', 'exchange', '');
    });
    const failure = await issuer.failure();
    expect(failure).toBeInstanceOf(RegistryConfigError);
    expect(failure.message).toContain('https://idp:8443/oauth2/token can not be reached as written (CERT_HAS_EXPIRED)');
    issuer.transport.nodes.set('https://idp:8443', () => {
      throw new Error('a mistake');
    });
    expect((await issuer.failure()).message).toContain('gives no token: UNKNOWN');
  });
});
