import type { RequestGroup } from '../request-group.ts';
import { probeConfig, requestsOf, statusOf } from './client-requests.ts';

const go = requestsOf({
  always: { Accept: 'application/json', 'Content-Type': 'application/json', 'User-Agent': 'redpanda-console' },
  withBody: {},
});
const console1 = '{p}-console';
const consoleUntilAll = statusOf(go, console1);

/** Redpanda Console: overview of the clusters, page of a connector, actions. */
export const redpandaConsole: RequestGroup = {
  name: 'redpanda-console',
  requests: [
    go('GET', '/'),
    go('GET', '/connectors?expand=info&expand=status'),
    go('GET', '/connector-plugins'),
    go('PUT', '/connector-plugins/compat.ProbeSource/config/validate', {
      ...probeConfig,
      'connector.class': 'compat.ProbeSource',
      name: '',
    }),
    go('POST', '/connectors', { name: console1, config: probeConfig }),
    consoleUntilAll('RUNNING'),
    go('GET', `/connectors/${console1}`),
    go('GET', `/connectors/${console1}/topics`),
    go('GET', '/connectors?expand=info&expand=status'),
    go('PUT', `/connectors/${console1}/config`, { ...probeConfig, count: '4' }),
    consoleUntilAll('RUNNING'),
    go('PUT', `/connectors/${console1}/topics/reset`),
    go('PUT', `/connectors/${console1}/pause`),
    consoleUntilAll('PAUSED'),
    go('PUT', `/connectors/${console1}/resume`),
    consoleUntilAll('RUNNING'),
    go('POST', `/connectors/${console1}/restart?includeTasks=true&onlyFailed=false`),
    consoleUntilAll('RUNNING'),
    go('POST', `/connectors/${console1}/tasks/0/restart`),
    consoleUntilAll('RUNNING'),
    go('PUT', `/connectors/${console1}/stop`),
    go('DELETE', `/connectors/${console1}`),
    go('GET', '/connectors?expand=info&expand=status'),
  ],
};

const debezium = requestsOf({
  always: { Accept: 'application/json', 'User-Agent': 'Resteasy Reactive Client' },
  withBody: { 'Content-Type': 'application/json' },
});
const ui = '{p}-debezium';
const debeziumUntilAll = statusOf(debezium, ui);

/** Debezium UI: its list asks for everything of every connector, its wizard posts a whole configuration. */
export const debeziumUi: RequestGroup = {
  name: 'debezium-ui',
  requests: [
    debezium('GET', '/'),
    debezium('GET', '/connectors'),
    debezium('GET', '/connector-plugins'),
    debezium('POST', '/connectors', { name: ui, config: { ...probeConfig, name: ui } }),
    debeziumUntilAll('RUNNING'),
    debezium('GET', `/connectors/${ui}`),
    debezium('GET', `/connectors/${ui}/config`),
    debezium('PUT', `/connectors/${ui}/config`, { ...probeConfig, count: '2' }),
    debeziumUntilAll('RUNNING'),
    debezium('PUT', `/connectors/${ui}/pause`),
    debeziumUntilAll('PAUSED'),
    debezium('PUT', `/connectors/${ui}/resume`),
    debeziumUntilAll('RUNNING'),
    debezium('POST', `/connectors/${ui}/restart`),
    debeziumUntilAll('RUNNING'),
    debezium('POST', `/connectors/${ui}/tasks/0/restart`),
    debeziumUntilAll('RUNNING'),
    debezium('DELETE', `/connectors/${ui}`),
    debezium('GET', `/connectors/${ui}/status`),
  ],
};
