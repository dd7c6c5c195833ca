import { aSource, type RequestGroup } from './request-group.ts';

export const putAndPatchConfig: RequestGroup = {
  name: 'put-and-patch-config',
  given: aSource,
  requests: [
    {
      name: 'put-config-name-mismatch',
      method: 'PUT',
      path: '/connectors/{p}-src/config',
      body: { name: 'zz', 'connector.class': 'FileStreamSource', topic: '{p}-t' },
    },
    {
      name: 'put-config-invalid',
      method: 'PUT',
      path: '/connectors/{p}-src/config',
      body: { 'connector.class': 'FileStreamSource' },
    },
    { name: 'put-config-empty', method: 'PUT', path: '/connectors/{p}-src/config', body: {} },
    { name: 'put-config-nobody', method: 'PUT', path: '/connectors/{p}-src/config', body: '' },
    {
      name: 'put-config-change-type',
      method: 'PUT',
      path: '/connectors/{p}-src/config',
      body: { 'connector.class': 'FileStreamSink', topics: '{p}-t', file: '{dir}/o' },
    },
    {
      name: 'put-config-update',
      method: 'PUT',
      path: '/connectors/{p}-src/config',
      body: {
        'connector.class': 'FileStreamSource',
        topic: '{p}-t',
        file: '{dir}/in.txt',
        'tasks.max': '1',
        'batch.size': '10',
      },
    },
    {
      name: 'put-config-create',
      method: 'PUT',
      path: '/connectors/{p}-created/config',
      body: { 'connector.class': 'FileStreamSource', topic: '{p}-t2', file: '{dir}/in.txt' },
    },
    {
      name: 'put-config-name-with-spaces-slash',
      method: 'PUT',
      path: '/connectors/{p}-sp%20ace%2Fx/config',
      body: { 'connector.class': 'FileStreamSource', topic: '{p}-t2', file: '{dir}/in.txt' },
    },
    {
      name: 'patch-config',
      method: 'PATCH',
      path: '/connectors/{p}-src/config',
      body: { 'batch.size': '20', 'extra.key': 'v' },
    },
    { name: 'patch-config-remove', method: 'PATCH', path: '/connectors/{p}-src/config', body: { 'extra.key': null } },
    { name: 'patch-config-invalid', method: 'PATCH', path: '/connectors/{p}-src/config', body: { topic: null } },
    { name: 'patch-config-empty', method: 'PATCH', path: '/connectors/{p}-src/config', body: {} },
    { name: 'patch-config-name', method: 'PATCH', path: '/connectors/{p}-created/config', body: { name: 'other' } },
    { name: 'get-after-patch-name', method: 'GET', path: '/connectors/{p}-created/config' },
    { name: 'patch-config-nobody', method: 'PATCH', path: '/connectors/{p}-src/config', body: '' },
  ],
};
