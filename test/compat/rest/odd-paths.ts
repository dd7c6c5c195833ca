import { aSource, type RequestGroup } from './request-group.ts';

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
  ],
};
