import type { RequestGroup } from './request-group.ts';

export const configProviders: RequestGroup = {
  name: 'config-providers',
  profile: 'providers',
  requests: [
    {
      name: 'provider-create',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-prov',
        config: {
          'connector.class': 'ProbeSource',
          topic: '${file:{dir}/secret.properties:topicname}',
          'tasks.max': '1',
          a: '${dir:{dir}/secrets:k1}',
          b: 'x-${env:HOME}-y',
          c: '${file:{dir}/secret.properties:missing}',
          d: '${nope:x:y}',
          secret: '${file:{dir}/secret.properties:password}',
        },
      },
    },
    { name: 'provider-get-config', method: 'GET', path: '/connectors/{p}-prov/config' },
    { name: 'provider-get-tasks', method: 'GET', path: '/connectors/{p}-prov/tasks' },
    { name: 'provider-status', method: 'GET', path: '/connectors/{p}-prov/status' },
    {
      name: 'provider-validate',
      method: 'PUT',
      path: '/connector-plugins/ProbeSource/config/validate',
      body: {
        'connector.class': 'ProbeSource',
        name: 'v',
        topic: '${file:{dir}/secret.properties:topicname}',
        mode: '${env:NOPE_X}',
        secret: '${file:{dir}/secret.properties:password}',
      },
    },
    {
      name: 'provider-missing-file',
      method: 'POST',
      path: '/connectors',
      body: {
        name: '{p}-prov2',
        config: { 'connector.class': 'ProbeSource', topic: '${file:/nonexistent:topicname}' },
      },
    },
    {
      name: 'provider-none-configured',
      method: 'POST',
      path: '/connectors',
      body: { name: '{p}-prov3', config: { 'connector.class': 'ProbeSource', topic: '{p}-${file:/x:y}' } },
    },
  ],
};
