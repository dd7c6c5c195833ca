import type { RestRequest } from '../pair/exchange.ts';
import type { RequestGroup } from './request-group.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const ADA = basic('ada:lovelace');

const withHeader = (name: string, authorization: string | null, more: Partial<RestRequest> = {}): RestRequest => ({
  name,
  method: 'GET',
  path: '/connectors',
  headers: authorization === null ? {} : { Authorization: authorization },
  ...more,
});

const as = (name: string, method: string, path: string, more: Partial<RestRequest> = {}): RestRequest =>
  withHeader(name, ADA, { method, path, ...more });

const anonymous = (name: string, method: string, path: string, body?: unknown): RestRequest =>
  withHeader(name, null, { method, path, ...(body === undefined ? {} : { body }) });

export const basicAuth: RequestGroup = {
  name: 'basic-auth',
  profile: 'basic-auth',
  requests: [
    withHeader('right', ADA),
    withHeader('none', null),
    withHeader('empty', ''),
    withHeader('wrong-password', basic('ada:byron')),
    withHeader('wrong-user', basic('eve:lovelace')),
    withHeader('user-of-another-case', basic('Ada:lovelace')),
    withHeader('no-colon', basic('ada')),
    withHeader('no-user', basic(':lovelace')),
    withHeader('no-password', basic('ada:')),
    withHeader('password-and-more', basic('ada:lovelace:')),
    withHeader('password-with-colon', basic('co:a:b')),
    withHeader('umlauts', basic('üser:pässs')),
    withHeader('right-umlauts', basic('üser:päss')),
    withHeader('latin-1-umlauts', `Basic ${Buffer.from('üser:päss', 'latin1').toString('base64')}`),
    withHeader('scheme-in-upper-case', ADA.replace('Basic', 'BASIC')),
    withHeader('scheme-in-lower-case', ADA.replace('Basic', 'basic')),
    withHeader('two-spaces', ADA.replace(' ', '  ')),
    withHeader('only-scheme', 'Basic'),
    withHeader('only-scheme-and-space', 'Basic '),
    withHeader('another-scheme', 'Bearer abc'),
    withHeader('no-base64', 'Basic !!!'),
    withHeader('base64-without-padding', ADA.replace(/=+$/, '')),
    withHeader('base64-with-more-padding', `${ADA}=`),
    withHeader('base64-and-more', `${ADA} x`),
    withHeader('base64-for-urls', 'Basic YWRhOi-_'),
    anonymous('root', 'GET', '/'),
    anonymous('health', 'GET', '/health'),
    anonymous('loggers', 'GET', '/admin/loggers'),
    anonymous('unknown-path', 'GET', '/nope'),
    anonymous('wrong-method', 'DELETE', '/connectors'),
    anonymous('ambiguous-path', 'GET', '//connectors'),
    anonymous('create', 'POST', '/connectors', { name: '{p}-x', config: {} }),
    anonymous('create-malformed', 'POST', '/connectors', '{'),
    anonymous('tasks-of-a-worker', 'POST', '/connectors/{p}-x/tasks', []),
    anonymous('fence-of-a-worker', 'PUT', '/connectors/{p}-x/fence'),
    anonymous('tasks-read', 'GET', '/connectors/{p}-x/tasks'),
    anonymous('tasks-with-slash', 'POST', '/connectors/{p}-x/tasks/', []),
    anonymous('options', 'OPTIONS', '/connectors'),
    anonymous('head', 'HEAD', '/connectors'),
    {
      name: 'preflight',
      method: 'OPTIONS',
      path: '/connectors',
      headers: { Origin: 'http://a.example', 'Access-Control-Request-Method': 'GET' },
    },
    { name: 'origin', method: 'GET', path: '/connectors', headers: { Origin: 'http://a.example' } },
    as('as-ada-root', 'GET', '/'),
    as('as-ada-unknown-path', 'GET', '/nope'),
    as('as-ada-create', 'PUT', '/connectors/{p}-x/config', {
      body: { 'connector.class': 'FileStreamSource', topic: '{p}-t', file: '{dir}/in.txt' },
    }),
    as('as-ada-tasks', 'GET', '/connectors/{p}-x/tasks'),
    as('as-ada-delete', 'DELETE', '/connectors/{p}-x'),
  ],
};
