import type { RestRequest } from '../pair/exchange.ts';
import type { RequestGroup } from './request-group.ts';

const source = (name: string, more = ''): string =>
  `{"name":"${name}","initial_state":"STOPPED","config":{"connector.class":"FileStreamSource","topic":"t"${more}}}`;

const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

function utf32(text: string): Buffer {
  const points = [...text].map((char) => char.codePointAt(0) ?? 0);
  const bytes = Buffer.alloc(points.length * 4);
  for (const [i, point] of points.entries()) bytes.writeUInt32BE(point, i * 4);
  return bytes;
}

const post = (name: string, body: string | Buffer, more: Partial<RestRequest> = {}): RestRequest => ({
  name,
  method: 'POST',
  path: '/connectors',
  body,
  ...more,
});

/** Requests whose bodies nobody reads. */
const unread: readonly (readonly [method: string, path: string])[] = [
  ['PUT', '/connectors/{p}-no/pause'],
  ['PUT', '/connectors/{p}-no/resume'],
  ['POST', '/connectors/{p}-no/restart?includeTasks=true'],
  ['GET', '/connectors/{p}-no/status'],
  ['DELETE', '/connectors/{p}-no'],
  ['DELETE', '/connectors/{p}-no/offsets'],
  ['PUT', '/connectors/{p}-no/topics/reset'],
  ['PUT', '/connectors/{p}-no/fence'],
];

/** How bodies are read: not at all, in any encoding of JSON, with numbers as they were written; and content types that are none. */
export const oddBodies: RequestGroup = {
  name: 'odd-bodies',
  requests: [
    ...unread.flatMap(([method, path]): RestRequest[] => [
      { name: `broken ${method} ${path}`, method, path, body: '{"broken' },
      { name: `no-utf8 ${method} ${path}`, method, path, body: Buffer.from([0xff, 0xfe, 0xfd]) },
      { name: `untyped ${method} ${path}`, method, path, body: 'x', headers: { 'Content-Type': null } },
    ]),
    { name: 'tasks-broken', method: 'POST', path: '/connectors/{p}-no/tasks', body: '{"broken' },
    { name: 'tasks-nested', method: 'POST', path: '/connectors/{p}-no/tasks', body: '[{"a":{}}]' },
    { name: 'tasks-null', method: 'POST', path: '/connectors/{p}-no/tasks', body: '[null]' },
    post('utf-16le', Buffer.from(source('odd-16le', ',"ü":"\u{1f600}"'), 'utf16le')),
    post('utf-16be', swapped(source('odd-16be'))),
    post('utf-16be-mark', swapped(`\ufeff${source('odd-16be-mark')}`)),
    post('utf-32be', utf32(source('odd-32be'))),
    post('utf-8-mark', `\ufeff${source('odd-8-mark')}`),
    post('charset-says-otherwise', Buffer.from(source('odd-charset'), 'utf16le'), {
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
    }),
    post('latin-1', Buffer.from(source('odd-latin', ',"x":"ü"'), 'latin1'), { statusOnly: true }),
    post('lone-surrogate', source('odd-surrogate', ',"x":"\\ud800"')),
    post('numbers', source('odd-numbers', ',"a":1.0,"b":1e3,"c":-0,"d":0.10,"e":12345678901234567890,"f":1E400')),
    post('name-is-a-number', source('1.50').replace('"1.50"', '1.50')),
    post('twice-the-same-key', source('odd-twice', ',"a":"1","a":"2"')),
    post('an-object-and-more', `${source('odd-more')} {}`, { statusOnly: true }),
    post('comment', `/* no */ ${source('odd-comment')}`, { statusOnly: true }),
    post('single-quotes', source('odd-quotes').replaceAll('"', "'"), { statusOnly: true }),
    post('line-break-in-a-text', source('odd-break', ',"x":"a\nb"'), { statusOnly: true }),
    post('state-before-name', '{"name":"a","initial_state":"NOPE","config":{"name":"b"}}', { statusOnly: true }),
    { name: 'list', method: 'GET', path: '/connectors' },
    { name: 'patch-nothing', method: 'PATCH', path: '/connectors/{p}-no/config', body: 'null' },
    { name: 'patch-name-of-unknown', method: 'PATCH', path: '/connectors/{p}-no/config', body: '{"name":"b"}' },
    { name: 'patch-empty', method: 'PATCH', path: '/connectors/{p}-no/config', body: '' },
    { name: 'patch-numbers', method: 'PATCH', path: '/connectors/odd-numbers/config', body: '{"a":2.50,"b":null}' },
    ...['', 'json', 'a/b/c', 'application/', '*', 'application/json, text/plain', 'application/json; charset'].flatMap(
      (type): RestRequest[] => [
        { name: `type "${type}"`, method: 'GET', path: '/connectors', headers: { 'Content-Type': type } },
        { name: `type "${type}" nowhere`, method: 'PUT', path: '/nope', body: '{}', headers: { 'Content-Type': type } },
      ],
    ),
    ...[
      'application/json;',
      'application/json;q=1;a="b c"',
      '*/*',
      'application/*',
      'application/*+json',
      'text/json',
    ].map((type) => post(`type "${type}"`, source('odd-typed'), { headers: { 'Content-Type': type } })),
    {
      name: 'type "*/*" unread',
      method: 'PUT',
      path: '/connectors/{p}-no/pause',
      body: 'x',
      headers: { 'Content-Type': '*/*' },
    },
  ],
};
