import type { RequestGroup } from './request-group.ts';

export const topicCreation: RequestGroup = {
  name: 'topic-creation',
  requests: [
    {
      name: 'tc-create',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-tc',
        config: {
          'connector.class': 'ProbeSource',
          topic: '{p}-tc-out',
          'tasks.max': '1',
          'topic.creation.groups': 'g',
          'topic.creation.g.include': '{p}-tc.*',
          'topic.creation.g.cleanup.policy': 'compact',
          'topic.creation.default.partitions': '3',
          'topic.creation.default.replication.factor': '1',
        },
      },
    },
    { name: 'tc-status', method: 'GET', path: '/connectors/{p}-tc/status' },
    {
      name: 'tc-bad',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-tc2',
        config: {
          'connector.class': 'ProbeSource',
          topic: '{p}-tc2-out',
          'tasks.max': '1',
          'topic.creation.default.partitions': '0',
          'topic.creation.default.replication.factor': '1',
        },
      },
    },
    { name: 'tc-bad-status', method: 'GET', path: '/connectors/{p}-tc2/status' },
    {
      name: 'tc-nodefault',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-tc3',
        config: {
          'connector.class': 'ProbeSource',
          topic: '{p}-tc3-out',
          'tasks.max': '1',
          'topic.creation.groups': 'g',
        },
      },
    },
    { name: 'tc-nodefault-status', method: 'GET', path: '/connectors/{p}-tc3/status' },
  ],
};
