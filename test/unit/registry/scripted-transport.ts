import type { ManualClock } from '../../../src/foundation/manual-clock.ts';
import {
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  TransportFailure,
} from '../../../src/registry/http-transport.ts';

/** What a scripted node does with a request. */
export type Reply =
  | {
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Record<string, string>;
      readonly delayMs?: number;
    }
  | 'refused'
  | 'reset'
  /** Never answers: the request ends by its time limit. */
  | 'hung';

export type Handler = (request: HttpRequest) => Reply;

/** Nodes without sockets: each is a function from request to reply, and everything asked is kept. */
export class ScriptedTransport implements HttpTransport {
  readonly requests: HttpRequest[] = [];
  readonly nodes = new Map<string, Handler>();
  closed = false;
  private readonly clock: ManualClock;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  /** Requests since the last call, as `METHOD node path`. */
  take(): string[] {
    return this.requests.splice(0).map(({ method, node, path }) => `${method} ${node} ${path}`);
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.requests.push(request);
    const reply = this.nodes.get(request.node)?.(request) ?? 'refused';
    if (reply === 'refused') throw new TransportFailure('ECONNREFUSED', 'connect', '');
    if (reply === 'reset') throw new TransportFailure('ECONNRESET', 'exchange', '');
    if (reply === 'hung') {
      await this.clock.sleep(request.timeoutMs, signal);
      throw new TransportFailure('TIMEOUT', 'timeout', '');
    }
    if (reply.delayMs !== undefined) await this.clock.sleep(reply.delayMs, signal);
    const { status, body, headers = {} } = reply;
    return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

interface Stored {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: unknown;
}

/** A registry in a few lines: ids count up, subjects keep versions, and a fault may stand before it. */
export class SmallRegistry {
  readonly schemas = new Map<number, Stored>();
  readonly subjects = new Map<string, number[]>();
  clusterId: string | undefined = 'kafka-1';
  nextId = 1;
  posts = 0;
  /** Asked first; undefined lets the request through. */
  fault: (request: HttpRequest) => Reply | undefined = () => undefined;

  put(subject: string, schema: Stored, id = this.nextId): number {
    this.schemas.set(id, schema);
    this.nextId = Math.max(this.nextId, id + 1);
    this.subjects.set(subject, [...(this.subjects.get(subject) ?? []), id]);
    return id;
  }

  readonly handle: Handler = (request) => {
    const fault = this.fault(request);
    if (fault !== undefined) return fault;
    const url = new URL(request.path, 'http://registry');
    const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
    if (url.pathname === '/v1/metadata/id') {
      return this.clusterId === undefined
        ? error(404, 404, 'HTTP 404 Not Found')
        : ok({
            scope: { path: [], clusters: { 'kafka-cluster': this.clusterId, 'schema-registry-cluster': 'sr' } },
            id: '',
          });
    }
    if (url.pathname === '/subjects') return ok([...this.subjects.keys()]);
    if (parts[0] === 'mode') return ok({ mode: 'READWRITE' });
    if (parts[0] === 'schemas' && parts[1] === 'ids') {
      const stored = this.schemas.get(Number(parts[2]));
      if (stored === undefined) return error(404, 40403, 'Schema not found');
      return ok(url.searchParams.has('fetchMaxId') ? { ...stored, maxId: this.nextId - 1 } : stored);
    }
    const subject = parts[1] ?? '';
    const ids = this.subjects.get(subject) ?? [];
    if (request.method === 'POST') {
      const body = JSON.parse(String(request.body ?? '{}')) as Stored;
      const known = ids.find((id) => this.schemas.get(id)?.schema === body.schema);
      if (parts[2] === 'versions') {
        this.posts += 1;
        return ok({ id: known ?? this.put(subject, body) });
      }
      if (known === undefined) return error(404, ids.length === 0 ? 40401 : 40403, 'Subject or schema not found');
      return ok({ subject, id: known, version: ids.indexOf(known) + 1, ...body });
    }
    if (parts[2] === 'versions') {
      const version = parts[3] === 'latest' ? ids.length : Number(parts[3]);
      const id = ids[version - 1];
      const stored = id === undefined ? undefined : this.schemas.get(id);
      return stored === undefined
        ? error(404, ids.length === 0 ? 40401 : 40402, 'not found')
        : ok({ subject, id, version, ...stored });
    }
    return error(404, 404, 'HTTP 404 Not Found');
  };
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

export function error(status: number, code: number, message: string): Reply {
  return { status, body: { error_code: code, message } };
}
