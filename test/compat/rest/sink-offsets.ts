import { aSource, type RequestGroup } from './request-group.ts';

export const sinkOffsets: RequestGroup = {
  name: 'sink-offsets',
  given: aSource,
  requests: [
    {
      name: 'zs-create',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}-zs', config: { 'connector.class': 'ProbeSink', topics: '{p}-m', 'tasks.max': '1' } },
    },
    { name: 'zs-delete-offsets-immediately', method: 'DELETE', path: '/connectors/{p}-zs/offsets' },
    { name: 'zs-delete-offsets-later', method: 'DELETE', path: '/connectors/{p}-zs/offsets' },
    {
      name: 'post-sink',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-snk',
        config: {
          'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
          topics: '{p}-t',
          file: '{dir}/out.txt',
          'tasks.max': '2',
        },
      },
    },
    { name: 'get-sink-info', method: 'GET', path: '/connectors/{p}-snk' },
    { name: 'get-sink-status', method: 'GET', path: '/connectors/{p}-snk/status' },
    { name: 'get-sink-tasks', method: 'GET', path: '/connectors/{p}-snk/tasks' },
    { name: 'get-offsets-sink', method: 'GET', path: '/connectors/{p}-snk/offsets' },
    { name: 'get-topics-sink', method: 'GET', path: '/connectors/{p}-snk/topics' },
    { name: 'stop-sink', method: 'PUT', path: '/connectors/{p}-snk/stop' },
    {
      name: 'patch-offsets-sink-ok',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: '{p}-t', kafka_partition: 0 }, offset: { kafka_offset: 1 } }] },
    },
    { name: 'get-offsets-sink-after', method: 'GET', path: '/connectors/{p}-snk/offsets' },
    {
      name: 'patch-offsets-sink-notopic',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_partition: 0 }, offset: { kafka_offset: 1 } }] },
    },
    {
      name: 'patch-offsets-sink-nopartition',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: 'x' }, offset: { kafka_offset: 1 } }] },
    },
    {
      name: 'patch-offsets-sink-badpartition',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: 'x', kafka_partition: 'q' }, offset: { kafka_offset: 1 } }] },
    },
    {
      name: 'patch-offsets-sink-strpartition',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: '{p}-t', kafka_partition: '0' }, offset: { kafka_offset: '2' } }] },
    },
    {
      name: 'patch-offsets-sink-badoffset',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: '{p}-t', kafka_partition: 0 }, offset: { kafka_offset: 'z' } }] },
    },
    {
      name: 'patch-offsets-sink-nooffset',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: '{p}-t', kafka_partition: 0 }, offset: { zz: 1 } }] },
    },
    {
      name: 'patch-offsets-sink-negoffset',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: '{p}-t', kafka_partition: 0 }, offset: { kafka_offset: -1 } }] },
    },
    {
      name: 'patch-offsets-sink-nonexist-topic',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: '{p}-nope', kafka_partition: 0 }, offset: { kafka_offset: 1 } }] },
    },
    {
      name: 'patch-offsets-sink-nulloffset',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: { kafka_topic: '{p}-t', kafka_partition: 0 }, offset: null }] },
    },
    {
      name: 'patch-offsets-sink-nullpartition',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: { offsets: [{ partition: null, offset: { kafka_offset: 1 } }] },
    },
    {
      name: 'patch-offsets-sink-extra-partition-key',
      method: 'PATCH',
      path: '/connectors/{p}-snk/offsets',
      body: {
        offsets: [{ partition: { kafka_topic: '{p}-t', kafka_partition: 0, z: 1 }, offset: { kafka_offset: 1 } }],
      },
    },
    { name: 'delete-offsets-sink', method: 'DELETE', path: '/connectors/{p}-snk/offsets' },
    { name: 'get-offsets-sink-after-delete', method: 'GET', path: '/connectors/{p}-snk/offsets' },
  ],
};
