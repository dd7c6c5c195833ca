import type { RestRequest } from '../pair/exchange.ts';
import type { ProfileName, RequestGroup } from './request-group.ts';

const source = { 'connector.class': 'FileStreamSource', topic: '{p}-t', file: '{dir}/in.txt' };
const sink = { 'connector.class': 'FileStreamSink', topics: '{p}-t', file: '{dir}/out.txt' };

const overrides: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  acks: { ...source, 'producer.override.acks': '1' },
  'source-consumer': { ...source, 'consumer.override.max.poll.records': '5' },
  'source-admin': { ...source, 'admin.override.request.timeout.ms': '20000' },
  principal: {
    ...source,
    'producer.override.security.protocol': 'PLAINTEXT',
    'producer.override.sasl.mechanism': 'PLAIN',
    'producer.override.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="planted-secret";',
  },
  'principal-and-more': {
    ...source,
    'producer.override.security.protocol': 'PLAINTEXT',
    'producer.override.acks': '1',
    'producer.override.linger.ms': '5',
  },
  'bad-value': { ...source, 'producer.override.acks': 'many' },
  'no-such-key': { ...source, 'producer.override.not.a.key': 'x' },
  'empty-key': { ...source, 'producer.override.': 'x' },
  sink: { ...sink, 'consumer.override.max.poll.records': '5' },
  'sink-group': { ...sink, 'consumer.override.group.id': '{p}-own-group' },
  'sink-producer': { ...sink, 'producer.override.acks': '1' },
};

const requests: readonly RestRequest[] = [
  ...Object.entries(overrides).flatMap(([name, config]): RestRequest[] => {
    const body = { ...source, ...config };
    const plugin = body['connector.class'];
    return [
      {
        name: `validate-${name}`,
        method: 'PUT',
        path: `/connector-plugins/${plugin}/config/validate`,
        body: { name: `{p}-${name}`, ...body },
      },
      {
        name: `create-${name}`,
        method: 'POST',
        path: '/connectors',
        body: { name: `{p}-${name}`, initial_state: 'STOPPED', config: body },
      },
    ];
  }),
  { name: 'list', method: 'GET', path: '/connectors' },
  {
    name: 'put-acks-over-none',
    method: 'PUT',
    path: '/connectors/{p}-none/config',
    body: { ...source, 'producer.override.acks': '1' },
  },
  {
    name: 'patch-acks-over-none',
    method: 'PATCH',
    path: '/connectors/{p}-none/config',
    body: { 'producer.override.acks': '1' },
  },
  { name: 'config-of-none', method: 'GET', path: '/connectors/{p}-none/config' },
];

const group = (policy: string, profile: ProfileName): RequestGroup => ({
  name: `overrides-${policy}`,
  profile,
  requests,
});

/** The same requests under each policy for `producer.override.` and the like. */
export const overridePolicies: readonly RequestGroup[] = [
  group('all', 'plain'),
  group('none', 'policy-none'),
  group('principal', 'policy-principal'),
];
