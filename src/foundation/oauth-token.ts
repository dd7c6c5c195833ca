/**
 * Asking an authorization server for a token by client credentials (RFC 6749, 4.4): what is sent, and what an answer means. Who asks has
 * its own connections and its own times of renewal.
 *
 * Invariant 8: of what the server says, the status and OAuth's own error word are passed on, and nothing else.
 */

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** null, undefined or blank: none is asked for. */
  readonly scope?: string | null | undefined;
  /** Id and secret are percent-encoded before they are put together (RFC 6749, 2.3.1), which few servers expect. */
  readonly urlEncode?: boolean;
}

/** A POST, with headers by name in lower case. */
export interface TokenRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type TokenAnswer =
  | {
      readonly kind: 'token';
      readonly value: string;
      /** ms, as the server states it; undefined: it doesn't. */
      readonly statedLifeMs: number | undefined;
    }
  /**
   * By a server that does not take the client. `isCertain`: with one of OAuth's words, which no proxy says; without one it may be a proxy, a
   * server that starts, or a wrong URL.
   */
  | { readonly kind: 'refused'; readonly reason: string; readonly isCertain: boolean }
  /** It passes. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** What an authorization server says when it does not take the client (RFC 6749, 5.2, and 4.1.2.1, which some use here). */
const REFUSALS: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
]);
const PASSING: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error']);

export function tokenRequest({ clientId, clientSecret, scope, urlEncode = false }: ClientCredentials): TokenRequest {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  const wanted = scope?.trim() ?? '';
  if (wanted !== '') form.set('scope', wanted);
  const part = urlEncode ? encodeURIComponent : (text: string): string => text;
  const credentials = Buffer.from(`${part(clientId)}:${part(clientSecret)}`, 'utf8').toString('base64');
  return {
    headers: {
      accept: 'application/json',
      'cache-control': 'no-cache',
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${credentials}`,
    },
    body: form.toString(),
  };
}

export function readTokenAnswer(status: number, body: string): TokenAnswer {
  const json = fieldsOf(body);
  const value = json['access_token'] ?? json['id_token'];
  if (status >= 200 && status < 300 && typeof value === 'string' && value.trim() !== '') {
    const seconds = json['expires_in'] === null ? Number.NaN : Number(json['expires_in']);
    const isStated = Number.isFinite(seconds) && seconds > 0;
    return { kind: 'token', value: value.trim(), statedLifeMs: isStated ? seconds * 1000 : undefined };
  }
  const { error } = json;
  const word = typeof error === 'string' && /^[\w.-]{1,64}$/.test(error) ? error : '';
  const reason = `HTTP ${status}${word === '' ? '' : ` ${word}`}`;
  const passes = status >= 500 || status < 300 || [408, 425, 429].includes(status) || PASSING.has(word);
  return passes ? { kind: 'unavailable', reason } : { kind: 'refused', reason, isCertain: REFUSALS.has(word) };
}

/** `exp` of a JWT, in seconds since the epoch; undefined for a token of another kind. */
export function expiryOfJwt(token: string): number | undefined {
  const { exp } = fieldsOf(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return typeof exp === 'number' && Number.isFinite(exp) ? exp : undefined;
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
