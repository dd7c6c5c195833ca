import type { RequestGroup } from '../request-group.ts';
import { probeConfig, requestsOf, statusOf } from './client-requests.ts';

const curl = requestsOf({ always: { Accept: '*/*', 'User-Agent': 'curl/8.5.0' }, withBody: {} });
const JSON_BODY = { headers: { Accept: '*/*', 'Content-Type': 'application/json' } };
/** What curl says of `-d` unless told. */
const FORM_BODY = { headers: { Accept: '*/*', 'Content-Type': 'application/x-www-form-urlencoded' } };
const HTTPIE = {
  headers: { Accept: 'application/json, */*;q=0.5', 'Content-Type': 'application/json', 'User-Agent': 'HTTPie/3.2.4' },
};
const PYTHON = { headers: { Accept: '*/*', 'Content-Type': 'application/json', 'User-Agent': 'python-requests/2.32' } };
const ANSIBLE = { headers: { Accept: 'application/json', 'Content-Type': 'application/json; charset=UTF-8' } };
const BROWSER = {
  headers: {
    Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8',
    'User-Agent': 'Mozilla/5.0',
  },
};
const name = '{p}-script';
const untilAll = statusOf(curl, name);
const body = { name, config: probeConfig };

/** What is in people's scripts: curl with and without a type, HTTPie, Python, Ansible's uri, a browser, probes of Kubernetes. */
export const scripts: RequestGroup = {
  name: 'scripts',
  requests: [
    curl('GET', '/', undefined, BROWSER),
    curl('GET', '/connectors', undefined, BROWSER),
    curl('GET', '/favicon.ico', undefined, BROWSER),
    curl('GET', '/health', undefined, { headers: { Accept: '*/*', 'User-Agent': 'kube-probe/1.31' } }),
    curl('HEAD', '/connectors'),
    curl('POST', '/connectors', body, FORM_BODY),
    curl('POST', '/connectors', body, JSON_BODY),
    untilAll('RUNNING'),
    curl('GET', `/connectors/${name}/`),
    curl('GET', `/connectors/${name}/status/`),
    curl('PUT', `/connectors/${name}/config`, probeConfig, FORM_BODY),
    curl('PUT', `/connectors/${name}/config`, { ...probeConfig, count: '4' }, JSON_BODY),
    untilAll('RUNNING'),
    // Whole files that were made for POST, and the other way round.
    curl('PUT', `/connectors/${name}/config`, body, JSON_BODY),
    curl('POST', '/connectors', probeConfig, JSON_BODY),
    curl('PUT', `/connectors/${name}/config`, { ...probeConfig, count: '5' }, HTTPIE),
    untilAll('RUNNING'),
    curl('PUT', `/connectors/${name}/config`, { ...probeConfig, count: '6' }, PYTHON),
    untilAll('RUNNING'),
    curl('PUT', `/connectors/${name}/config`, { ...probeConfig, count: '7' }, ANSIBLE),
    untilAll('RUNNING'),
    // `curl -X PUT -d ''`, and with a body that nobody reads.
    curl('PUT', `/connectors/${name}/pause`, '', FORM_BODY),
    curl('PUT', `/connectors/${name}/pause`, '', JSON_BODY),
    untilAll('PAUSED'),
    curl('PUT', `/connectors/${name}/resume`, '{}', JSON_BODY),
    untilAll('RUNNING'),
    curl('POST', `/connectors/${name}/restart`, 'a=b', FORM_BODY),
    curl('POST', `/connectors/${name}/restart`, '', HTTPIE),
    curl('POST', `/connectors/${name}/restart?includeTasks`, '', JSON_BODY),
    curl('POST', `/connectors/${name}/restart?includeTasks=TRUE`, '', JSON_BODY),
    untilAll('RUNNING'),
    curl('GET', '/connectors?expand=status&expand=info'),
    curl('GET', '/connectors?expand=status,info'),
    curl('GET', '/connectors?expand=STATUS'),
    curl('DELETE', `/connectors/${name}`, '', FORM_BODY),
    curl('GET', '/connectors'),
  ],
};
