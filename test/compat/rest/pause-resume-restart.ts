import { aSource, type RequestGroup } from './request-group.ts';

export const pauseResumeRestart: RequestGroup = {
  name: 'pause-resume-restart',
  given: aSource,
  requests: [
    { name: 'pause', method: 'PUT', path: '/connectors/{p}-src/pause' },
    { name: 'status-paused', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'pause-again', method: 'PUT', path: '/connectors/{p}-src/pause' },
    {
      name: 'patch-offsets-while-paused',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: '{dir}/in.txt' }, offset: { position: 0 } }] },
    },
    { name: 'delete-offsets-while-paused', method: 'DELETE', path: '/connectors/{p}-src/offsets' },
    { name: 'restart-paused', method: 'POST', path: '/connectors/{p}-src/restart?includeTasks=true' },
    { name: 'status-paused-after-restart', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'resume', method: 'PUT', path: '/connectors/{p}-src/resume' },
    { name: 'resume-again', method: 'PUT', path: '/connectors/{p}-src/resume' },
    { name: 'status-resumed', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'restart-204', method: 'POST', path: '/connectors/{p}-src/restart' },
    { name: 'status-restarted', method: 'GET', path: '/connectors/{p}-src/status' },
    { name: 'restart-onlyFailed', method: 'POST', path: '/connectors/{p}-src/restart?onlyFailed=true' },
    { name: 'restart-includeTasks', method: 'POST', path: '/connectors/{p}-src/restart?includeTasks=true' },
    {
      name: 'restart-includeTasks-false-explicit',
      method: 'POST',
      path: '/connectors/{p}-src/restart?includeTasks=false&onlyFailed=false',
    },
    { name: 'restart-bad-bool', method: 'POST', path: '/connectors/{p}-src/restart?includeTasks=banana' },
    { name: 'task-restart', method: 'POST', path: '/connectors/{p}-src/tasks/0/restart' },
    { name: 'task-restart-404', method: 'POST', path: '/connectors/{p}-src/tasks/9/restart' },
    { name: 'task-restart-nonint', method: 'POST', path: '/connectors/{p}-src/tasks/abc/restart' },
  ],
};
