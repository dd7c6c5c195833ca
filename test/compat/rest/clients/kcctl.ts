import type { RequestGroup } from '../request-group.ts';
import { probeConfig, requestsOf, statusOf } from './client-requests.ts';

const call = requestsOf({
  always: { Accept: 'application/json', 'User-Agent': 'Quarkus REST Client' },
  withBody: { 'Content-Type': 'application/json' },
});
const name = '{p}-kcctl';
const untilAll = statusOf(call, name);
const config = JSON.stringify(probeConfig, null, 2);

/** kcctl 1.x: `info`, `get`, `apply`, `describe`, `patch`, `pause`, `restart`, `stop`, offsets and loggers. */
export const kcctl: RequestGroup = {
  name: 'kcctl',
  requests: [
    call('GET', '/'),
    call('GET', '/connector-plugins'),
    call('GET', '/connector-plugins?connectorsOnly=false'),
    call('GET', '/connector-plugins/ProbeSource/config'),
    // apply: it asks for the names, validates, then posts the file or puts its content.
    call('GET', '/connectors/'),
    call('PUT', '/connector-plugins/ProbeSource/config/validate', config),
    call('POST', '/connectors/', `{ "name": "${name}", "config": ${config} }`),
    call('POST', '/connectors/', `{ "name": "${name}", "config": ${config} }`),
    call('PUT', `/connectors/${name}/config`, config),
    untilAll('RUNNING'),
    call('GET', '/connectors?expand=info&expand=status'),
    call('GET', '/connectors?expand=status'),
    // describe
    call('GET', `/connectors/${name}`),
    call('GET', `/connectors/${name}/config`),
    call('GET', `/connectors/${name}/tasks-config`),
    call('GET', `/connectors/${name}/topics`),
    // patch reads the configuration and puts it changed.
    call('PUT', `/connectors/${name}/config`, { ...probeConfig, name, count: '4' }),
    untilAll('RUNNING'),
    call('PUT', `/connectors/${name}/pause`),
    untilAll('PAUSED'),
    call('PUT', `/connectors/${name}/resume`),
    untilAll('RUNNING'),
    call('POST', `/connectors/${name}/restart`),
    untilAll('RUNNING'),
    call('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=false`),
    untilAll('RUNNING'),
    call('POST', `/connectors/${name}/tasks/0/restart`),
    untilAll('RUNNING'),
    call('GET', `/connectors/${name}/offsets`, undefined, { until: (body) => JSON.stringify(body).includes('"n":4') }),
    call('PATCH', `/connectors/${name}/offsets`, { offsets: [{ partition: { task: '0' }, offset: { n: 1 } }] }),
    call('DELETE', `/connectors/${name}/offsets`),
    call('PUT', `/connectors/${name}/stop`),
    untilAll('STOPPED'),
    call('PATCH', `/connectors/${name}/offsets`, { offsets: [{ partition: { task: '0' }, offset: { n: 1 } }] }),
    call('GET', `/connectors/${name}/offsets`),
    call('DELETE', `/connectors/${name}/offsets`),
    call('GET', `/connectors/${name}/offsets`),
    call('POST', `/connectors/${name}/tasks/7/restart`),
    call('GET', `/connectors/${name}/status`),
    call('GET', '/admin/loggers/org.apache.kafka.connect.kcctl'),
    call('PUT', '/admin/loggers/org.apache.kafka.connect.kcctl', { level: 'DEBUG' }),
    call('PUT', '/admin/loggers/org.apache.kafka.connect.kcctl?scope=cluster', { level: 'INFO' }),
    call('GET', '/admin/loggers/org.apache.kafka.connect.kcctl'),
    call('DELETE', `/connectors/${name}`),
    call('DELETE', `/connectors/${name}`),
    call('GET', `/connectors/${name}/status`),
    call('GET', '/connectors/'),
  ],
};
