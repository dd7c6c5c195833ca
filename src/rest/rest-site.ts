/** The resources of one kind of listener, over HTTP: transport rules of Kafka Connect 4.1.1. Opens no port. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type InjectOptions } from 'fastify';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { HeaderRule } from '../runtime/config/header-rules.ts';
import { type BasicAuth, UNAUTHORIZED_BODY } from './basic-auth.ts';
import type { CrossOrigin } from './cors.ts';
import { applyHeaderRules } from './header-rules.ts';
import { BodiesFullError, HeldBodies } from './held-bodies.ts';
import { badRequest, type JettyError, notYetThere, refusedTargetAnswer } from './jetty-error.ts';
import { accepts, jsonTypeFor, mediaRanges, typeOfOptions } from './media-range.ts';
import { isJson, isMediaType, mayBeJson } from './media-type.ts';
import { OpenStreams } from './open-streams.ts';
import { type NumbersAs, readBody } from './request-body.ts';
import { type Refusal, refusedTarget, routedTarget } from './request-target.ts';
import { mergeResources, type RestHandler, type RestMethod, type RestResource, type RestResponse } from './resource.ts';
import { httpError, RestError, statusOf } from './rest-error.ts';

/** In the order in which upstream names them in `Allow`. */
const ALLOW_ORDER = ['HEAD', 'DELETE', 'POST', 'GET', 'OPTIONS', 'PUT', 'PATCH'];
const METHODS: readonly RestMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const REQUEST_TIMEOUT_MS = 90_000;
const JSON_TYPE = ['application/json'];
/** Stands for no content type until the answer is sent, for fastify would make one up. */
const NO_TYPE = 'none/none';

export interface RestSiteOptions {
  readonly resources: readonly RestResource[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the message of a request that timed out: what the worker is doing. */
  readonly stage: () => string;
  /** Invariant 8: strikes secrets out of the messages of errors. */
  readonly mask?: (text: string) => string;
  readonly crossOrigin?: CrossOrigin | null;
  readonly headerRules?: readonly HeaderRule[];
  readonly basicAuth?: BasicAuth | null;
  /** Bytes of bodies that are held at once, of all requests together. */
  readonly maxHeldBodyBytes?: number | undefined;
  /** True until `initialised` is called: every request is answered as if no resource were there. */
  readonly initialising?: boolean;
}

interface RouteConfig {
  /** Its path, where the names that are fixed stand as they are: the router would take them percent-encoded too. */
  readonly path: RegExp;
  readonly methods: RestResource['methods'];
  readonly produces: readonly string[];
  readonly unreadableBody: 400 | 500;
  readonly takesAnyType: boolean;
}

export class RestSite {
  private readonly options: RestSiteOptions;
  private readonly app: FastifyInstance;
  private readonly streams = new OpenStreams();
  private readonly bodies: HeldBodies;
  private readonly paths: readonly RegExp[];
  private isInitialising: boolean;

  constructor(options: RestSiteOptions) {
    this.options = options;
    this.isInitialising = options.initialising ?? false;
    this.bodies = new HeldBodies({ logger: options.logger, limit: options.maxHeldBodyBytes });
    this.app = fastify({
      logger: false,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
      rewriteUrl: (request) => routedTarget(request.url ?? '/'),
      // What the router can't decode has not come to the hooks.
      frameworkErrors: (error, request, reply) => {
        const refused = refusalOfTarget(request);
        if (refused === null) this.fail(reply, error);
        else {
          // Past the hooks, one of which takes away the content type that fastify makes up.
          const { headers, body } = refusedTargetAnswer(request.method, refused);
          reply.hijack().raw.writeHead(refused.status, { ...headers, 'content-length': Buffer.byteLength(body) });
          reply.raw.end(body);
        }
      },
    });
    this.app.removeAllContentTypeParsers();
    // Which content types are allowed is decided in `refusalOf`; the body is parsed by the handler that reads it.
    this.app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
      this.bodies.read(payload, Number(request.headers['content-length'])),
    );
    this.app.addHook('onRequest', (request, reply, next) => {
      reply.raw.once('close', () => this.bodies.release(request.raw));
      if (this.admit(request, reply)) next();
    });
    this.app.addHook('onSend', async (_request, reply, payload) => {
      if (reply.getHeader('content-type') === NO_TYPE) reply.removeHeader('content-type');
      return payload;
    });
    this.app.setErrorHandler((error, _request, reply) => this.fail(reply, error));
    this.app.setNotFoundHandler((_request, reply) => this.fail(reply, httpError(404)));
    const resources = mergeResources(options.resources);
    this.paths = resources.map(({ path }) => patternOf(path));
    for (const resource of resources) this.route(resource);
  }

  ready(): PromiseLike<unknown> {
    return this.app.ready();
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.app.routing(request, response);
  }

  initialised(): void {
    this.isInitialising = false;
  }

  endStreams(): void {
    this.streams.endAll();
  }

  close(): PromiseLike<unknown> {
    return this.app.close();
  }

  async inject(
    request: InjectOptions,
  ): Promise<{ readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, unknown>> }> {
    const { statusCode, body, headers } = await this.app.inject(request);
    return { status: statusCode, body, headers };
  }

  /** What is decided before a body is read, in upstream's order. False: answered. */
  private admit(request: FastifyRequest, reply: FastifyReply): boolean {
    const url = request.raw.url ?? '';
    const refused = refusalOfTarget(request);
    if (refused !== null) return sendError(reply, refused.status, refusedTargetAnswer(request.method, refused));
    const asked = {
      method: request.method,
      url: `${request.protocol}://${request.host}${url}`,
      accept: request.headers.accept ?? '',
    };
    if (this.isInitialising) return sendError(reply, 404, notYetThere(asked));
    const type = request.headers['content-type'];
    if (type !== undefined && !isMediaType(type)) return sendError(reply, 400, badRequest(asked));
    this.addHeaders(request, reply);
    const refusal = this.refusalOf(request);
    if (refusal === 400) return sendError(reply, 400, badRequest(asked));
    if (refusal !== null) return this.refuse(reply, refusal);
    return this.authenticate(request, reply, url);
  }

  private addHeaders(request: FastifyRequest, reply: FastifyReply): void {
    const { headerRules, crossOrigin, clock } = this.options;
    if (headerRules !== undefined) applyHeaderRules(headerRules, reply.raw, clock);
    if (crossOrigin === undefined || crossOrigin === null) return;
    for (const [name, value] of Object.entries(crossOrigin.headersFor(request))) reply.raw.setHeader(name, value);
  }

  private authenticate(request: FastifyRequest, reply: FastifyReply, url: string): boolean {
    const { basicAuth } = this.options;
    if (basicAuth === undefined || basicAuth === null) return true;
    try {
      const path = url.split('?', 1)[0] ?? '';
      if (basicAuth.allows({ method: request.method, path, authorization: request.headers.authorization })) return true;
    } catch (error) {
      this.fail(reply, error);
      return false;
    }
    reply
      .status(401)
      .headers({ 'content-type': 'application/json', 'www-authenticate': 'Basic realm="Connect"' })
      .send(Buffer.from(UNAUTHORIZED_BODY));
    return false;
  }

  /** The status of what matches no resource: by path, then method, then what is sent, then what is wanted. */
  private refusalOf(request: FastifyRequest): number | null {
    const route = routeOf(request);
    const path = (request.raw.url ?? '').split('?', 1)[0] ?? '';
    if (route === undefined || !route.path.test(path)) {
      // The router knows no PROPFIND and the like.
      return !ALLOW_ORDER.includes(request.method) && this.paths.some((known) => known.test(path)) ? 405 : 404;
    }
    const ranges = mediaRanges(request.headers.accept);
    if (request.method === 'OPTIONS') return ranges === null ? 400 : null;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (route.methods[method as RestMethod] === undefined) return 405;
    if (ranges === null) return 400;
    const type = request.headers['content-type'];
    if (type !== undefined && !route.takesAnyType && !mayBeJson(type)) return 415;
    return accepts(ranges, route.produces) ? null : 406;
  }

  /** Without a content type, for no resource has said what it answers. */
  private refuse(reply: FastifyReply, status: number): false {
    const { message } = httpError(status);
    reply
      .status(status)
      .header('content-type', NO_TYPE)
      .send(Buffer.from(JSON.stringify({ error_code: status, message })));
    return false;
  }

  private route(resource: RestResource): void {
    const config: RouteConfig = {
      path: patternOf(resource.path),
      methods: resource.methods,
      produces: resource.produces ?? JSON_TYPE,
      unreadableBody: resource.unreadableBody ?? 500,
      takesAnyType: resource.takesAnyType ?? false,
    };
    for (const method of METHODS) {
      this.app.route({
        method: method === 'GET' ? ['GET', 'HEAD'] : method,
        url: resource.path,
        exposeHeadRoute: false,
        config,
        handler: (request, reply) => {
          const handler = resource.methods[method];
          return handler === undefined ? this.fail(reply, httpError(405)) : this.serve(handler, request, reply);
        },
      });
    }
    const own = Object.keys(resource.methods);
    const allowed = [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
    const names = ALLOW_ORDER.filter((method) => allowed.includes(method));
    this.app.options(resource.path, { config }, (request, reply) => {
      const type = typeOfOptions(mediaRanges(request.headers.accept) ?? []);
      reply
        .headers({ 'content-type': type, allow: names.join(',') })
        .send(Buffer.from(type === 'text/plain' ? names.join(', ') : ''));
    });
  }

  private async serve(handler: RestHandler, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // Parsed only when the handler reads it, as in Kafka Connect: a bad body of a request that takes none is no error.
    const bodyAs = (numbers: NumbersAs): unknown => {
      if (!Buffer.isBuffer(request.body)) return null;
      if (!isJson(request.headers['content-type'] ?? '')) throw httpError(415);
      return readBody(request.body, numbers, routeOf(request)?.unreadableBody);
    };
    try {
      const answer = await this.inTime(
        handler({
          params: request.params as Record<string, string>,
          query: queryOf(request.query as Record<string, string | string[]>),
          headers: headersOf(request.headers),
          get body() {
            return bodyAs('numbers');
          },
          get bodyWithNumberTexts() {
            return bodyAs('texts');
          },
          baseUrl: `${request.protocol}://${request.host}`,
        }),
      );
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
      const timer = this.options.clock.setTimer(
        () => reject(new RestError(500, `Request timed out. ${this.options.stage()}`)),
        REQUEST_TIMEOUT_MS,
        { unref: true },
      );
      response.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  private fail(reply: FastifyReply, error: unknown): FastifyReply {
    const raw = (error as { readonly statusCode?: number }).statusCode;
    const known = raw === 415 ? httpError(raw) : error;
    const status = statusOf(known);
    const text = known instanceof Error ? known.message : String(known);
    const message = this.options.mask?.(text) ?? text;
    const isFull = error instanceof BodiesFullError;
    if (isFull) reply.headers(error.headers);
    else if (status >= 500)
      this.options.logger.warn('A request failed.', {
        method: reply.request.method,
        url: reply.request.url,
        status,
        err: error,
      });
    return send(reply, { status, json: { error_code: status, message } });
  }
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`);
}

function refusalOfTarget(request: FastifyRequest): Refusal | null {
  const { rawHeaders, httpVersion, method = '' } = request.raw;
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
  return refusedTarget({ url: request.originalUrl, method, hosts, httpVersion });
}

function routeOf(request: FastifyRequest): RouteConfig | undefined {
  const config = request.routeOptions.config as Partial<RouteConfig> | undefined;
  return config?.methods === undefined ? undefined : (config as RouteConfig);
}

function sendError(reply: FastifyReply, status: number, error: JettyError): false {
  reply.status(status).headers({ 'content-type': NO_TYPE, ...error.headers });
  reply.send(Buffer.from(error.body));
  return false;
}

function send(reply: FastifyReply, response: RestResponse): FastifyReply {
  const { status, headers, json, text, stream } = response;
  reply.status(status);
  if (headers !== undefined) reply.headers(headers);
  if (stream !== undefined) return reply.header('content-type', stream.type).send();
  if (text === undefined && json === undefined) return reply.send();
  const { type, body } = text ?? { type: 'application/json', body: JSON.stringify(json) };
  const named = type === 'application/json' ? jsonTypeFor(reply.request.headers.accept) : type;
  // As bytes, for Kafka Connect's content type has no charset and fastify would add one to text.
  return reply.header('content-type', named).send(Buffer.from(body));
}

function headersOf(headers: FastifyRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

function queryOf(query: Readonly<Record<string, string | string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value : [value]]));
}
