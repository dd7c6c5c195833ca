import type { RequestGroup } from './request-group.ts';

export const loggers: RequestGroup = {
  name: 'loggers',
  requests: [
    { name: 'loggers', method: 'GET', path: '/admin/loggers' },
    { name: 'logger-root', method: 'GET', path: '/admin/loggers/root' },
    { name: 'logger-unknown', method: 'GET', path: '/admin/loggers/no.such.logger' },
    {
      name: 'logger-put',
      method: 'PUT',
      path: '/admin/loggers/org.apache.kafka.connect.runtime.WorkerSourceTask',
      body: { level: 'DEBUG' },
    },
    { name: 'logger-get', method: 'GET', path: '/admin/loggers/org.apache.kafka.connect.runtime.WorkerSourceTask' },
    {
      name: 'logger-put-ns',
      method: 'PUT',
      path: '/admin/loggers/org.apache.kafka.connect.file',
      body: { level: 'trace' },
    },
    { name: 'logger-put-bad', method: 'PUT', path: '/admin/loggers/root', body: { level: 'LOUD' } },
    { name: 'logger-put-missing', method: 'PUT', path: '/admin/loggers/root', body: {} },
    {
      name: 'logger-put-cluster',
      method: 'PUT',
      path: '/admin/loggers/org.apache.kafka.connect?scope=cluster',
      body: { level: 'WARN' },
    },
    {
      name: 'logger-put-badscope',
      method: 'PUT',
      path: '/admin/loggers/org.reflections?scope=galaxy',
      body: { level: 'ERROR' },
    },
    { name: 'logger-put-nobody', method: 'PUT', path: '/admin/loggers/root', body: '' },
    { name: 'loggers-after', method: 'GET', path: '/admin/loggers' },
    {
      name: 'logger-restore',
      method: 'PUT',
      path: '/admin/loggers/org.apache.kafka.connect?scope=cluster',
      body: { level: 'INFO' },
    },
    { name: 'logger-delete', method: 'DELETE', path: '/admin/loggers/root' },
  ],
};
