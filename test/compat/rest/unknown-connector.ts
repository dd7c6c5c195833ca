import type { RequestGroup } from './request-group.ts';

export const unknownConnector: RequestGroup = {
  name: 'unknown-connector',
  requests: [
    { name: 'missing-GET', method: 'GET', path: '/connectors/{p}-missing' },
    { name: 'missing-GET-config', method: 'GET', path: '/connectors/{p}-missing/config' },
    { name: 'missing-GET-status', method: 'GET', path: '/connectors/{p}-missing/status' },
    { name: 'missing-GET-tasks', method: 'GET', path: '/connectors/{p}-missing/tasks' },
    { name: 'missing-GET-topics', method: 'GET', path: '/connectors/{p}-missing/topics' },
    { name: 'missing-PUT-topics-reset', method: 'PUT', path: '/connectors/{p}-missing/topics/reset' },
    { name: 'missing-GET-offsets', method: 'GET', path: '/connectors/{p}-missing/offsets' },
    { name: 'missing-DELETE', method: 'DELETE', path: '/connectors/{p}-missing' },
    { name: 'missing-POST-restart', method: 'POST', path: '/connectors/{p}-missing/restart' },
    {
      name: 'missing-POST-restart-2',
      method: 'POST',
      path: '/connectors/{p}-missing/restart?includeTasks=true&onlyFailed=true',
    },
    { name: 'missing-PUT-pause', method: 'PUT', path: '/connectors/{p}-missing/pause' },
    { name: 'missing-PUT-resume', method: 'PUT', path: '/connectors/{p}-missing/resume' },
    { name: 'missing-PUT-stop', method: 'PUT', path: '/connectors/{p}-missing/stop' },
    { name: 'missing-GET-tasks-0-status', method: 'GET', path: '/connectors/{p}-missing/tasks/0/status' },
    { name: 'missing-POST-tasks-0-restart', method: 'POST', path: '/connectors/{p}-missing/tasks/0/restart' },
    { name: 'missing-DELETE-offsets', method: 'DELETE', path: '/connectors/{p}-missing/offsets' },
    {
      name: 'missing-PATCH-offsets',
      method: 'PATCH',
      path: '/connectors/{p}-missing/offsets',
      body: { offsets: [{ partition: { a: 1 }, offset: null }] },
    },
    { name: 'missing-PATCH-config', method: 'PATCH', path: '/connectors/{p}-missing/config', body: { a: 'b' } },
  ],
};
