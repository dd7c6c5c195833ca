import type { RequestGroup } from '../request-group.ts';
import { allAre, probeConfig, requestsOf } from './client-requests.ts';

const go = requestsOf({
  always: { Accept: 'application/json', 'Content-Type': 'application/json', 'User-Agent': 'redpanda-console' },
  withBody: {},
});
const console1 = '{p}-console';

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
    go('GET', `/connectors/${console1}/status`, undefined, { until: allAre('RUNNING') }),
    go('GET', `/connectors/${console1}`),
    go('GET', `/connectors/${console1}/topics`),
    go('GET', '/connectors?expand=info&expand=status'),
    go('PUT', `/connectors/${console1}/config`, { ...probeConfig, count: '4' }),
    go('GET', `/connectors/${console1}/status`, undefined, { until: allAre('RUNNING') }),
    go('PUT', `/connectors/${console1}/topics/reset`),
    go('PUT', `/connectors/${console1}/pause`),
    go('GET', `/connectors/${console1}/status`, undefined, { until: allAre('PAUSED') }),
    go('PUT', `/connectors/${console1}/resume`),
    go('GET', `/connectors/${console1}/status`, undefined, { until: allAre('RUNNING') }),
    go('POST', `/connectors/${console1}/restart?includeTasks=true&onlyFailed=false`),
    go('GET', `/connectors/${console1}/status`, undefined, { until: allAre('RUNNING') }),
    go('POST', `/connectors/${console1}/tasks/0/restart`),
    go('GET', `/connectors/${console1}/status`, undefined, { until: allAre('RUNNING') }),
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

/** Debezium UI: its list asks for everything of every connector, its wizard posts a whole configuration. */
export const debeziumUi: RequestGroup = {
  name: 'debezium-ui',
  requests: [
    debezium('GET', '/'),
    debezium('GET', '/connectors'),
    debezium('GET', '/connector-plugins'),
    debezium('POST', '/connectors', { name: ui, config: { ...probeConfig, name: ui } }),
    debezium('GET', `/connectors/${ui}/status`, undefined, { until: allAre('RUNNING') }),
    debezium('GET', `/connectors/${ui}`),
    debezium('GET', `/connectors/${ui}/config`),
    debezium('PUT', `/connectors/${ui}/config`, { ...probeConfig, count: '2' }),
    debezium('GET', `/connectors/${ui}/status`, undefined, { until: allAre('RUNNING') }),
    debezium('PUT', `/connectors/${ui}/pause`),
    debezium('GET', `/connectors/${ui}/status`, undefined, { until: allAre('PAUSED') }),
    debezium('PUT', `/connectors/${ui}/resume`),
    debezium('GET', `/connectors/${ui}/status`, undefined, { until: allAre('RUNNING') }),
    debezium('POST', `/connectors/${ui}/restart`),
    debezium('GET', `/connectors/${ui}/status`, undefined, { until: allAre('RUNNING') }),
    debezium('POST', `/connectors/${ui}/tasks/0/restart`),
    debezium('GET', `/connectors/${ui}/status`, undefined, { until: allAre('RUNNING') }),
    debezium('DELETE', `/connectors/${ui}`),
    debezium('GET', `/connectors/${ui}/status`),
  ],
};
