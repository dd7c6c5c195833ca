import type { RequestGroup } from './request-group.ts';

export const readASource: RequestGroup = {
  name: 'read-a-source',
  requests: [
    {
      name: 'post-source',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-src',
        config: { 'connector.class': 'FileStreamSource', topic: '{p}-t', file: '{dir}/in.txt', 'tasks.max': '1' },
      },
    },
    {
      name: 'post-source-dup',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}-src', config: { 'connector.class': 'FileStreamSource', topic: '{p}-t' } },
    },
    { name: 'get-connector', method: 'GET', path: '/connectors/{p}-src' },
    { name: 'get-config', method: 'GET', path: '/connectors/{p}-src/config' },
    { name: 'get-status', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'get-tasks', method: 'GET', path: '/connectors/{p}-src/tasks' },
    { name: 'get-tasks-config-removed', method: 'GET', path: '/connectors/{p}-src/tasks-config' },
    { name: 'get-task-status', method: 'GET', path: '/connectors/{p}-src/tasks/0/status' },
    { name: 'get-task-status-404', method: 'GET', path: '/connectors/{p}-src/tasks/7/status' },
    { name: 'get-task-status-nonint', method: 'GET', path: '/connectors/{p}-src/tasks/x/status' },
    { name: 'get-topics', method: 'GET', path: '/connectors/{p}-src/topics' },
    { name: 'list', method: 'GET', path: '/connectors' },
    { name: 'expand-status', method: 'GET', path: '/connectors?expand=status' },
    { name: 'expand-info', method: 'GET', path: '/connectors?expand=info' },
    { name: 'expand-both', method: 'GET', path: '/connectors?expand=info&expand=status' },
    { name: 'expand-unknown', method: 'GET', path: '/connectors?expand=zzz' },
    { name: 'get-offsets-source', method: 'GET', path: '/connectors/{p}-src/offsets' },
    { name: 'reset-topics', method: 'PUT', path: '/connectors/{p}-src/topics/reset' },
    { name: 'get-topics-after-reset', method: 'GET', path: '/connectors/{p}-src/topics' },
  ],
};
