import type { RequestGroup } from './request-group.ts';

export const createRefusals: RequestGroup = {
  name: 'create-refusals',
  requests: [
    { name: 'post-malformed-json', method: 'POST', path: '/connectors', body: '{"name": "x", ' },
    { name: 'post-empty-body', method: 'POST', path: '/connectors', body: '' },
    { name: 'post-null-body', method: 'POST', path: '/connectors', body: 'null' },
    { name: 'post-array-body', method: 'POST', path: '/connectors', body: '[]' },
    { name: 'post-unknown-field', method: 'POST', path: '/connectors', body: { name: 'x', config: {}, foo: 1 } },
    { name: 'post-no-config', method: 'POST', path: '/connectors', body: { name: 'x' } },
    { name: 'post-empty-config', method: 'POST', path: '/connectors', body: { name: 'x', config: {} } },
    {
      name: 'post-no-name',
      method: 'POST',
      path: '/connectors',
      body: { config: { 'connector.class': 'FileStreamSource', topic: '{p}-t' } },
    },
    { name: 'post-empty-object', method: 'POST', path: '/connectors', body: {} },
    {
      name: 'post-name-mismatch',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { name: 'y', 'connector.class': 'FileStreamSource' } },
    },
    {
      name: 'post-unknown-class',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'com.nope.Nope' } },
    },
    {
      name: 'post-not-a-connector-class',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'java.lang.String' } },
    },
    {
      name: 'post-missing-topic',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'FileStreamSource' } },
    },
    {
      name: 'post-bad-tasksmax',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'FileStreamSource', topic: 't', 'tasks.max': '0' } },
    },
    {
      name: 'post-nonint-tasksmax',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'FileStreamSource', topic: 't', 'tasks.max': 'abc' } },
    },
    {
      name: 'post-multi-errors',
      method: 'POST',
      path: '/connectors',
      body: {
        name: 'x',
        config: {
          'connector.class': 'FileStreamSource',
          'tasks.max': '-1',
          'errors.tolerance': 'some',
          'key.converter': 'nope',
          transforms: 'a',
        },
      },
    },
    {
      name: 'post-sink-no-topics',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'FileStreamSink' } },
    },
    {
      name: 'post-sink-both-topics',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'FileStreamSink', topics: 'a', 'topics.regex': 'b.*' } },
    },
    {
      name: 'post-sink-dlq-in-topics',
      method: 'POST',
      path: '/connectors',
      body: {
        name: 'x',
        config: { 'connector.class': 'FileStreamSink', topics: 'a,dlq', 'errors.deadletterqueue.topic.name': 'dlq' },
      },
    },
    {
      name: 'post-sink-bad-regex',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', config: { 'connector.class': 'FileStreamSink', 'topics.regex': '[' } },
    },
    {
      name: 'post-bad-initial-state',
      method: 'POST',
      path: '/connectors',
      body: { name: 'x', initial_state: 'WRONG', config: { 'connector.class': 'FileStreamSource', topic: 't' } },
    },
    {
      name: 'post-nonstring-config-value',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-numval',
        config: {
          'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
          topic: '{p}-t',
          file: '{dir}/in.txt',
          'tasks.max': 1,
          'x.bool': true,
          'x.null': null,
        },
      },
    },
    { name: 'get-nonstring-config', method: 'GET', path: '/connectors/{p}-numval/config' },
    { name: 'delete-numval', method: 'DELETE', path: '/connectors/{p}-numval' },
    {
      name: 'post-nested-config-value',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-nest',
        config: {
          'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
          topic: 't',
          o: { a: 1 },
        },
      },
    },
    {
      name: 'post-name-ctrl-chars',
      method: 'POST',
      path: '/connectors',
      body: {
        name: 'a\u0001b',
        config: { 'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector', topic: 't' },
      },
    },
  ],
};
