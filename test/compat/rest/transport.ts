import type { RequestGroup } from './request-group.ts';

export const transport: RequestGroup = {
  name: 'transport',
  requests: [
    { name: 'root', method: 'GET', path: '/' },
    { name: 'root-head', method: 'HEAD', path: '/' },
    { name: 'health', method: 'GET', path: '/health' },
    { name: 'list-empty', method: 'GET', path: '/connectors' },
    { name: 'expand-empty', method: 'GET', path: '/connectors?expand=status&expand=info' },
    { name: 'unknown-path', method: 'GET', path: '/nope' },
    { name: 'method-not-allowed', method: 'DELETE', path: '/connectors' },
    { name: 'method-not-allowed-root', method: 'POST', path: '/', body: {} },
    { name: 'options-connectors', method: 'OPTIONS', path: '/connectors' },
    { name: 'accept-xml', method: 'GET', path: '/connectors', headers: { Accept: 'application/xml' } },
    { name: 'ctype-text', method: 'POST', path: '/connectors', body: '{}', headers: { 'Content-Type': 'text/plain' } },
    { name: 'post-no-ctype', method: 'POST', path: '/connectors', body: '{}', headers: { 'Content-Type': null } },
  ],
};
