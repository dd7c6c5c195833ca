import { aSource, type RequestGroup } from './request-group.ts';

export const stoppedSource: RequestGroup = {
  name: 'stopped-source',
  given: aSource,
  requests: [
    {
      name: 'patch-offsets-running',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: '{dir}/in.txt' }, offset: { position: 0 } }] },
    },
    { name: 'delete-offsets-running', method: 'DELETE', path: '/connectors/{p}-src/offsets' },
    { name: 'stop', method: 'PUT', path: '/connectors/{p}-src/stop' },
    { name: 'status-stopped', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'tasks-stopped', method: 'GET', path: '/connectors/{p}-src/tasks' },
    { name: 'info-stopped', method: 'GET', path: '/connectors/{p}-src' },
    { name: 'stop-again', method: 'PUT', path: '/connectors/{p}-src/stop' },
    { name: 'topics-stopped', method: 'GET', path: '/connectors/{p}-src/topics' },
    { name: 'restart-stopped', method: 'POST', path: '/connectors/{p}-src/restart' },
    { name: 'restart-stopped-includeTasks', method: 'POST', path: '/connectors/{p}-src/restart?includeTasks=true' },
    { name: 'task-restart-stopped', method: 'POST', path: '/connectors/{p}-src/tasks/0/restart' },
    { name: 'pause-stopped', method: 'PUT', path: '/connectors/{p}-src/pause' },
    { name: 'status-paused-from-stopped', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'stop-from-paused', method: 'PUT', path: '/connectors/{p}-src/stop' },
  ],
};
