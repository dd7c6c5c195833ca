import type { RequestGroup } from './request-group.ts';

export const timeouts: RequestGroup = {
  name: 'timeouts',
  requests: [
    {
      name: 'create-failtc',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-failtc',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '2', mode: 'fail-taskconfigs' },
      },
    },
    { name: 'failtc-status', method: 'GET', path: '/connectors/{p}-failtc/status' },
    {
      name: 'create-toomany',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-toomany',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '2', 'task.count': '5' },
      },
    },
    { name: 'toomany-status', method: 'GET', path: '/connectors/{p}-toomany/status' },
  ],
};
