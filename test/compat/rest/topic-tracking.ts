import type { ProfileName, RequestGroup } from './request-group.ts';

const group = (name: string, profile: ProfileName): RequestGroup => ({
  name,
  profile,
  // Of its own: the offsets of another group's source would outlive that, and nothing be written here.
  given: [
    {
      name: 'source',
      method: 'PUT',
      path: '/connectors/{p}-tracked/config',
      body: { 'connector.class': 'ProbeSource', topic: '{p}-tracked', 'tasks.max': '1', count: '2' },
    },
    {
      name: 'source-offset',
      method: 'GET',
      path: '/connectors/{p}-tracked/offsets',
      until: (body) => JSON.stringify(body).includes('"n":2'),
    },
  ],
  requests: [
    { name: 'topics', method: 'GET', path: '/connectors/{p}-tracked/topics' },
    { name: 'reset', method: 'PUT', path: '/connectors/{p}-tracked/topics/reset' },
    { name: 'topics-after', method: 'GET', path: '/connectors/{p}-tracked/topics' },
    { name: 'reset-with-body', method: 'PUT', path: '/connectors/{p}-tracked/topics/reset', body: {} },
    { name: 'topics-of-unknown', method: 'GET', path: '/connectors/{p}-no/topics' },
    { name: 'reset-of-unknown', method: 'PUT', path: '/connectors/{p}-no/topics/reset' },
    { name: 'wrong-method', method: 'POST', path: '/connectors/{p}-tracked/topics/reset' },
    {
      name: 'create-with-topic-creation',
      method: 'PUT',
      path: '/connectors/{p}-tc/config',
      body: {
        'connector.class': 'FileStreamSource',
        topic: '{p}-t',
        file: '{dir}/in.txt',
        'topic.creation.default.partitions': '1',
        'topic.creation.default.replication.factor': '1',
      },
    },
    {
      name: 'validate-with-topic-creation',
      method: 'PUT',
      path: '/connector-plugins/FileStreamSource/config/validate',
      body: {
        'connector.class': 'FileStreamSource',
        name: 'v',
        topic: 't',
        'topic.creation.groups': 'g',
        'topic.creation.default.partitions': '0',
      },
    },
    { name: 'status-with-topic-creation', method: 'GET', path: '/connectors/{p}-tc/status' },
  ],
});

/** Made, used, deleted and made again under the same name. */
const deleted: RequestGroup = {
  name: 'topics-of-a-deleted-connector',
  given: [
    {
      name: 'source',
      method: 'PUT',
      path: '/connectors/{p}-again/config',
      body: { 'connector.class': 'ProbeSource', topic: '{p}-again', 'tasks.max': '1', count: '2' },
    },
    {
      name: 'its-topics',
      method: 'GET',
      path: '/connectors/{p}-again/topics',
      until: (body) => JSON.stringify(body).includes('-again"]'),
    },
  ],
  requests: [
    { name: 'delete', method: 'DELETE', path: '/connectors/{p}-again' },
    { name: 'topics-of-none', method: 'GET', path: '/connectors/{p}-again/topics' },
    { name: 'reset', method: 'PUT', path: '/connectors/{p}-again/topics/reset' },
    { name: 'topics-after-reset', method: 'GET', path: '/connectors/{p}-again/topics' },
  ],
};

export const topicTracking: readonly RequestGroup[] = [
  deleted,
  group('topic-tracking', 'plain'),
  group('no-topic-tracking', 'no-topic-tracking'),
  group('no-topic-reset', 'no-topic-reset'),
];
