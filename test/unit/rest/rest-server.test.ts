import { describe, expect, it } from 'vitest';
import { type LogLine, loggerOver } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ok, type RestRequest, type RestResource } from '../../../src/rest/resource.ts';
import { RestServer } from '../../../src/rest/rest-server.ts';
import { AlreadyExistsError, ConfigError, NotFoundError } from '../../../src/sdk/errors/kinds.ts';

const seen: RestRequest[] = [];
const echo: RestResource = {
  path: '/things/:name',
  methods: {
    GET: async (request) => {
      seen.push(request);
      return ok({ name: request.params['name'] });
    },
    PUT: async (request) => ok({ got: request.body }),
    POST: async () => ({ status: 204 }),
  },
};

function open(resources: readonly RestResource[] = [echo]): {
  server: RestServer;
  clock: ManualClock;
  lines: LogLine[];
} {
  const clock = new ManualClock();
  const lines: LogLine[] = [];
  const stage = (): string => 'The worker is currently thinking, which began at noon.';
  const server = new RestServer({ resources, clock, stage, logger: loggerOver((line) => lines.push(line)) });
  return { server, clock, lines };
}

const json = { 'content-type': 'application/json' };

describe('RestServer', () => {
  it('answers compact JSON under exactly application/json', async () => {
    const answer = await open().server.inject({ method: 'GET', url: '/things/a' });
    expect(answer).toMatchObject({ status: 200, body: '{"name":"a"}' });
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['/things/a%20b', 'a b'],
    ['/things/caf%C3%A9', 'café'],
    ['/things/a%3Fb%23c%27d', "a?b#c'd"],
    ['/things/a/', 'a'],
    [`/things/${'n'.repeat(1_500)}`, 'n'.repeat(1_500)],
  ])('decodes a name once: %s', async (url, name) => {
    expect(JSON.parse((await open().server.inject({ method: 'GET', url })).body)).toEqual({ name });
  });

  it.each([
    ['GET', '//things/a', 'Ambiguous URI empty segment'],
    ['GET', '/things/a%2Fb', 'Ambiguous URI path separator'],
    ['GET', '/things/a%2fb', 'Ambiguous URI path separator'],
    ['GET', '/things/a%2525', 'Ambiguous URI path encoding'],
    ['GET', '/things/a%5Cb', 'Suspicious Path Character'],
    ['GET', '/things/a%00b', 'Bad Request'],
    ['GET', '/things/%zz', 'Bad Request'],
    ['GET', '/things/%ff', 'Bad UTF-8 encoding'],
  ] as const)('%s %s is refused before routing: %s', async (method, url, why) => {
    const answer = await open().server.inject({ method, url });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(why);
    expect(answer.headers['connection']).toBe('close');
    // What can't be parsed at all has the page whatever the method.
    const isParsed = why !== 'Bad Request';
    expect((await open().server.inject({ method: 'DELETE', url })).body === '').toBe(isParsed);
  });

  it('leaves the parameters of a path segment out', async () => {
    const answer = await open().server.inject({ method: 'GET', url: '/things;v=1/a;b=c?q=;' });
    expect(JSON.parse(answer.body)).toEqual({ name: 'a' });
  });

  it('does not take slashes of the query for ambiguous', async () => {
    expect((await open().server.inject({ method: 'GET', url: '/things/a?u=http://x%2F%25' })).status).toBe(200);
  });

  it.each([
    ['an unknown path', { method: 'GET', url: '/nope' }, 404, 'HTTP 404 Not Found'],
    ['another method', { method: 'DELETE', url: '/things/a' }, 405, 'HTTP 405 Method Not Allowed'],
    [
      'an Accept that cannot be met',
      { method: 'GET', url: '/things/a', headers: { accept: 'application/xml' } },
      406,
      'HTTP 406 Not Acceptable',
    ],
    [
      'another media type',
      { method: 'PUT', url: '/things/a', headers: { 'content-type': 'text/plain' }, payload: '{}' },
      415,
      'HTTP 415 Unsupported Media Type',
    ],
  ] as const)('answers %s in JSON', async (_what, request, status, message) => {
    const answer = await open().server.inject(request as never);
    expect([answer.status, answer.body]).toEqual([status, `{"error_code":${status},"message":"${message}"}`]);
  });

  it.each(['*/*', 'application/*', 'text/html, application/json;q=0.9', 'APPLICATION/JSON'])(
    'meets Accept: %s',
    async (accept) => {
      expect((await open().server.inject({ method: 'GET', url: '/things/a', headers: { accept } })).status).toBe(200);
    },
  );

  it('answers HEAD without a body and OPTIONS with the methods', async () => {
    const head = await open().server.inject({ method: 'HEAD', url: '/things/a' });
    expect([head.status, head.body]).toEqual([200, '']);
    const options = await open().server.inject({ method: 'OPTIONS', url: '/things/a' });
    expect([options.status, options.body]).toEqual([200, 'HEAD, POST, GET, OPTIONS, PUT']);
    expect(String(options.headers['allow']).split(',').sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);
  });

  it('needs no content type where there is no body', async () => {
    expect((await open().server.inject({ method: 'POST', url: '/things/a' })).status).toBe(204);
    expect((await open().server.inject({ method: 'POST', url: '/things/a', headers: json })).status).toBe(204);
  });

  it('reads JSON with a charset, and null for an empty body', async () => {
    const { server } = open();
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await server.inject({ method: 'PUT', url: '/things/a', headers, payload: '{"a":1}' })).body).toBe(
      '{"got":{"a":1}}',
    );
    expect((await server.inject({ method: 'PUT', url: '/things/a', headers: json, payload: '' })).body).toBe(
      '{"got":null}',
    );
  });

  it('invariant 8: answers malformed JSON with 500 and quotes none of it, neither in the answer nor in the log', async () => {
    const { server, lines } = open();
    const payload = '{"connection.password": "hunter2", }';
    const answer = await server.inject({ method: 'PUT', url: '/things/a', headers: json, payload });
    expect(answer.status).toBe(500);
    expect(answer.body).toContain('The body is not valid JSON');
    expect(
      answer.body +
        JSON.stringify(lines, (_key, value) => (value instanceof Error ? `${value.stack}${value.cause}` : value)),
    ).not.toContain('hunter2');
  });

  it.each([
    [new NotFoundError('gone'), 404, 'gone'],
    [new AlreadyExistsError('there'), 409, 'there'],
    [new ConfigError('wrong'), 400, 'wrong'],
    [new Error('boom'), 500, 'boom'],
    ['text', 500, 'text'],
    [Object.assign(new Error('teapot'), { statusCode: 418 }), 418, 'teapot'],
    [Object.assign(new Error('lies'), { statusCode: 200 }), 500, 'lies'],
  ])('maps a failure to its status: %s', async (error, status, message) => {
    const fails: RestResource = {
      path: '/fails',
      methods: {
        GET: async () => {
          throw error;
        },
      },
    };
    const { server, lines } = open([fails]);
    const answer = await server.inject({ method: 'GET', url: '/fails' });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { error_code: status, message }]);
    expect(lines.filter(({ fields }) => !('name' in fields)).map(({ level }) => level)).toEqual(
      status >= 500 ? ['warn'] : [],
    );
  });

  it('invariant 7: a request that waits for a plugin times out after 90 s and says what the worker does', async () => {
    const hangs: RestResource = { path: '/hangs', methods: { GET: () => new Promise(() => {}) } };
    const { server, clock } = open([hangs]);
    const answer = server.inject({ method: 'GET', url: '/hangs' });
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(clock.nextTimerInMs).toBe(90_000);
    await clock.advance(90_000);
    expect(JSON.parse((await answer).body)).toEqual({
      error_code: 500,
      message: 'Request timed out. The worker is currently thinking, which began at noon.',
    });
  });

  it('leaves no timer behind an answer', async () => {
    const { server, clock } = open();
    await server.inject({ method: 'GET', url: '/things/a' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('answers text under the type that it has, for clients that take it', async () => {
    const page: RestResource = {
      path: '/page',
      produces: ['text/plain'],
      methods: { GET: async () => ({ status: 200, text: { type: 'text/plain; version=1', body: 'é\n' } }) },
    };
    const { server } = open([page]);
    for (const accept of ['text/plain;version=0.0.4', 'text/*', 'application/json, */*;q=0.1']) {
      const answer = await server.inject({ method: 'GET', url: '/page', headers: { accept } });
      expect(answer).toMatchObject({ status: 200, body: 'é\n', headers: { 'content-type': 'text/plain; version=1' } });
    }
    const refused = await server.inject({ method: 'GET', url: '/page', headers: { accept: 'application/json' } });
    expect(refused.status).toBe(406);
  });

  it('gives handlers headers by name in lower case', async () => {
    await open().server.inject({ method: 'GET', url: '/things/a', headers: { 'Last-Event-ID': '7' } });
    expect(seen.at(-1)?.headers['last-event-id']).toBe('7');
  });

  it('sends a stream piece by piece until the server closes, which waits for none', async () => {
    const over: string[] = [];
    const stream: RestResource = {
      path: '/stream',
      produces: ['text/event-stream'],
      methods: {
        GET: async () => ({
          status: 200,
          headers: { 'x-more': '1' },
          stream: {
            type: 'text/event-stream',
            open: (client) => {
              client.send('one ');
              setImmediate(() => {
                client.send('two ');
                server.close().then(
                  () => client.send('never'),
                  () => {},
                );
              });
              return () => over.push('over');
            },
          },
        }),
      },
    };
    const { server } = open([stream]);
    const answer = await server.inject({ method: 'GET', url: '/stream', headers: { accept: 'text/event-stream' } });
    expect(answer).toMatchObject({ status: 200, body: 'one two ' });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'x-more': '1',
      'x-accel-buffering': 'no',
    });
    await expect.poll(() => over).toEqual(['over']);
  });

  it('answers HEAD of a stream without opening it', async () => {
    const opened: string[] = [];
    const open_ = (): (() => void) => {
      opened.push('opened');
      return () => {};
    };
    const methods = { GET: async () => ({ status: 200, stream: { type: 'text/event-stream', open: open_ } }) };
    const { server } = open([{ path: '/stream', produces: ['text/event-stream'], methods }]);
    const answer = await server.inject({ method: 'HEAD', url: '/stream' });
    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'content-type': 'text/event-stream' } });
    expect(opened).toEqual([]);
  });

  it('gives handlers every value of a query parameter, and the base URL that the client used', async () => {
    await open().server.inject({
      method: 'GET',
      url: '/things/a?expand=info&expand=status&x=1',
      headers: { host: 'connect.example:8083' },
    });
    expect(seen.at(-1)).toMatchObject({
      query: { expand: ['info', 'status'], x: ['1'] },
      baseUrl: 'http://connect.example:8083',
    });
  });
});
