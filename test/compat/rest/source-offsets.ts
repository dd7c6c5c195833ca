import { aSource, type RequestGroup } from './request-group.ts';

export const sourceOffsets: RequestGroup = {
  name: 'source-offsets',
  given: aSource,
  requests: [
    { name: 'stop', method: 'PUT', path: '/connectors/{p}-src/stop' },
    {
      name: 'patch-offsets-ok',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: '{dir}/in.txt' }, offset: { position: 2 } }] },
    },
    { name: 'get-offsets-after-patch', method: 'GET', path: '/connectors/{p}-src/offsets' },
    { name: 'patch-offsets-nooffsets', method: 'PATCH', path: '/connectors/{p}-src/offsets', body: {} },
    { name: 'patch-offsets-empty', method: 'PATCH', path: '/connectors/{p}-src/offsets', body: { offsets: [] } },
    { name: 'patch-offsets-emptybody', method: 'PATCH', path: '/connectors/{p}-src/offsets', body: '' },
    { name: 'patch-offsets-malformed', method: 'PATCH', path: '/connectors/{p}-src/offsets', body: '{"offsets": [' },
    {
      name: 'patch-offsets-badpartition',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { nope: 'x' }, offset: { position: 2 } }] },
    },
    {
      name: 'patch-offsets-badoffset',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: '{dir}/in.txt' }, offset: { nope: 2 } }] },
    },
    {
      name: 'patch-offsets-negoffset',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: '{dir}/in.txt' }, offset: { position: -2 } }] },
    },
    {
      name: 'patch-offsets-nullpartition',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: null, offset: { position: 2 } }] },
    },
    {
      name: 'patch-offsets-missing-offset-key',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: '{dir}/in.txt' } }] },
    },
    {
      name: 'patch-offsets-unknown-field',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: 'a' }, offset: null, zz: 1 }] },
    },
    {
      name: 'patch-offsets-dup-partition',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: {
        offsets: [
          { partition: { filename: '{dir}/in.txt' }, offset: { position: 2 } },
          { partition: { filename: '{dir}/in.txt' }, offset: { position: 3 } },
        ],
      },
    },
    { name: 'get-offsets-after-dup', method: 'GET', path: '/connectors/{p}-src/offsets' },
    {
      name: 'patch-offsets-tombstone',
      method: 'PATCH',
      path: '/connectors/{p}-src/offsets',
      body: { offsets: [{ partition: { filename: '{dir}/in.txt' }, offset: null }] },
    },
    { name: 'get-offsets-after-tombstone', method: 'GET', path: '/connectors/{p}-src/offsets' },
    { name: 'delete-offsets-ok', method: 'DELETE', path: '/connectors/{p}-src/offsets' },
    { name: 'get-offsets-after-delete', method: 'GET', path: '/connectors/{p}-src/offsets' },
    { name: 'delete-offsets-twice', method: 'DELETE', path: '/connectors/{p}-src/offsets' },
    { name: 'resume-from-stopped', method: 'PUT', path: '/connectors/{p}-src/resume' },
  ],
};
