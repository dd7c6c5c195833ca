/** One request for a token to the server that `sasl.oauthbearer.token.endpoint.url` names, on a connection of its own. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../../foundation/clock.ts';
import { readTokenAnswer, type TokenAnswer, tokenRequest } from '../../../foundation/oauth-token.ts';
import { isTlsFailure } from '../../../foundation/tls-failures.ts';
import type { OAuthSettings } from './oauth-settings.ts';

type Endpoint = Extract<OAuthSettings['origin'], { kind: 'endpoint' }>;

const MAX_BYTES = 1_000_000;

/** Never rejects. */
export async function askTokenEndpoint(endpoint: Endpoint, clock: Clock): Promise<TokenAnswer> {
  try {
    const { status, body } = await post(endpoint, clock);
    return readTokenAnswer(status, body);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A certificate that is not trusted is somebody's mistake until it has worked once.
    return isTlsFailure(code ?? '')
      ? {
          kind: 'refused',
          reason: `its certificate is not trusted (${code}); see the ssl. options of sasl.jaas.config`,
          isCertain: false,
        }
      : { kind: 'unavailable', reason: code ?? message };
  }
}

function post(endpoint: Endpoint, clock: Clock): Promise<{ readonly status: number; readonly body: string }> {
  const { url, tls, timeoutMs } = endpoint;
  const { headers, body } = tokenRequest(endpoint);
  const options = {
    method: 'POST',
    agent: false,
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
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
    call.end(body);
  });
}
