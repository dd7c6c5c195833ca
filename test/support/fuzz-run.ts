import { readFileSync } from 'node:fs';
import { type Agent, request } from 'node:http';
import type { FuzzedRequest } from './fuzz-requests.ts';

export interface FuzzedAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

/** Sends it over a connection that is kept. Rejects if there is no HTTP answer within `timeoutMs`. */
export function sendFuzzed(
  url: string,
  agent: Agent,
  { method, path, headers, body }: FuzzedRequest,
  timeoutMs = 20_000,
): Promise<FuzzedAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const call = request({
      host: hostname,
      port,
      method,
      path,
      agent,
      headers: {
        ...headers,
        ...(method === 'GET' || method === 'HEAD' ? {} : { 'content-length': body?.length ?? 0 }),
      },
      timeout: timeoutMs,
    });
    call.once('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.once('error', reject);
    call.once('response', async (response) => {
      try {
        let text = '';
        for await (const piece of response.setEncoding('utf8')) text += piece;
        resolve({ status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? null, text });
      } catch (error) {
        reject(error as Error);
      }
    });
    if (method === 'GET' || method === 'HEAD') call.end();
    else call.end(body ?? undefined);
  });
}

/** In words what is wrong with an answer taken for itself; null if nothing is. */
export function wrongIn(answer: FuzzedAnswer, { method }: FuzzedRequest): string | null {
  if (method === 'HEAD' || answer.text === '') return null;
  // The methods of a path, as text for a client that takes such.
  if (method === 'OPTIONS' && answer.status === 200) return null;
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    // The HTTP server's own page for an ambiguous path or a type that is none, before any routing, as Kafka Connect's has it.
    return answer.status === 400 ? null : `the answer is no JSON: ${answer.text.slice(0, 200)}`;
  }
  if (answer.status < 400) return null;
  const { error_code, message, status } = (body ?? {}) as Readonly<Record<string, unknown>>;
  // The same in JSON.
  if (answer.status === 400 && status === '400' && typeof message === 'string') return null;
  if (error_code !== answer.status) return `error_code ${error_code} with status ${answer.status}`;
  if (typeof message !== 'string' && message !== null) return `the message is ${JSON.stringify(message)}`;
  return null;
}

/** Bytes of memory that a process holds. */
export function residentBytes(pid: number): number {
  const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(pages?.[1] ?? 0) * 1024;
}

/** How a failure names the request: enough to send it again. */
export function fuzzedText({ method, path, headers, body }: FuzzedRequest): string {
  const text = body === null ? '' : body.toString('latin1');
  return `${method} ${path} ${JSON.stringify(headers)} ${JSON.stringify(text.slice(0, 600))} (${text.length} bytes)`;
}
