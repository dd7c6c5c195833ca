import type { RequestGroup } from '../request-group.ts';
import { probeConfig, requestsOf, statusOf } from './client-requests.ts';

/** Its generated client names a type with every request, whether it has a body or not. */
const call = requestsOf({
  always: { Accept: 'application/json', 'Content-Type': 'application/json', 'User-Agent': 'ReactorNetty/1.2.8' },
  withBody: {},
});
const name = '{p}-kafbat';
const untilAll = statusOf(call, name);

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
    untilAll('RUNNING'),
    call('GET', `/connectors/${name}`),
    call('GET', `/connectors/${name}/config`),
    call('GET', `/connectors/${name}/tasks`),
    call('GET', `/connectors/${name}/tasks/0/status`),
    call('GET', `/connectors/${name}/topics`),
    call('GET', '/connectors?expand=info&expand=status'),
    call('PUT', `/connectors/${name}/config`, { ...probeConfig, name, count: 4 }),
    untilAll('RUNNING'),
    call('PUT', `/connectors/${name}/config`, { ...probeConfig, name, count: 'many' }),
    call('POST', '/connectors', { name, config: probeConfig }),
    call('POST', '/connectors', { name: `${name}-2`, config: { 'connector.class': 'Nope' } }),
    call('POST', `/connectors/${name}/restart?includeTasks=false&onlyFailed=false`),
    untilAll('RUNNING'),
    call('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=true`),
    call('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=false`),
    untilAll('RUNNING'),
    call('POST', `/connectors/${name}/tasks/0/restart`),
    untilAll('RUNNING'),
    call('PUT', `/connectors/${name}/pause`),
    untilAll('PAUSED'),
    call('PUT', `/connectors/${name}/resume`),
    untilAll('RUNNING'),
    call('PUT', `/connectors/${name}/stop`),
    untilAll('STOPPED'),
    call('DELETE', `/connectors/${name}/offsets`),
    call('DELETE', `/connectors/${name}`),
    call('GET', `/connectors/${name}`),
    call('GET', '/connectors'),
  ],
};
