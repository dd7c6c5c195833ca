/**
 * The bearer token of one client identity: asked for once for all connections, renewed before it expires. As Kafka's
 * ExpiringCredentialRefreshingLogin times it, but when a connection needs it and not in a thread of its own.
 *
 * Invariant 3: a server that is away, or a proxy before it that answers in its place, is waited for; only a server that refuses the client
 * by OAuth's words ends it.
 */
import { readFile } from 'node:fs/promises';
import { Backoff } from '../../../foundation/backoff.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { expiryOfJwt } from '../../../foundation/oauth-token.ts';
import { ConfigError } from '../../../sdk/errors/index.ts';
import { AUTHENTICATION_FAILED, unavailable } from '../kafka-errors.ts';
import type { OAuthSettings } from './oauth-settings.ts';
import { askTokenEndpoint } from './token-endpoint.ts';

interface Token {
  readonly value: string;
  /** Clock.monotonic(); infinite: it does not say. */
  readonly expiresAt: number;
  readonly renewAt: number;
}

export class TokenSource {
  private readonly settings: OAuthSettings;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly backoff: Backoff;
  private token: Token | null = null;
  private fetching: Promise<Token> | null = null;
  private failure: { readonly error: Error; readonly until: number } | null = null;
  private hasServed = false;

  constructor(options: { readonly settings: OAuthSettings; readonly clock: Clock; readonly random?: () => number }) {
    this.settings = options.settings;
    this.clock = options.clock;
    this.random = options.random ?? Math.random;
    const { retryBackoffMs: initialMs, retryBackoffMaxMs } = options.settings;
    this.backoff = new Backoff({ initialMs, maxMs: Math.max(initialMs, retryBackoffMaxMs), random: this.random });
  }

  get extensions(): Readonly<Record<string, string>> {
    return this.settings.extensions;
  }

  /** A token that is still good. @throws EnvironmentError, ConfigError `holdfast.broker.authentication` */
  async value(): Promise<string> {
    const { token } = this;
    const now = this.clock.monotonic();
    if (token !== null && now < token.renewAt) return token.value;
    try {
      return (await this.renewed(now)).value;
    } catch (error) {
      // What is good until later is used until then.
      if (token !== null && this.clock.monotonic() < token.expiresAt) return token.value;
      throw error;
    }
  }

  /** The broker refused it: the next one is a new one. */
  refused(value: string): void {
    if (this.token?.value === value) this.token = null;
  }

  private renewed(now: number): Promise<Token> {
    if (this.failure !== null && now < this.failure.until) return Promise.reject(this.failure.error);
    this.fetching ??= this.fetch()
      .then(
        (token) => {
          this.token = token;
          this.hasServed = true;
          this.failure = null;
          this.backoff.reset();
          return token;
        },
        (error: Error) => {
          this.failure = { error, until: this.clock.monotonic() + this.backoff.next() };
          throw error;
        },
      )
      .finally(() => {
        this.fetching = null;
      });
    return this.fetching;
  }

  private async fetch(): Promise<Token> {
    const { origin } = this.settings;
    const askedAt = this.clock.monotonic();
    if (origin.kind === 'unsecured') {
      const iat = Math.floor(this.clock.now() / 1000);
      const lifeMs = origin.lifetimeSeconds * 1000;
      return this.tokenOf(
        unsecuredToken({ ...origin.claims, iat, exp: iat + origin.lifetimeSeconds }),
        askedAt,
        lifeMs,
      );
    }
    if (origin.kind === 'file') {
      const text = await readFile(origin.path, 'utf8').catch((error: Error) => {
        throw unavailable(`The token file ${origin.path} can't be read: ${error.message}.`, error);
      });
      const value = text.trim();
      if (value === '') throw unavailable(`The token file ${origin.path} is empty.`);
      // Whoever writes the file renews it: it is read for every connection.
      return { ...this.tokenOf(value, askedAt, undefined), renewAt: askedAt };
    }
    const answer = await askTokenEndpoint(origin, this.clock);
    if (answer.kind === 'token') return this.tokenOf(answer.value, askedAt, answer.statedLifeMs);
    const where = `${origin.url.origin}${origin.url.pathname}`;
    if (answer.kind === 'refused' && (!this.hasServed || answer.isCertain)) {
      throw new ConfigError(
        `The OAuth token endpoint ${where} refuses the client: ${answer.reason}. Correct the client id and secret, the scope or sasl.oauthbearer.token.endpoint.url.`,
        { code: AUTHENTICATION_FAILED },
      );
    }
    throw unavailable(`The OAuth token endpoint ${where} gives no token: ${answer.reason}.`);
  }

  private tokenOf(value: string, askedAt: number, stated: number | undefined): Token {
    const exp = expiryOfJwt(value);
    const lifeMs = exp === undefined ? (stated ?? Number.POSITIVE_INFINITY) : exp * 1000 - this.clock.now();
    if (!Number.isFinite(lifeMs)) return { value, expiresAt: lifeMs, renewAt: lifeMs };
    const { windowFactor, windowJitter, minPeriodMs, bufferMs } = this.settings.refresh;
    const wanted = lifeMs * Math.min(1, windowFactor + windowJitter * this.random());
    // The two limits hold together only where the life is long enough for both.
    const renewIn =
      minPeriodMs + bufferMs > lifeMs ? wanted : Math.max(minPeriodMs, Math.min(wanted, lifeMs - bufferMs));
    return { value, expiresAt: askedAt + lifeMs, renewAt: askedAt + renewIn };
  }
}

/** A JWT without a signature, as Kafka's OAuthBearerUnsecuredJws. */
function unsecuredToken(claims: Readonly<Record<string, unknown>>): string {
  const part = (json: unknown): string => Buffer.from(JSON.stringify(json), 'utf8').toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}
