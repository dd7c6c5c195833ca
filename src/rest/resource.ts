/** A part of the REST API. Other folders contribute theirs through the composition root. */

export interface RestRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Every value of each query parameter. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Parsed JSON; null for none. */
  readonly body: unknown;
  /** Scheme and host that the client used, for `Location`. */
  readonly baseUrl: string;
}

export interface RestResponse {
  readonly status: number;
  /** undefined: no body. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type RestMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type RestHandler = (request: RestRequest) => Promise<RestResponse>;

export interface RestResource {
  /** Path with `:name` parameters. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<RestMethod, RestHandler>>>;
}

export function ok(json: unknown): RestResponse {
  return { status: 200, json };
}

/** Kafka Connect takes `true` in any case for true and everything else for false. */
export function booleanQuery(request: RestRequest, name: string, fallback: boolean): boolean {
  const value = request.query[name]?.[0];
  return value === undefined ? fallback : value.toLowerCase() === 'true';
}

export function param(request: RestRequest, name: string): string {
  return request.params[name] ?? '';
}
