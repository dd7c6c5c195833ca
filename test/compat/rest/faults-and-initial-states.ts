import type { RequestGroup } from './request-group.ts';

export const faultsAndInitialStates: RequestGroup = {
  name: 'faults-and-initial-states',
  requests: [
    {
      name: 'create-two',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-two',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '2', count: '3' },
      },
    },
    { name: 'two-offsets', method: 'GET', path: '/connectors/{p}-two/offsets' },
    { name: 'two-info', method: 'GET', path: '/connectors/{p}-two' },
    { name: 'two-tasks', method: 'GET', path: '/connectors/{p}-two/tasks' },
    {
      name: 'create-failpoll',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-failpoll',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '2', mode: 'fail-poll' },
      },
    },
    {
      name: 'failpoll-status',
      method: 'GET',
      path: '/connectors/{p}-failpoll/status',
      until: (body) => JSON.stringify(body).split('"FAILED"').length === 3,
    },
    { name: 'failpoll-task-status', method: 'GET', path: '/connectors/{p}-failpoll/tasks/1/status' },
    {
      name: 'failpoll-restart-onlyFailed',
      method: 'POST',
      path: '/connectors/{p}-failpoll/restart?includeTasks=true&onlyFailed=true',
    },
    {
      name: 'create-failconn',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-failconn',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '2', mode: 'fail-connector-start' },
      },
    },
    { name: 'failconn-status', method: 'GET', path: '/connectors/{p}-failconn/status' },
    { name: 'failconn-restart', method: 'POST', path: '/connectors/{p}-failconn/restart' },
    { name: 'failconn-tasks', method: 'GET', path: '/connectors/{p}-failconn/tasks' },
    { name: 'failconn-info', method: 'GET', path: '/connectors/{p}-failconn' },
    {
      name: 'create-failtask',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-failtask',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '2', mode: 'fail-start' },
      },
    },
    { name: 'failtask-status', method: 'GET', path: '/connectors/{p}-failtask/status' },
    {
      name: 'create-toomany-unenforced',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-toomany-unenforced',
        config: {
          'connector.class': 'ProbeSource',
          topic: '{p}-sp',
          'tasks.max': '2',
          'task.count': '3',
          'tasks.max.enforce': 'false',
        },
      },
    },
    { name: 'toomany-unenforced-status', method: 'GET', path: '/connectors/{p}-toomany-unenforced/status' },
    {
      name: 'create-badconv',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-badconv',
        config: {
          'connector.class': 'ProbeSource',
          topic: '{p}-sp',
          'tasks.max': '2',
          'value.converter': 'org.apache.kafka.connect.converters.LongConverter',
        },
      },
    },
    { name: 'badconv-status', method: 'GET', path: '/connectors/{p}-badconv/status' },
    {
      name: 'create-initial-PAUSED',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-init-PAUSED',
        initial_state: 'PAUSED',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '1' },
      },
    },
    { name: 'status-initial-PAUSED', method: 'GET', path: '/connectors/{p}-init-PAUSED/status' },
    {
      name: 'create-initial-STOPPED',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-init-STOPPED',
        initial_state: 'STOPPED',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '1' },
      },
    },
    { name: 'status-initial-STOPPED', method: 'GET', path: '/connectors/{p}-init-STOPPED/status' },
    {
      name: 'create-initial-running',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-init-running',
        initial_state: 'running',
        config: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '1' },
      },
    },
    { name: 'status-initial-running', method: 'GET', path: '/connectors/{p}-init-running/status' },
    { name: 'stopped-new-offsets', method: 'GET', path: '/connectors/{p}-init-STOPPED/offsets' },
    {
      name: 'stopped-new-patch',
      method: 'PATCH',
      path: '/connectors/{p}-init-STOPPED/offsets',
      body: {
        offsets: [
          { partition: { p: '0' }, offset: { n: 4 } },
          { partition: { p: 'zz' }, offset: { n: 1 } },
        ],
      },
    },
    { name: 'stopped-new-offsets2', method: 'GET', path: '/connectors/{p}-init-STOPPED/offsets' },
  ],
};
