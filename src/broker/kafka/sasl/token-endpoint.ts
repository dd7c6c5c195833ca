/** One request for a token by client credentials (RFC 6749, 4.4). Invariant 8: of what it says, only OAuth's own words are passed on. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../../foundation/clock.ts';
import type { OAuthSettings } from './oauth-settings.ts';

type Endpoint = Extract<OAuthSettings['origin'], { kind: 'endpoint' }>;

export type TokenAnswer =
  | { readonly kind: 'token'; readonly value: string; readonly lifeMs: number | undefined }
  /** Certain: by one of OAuth's words, which no proxy says. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isCertain: boolean }
  | { readonly kind: 'unavailable'; readonly reason: string };

const REFUSALS: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
]);
const MAX_BYTES = 1_000_000;

/** Never rejects. */
export async function askTokenEndpoint(endpoint: Endpoint, clock: Clock): Promise<TokenAnswer> {
  let status: number;
  let body: string;
  try {
    ({ status, body } = await post(endpoint, clock));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A certificate that is not trusted is somebody's mistake until it has worked once.
    const isTrust = /^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(code ?? '');
    return isTrust
      ? {
          kind: 'refused',
          reason: `its certificate is not trusted (${code}); see the ssl. options of sasl.jaas.config`,
          isCertain: false,
        }
      : { kind: 'unavailable', reason: code ?? message };
  }
  const json = fieldsOf(body);
  const value = json['access_token'] ?? json['id_token'];
  if (status >= 200 && status < 300 && typeof value === 'string' && value.trim() !== '') {
    const seconds = Number(json['expires_in']);
    return { kind: 'token', value: value.trim(), lifeMs: seconds > 0 ? seconds * 1000 : undefined };
  }
  const { error } = json;
  const word = typeof error === 'string' && /^[\w.-]{1,64}$/.test(error) ? error : '';
  const reason = `HTTP ${status}${word === '' ? '' : ` ${word}`}`;
  if (REFUSALS.has(word) && status < 500) return { kind: 'refused', reason, isCertain: true };
  if (status === 401 || status === 403) return { kind: 'refused', reason, isCertain: false };
  return { kind: 'unavailable', reason };
}

function post(endpoint: Endpoint, clock: Clock): Promise<{ readonly status: number; readonly body: string }> {
  const { url, clientId, clientSecret, scope, urlEncode, tls, timeoutMs } = endpoint;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined && scope.trim() !== '') form.set('scope', scope.trim());
  const part = urlEncode ? encodeURIComponent : (text: string): string => text;
  const credentials = Buffer.from(`${part(clientId)}:${part(clientSecret)}`, 'utf8').toString('base64');
  const content = form.toString();
  const options = {
    method: 'POST',
    agent: false,
    headers: {
      accept: 'application/json',
      'cache-control': 'no-cache',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(content),
      authorization: `Basic ${credentials}`,
    },
  } as const;
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage): void => {
      const pieces: Buffer[] = [];
      let size = 0;
      answer.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > MAX_BYTES) call.destroy(new Error('its answer is too long'));
        else pieces.push(piece);
      });
      answer.once('end', () => {
        timer.cancel();
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') });
      });
      answer.once('error', fail);
    };
    const fail = (error: Error): void => {
      timer.cancel();
      reject(error);
    };
    const call =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, ...tls }, onAnswer)
        : requestHttp(url, options, onAnswer);
    const timer = clock.setTimer(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    call.once('error', fail);
    call.end(content);
  });
}

function fieldsOf(body: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
