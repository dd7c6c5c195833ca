/** A part of the REST API. Other folders contribute theirs through the composition root. */

export interface RestRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Every value of each query parameter. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; null for none. Reading it throws the RestError for a body that is none: one that nobody reads is never looked at. */
  readonly body: unknown;
  /** The same, but a number is its text as the client wrote it: for what Kafka Connect reads into strings, as configurations. */
  readonly bodyWithNumberTexts: unknown;
  /** Scheme and host that the client used, for `Location`. */
  readonly baseUrl: string;
}

export interface RestResponse {
  readonly status: number;
  /** undefined: no body, unless one of the other two is given. */
  readonly json?: unknown;
  /** A body that is not JSON. */
  readonly text?: { readonly type: string; readonly body: string };
  /** A body that goes on. */
  readonly stream?: RestStream;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that goes on until the client leaves or the server closes, which waits for no stream. */
export interface RestStream {
  readonly type: string;
  /** Called once, when the head of the answer was sent. Returns what is called once when the stream is over, whoever ended it. */
  readonly open: (client: StreamClient) => () => void;
}

export interface StreamClient {
  /**
   * Sends at once. A client that leaves more than a megabyte unread is cut off rather than buffered for; sending to one that is gone does
   * nothing.
   */
  send(text: string): void;
}

export type RestMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type RestHandler = (request: RestRequest) => Promise<RestResponse>;

export interface RestResource {
  /** Path with `:name` parameters. */
  readonly path: string;
  /** Media types of its answers, for the client's `Accept`; `application/json` by default. Errors are JSON whatever it is. */
  readonly produces?: readonly string[];
  /** How a body that is no JSON is answered: as Kafka Connect does, with 500, unless told. */
  readonly unreadableBody?: 400;
  /** Reads no body, and so doesn't mind of what type one would be. */
  readonly takesAnyType?: boolean;
  /** Between workers only: not in the documents of the API. */
  readonly isInternal?: boolean;
  readonly methods: Readonly<Partial<Record<RestMethod, RestHandler>>>;
}

export function ok(json: unknown): RestResponse {
  return { status: 200, json };
}

/** Kafka Connect takes `true` in any case for true, a blank for none given, and everything else for false. */
export function booleanQuery(request: RestRequest, name: string, fallback: boolean): boolean {
  const value = request.query[name]?.[0] ?? '';
  return value.trim() === '' ? fallback : value.toLowerCase() === 'true';
}

export function param(request: RestRequest, name: string): string {
  return request.params[name] ?? '';
}

/** One resource per path, with the methods of all that have it. */
export function mergeResources(resources: readonly RestResource[]): readonly RestResource[] {
  const byPath = new Map<string, RestResource>();
  for (const resource of resources) {
    const other = byPath.get(resource.path);
    byPath.set(
      resource.path,
      other === undefined ? resource : { ...resource, ...other, methods: { ...resource.methods, ...other.methods } },
    );
  }
  return [...byPath.values()];
}
