import type { RestRequest } from '../../pair/exchange.ts';

type Headers = NonNullable<RestRequest['headers']>;

/** How a client sends all its requests: header names in its own case, and with or without a type where there is no body. */
export interface ClientHabits {
  readonly always: Headers;
  readonly withBody: Headers;
}

export type Call = (method: string, path: string, body?: unknown, more?: Partial<RestRequest>) => RestRequest;

/** `call('GET', path)` for a client; requests are named by their order, as a client asks for one thing several times. */
export function requestsOf(habits: ClientHabits): Call {
  let order = 0;
  return (method: string, path: string, body?: unknown, more: Partial<RestRequest> = {}): RestRequest => ({
    name: `${String(++order).padStart(2, '0')} ${method} ${path}`,
    method,
    path,
    ...(body === undefined ? {} : { body }),
    headers: { ...habits.always, ...(body === undefined ? {} : habits.withBody) },
    ...more,
  });
}

export const probeConfig = {
  'connector.class': 'ProbeSource',
  topic: '{p}-client',
  'tasks.max': '1',
  count: '3',
};

/** `untilAll('RUNNING')` asks for the status of a connector until it and its tasks are in that state. */
export function statusOf(call: Call, connector: string): (state: string) => RestRequest {
  return (state) => call('GET', `/connectors/${connector}/status`, undefined, { until: allAre(state) });
}

function allAre(state: string): (body: unknown) => boolean {
  return (body) => {
    const { connector, tasks = [] } = body as { connector?: { state: string }; tasks?: { state: string }[] };
    const isThere = state === 'STOPPED' || tasks.length > 0;
    return isThere && [connector, ...tasks].every((each) => each?.state === state);
  };
}
