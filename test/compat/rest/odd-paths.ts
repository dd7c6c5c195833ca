import { aSource, type RequestGroup } from './request-group.ts';

/** Paths that could be read in two ways, or in none. */
const ambiguous = [
  '/..;/x',
  '/..',
  '/%2e%2e/x',
  '/a/../..',
  '/connectors/..',
  '/connectors/../connectors',
  '/connectors/./',
  '/connectors/..;/',
  '/.;/connectors',
  '/connectors/;/x',
  '/connectors/;',
  '/connectors/x;/;',
  '/;/',
  '/;a=b',
  '/connectors;a=b',
  '/connectors;a=%2f%25%0a/x',
  '/connectors/x%0ay',
  '/connectors/x%0d%0aSet-Cookie:a',
  '/connectors/x%7f',
  '/connectors/"x"',
  '/connectors/{x}',
  '/connectors|',
  '/connectors#a/../..',
  '/%63onnectors',
  'http://other/connectors',
  '/connectors/%',
];
const hosts = ['a b', 'a/b', 'u@x', 'x:', 'x:99999', '[::1', 'x_y', 'x:80', '[::1]:80'];
/** What clients want; the answer to OPTIONS says which of it counts most. */
const wanted = [
  '*/*',
  '*',
  'text',
  'text/html, text/plain',
  'a/b, text/*',
  'application/json, text/plain, */*',
  'application/json;q=0.1, */*',
  'application/xml;q=0.5, application/json;q=0.9',
  'text/html;charset="utf-8"',
  'application/*',
  'a/b;q=0, c/d',
  'junk junk',
  'a/b;q=5',
];

export const oddPaths: RequestGroup = {
  name: 'odd-paths',
  given: aSource,
  requests: [
    { name: 'openapi', method: 'GET', path: '/openapi.json' },
    { name: 'wadl', method: 'GET', path: '/application.wadl' },
    { name: 'trailing-slash', method: 'GET', path: '/connectors/' },
    { name: 'double-slash', method: 'GET', path: '//connectors' },
    { name: 'connector-encoded-name', method: 'GET', path: '/connectors/{p}-sp%20ace%2Fx' },
    { name: 'delete-encoded-name', method: 'DELETE', path: '/connectors/{p}-sp%20ace%2Fx' },
    { name: 'expand-all-states', method: 'GET', path: '/connectors?expand=status&expand=info' },
    { name: 'delete-connector', method: 'DELETE', path: '/connectors/{p}-src' },
    { name: 'delete-again', method: 'DELETE', path: '/connectors/{p}-src' },
    { name: 'get-status-deleted', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'get-offsets-deleted', method: 'GET', path: '/connectors/{p}-src/offsets' },
    ...ambiguous.flatMap((path) =>
      ['GET', 'OPTIONS', 'DELETE'].map((method) => ({ name: `${method} ${path}`, method, path })),
    ),
    { name: 'of the server itself', method: 'OPTIONS', path: '*' },
    ...hosts.map((Host) => ({ name: `host ${Host}`, method: 'GET', path: '/connectors', headers: { Host } })),
    ...wanted.flatMap((Accept) =>
      ['OPTIONS', 'GET'].map((method) => ({
        name: `${method} for ${Accept}`,
        method,
        path: '/connectors',
        headers: { Accept },
      })),
    ),
  ],
};
