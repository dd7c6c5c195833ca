/** The HTTP server of the REST API: transport rules of Kafka Connect 4.1.1, 1.1, over resources that know nothing of HTTP. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type InjectOptions } from 'fastify';
import type { Logger } from '../foundation/logger.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { parseBody } from './request-body.ts';
import type { RestHandler, RestMethod, RestResource, RestResponse } from './resource.ts';
import { httpError, statusOf } from './rest-error.ts';

export const REST_LISTENER = defineErrorCode('holdfast.rest.listener', {
  what: 'The REST API can not listen where it was told to.',
  mend: 'Free the port, or name another one in listeners.',
});

const METHODS: readonly RestMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const MAX_BODY_BYTES = 32 * 1024 * 1024;

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

export class RestServer {
  private readonly app: FastifyInstance;
  private readonly logger: Logger;

  constructor(options: { readonly resources: readonly RestResource[]; readonly logger: Logger }) {
    this.logger = options.logger;
    this.app = fastify({
      logger: false,
      bodyLimit: MAX_BODY_BYTES,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_000 },
      forceCloseConnections: true,
      keepAliveTimeout: 90_000,
    });
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      try {
        done(null, parseBody(String(text)));
      } catch (error) {
        done(error as Error);
      }
    });
    this.app.setErrorHandler((error, _request, reply) => this.fail(reply, error));
    this.app.setNotFoundHandler((_request, reply) => this.fail(reply, httpError(404)));
    for (const resource of options.resources) this.route(resource);
  }

  /** Resolves with the port it got. @throws ConfigError `holdfast.rest.listener` */
  async listen(listener: Listener): Promise<number> {
    try {
      await this.app.listen({ port: listener.port, host: listener.host === '' ? '::' : listener.host });
    } catch (cause) {
      // A machine without IPv6 has no `::`.
      if ((cause as NodeJS.ErrnoException).code === 'EAFNOSUPPORT' && listener.host === '') {
        return this.listen({ ...listener, host: '0.0.0.0' });
      }
      throw new ConfigError(
        `The REST API can't listen on ${listener.host}:${listener.port}: ${(cause as Error).message}. Free the port, or name another one in listeners.`,
        { code: REST_LISTENER, cause },
      );
    }
    const address = this.app.server.address();
    return typeof address === 'object' && address !== null ? address.port : listener.port;
  }

  async close(): Promise<void> {
    await this.app.close();
  }

  /** For tests: a request without a socket. */
  async inject(
    request: InjectOptions,
  ): Promise<{ readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, unknown>> }> {
    const { statusCode, body, headers } = await this.app.inject(request);
    return { status: statusCode, body, headers };
  }

  private route(resource: RestResource): void {
    for (const method of METHODS) {
      const handler = resource.methods[method];
      this.app.route({
        method: method === 'GET' ? ['GET', 'HEAD'] : method,
        url: resource.path,
        exposeHeadRoute: false,
        handler: (request, reply) =>
          handler === undefined ? this.fail(reply, httpError(405)) : this.serve(handler, request, reply),
      });
    }
    const allowed = Object.keys(resource.methods);
    this.app.options(resource.path, (_request, reply) =>
      reply.header('allow', [...(allowed.includes('GET') ? ['HEAD'] : []), ...allowed, 'OPTIONS'].join(',')).send(),
    );
  }

  private async serve(handler: RestHandler, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (!acceptsJson(request.headers.accept)) return this.fail(reply, httpError(406));
    try {
      const response = await handler({
        params: request.params as Record<string, string>,
        query: queryOf(request.query as Record<string, string | string[]>),
        body: request.body ?? null,
        baseUrl: `${request.protocol}://${request.host}`,
      });
      return send(reply, response);
    } catch (error) {
      return this.fail(reply, error);
    }
  }

  private fail(reply: FastifyReply, error: unknown): FastifyReply {
    const raw = (error as { readonly statusCode?: number }).statusCode;
    const known = raw === 413 || raw === 415 ? httpError(raw) : error;
    const status = statusOf(known);
    const message = known instanceof Error ? known.message : String(known);
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

function send(reply: FastifyReply, response: RestResponse): FastifyReply {
  reply.status(response.status);
  if (response.headers !== undefined) reply.headers(response.headers);
  // As bytes, for Kafka Connect's content type has no charset and fastify would add one to text.
  return response.json === undefined
    ? reply.send()
    : reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(response.json)));
}

function queryOf(query: Readonly<Record<string, string | string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value : [value]]));
}

function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((range) => /^\s*(\*\/\*|application\/(\*|json))\s*(;|$)/i.test(range));
}
