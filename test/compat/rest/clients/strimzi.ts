import type { RequestGroup } from '../request-group.ts';
import { probeConfig, requestsOf, statusOf } from './client-requests.ts';

/** Java's client, which offers HTTP/2 with the first request of a connection. */
const call = requestsOf({
  always: {
    Accept: 'application/json',
    'User-Agent': 'Java-http-client/17.0.16',
    Connection: 'Upgrade, HTTP2-Settings',
    Upgrade: 'h2c',
    'HTTP2-Settings': 'AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAABgAGAAA',
  },
  withBody: { 'Content-Type': 'application/json' },
});
const name = '{p}-strimzi';
const untilAll = statusOf(call, name);
const config = { ...probeConfig, name };

/** Strimzi's operator, reconciling a KafkaConnector: its plugins, configuration, state, restarts, offsets and loggers. */
export const strimzi: RequestGroup = {
  name: 'strimzi',
  requests: [
    call('GET', '/connector-plugins'),
    call('GET', '/connectors'),
    call('GET', `/connectors/${name}/config`),
    call('PUT', `/connectors/${name}/config`, config),
    untilAll('RUNNING'),
    call('GET', `/connectors/${name}/config`),
    call('PUT', `/connectors/${name}/config`, { ...config, count: '4' }),
    call('GET', `/connectors/${name}`),
    call('GET', `/connectors/${name}/topics`),
    untilAll('RUNNING'),
    call('PUT', `/connectors/${name}/pause`),
    untilAll('PAUSED'),
    call('PUT', `/connectors/${name}/resume`),
    untilAll('RUNNING'),
    call('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=true`),
    call('POST', `/connectors/${name}/restart?includeTasks=false&onlyFailed=false`),
    untilAll('RUNNING'),
    call('POST', `/connectors/${name}/tasks/0/restart`),
    untilAll('RUNNING'),
    call('GET', `/connectors/${name}/offsets`, undefined, { until: (body) => JSON.stringify(body).includes('"n":4') }),
    call('PUT', `/connectors/${name}/stop`),
    untilAll('STOPPED'),
    call('PATCH', `/connectors/${name}/offsets`, { offsets: [{ partition: { task: '0' }, offset: { n: 2 } }] }),
    call('DELETE', `/connectors/${name}/offsets`),
    call('GET', `/connectors/${name}/offsets`),
    call('GET', '/admin/loggers/strimzi.of.this.test'),
    call('PUT', '/admin/loggers/strimzi.of.this.test?scope=cluster', { level: 'INFO' }),
    call('GET', '/admin/loggers/strimzi.of.this.test'),
    // A wrong class is told to whoever wrote the resource.
    call('PUT', `/connectors/${name}-2/config`, { 'connector.class': 'Nope', name: `${name}-2` }),
    call('GET', `/connectors/${name}-2/status`),
    // As with its DELETE: a type though there is no body.
    call('DELETE', `/connectors/${name}`, undefined, { headers: { 'Content-Type': 'application/json' } }),
    call('GET', `/connectors/${name}/status`),
  ],
};
