import type { RequestGroup } from './request-group.ts';

export const oddNames: RequestGroup = {
  name: 'odd-names',
  requests: [
    {
      name: 'name-post',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p} name with spaces',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' },
      },
    },
    { name: 'name-get', method: 'GET', path: '/connectors/{p}%20name%20with%20spaces' },
    { name: 'name-del', method: 'DELETE', path: '/connectors/{p}%20name%20with%20spaces' },
    {
      name: 'name-post-2',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}-üñí', config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' } },
    },
    { name: 'name-get-2', method: 'GET', path: '/connectors/{p}-%C3%BC%C3%B1%C3%AD' },
    { name: 'name-del-2', method: 'DELETE', path: '/connectors/{p}-%C3%BC%C3%B1%C3%AD' },
    {
      name: 'name-post-3',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}.dots', config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' } },
    },
    { name: 'name-get-3', method: 'GET', path: '/connectors/{p}.dots' },
    { name: 'name-del-3', method: 'DELETE', path: '/connectors/{p}.dots' },
    {
      name: 'name-post-4',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}%pct', config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' } },
    },
    { name: 'name-get-4', method: 'GET', path: '/connectors/{p}%25pct' },
    { name: 'name-del-4', method: 'DELETE', path: '/connectors/{p}%25pct' },
    {
      name: 'name-post-5',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}?q', config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' } },
    },
    { name: 'name-get-5', method: 'GET', path: '/connectors/{p}%3Fq' },
    { name: 'name-del-5', method: 'DELETE', path: '/connectors/{p}%3Fq' },
    {
      name: 'name-post-6',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '  {p}-trim  ',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' },
      },
    },
    { name: 'name-get-6', method: 'GET', path: '/connectors/{p}-trim' },
    { name: 'name-del-6', method: 'DELETE', path: '/connectors/{p}-trim' },
    {
      name: 'name-post-7',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}#h', config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' } },
    },
    { name: 'name-get-7', method: 'GET', path: '/connectors/{p}%23h' },
    { name: 'name-del-7', method: 'DELETE', path: '/connectors/{p}%23h' },
    {
      name: 'name-post-8',
      method: 'POST',
      path: '/connectors',
      body: { name: "{p}'quote", config: { 'connector.class': 'ProbeSource', topic: '{p}-names', 'tasks.max': '1' } },
    },
    { name: 'name-get-8', method: 'GET', path: '/connectors/{p}%27quote' },
    { name: 'name-del-8', method: 'DELETE', path: '/connectors/{p}%27quote' },
  ],
};
