import type { RequestGroup } from './request-group.ts';

export const plugins: RequestGroup = {
  name: 'plugins',
  requests: [
    { name: 'plugins', method: 'GET', path: '/connector-plugins' },
    { name: 'plugins-all', method: 'GET', path: '/connector-plugins?connectorsOnly=false' },
    { name: 'plugins-badbool', method: 'GET', path: '/connector-plugins?connectorsOnly=banana' },
    { name: 'plugin-config-FileStreamSource', method: 'GET', path: '/connector-plugins/FileStreamSource/config' },
    {
      name: 'plugin-config-FileStreamSourceConnector',
      method: 'GET',
      path: '/connector-plugins/FileStreamSourceConnector/config',
    },
    {
      name: 'plugin-config-org.apache.kafka.connect.file.FileStreamSourceConnector',
      method: 'GET',
      path: '/connector-plugins/org.apache.kafka.connect.file.FileStreamSourceConnector/config',
    },
    { name: 'plugin-config-ProbeSource', method: 'GET', path: '/connector-plugins/ProbeSource/config' },
    { name: 'plugin-config-compat.ProbeSink', method: 'GET', path: '/connector-plugins/compat.ProbeSink/config' },
    {
      name: 'plugin-config-org.apache.kafka.connect.json.JsonConverter',
      method: 'GET',
      path: '/connector-plugins/org.apache.kafka.connect.json.JsonConverter/config',
    },
    { name: 'plugin-config-JsonConverter', method: 'GET', path: '/connector-plugins/JsonConverter/config' },
    { name: 'plugin-config-Json', method: 'GET', path: '/connector-plugins/Json/config' },
    {
      name: 'plugin-config-org.apache.kafka.connect.transforms.Cast-Value',
      method: 'GET',
      path: '/connector-plugins/org.apache.kafka.connect.transforms.Cast$Value/config',
    },
    { name: 'plugin-config-InsertField', method: 'GET', path: '/connector-plugins/InsertField/config' },
    {
      name: 'plugin-config-org.apache.kafka.connect.transforms.predicates.TopicNameMatches',
      method: 'GET',
      path: '/connector-plugins/org.apache.kafka.connect.transforms.predicates.TopicNameMatches/config',
    },
    { name: 'plugin-config-HasHeaderKey', method: 'GET', path: '/connector-plugins/HasHeaderKey/config' },
    {
      name: 'plugin-config-SimpleHeaderConverter',
      method: 'GET',
      path: '/connector-plugins/SimpleHeaderConverter/config',
    },
    { name: 'plugin-config-com.nope', method: 'GET', path: '/connector-plugins/com.nope/config' },
    {
      name: 'plugin-config-compat.ProbeSource-version=1.2.3',
      method: 'GET',
      path: '/connector-plugins/compat.ProbeSource?version=1.4.0',
    },
    {
      name: 'plugin-config-compat.ProbeSource-version=9.9',
      method: 'GET',
      path: '/connector-plugins/compat.ProbeSource/config?version=9.9',
    },
    {
      name: 'plugin-config-compat.ProbeSource-version=[',
      method: 'GET',
      path: '/connector-plugins/compat.ProbeSource?version=%5B/config',
    },
    { name: 'plugin-config-VerifiableSource', method: 'GET', path: '/connector-plugins/VerifiableSource/config' },
    { name: 'plugin-config-MockSink', method: 'GET', path: '/connector-plugins/MockSink/config' },
    { name: 'plugin-config-SchemaSource', method: 'GET', path: '/connector-plugins/SchemaSource/config' },
  ],
};
