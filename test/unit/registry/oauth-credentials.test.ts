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
