import { describe, expect, it } from 'vitest';
import { loggerOver, silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { BasicAuth } from '../../../src/rest/basic-auth.ts';
import { CrossOrigin } from '../../../src/rest/cors.ts';
import { standaloneInternalResources } from '../../../src/rest/internal-resource.ts';
import { ok, type RestResource } from '../../../src/rest/resource.ts';
import { RestSite, type RestSiteOptions } from '../../../src/rest/rest-site.ts';
import { parseHeaderRules } from '../../../src/runtime/config/header-rules.ts';

const thing: RestResource = {
  path: '/connectors',
  methods: { GET: async () => ok(['a']), POST: async (request) => ok(request.body) },
};
const json = { 'content-type': 'application/json' };

function open(options: Partial<RestSiteOptions> = {}): RestSite {
  return new RestSite({
    resources: [thing, ...standaloneInternalResources()],
    clock: new ManualClock(),
    logger: silentLogger,
    stage: () => '',
    ...options,
  });
}

describe('RestSite, transport rules of Kafka Connect 4.1.1', () => {
  it.each([
    ['an unknown path', { method: 'GET', url: '/nope' }, 404, undefined],
    ['an unknown path with a body of another kind', { method: 'POST', url: '/nope', payload: 'x' }, 404, undefined],
    ['another method', { method: 'DELETE', url: '/connectors' }, 405, undefined],
    ['an unmet Accept', { method: 'GET', url: '/connectors', headers: { accept: 'application/xml' } }, 406, undefined],
    [
      'another content type',
      { method: 'POST', url: '/connectors', headers: { 'content-type': 'text/plain' }, payload: '{}' },
      415,
      undefined,
    ],
    [
      'another content type and an unmet Accept',
      {
        method: 'POST',
        url: '/connectors',
        headers: { 'content-type': 'text/plain', accept: 'text/html' },
        payload: '{}',
      },
      415,
      undefined,
    ],
    ['no content type', { method: 'POST', url: '/connectors', payload: '{}' }, 415, 'application/json'],
  ] as const)('answers %s with the content type that upstream gives', async (_what, request, status, type) => {
    const answer = await open().inject(request);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, type]);
    expect(JSON.parse(answer.body)).toMatchObject({ error_code: status });
  });

  it.each([
    ['application/json; charset=UTF-8', 'application/json;charset=utf-8'],
    ['text/html, application/json;v=2;a="x";q=0.5', 'application/json;a=x;v=2'],
    ['*/*, application/json;x=1', 'application/json;x=1'],
    ['application/json, application/json;x=1', 'application/json'],
    ['application/*;a=b', 'application/json'],
    ['*/*', 'application/json'],
  ])('answers and refuses what wants %s as %s, as Kafka Connect does', async (accept, type) => {
    for (const request of [
      { method: 'GET', url: '/connectors' },
      { method: 'POST', url: '/connectors', headers: json, payload: '{' },
    ] as const) {
      const headers = { ...('headers' in request ? request.headers : {}), accept };
      expect((await open().inject({ ...request, headers })).headers['content-type']).toBe(type);
    }
  });

  it('sends no content type with the empty answer to a path that can not be decoded', async () => {
    const answer = await open().inject({ method: 'DELETE', url: '/connectors/a%80' });
    expect([answer.status, answer.body, answer.headers['content-type']]).toEqual([400, '', undefined]);
  });

  it.each([
    ['', 400],
    ['json', 400],
    ['a/b/c', 400],
    ['application/json, text/plain', 400],
    ['application/json; charset', 400],
    ['application/json;', 200],
    ['application/json; charset="utf-8"; x=y', 200],
    ['*/*', 415],
    ['application/*', 415],
    ['application/*+json', 415],
    ['text/json', 415],
  ])('answers a content type %j with %i', async (type, status) => {
    const request = { method: 'POST', url: '/connectors', payload: '{}' } as const;
    const site = open();
    expect((await site.inject({ ...request, headers: { 'content-type': type } })).status).toBe(status);
    // Of what is no type, before any resource is looked for.
    const unknown = await site.inject({ ...request, url: '/nope', headers: { 'content-type': type } });
    expect(unknown.status).toBe(status === 400 ? 400 : 404);
    const options = await site.inject({ ...request, method: 'OPTIONS', headers: { 'content-type': type } });
    expect(options.status).toBe(status === 400 ? 400 : 200);
  });

  it('says so in a page or in JSON where the content type is none', async () => {
    const get = async (accept: string, method: 'GET' | 'PUT') => {
      const headers = { accept, 'content-type': 'json', host: 'h:1' };
      const { headers: answered, body } = await open().inject({ method, url: '/connectors?a', headers });
      return [answered['content-type'], body] as const;
    };
    expect(await get('application/json', 'GET')).toEqual([
      'application/json',
      '{"message":"Bad Request","url":"http://h:1/connectors?a","status":"400"}',
    ]);
    const [type, page] = await get('text/html', 'GET');
    expect([type, /<title>Error 400 Bad Request/.test(page)]).toEqual(['text/html;charset=iso-8859-1', true]);
    expect(await get('application/json', 'PUT')).toEqual([undefined, '']);
  });

  // Seen of Kafka Connect 4.1.1.
  it.each([
    ['application/json;q=1.5', 'application/json'],
    ['application/json;q=-1', 'application/json'],
    ['text/html, application/json;q=5', 'application/json'],
    ['application/json, junk junk', 'application/json'],
    ['text/json;q=5', 'text/json'],
    ['application/json;q=0.1, text/html;q=5', 'text/html;charset=iso-8859-1'],
    ['*/*;q=5', 'text/html;charset=iso-8859-1'],
    ['text/*;q=5', 'text/html;charset=iso-8859-1'],
    ['text/plain;q=5', 'text/plain;charset=iso-8859-1'],
    ['application/*;q=5', undefined],
    ['application/json;charset=utf-8;q=5', undefined],
    ['application/json;q=x', undefined],
    ['text/html;q=0, a/b;q=5', undefined],
    ['APPLICATION/JSON;q=5', undefined],
  ])('refuses to answer in %s, and says so in %s', async (accept, type) => {
    const headers = { accept, host: 'x' };
    const answer = await open().inject({ method: 'GET', url: '/connectors?x=1', headers });
    expect([answer.status, answer.headers['content-type']]).toEqual([400, type]);
    expect(answer.headers['cache-control']).toBe('must-revalidate,no-cache,no-store');
    if (type === undefined) expect(answer.body).toBe('');
    else if (type.endsWith('json')) {
      expect(JSON.parse(answer.body)).toEqual({
        message: 'Bad Request',
        url: 'http://x/connectors?x=1',
        status: '400',
      });
    } else if (type.startsWith('text/plain')) {
      expect(answer.body).toBe(
        'HTTP ERROR 400 Bad Request\nURI: http://x/connectors?x=1\nSTATUS: 400\nMESSAGE: Bad Request\n',
      );
    } else expect(answer.body).toContain('<tr><th>URI:</th><td>http://x/connectors?x=1</td></tr>');
    expect((await open().inject({ method: 'OPTIONS', url: '/connectors', headers })).body).toBe('');
  });

  it('names the methods of a path in the order of upstream, those of every resource that has it', async () => {
    const answer = await open().inject({ method: 'OPTIONS', url: '/connectors' });
    expect(answer.headers['allow']).toBe('HEAD,POST,GET,OPTIONS');
    const more: RestResource = { path: '/connectors', methods: { DELETE: async () => ({ status: 204 }) } };
    const site = open({ resources: [thing, more] });
    expect((await site.inject({ method: 'DELETE', url: '/connectors' })).status).toBe(204);
    expect((await site.inject({ method: 'GET', url: '/connectors' })).body).toBe('["a"]');
  });

  it.each([
    ['POST', '/connectors/c/pause'],
    ['PUT', '/connectors/c/pause'],
    ['DELETE', '/connectors/c/pause'],
  ] as const)('never looks at the body of %s that nobody reads', async (method, url) => {
    const act = async () => ({ status: 202 });
    const pause: RestResource = { path: '/connectors/:c/pause', methods: { POST: act, PUT: act, DELETE: act } };
    const site = open({ resources: [pause] });
    for (const payload of ['{"a":', 'null', Buffer.from([0xff])]) {
      for (const headers of [json, {}, { 'content-type': '*/*' }]) {
        expect((await site.inject({ method, url, headers, payload })).status).toBe(202);
      }
    }
  });

  it('takes the fixed names of a path as they are only, and a path whose parameters are no names', async () => {
    expect((await open().inject({ method: 'GET', url: '/%63onnectors' })).status).toBe(404);
    expect((await open().inject({ method: 'GET', url: '/connectors;a=b/' })).status).toBe(200);
    const refused = await open().inject({ method: 'GET', url: '/connectors/x%0d%0aSet-Cookie:a' });
    expect([refused.status, refused.headers['connection']]).toEqual([400, 'close']);
    expect((await open().inject({ method: 'GET', url: '/connectors', headers: { host: 'a/b' } })).status).toBe(400);
    const accept = { accept: 'junk junk' };
    expect(await open().inject({ method: 'GET', url: '/connectors', headers: accept })).toMatchObject({
      status: 400,
      body: '',
    });
  });

  it('refuses task configurations that are none before it looks at the signature', async () => {
    const headers = { ...json, 'x-connect-authorization': 'AAAA', 'x-connect-request-signature-algorithm': 'nope' };
    const send = async (payload: string) =>
      (await open().inject({ method: 'POST', url: '/connectors/c/tasks', headers, payload })).status;
    expect([await send('{"a":'), await send('{}'), await send('[{"a":{}}]'), await send('')]).toEqual([
      500, 500, 500, 500,
    ]);
    expect([await send('[]'), await send('[null,{"a":1}]')]).toEqual([400, 400]);
  });

  it('refuses bytes that are no UTF-8', async () => {
    const answer = await open().inject({
      method: 'POST',
      url: '/connectors',
      headers: json,
      payload: Buffer.from([0x22, 0xff, 0x22]),
    });
    expect([answer.status, answer.body]).toEqual([500, '{"error_code":500,"message":"The body is not valid UTF-8."}']);
  });

  it('answers as if nothing were there until it is initialised', async () => {
    const site = open({ initialising: true });
    const headers = { accept: 'application/json', host: '127.0.0.1:28089' };
    const early = await site.inject({ method: 'GET', url: '/connectors?x=1', headers });
    expect([early.status, early.body]).toEqual([
      404,
      '{"message":"Not Found","url":"http://127.0.0.1:28089/connectors?x=1","status":"404"}',
    ]);
    expect(early.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'must-revalidate,no-cache,no-store',
    });
    const page = await site.inject({ method: 'GET', url: '/%3Cb%3E"<b>', headers: { accept: '*/*' } });
    expect(page.headers['content-type']).toBe('text/html;charset=iso-8859-1');
    expect(page.body).not.toContain('<b>');
    site.initialised();
    expect((await site.inject({ method: 'GET', url: '/connectors', headers })).status).toBe(200);
  });

  it('sends a page for an ambiguous path to GET and POST only', async () => {
    const bodies = await Promise.all(
      (['GET', 'POST', 'PUT', 'DELETE'] as const).map((method) => open().inject({ method, url: '//connectors' })),
    );
    expect(bodies.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(bodies.map(({ body }) => body.includes('Ambiguous URI empty segment'))).toEqual([true, true, false, false]);
    expect(bodies[2]?.headers['content-type']).toBeUndefined();
  });

  it('strikes secrets out of the messages of errors', async () => {
    const failing: RestResource = { path: '/x', methods: { GET: () => Promise.reject(new Error('not hunter2')) } };
    const site = open({ resources: [failing], mask: (text) => text.replaceAll('hunter2', '[hidden]') });
    expect(JSON.parse((await site.inject({ method: 'GET', url: '/x' })).body)).toEqual({
      error_code: 500,
      message: 'not [hidden]',
    });
  });

  it.each([
    [
      '/connectors/a/tasks',
      'POST',
      {},
      500,
      'Kafka Connect in standalone mode does not support externally setting task configurations.',
    ],
    [
      '/connectors/a/fence',
      'PUT',
      {},
      500,
      'Kafka Connect in standalone mode does not support exactly-once source connectors.',
    ],
    ['/connectors/a/tasks', 'POST', { alg: 'FooAlg', sig: 'AAAA' }, 400, 'Algorithm FooAlg not available'],
    ['/connectors/a/tasks', 'POST', { alg: 'HmacSHA256', sig: '!!' }, 400, 'Illegal base64 character 21'],
    [
      '/connectors/a/tasks',
      'POST',
      { sig: '!!' },
      500,
      'Kafka Connect in standalone mode does not support externally setting task configurations.',
    ],
  ] as const)('refuses what is between workers: %s %s %o', async (url, method, signed, status, message) => {
    const headers = {
      ...json,
      ...('sig' in signed ? { 'x-connect-authorization': signed.sig } : {}),
      ...('alg' in signed ? { 'x-connect-request-signature-algorithm': signed.alg } : {}),
    };
    const answer = await open().inject({ method, url, headers, payload: '[]' });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { error_code: status, message }]);
  });
});

describe('RestSite with basic authentication', () => {
  const logger = silentLogger;
  const basicAuth = new BasicAuth({
    credentials: new Map([
      ['user', 'pass:word'],
      ['ü', 'é'],
    ]),
    logger,
  });
  const site = open({ basicAuth });
  const ask = (authorization?: string, method: 'GET' | 'POST' | 'OPTIONS' = 'GET', url = '/connectors') =>
    site.inject({ method, url, headers: authorization === undefined ? {} : { authorization } });
  const basic = (text: string, scheme = 'Basic'): string => `${scheme} ${Buffer.from(text).toString('base64')}`;

  it.each([basic('user:pass:word'), basic('user:pass:word', 'bAsIc'), basic('ü:é')])('lets in %s', async (header) => {
    expect((await ask(header)).status).toBe(200);
  });

  it.each([
    undefined,
    basic('user:wrong'),
    basic('other:pass:word'),
    basic('user'),
    basic(':x'),
    basic('user:'),
    'Bearer abc',
    'Basic',
  ])('refuses %s with the text of upstream', async (header) => {
    const answer = await ask(header);
    expect([answer.status, answer.body]).toEqual([401, 'User cannot access the resource.']);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'www-authenticate': expect.stringMatching(/^Basic/),
    });
  });

  it('answers base64 that is none with 500', async () => {
    const answer = await ask('Basic !!');
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([500, 'Illegal base64 character 21']);
  });

  it('asks nobody for a path that is not there, and is asked by preflights', async () => {
    expect((await ask(undefined, 'GET', '/nope')).status).toBe(404);
    expect((await ask(undefined, 'OPTIONS')).status).toBe(401);
  });

  it('does not read the body of somebody that it does not know', async () => {
    const answer = await site.inject({ method: 'POST', url: '/connectors', headers: json, payload: '{' });
    expect(answer.status).toBe(401);
  });

  it('leaves requests between workers to their signatures', async () => {
    const answer = await site.inject({ method: 'POST', url: '/connectors/a/tasks', headers: json, payload: '[]' });
    expect(answer.status).toBe(500);
    expect((await ask(undefined, 'POST', '/connectors')).status).toBe(401);
  });

  it('lets everybody in where there are no users, and warns', async () => {
    const lines: string[] = [];
    const empty = new BasicAuth({ credentials: new Map(), logger: loggerOver(({ message }) => lines.push(message)) });
    expect((await open({ basicAuth: empty }).inject({ method: 'GET', url: '/connectors' })).status).toBe(200);
    expect(lines.join()).toContain('every request is let in');
  });
});

describe('RestSite with headers of its own', () => {
  it('adds them to answers and to errors', async () => {
    const rules = parseHeaderRules(
      'set X-A: 1, add X-A: 2, "add Cache-Control: no-store, no-cache", setDate Expires: 1000',
    );
    const site = open({ headerRules: rules, clock: new ManualClock({ startMs: 1_000_000 }) });
    for (const url of ['/connectors', '/nope']) {
      const { headers } = await site.inject({ method: 'GET', url });
      expect(headers).toMatchObject({
        'x-a': ['1', '2'],
        'cache-control': 'no-store, no-cache',
        expires: 'Thu, 01 Jan 1970 00:16:41 GMT',
      });
    }
  });

  it('answers pages of other origins as they may have it', async () => {
    const crossOrigin = new CrossOrigin({ origins: 'https://ui\\..*,http://a', methods: 'PUT, GET' });
    const site = open({ crossOrigin });
    const ask = async (method: 'GET' | 'OPTIONS', headers: Record<string, string>) =>
      (await site.inject({ method, url: '/connectors', headers })).headers;
    expect(await ask('GET', {})).toMatchObject({ vary: 'Origin' });
    expect(await ask('GET', { origin: 'https://ui.example' })).toMatchObject({
      vary: 'Origin',
      'access-control-allow-origin': 'https://ui.example',
    });
    expect(await ask('GET', { origin: 'https://evil/https://ui.x' })).not.toHaveProperty('access-control-allow-origin');
    expect(
      await ask('OPTIONS', {
        origin: 'http://a',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      }),
    ).toMatchObject({
      'access-control-allow-origin': 'http://a',
      'access-control-allow-methods': 'PUT,GET',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '60',
      allow: 'HEAD,POST,GET,OPTIONS',
    });
    // The browser compares: what is allowed is told, whatever is asked for.
    expect(await ask('OPTIONS', { origin: 'http://a', 'access-control-request-method': 'DELETE' })).toMatchObject({
      'access-control-allow-methods': 'PUT,GET',
    });
    expect(await ask('OPTIONS', { origin: 'http://b', 'access-control-request-method': 'PUT' })).not.toHaveProperty(
      'access-control-allow-methods',
    );
  });
});
