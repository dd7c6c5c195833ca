import type { RestRequest } from '../pair/exchange.ts';
import type { RequestGroup } from './request-group.ts';

const preflight = (
  name: string,
  origin: string,
  method: string,
  headers?: string,
  path = '/connectors',
): RestRequest => ({
  name,
  method: 'OPTIONS',
  path,
  headers: {
    Origin: origin,
    'Access-Control-Request-Method': method,
    ...(headers === undefined ? {} : { 'Access-Control-Request-Headers': headers }),
  },
});

const origins = (...all: string[]): RestRequest[] =>
  all.map((origin) => ({ name: `origin ${origin}`, method: 'GET', path: '/connectors', headers: { Origin: origin } }));

export const crossOrigin: RequestGroup = {
  name: 'cross-origin',
  profile: 'cors',
  requests: [
    { name: 'none', method: 'GET', path: '/connectors' },
    ...origins(
      'http://a.example',
      'HTTP://A.EXAMPLE',
      'http://x.b.example',
      'http://axexample',
      'http://evil',
      'null',
      '',
    ),
    ...origins('http://evil http://a.example', 'http://a.example/'),
    { name: 'on-404', method: 'GET', path: '/nope', headers: { Origin: 'http://a.example' } },
    { name: 'on-405', method: 'DELETE', path: '/connectors', headers: { Origin: 'http://a.example' } },
    { name: 'on-400', method: 'GET', path: '//connectors', headers: { Origin: 'http://a.example' } },
    { name: 'plain-options', method: 'OPTIONS', path: '/connectors', headers: { Origin: 'http://a.example' } },
    preflight('preflight', 'http://a.example', 'PUT'),
    preflight('preflight-headers', 'http://a.example', 'PUT', 'content-type'),
    preflight('preflight-origin-header', 'http://a.example', 'PUT', 'Origin, Accept, Content-Type'),
    preflight('preflight-other-header', 'http://a.example', 'PUT', 'authorization'),
    preflight('preflight-other-method', 'http://a.example', 'DELETE'),
    preflight('preflight-lower-method', 'http://a.example', 'put'),
    preflight('preflight-other-origin', 'http://evil', 'PUT'),
    preflight('preflight-404', 'http://a.example', 'GET', undefined, '/nope'),
  ],
};

export const anyOrigin: RequestGroup = {
  name: 'any-origin',
  profile: 'cors-any',
  requests: [
    ...origins('http://a.example', 'null'),
    preflight('preflight-get', 'http://a.example', 'GET'),
    preflight('preflight-head', 'http://a.example', 'HEAD', 'range'),
    preflight('preflight-put', 'http://a.example', 'PUT'),
  ],
};

export const responseHeaders: RequestGroup = {
  name: 'response-headers',
  profile: 'response-headers',
  requests: [
    { name: 'get', method: 'GET', path: '/connectors' },
    { name: 'not-found', method: 'GET', path: '/nope' },
    { name: 'ambiguous', method: 'GET', path: '//nope' },
    { name: 'not-allowed', method: 'DELETE', path: '/connectors' },
  ],
};

export const adminListener: RequestGroup = {
  name: 'admin-listener',
  profile: 'admin-listener',
  requests: [
    { name: 'loggers-there', method: 'GET', path: '/admin/loggers', admin: true },
    { name: 'loggers-here', method: 'GET', path: '/admin/loggers' },
    { name: 'connectors-there', method: 'GET', path: '/connectors', admin: true },
    { name: 'root-there', method: 'GET', path: '/', admin: true },
    { name: 'put-there', method: 'PUT', path: '/admin/loggers/a.b', body: { level: 'debug' }, admin: true },
  ],
};

export const noAdmin: RequestGroup = {
  name: 'no-admin',
  profile: 'no-admin',
  requests: [
    { name: 'loggers', method: 'GET', path: '/admin/loggers' },
    { name: 'put', method: 'PUT', path: '/admin/loggers/root', body: { level: 'INFO' } },
  ],
};

const oddly = (name: string, method: string, path: string, more: Partial<RestRequest> = {}): RestRequest => ({
  name,
  method,
  path,
  ...more,
});

/** How content types, methods and loggers are told apart before a resource is asked. */
export const oddTransport: RequestGroup = {
  name: 'odd-transport',
  requests: [
    oddly('get-with-text', 'GET', '/connectors', { headers: { 'Content-Type': 'text/plain' } }),
    oddly('root-with-text', 'GET', '/', { headers: { 'Content-Type': 'text/plain' } }),
    oddly('health-with-text', 'GET', '/health', { headers: { 'Content-Type': 'text/plain' } }),
    oddly('delete-with-text', 'DELETE', '/connectors/{p}-no', { headers: { 'Content-Type': 'text/plain' } }),
    oddly('text-and-xml', 'POST', '/connectors', {
      body: '{}',
      headers: { 'Content-Type': 'text/plain', Accept: 'application/xml' },
    }),
    oddly('unknown-with-text', 'POST', '/nope', { body: '{}', headers: { 'Content-Type': 'text/plain' } }),
    oddly('json-charset', 'POST', '/connectors', {
      body: '{',
      headers: { 'Content-Type': 'application/json;charset=utf-8' },
      statusOnly: true,
    }),
    oddly('json-upper', 'POST', '/connectors', {
      body: '{',
      headers: { 'Content-Type': 'APPLICATION/JSON' },
      statusOnly: true,
    }),
    oddly('problem-json', 'POST', '/connectors', {
      body: '{',
      headers: { 'Content-Type': 'application/problem+json' },
    }),
    oddly('xml-and-malformed', 'POST', '/connectors', { body: '{', headers: { Accept: 'application/xml' } }),
    oddly('no-accept', 'GET', '/connectors', { headers: { Accept: null } }),
    oddly('accept-q0', 'GET', '/connectors', { headers: { Accept: 'application/json;q=0' } }),
    oddly('accept-list', 'GET', '/connectors', { headers: { Accept: 'text/html, application/*;q=0.2' } }),
    oddly('accept-nonsense', 'GET', '/connectors', { headers: { Accept: 'nonsense' }, statusOnly: true }),
    oddly('head-post-only', 'HEAD', '/connectors/{p}-no/restart'),
    oddly('head-unknown', 'HEAD', '/nope'),
    oddly('options-root', 'OPTIONS', '/'),
    oddly('options-connector', 'OPTIONS', '/connectors/{p}-no'),
    oddly('options-config', 'OPTIONS', '/connectors/{p}-no/config'),
    oddly('options-offsets', 'OPTIONS', '/connectors/{p}-no/offsets'),
    oddly('options-tasks', 'OPTIONS', '/connectors/{p}-no/tasks'),
    oddly('options-loggers', 'OPTIONS', '/admin/loggers'),
    oddly('options-logger', 'OPTIONS', '/admin/loggers/root'),
    oddly('options-unknown', 'OPTIONS', '/nope'),
    oddly('options-xml', 'OPTIONS', '/connectors', { headers: { Accept: 'application/xml' } }),
    oddly('propfind', 'PROPFIND', '/connectors'),
    oddly('trace', 'TRACE', '/connectors', { statusOnly: true }),
    oddly('trailing', 'POST', '/connectors/', { body: '{', statusOnly: true }),
    oddly('two-trailing', 'GET', '/connectors//'),
    oddly('case', 'GET', '/Connectors'),
    oddly('dot', 'GET', '/connectors/./'),
    oddly('dots', 'GET', '/connectors/../health'),
    oddly('encoded-dots', 'GET', '/connectors/%2e%2e/health'),
    oddly('semicolon', 'GET', '/connectors;a=b'),
    oddly('bad-percent', 'GET', '/connectors/%zz'),
    oddly('encoded-backslash', 'GET', '/connectors/%5C'),
    oddly('nul', 'GET', '/connectors/%00'),
    oddly('bad-utf8', 'GET', '/connectors/%ff', { statusOnly: true }),
    oddly('plus', 'GET', '/connectors/a+b'),
    oddly('query-question', 'GET', '/connectors?expand=info?x'),
    oddly('task-plus', 'GET', '/connectors/{p}-no/tasks/+0/status'),
    oddly('task-huge', 'GET', '/connectors/{p}-no/tasks/99999999999/status'),
    oddly('task-negative', 'GET', '/connectors/{p}-no/tasks/-1/status'),
    oddly('logger-new-level-as-root', 'PUT', '/admin/loggers/a.b.c', { body: { level: 'INFO' } }),
    oddly('logger-list', 'GET', '/admin/loggers'),
    oddly('logger-off', 'PUT', '/admin/loggers/a.off', { body: { level: 'off' } }),
    oddly('logger-off-get', 'GET', '/admin/loggers/a.off'),
    oddly('logger-list-off', 'GET', '/admin/loggers'),
    oddly('logger-child', 'GET', '/admin/loggers/a.b.c.d'),
    oddly('logger-fatal', 'PUT', '/admin/loggers/a.b', { body: { level: 'FaTaL' } }),
    oddly('logger-all', 'PUT', '/admin/loggers/a', { body: { level: 'ALL' } }),
    oddly('logger-again', 'PUT', '/admin/loggers/a', { body: { level: 'ALL' } }),
    oddly('logger-number', 'PUT', '/admin/loggers/a', { body: { level: 5 } }),
    oddly('logger-nested', 'PUT', '/admin/loggers/a', { body: { level: {} }, statusOnly: true }),
    oddly('logger-array', 'PUT', '/admin/loggers/a', { body: [], statusOnly: true }),
    oddly('logger-extra', 'PUT', '/admin/loggers/a', { body: { level: 'INFO', more: 'x' } }),
    oddly('logger-bad-scope-upper', 'PUT', '/admin/loggers/a?scope=CLUSTER', { body: { level: 'WARN' } }),
    oddly('logger-root', 'PUT', '/admin/loggers/root', { body: { level: 'ERROR' } }),
    oddly('logger-list-end', 'GET', '/admin/loggers'),
    oddly('logger-root-upper', 'GET', '/admin/loggers/ROOT'),
  ],
};
