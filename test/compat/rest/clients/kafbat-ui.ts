import type { RequestGroup } from '../request-group.ts';
import { allAre, probeConfig, requestsOf } from './client-requests.ts';

/** Its generated client names a type with every request, whether it has a body or not. */
const call = requestsOf({
  always: { Accept: 'application/json', 'Content-Type': 'application/json', 'User-Agent': 'ReactorNetty/1.2.8' },
  withBody: {},
});
const name = '{p}-kafbat';

/** Kafbat UI (and Kafka UI, from which it comes): cluster page, list with states, page of a connector, wizard, actions. */
export const kafbatUi: RequestGroup = {
  name: 'kafbat-ui',
  requests: [
    call('GET', '/'),
    call('GET', '/connectors'),
    call('GET', '/connectors?search=probe'),
    call('GET', '/connector-plugins'),
    call('PUT', '/connector-plugins/compat.ProbeSource/config/validate', {
      ...probeConfig,
      'connector.class': 'compat.ProbeSource',
      name,
    }),
    // Its forms send numbers and booleans as JSON has them.
    call('POST', '/connectors', { name, config: { ...probeConfig, 'tasks.max': 1, count: 3, flag: true } }),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('RUNNING') }),
    call('GET', `/connectors/${name}`),
    call('GET', `/connectors/${name}/config`),
    call('GET', `/connectors/${name}/tasks`),
    call('GET', `/connectors/${name}/tasks/0/status`),
    call('GET', `/connectors/${name}/topics`),
    call('GET', '/connectors?expand=info&expand=status'),
    call('PUT', `/connectors/${name}/config`, { ...probeConfig, name, count: 4 }),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('RUNNING') }),
    call('PUT', `/connectors/${name}/config`, { ...probeConfig, name, count: 'many' }),
    call('POST', '/connectors', { name, config: probeConfig }),
    call('POST', '/connectors', { name: `${name}-2`, config: { 'connector.class': 'Nope' } }),
    call('POST', `/connectors/${name}/restart?includeTasks=false&onlyFailed=false`),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('RUNNING') }),
    call('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=true`),
    call('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=false`),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('RUNNING') }),
    call('POST', `/connectors/${name}/tasks/0/restart`),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('RUNNING') }),
    call('PUT', `/connectors/${name}/pause`),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('PAUSED') }),
    call('PUT', `/connectors/${name}/resume`),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('RUNNING') }),
    call('PUT', `/connectors/${name}/stop`),
    call('GET', `/connectors/${name}/status`, undefined, { until: allAre('STOPPED') }),
    call('DELETE', `/connectors/${name}/offsets`),
    call('DELETE', `/connectors/${name}`),
    call('GET', `/connectors/${name}`),
    call('GET', '/connectors'),
  ],
};
