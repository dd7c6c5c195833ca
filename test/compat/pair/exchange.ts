import { request } from 'node:http';
import type { ComparedWorker } from './worker-pair.ts';

/** One request of a script. `{p}` stands for the worker's prefix and `{dir}` for its folder, in path and body. */
export interface RestRequest {
  /** Unique within its group; differences and their exceptions name it. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** An object is sent as JSON; a text or bytes as they are. */
  readonly body?: unknown;
  /** Over `Content-Type` (with a body) and `Accept`, both application/json; null takes one away. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Asked again until the body satisfies it, on each worker, for 20 s at most. */
  readonly until?: (body: unknown) => boolean;
  /** Where the comparison goes no deeper than status and headers, for a reason that the group gives. */
  readonly statusOnly?: boolean;
  /** To the admin listener instead. */
  readonly admin?: boolean;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed if it is JSON, else the text. */
  readonly body: unknown;
}

/** Sends it as it stands: the path is not normalised, and no header is added. */
export async function exchange(worker: ComparedWorker, request: RestRequest): Promise<RestAnswer> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const answer = await exchangeOnce(worker, request);
    if (request.until === undefined || performance.now() > deadline || request.until(answer.body)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function exchangeOnce(worker: ComparedWorker, spec: RestRequest): Promise<RestAnswer> {
  const url = new URL(spec.admin === true ? worker.adminUrl : worker.url);
  const body = bodyBytes(worker, spec.body);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== null) headers['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(spec.headers ?? {})) {
    if (value === null) delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
  if (body !== null || !['GET', 'HEAD', 'OPTIONS'].includes(spec.method)) {
    headers['content-length'] = String(body?.length ?? 0);
  }
  return new Promise((resolve, reject) => {
    const call = request({
      host: url.hostname,
      port: url.port,
      method: spec.method,
      path: filled(worker, spec.path),
      headers,
      agent: false,
      timeout: 120_000,
    });
    call.once('timeout', () => call.destroy(new Error(`${spec.method} ${spec.path}: no answer within 120 s`)));
    call.once('error', reject);
    call.once('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.once('error', reject);
      response.once('end', () => {
        const answered: Record<string, string> = {};
        for (const [name, value] of Object.entries(response.headers)) answered[name] = [value].flat().join(', ');
        resolve({ status: response.statusCode ?? 0, headers: answered, body: parsed(Buffer.concat(pieces)) });
      });
    });
    call.end(body ?? undefined);
  });
}

function bodyBytes(worker: ComparedWorker, body: unknown): Buffer | null {
  if (body === undefined) return null;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(filled(worker, typeof body === 'string' ? body : JSON.stringify(body)));
}

/** With the worker's prefix and folder in place of `{p}` and `{dir}`. */
export function filled(worker: ComparedWorker, text: string): string {
  return text.replaceAll('{p}', worker.prefix).replaceAll('{dir}', worker.dir);
}

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
