/** What a JSON service answered. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; undefined when it was empty. */
  // biome-ignore lint/suspicious/noExplicitAny: tests pick fields out of answers and compare them at once.
  readonly body: any;
}

/** One HTTP call with JSON in and out. Any status resolves; a body that is not JSON rejects, with the text in the message. */
export async function fetchJson(
  url: string,
  { method, body, headers = {}, signal = AbortSignal.timeout(30_000) }: FetchJsonOptions = {},
): Promise<JsonAnswer> {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
  });
  const text = await response.text();
  try {
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  } catch (cause) {
    throw new Error(`${url} answered ${response.status} with something else than JSON: ${text.slice(0, 500)}`, {
      cause,
    });
  }
}

export interface FetchJsonOptions {
  /** GET without a body, POST with one, unless told. */
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** After 30 s unless told. */
  readonly signal?: AbortSignal;
}
