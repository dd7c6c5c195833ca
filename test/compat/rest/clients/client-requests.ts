import type { RestRequest } from '../../pair/exchange.ts';

type Headers = NonNullable<RestRequest['headers']>;

/** How a client sends all its requests: header names in its own case, and with or without a type where there is no body. */
export interface ClientHabits {
  readonly always: Headers;
  readonly withBody: Headers;
}

/** `call('GET', path)` for a client; requests are named by their order, as a client asks for one thing several times. */
export function requestsOf(habits: ClientHabits) {
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

/** Every instance of a status is in that state. */
export function allAre(state: string): (body: unknown) => boolean {
  return (body) => {
    const { connector, tasks = [] } = body as { connector?: { state: string }; tasks?: { state: string }[] };
    const isThere = state === 'STOPPED' || tasks.length > 0;
    return isThere && [connector, ...tasks].every((each) => each?.state === state);
  };
}
