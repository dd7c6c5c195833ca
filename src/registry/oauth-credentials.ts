/** A bearer token from an OAuth server, by client credentials (RFC 6749, 4.4): one for all requests, renewed before it expires. */
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { expiryOfJwt, readTokenAnswer, type TokenAnswer, tokenRequest } from '../foundation/oauth-token.ts';
import type { CredentialSettings } from './credential-settings.ts';
import { type CredentialHeaders, type Credentials, CredentialsUnavailable } from './credentials.ts';
import { isPermanentTransport, type ServedBefore } from './failure-classes.ts';
import { type HttpResponse, type HttpTransport, TransportFailure } from './http-transport.ts';
import { retryAfterOf } from './node-exchange.ts';
import { REGISTRY_AUTHORIZATION, RegistryConfigError } from './registry-errors.ts';

export type OAuthSettings = Extract<CredentialSettings, { kind: 'oauth' }>;

export interface OAuthCredentialsOptions {
  readonly settings: OAuthSettings;
  /** Reaches the token endpoint. */
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** A registry served with these settings in an earlier run. Slow; asked only when the server gives no token and names no reason that passes. */
  readonly servedBefore?: () => Promise<ServedBefore>;
  readonly random?: (() => number) | undefined;
}

interface Token {
  readonly headers: CredentialHeaders;
  /** Clock.monotonic(); infinite: it did not say. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** Ends with the transport. */
export class OAuthCredentials implements Credentials {
  private readonly options: OAuthCredentialsOptions;
  private readonly node: string;
  private readonly path: string;
  private readonly backoff: Backoff;
  private token: Token | undefined;
  private fetching: Promise<Token> | undefined;
  private renewNotBefore = 0;
  /** The server's last word on the client, which stands for a while. */
  private refusal: { readonly error: RegistryConfigError; readonly until: number } | undefined;
  private readonly refusals: Backoff;
  /** It took us before: settings that were right do not become wrong because something before it answers in its place. */
  private hasServed = false;

  constructor(options: OAuthCredentialsOptions) {
    const { origin, pathname, search } = new URL(options.settings.tokenEndpoint);
    this.options = options;
    this.node = origin;
    this.path = pathname + search;
    this.backoff = new Backoff({ initialMs: 1000, maxMs: 30_000, random: options.random });
    this.refusals = new Backoff({ initialMs: 1000, maxMs: 60_000, random: options.random });
  }

  headers(_node: string, signal: AbortSignal): CredentialHeaders | Promise<CredentialHeaders> {
    const now = this.options.clock.monotonic();
    const { token } = this;
    if (token === undefined || token.expiresAt <= now) return this.fetched(signal);
    // A token endpoint that is away is no outage while the old token lasts.
    if (token.renewAt <= now && this.renewNotBefore <= now) this.renew();
    return token.headers;
  }

  /** Only the first of those that were refused with a token fetches another one. */
  async refresh(rejected: CredentialHeaders, signal: AbortSignal): Promise<void> {
    if (this.token?.headers !== rejected) return;
    this.token = undefined;
    await this.fetched(signal);
  }

  private async fetched(signal: AbortSignal): Promise<CredentialHeaders> {
    const { headers } = await this.fetch(signal);
    return headers;
  }

  private renew(): void {
    this.fetch(undefined).then(
      () => this.backoff.reset(),
      () => {
        this.renewNotBefore = this.options.clock.monotonic() + 1000 + this.backoff.next();
      },
    );
  }

  /** One request at a time, whoever waits for it; it goes on for the others when one gives up. */
  private async fetch(signal: AbortSignal | undefined): Promise<Token> {
    this.fetching ??= this.request().finally(() => {
      this.fetching = undefined;
    });
    const { fetching } = this;
    if (signal === undefined) return fetching;
    signal.throwIfAborted();
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([fetching, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  private async request(): Promise<Token> {
    const { settings, transport, timeoutMs, clock } = this.options;
    const askedAt = clock.monotonic();
    if (this.refusal !== undefined && askedAt < this.refusal.until) throw this.refusal.error;
    this.refusal = undefined;
    const { headers, body } = tokenRequest(settings);
    let response: HttpResponse;
    try {
      response = await transport.request(
        {
          node: this.node,
          method: 'POST',
          path: this.path,
          headers,
          body,
          channel: 'read',
          fresh: true,
          timeoutMs,
        },
        new AbortController().signal,
      );
    } catch (error) {
      throw await this.judged((served) => this.unreachable(error, served));
    }
    const answer = readTokenAnswer(response.status, response.body);
    if (answer.kind === 'token') {
      this.token = this.tokenOf(answer, askedAt);
      this.refusals.reset();
      this.hasServed = true;
      return this.token;
    }
    const refused = await this.judged((served) => this.refused(response, answer, served));
    // Who asks again and again with a wrong secret may lock the client.
    if (refused instanceof RegistryConfigError) {
      this.refusal = { error: refused, until: clock.monotonic() + 1000 + this.refusals.next() };
    }
    throw refused;
  }

  /** What served in an earlier run did not become wrong either; while that is not known, this one answer is judged as if it had. */
  private async judged(judge: (served: boolean) => Error): Promise<Error> {
    const failure = judge(this.hasServed);
    if (this.hasServed || !(failure instanceof RegistryConfigError)) return failure;
    const before = (await this.options.servedBefore?.()) ?? false;
    if (before === false) return failure;
    if (before === true) this.hasServed = true;
    return judge(true);
  }

  private tokenOf(answer: Extract<TokenAnswer, { kind: 'token' }>, askedAt: number): Token {
    const { settings, clock } = this.options;
    const { value: access, statedLifeMs } = answer;
    const inside = expiryOfJwt(access);
    const lifeMs = statedLifeMs ?? (inside === undefined ? Number.POSITIVE_INFINITY : inside * 1000 - clock.now());
    const buffer = settings.renewBeforeMs < lifeMs ? settings.renewBeforeMs : lifeMs / 2;
    return {
      headers: { ...settings.headers, authorization: `Bearer ${access}` },
      expiresAt: askedAt + lifeMs,
      renewAt: lifeMs === Number.POSITIVE_INFINITY ? lifeMs : askedAt + lifeMs - buffer,
    };
  }

  /** Invariant 8: the texts name the endpoint without its query, and of the answer the status and OAuth's own error word. */
  private unreachable(error: unknown, served: boolean): Error {
    const code = error instanceof TransportFailure ? error.code : 'UNKNOWN';
    const what = error instanceof TransportFailure && error.phase === 'timeout' ? 'does not answer in time' : code;
    // Invariant 3: a certificate that expires is renewed by somebody.
    if (isPermanentTransport(code) && !served) {
      return new RegistryConfigError(
        `The OAuth token endpoint ${this.endpoint} can not be reached as written (${code}). Check bearer.auth.issuer.endpoint.url and the TLS settings.`,
      );
    }
    return new CredentialsUnavailable(`the OAuth token endpoint ${this.endpoint} gives no token: ${what}`);
  }

  private refused(response: HttpResponse, answer: Exclude<TokenAnswer, { kind: 'token' }>, served: boolean): Error {
    const said = answer.reason;
    // Invariant 3: a refusal of ours has one of OAuth's words; without one, a proxy or a server that starts is speaking.
    if (answer.kind === 'unavailable' || (served && !answer.isCertain)) {
      return new CredentialsUnavailable(
        `the OAuth token endpoint ${this.endpoint} gives no token: ${said}`,
        retryAfterOf(response.headers['retry-after'], this.options.clock),
      );
    }
    return new RegistryConfigError(
      `The OAuth token endpoint ${this.endpoint} refuses the client: ${said}. Check bearer.auth.client.id, bearer.auth.client.secret, bearer.auth.scope and the URL.`,
      { code: REGISTRY_AUTHORIZATION },
    );
  }

  private get endpoint(): string {
    return `${this.node}${this.path.replace(/\?.*$/, '')}`;
  }
}
