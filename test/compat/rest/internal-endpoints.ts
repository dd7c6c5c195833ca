import { aProbe, type RequestGroup } from './request-group.ts';

export const internalEndpoints: RequestGroup = {
  name: 'internal-endpoints',
  given: aProbe,
  requests: [
    { name: 'internal-put-tasks-nosig', method: 'POST', path: '/connectors/{p}-two/tasks', body: [] },
    { name: 'internal-fence-nosig', method: 'PUT', path: '/connectors/{p}-two/fence', body: '' },
    {
      name: 'internal-put-tasks-badsig',
      method: 'POST',
      path: '/connectors/{p}-two/tasks',
      body: [],
      headers: {
        'X-Connect-Authorization': 'MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=',
        'X-Connect-Request-Signature-Algorithm': 'HmacSHA256',
      },
    },
    {
      name: 'internal-put-tasks-badalg',
      method: 'POST',
      path: '/connectors/{p}-two/tasks',
      body: [],
      headers: { 'X-Connect-Authorization': 'AAAA', 'X-Connect-Request-Signature-Algorithm': 'FooAlg' },
    },
    {
      name: 'internal-put-tasks-badb64',
      method: 'POST',
      path: '/connectors/{p}-two/tasks',
      body: [],
      headers: { 'X-Connect-Authorization': '!!', 'X-Connect-Request-Signature-Algorithm': 'HmacSHA256' },
    },
  ],
};
