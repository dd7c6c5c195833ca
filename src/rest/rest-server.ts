/** The HTTP server of the REST API: transport rules of Kafka Connect 4.1.1, 1.1, over resources that know nothing of HTTP. */
import { createServer, type Server } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type InjectOptions } from 'fastify';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { OpenStreams } from './open-streams.ts';
import { parseBody } from './request-body.ts';
import type { RestHandler, RestMethod, RestResource, RestResponse } from './resource.ts';
import { httpError, RestError, statusOf } from './rest-error.ts';

export const REST_LISTENER = defineErrorCode('holdfast.rest.listener', {
  what: 'The REST API can not listen where it was told to.',
  mend: 'Free the port, or name another one in listeners.',
});

const METHODS: readonly RestMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 90_000;
const IDLE_TIMEOUT_MS = 90_000;
const JSON_TYPE = ['application/json'];

export interface Listener {
  readonly host: string;
  readonly port: number;
}

/** `http://:8083` -> all interfaces, port 8083. */
export function parseListener(text: string): Listener {
  const match = /^(https?):\/\/([^/]*):(\d+)\/?$/i.exec(text.trim());
  if (match === null) {
    throw new ConfigError("Listener doesn't have the right format (protocol://hostname:port).", {
      code: REST_LISTENER,
    });
  }
  if (match[1]?.toLowerCase() === 'https') {
    throw new ConfigError(
      `The listener ${text} can't be used: this version of Holdfast serves its REST API over http only. Put a TLS proxy in front of it.`,
      {
        code: REST_LISTENER,
      },
    );
  }
  return { host: (match[2] ?? '').replace(/^\[(.*)\]$/, '$1'), port: Number(match[3]) };
}

export interface RestServerOptions {
  readonly resources: readonly RestResource[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the message of a request that timed out: what the worker is doing. */
  readonly stage: () => string;
  /** Invariant 8: strikes secrets out of the messages of errors. */
  readonly mask?: (text: string) => string;
}

export class RestServer {
  private readonly app: FastifyInstance;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly stage: () => string;
  private readonly mask: (text: string) => string;
  private readonly servers: Server[] = [];
  private readonly streams = new OpenStreams();

  constructor(options: RestServerOptions) {
    this.clock = options.clock;
    this.logger = options.logger;
    this.stage = options.stage;
    this.mask = options.mask ?? ((text) => text);
    this.app = fastify({
      logger: false,
      bodyLimit: MAX_BODY_BYTES,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_000 },
      frameworkErrors: (error, _request, reply) => this.fail(reply, error),
    });
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
      try {
        done(null, parseBody(String(text), unreadableBodyOf(request)));
      } catch (error) {
        done(error as Error);
      }
    });
    this.app.addHook('onRequest', async (request, reply) => {
      const ambiguity = ambiguityOf(request.raw.url ?? '');
      if (ambiguity !== null) await refuseAmbiguous(reply, ambiguity);
    });
    this.app.setErrorHandler((error, _request, reply) => this.fail(reply, error));
    this.app.setNotFoundHandler((_request, reply) => this.fail(reply, httpError(404)));
    for (const resource of options.resources) this.route(resource);
  }

  /** Resolves with the port of each. @throws ConfigError `holdfast.rest.listener`; what listens already is closed by `close`. */
  async listen(listeners: readonly Listener[]): Promise<readonly number[]> {
    await this.app.ready();
    const ports: number[] = [];
    for (const listener of listeners) ports.push(await this.open(listener));
    return ports;
  }

  /** Waits for no request and no stream. */
  async close(): Promise<void> {
    this.streams.endAll();
    const closed = this.servers.splice(0).map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    await Promise.all(closed);
    await this.app.close();
  }

  /** For tests: a request without a socket. */
  async inject(
    request: InjectOptions,
  ): Promise<{ readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, unknown>> }> {
    const { statusCode, body, headers } = await this.app.inject(request);
    return { status: statusCode, body, headers };
  }

  private async open(listener: Listener): Promise<number> {
    const server = createServer((request, response) => this.app.routing(request, response));
    server.keepAliveTimeout = IDLE_TIMEOUT_MS;
    try {
      await listening(server, { port: listener.port, host: listener.host === '' ? '::' : listener.host });
    } catch (cause) {
      // A machine without IPv6 has no `::`.
      if ((cause as NodeJS.ErrnoException).code === 'EAFNOSUPPORT' && listener.host === '') {
        return this.open({ ...listener, host: '0.0.0.0' });
      }
      throw new ConfigError(
        `The REST API can't listen on ${listener.host}:${listener.port}: ${(cause as Error).message}. Free the port, or name another one in listeners (of the demo: with --port).`,
        { code: REST_LISTENER, cause },
      );
    }
    this.servers.push(server);
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : listener.port;
  }

  private route(resource: RestResource): void {
    for (const method of METHODS) {
      const handler = resource.methods[method];
      this.app.route({
        method: method === 'GET' ? ['GET', 'HEAD'] : method,
        url: resource.path,
        exposeHeadRoute: false,
        config: { unreadableBody: resource.unreadableBody ?? 500 },
        handler: (request, reply) =>
          handler === undefined
            ? this.fail(reply, httpError(405))
            : this.serve(handler, resource.produces ?? JSON_TYPE, request, reply),
      });
    }
    const allowed = Object.keys(resource.methods);
    this.app.options(resource.path, (_request, reply) =>
      reply
        .header('content-type', 'application/json')
        .header('allow', [...(allowed.includes('GET') ? ['HEAD'] : []), ...allowed, 'OPTIONS'].join(','))
        .send(),
    );
  }

  private async serve(
    handler: RestHandler,
    produces: readonly string[],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (!accepts(request.headers.accept, produces)) return this.fail(reply, httpError(406));
    try {
      const response = this.inTime(
        handler({
          params: request.params as Record<string, string>,
          query: queryOf(request.query as Record<string, string | string[]>),
          headers: headersOf(request.headers),
          body: request.body ?? null,
          baseUrl: `${request.protocol}://${request.host}`,
        }),
      );
      const answer = await response;
      if (answer.stream === undefined || request.method === 'HEAD') return send(reply, answer);
      this.streams.start(reply.hijack().raw, answer, answer.stream);
      return reply;
    } catch (error) {
      return this.fail(reply, error);
    }
  }

  /** Invariant 7: what has to wait for a plugin times out as Kafka Connect's do. What was asked for goes on. */
  private inTime(response: Promise<RestResponse>): Promise<RestResponse> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimer(
        () => reject(new RestError(500, `Request timed out. ${this.stage()}`.trimEnd())),
        REQUEST_TIMEOUT_MS,
        { unref: true },
      );
      response.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  private fail(reply: FastifyReply, error: unknown): FastifyReply {
    const raw = (error as { readonly statusCode?: number }).statusCode;
    const known = raw === 413 || raw === 415 ? httpError(raw) : error;
    const status = statusOf(known);
    const message = this.mask(known instanceof Error ? known.message : String(known));
    if (status >= 500)
      this.logger.warn('A request failed.', {
        method: reply.request.method,
        url: reply.request.url,
        status,
        err: error,
      });
    return send(reply, { status, json: { error_code: status, message } });
  }
}

function unreadableBodyOf(request: FastifyRequest): 400 | 500 {
  return (request.routeOptions.config as { readonly unreadableBody?: 400 | 500 }).unreadableBody ?? 500;
}

function listening(server: Server, options: { readonly port: number; readonly host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Jetty, which serves Kafka Connect's API, refuses paths that could be read in two ways before anything else looks at them. */
function ambiguityOf(url: string): string | null {
  const path = url.split('?', 1)[0] ?? '';
  if (/%2f/i.test(path)) return 'Ambiguous URI path separator';
  if (/%25/.test(path)) return 'Ambiguous URI path encoding';
  if (path.includes('//')) return 'Ambiguous URI empty segment';
  return null;
}

function refuseAmbiguous(reply: FastifyReply, why: string): FastifyReply {
  reply.status(400).header('connection', 'close');
  if (reply.request.method !== 'GET') return reply.send();
  const html = `<html>\n<head>\n<title>Error 400 ${why}</title>\n</head>\n<body>\n<h2>HTTP ERROR 400 ${why}</h2>\n</body>\n</html>\n`;
  return reply.header('content-type', 'text/html;charset=iso-8859-1').send(html);
}

function send(reply: FastifyReply, response: RestResponse): FastifyReply {
  const { status, headers, json, text, stream } = response;
  reply.status(status);
  if (headers !== undefined) reply.headers(headers);
  if (stream !== undefined) return reply.header('content-type', stream.type).send();
  // As bytes, for Kafka Connect's content type has no charset and fastify would add one to text.
  if (text !== undefined) return reply.header('content-type', text.type).send(Buffer.from(text.body));
  return json === undefined
    ? reply.send()
    : reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(json)));
}

function headersOf(headers: FastifyRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

function queryOf(query: Readonly<Record<string, string | string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value : [value]]));
}

function accepts(accept: string | undefined, produces: readonly string[]): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const ranges = accept.split(',').map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase());
  return produces.some((type) =>
    ranges.some((range) => range === '*/*' || range === type || range === `${type.split('/', 1)[0]}/*`),
  );
}
