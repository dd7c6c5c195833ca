import { describe, expect, it } from 'vitest';
import type { ParkedTask } from '../../../src/cli/parked-tasks.ts';
import { registriesResources } from '../../../src/cli/registries-resource.ts';
import { RegistryEventStream } from '../../../src/cli/registry-event-stream.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RestServer } from '../../../src/rest/rest-server.ts';
import { REGISTRY, sampleSnapshot } from './registry-samples.ts';

const parked = (connector: string, task: number, gateId: string | null): ParkedTask => ({
  connector,
  task,
  parked: {
    dependency: 'schema registry (writes)',
    gateId,
    reason: 'ECONNREFUSED at http://sr-1:8081',
    code: 'holdfast.registry.unavailable',
    partitions: [],
    since: 1_699_999_990_500,
    attempts: 4,
    nextProbeAt: null,
  },
});

function open(tasks: readonly ParkedTask[] = []) {
  const clock = new ManualClock();
  const probed: string[] = [];
  const events = new RegistryEventStream({ clock });
  const resources = registriesResources({
    registries: {
      snapshots: () => [sampleSnapshot()],
      probeNow: (id) => {
        probed.push(id);
        return id === REGISTRY;
      },
    },
    events,
    parkedTasks: async () => tasks,
    clock,
  });
  const server = new RestServer({ resources, clock, logger: silentLogger, stage: () => '' });
  return { server, probed, events };
}

describe('GET /registries', () => {
  it('shows all of a registry, in a stable order', async () => {
    const { server } = open([
      parked('orders', 0, `registry:${REGISTRY}:write`),
      parked('orders', 1, `registry:${REGISTRY}:write`),
      parked('bills', 0, 'registry:another-1-000000:write'),
      parked('files', 0, null),
      parked('odd name', 2, `registry:${REGISTRY}:id:42`),
    ]);
    const { status, body } = await server.inject({ method: 'GET', url: '/registries' });
    expect(status).toBe(200);
    expect(JSON.stringify(JSON.parse(body), null, 2)).toMatchInlineSnapshot(`
      "[
        {
          "id": "sr-1-8081-abc123",
          "urls": [
            "http://sr-1:8081",
            "http://sr-2:8081"
          ],
          "vendor": "confluent",
          "cluster_id": "kafka-cluster=k;schema-registry-cluster=s",
          "detection": {
            "rung": "group",
            "reason": ""
          },
          "epoch": {
            "number": 2,
            "member_id": "sr-2-member",
            "url": "http://sr-2:8081",
            "cause": "group-elected",
            "rung": "group",
            "change_began": "2023-11-14T22:13:00.000Z",
            "started": "2023-11-14T22:13:08.000Z",
            "usable": "2023-11-14T22:13:12.000Z",
            "ended": null,
            "usable_after_ms": 12000,
            "duration_ms": 12000
          },
          "epochs": [
            {
              "number": 2,
              "member_id": "sr-2-member",
              "url": "http://sr-2:8081",
              "cause": "group-elected",
              "rung": "group",
              "change_began": "2023-11-14T22:13:00.000Z",
              "started": "2023-11-14T22:13:08.000Z",
              "usable": "2023-11-14T22:13:12.000Z",
              "ended": null,
              "usable_after_ms": 12000,
              "duration_ms": 12000
            },
            {
              "number": 1,
              "member_id": "sr-2-member",
              "url": "http://sr-2:8081",
              "cause": "first-seen",
              "rung": "group",
              "change_began": "2023-11-14T22:11:50.000Z",
              "started": "2023-11-14T22:11:50.000Z",
              "usable": "2023-11-14T22:11:50.000Z",
              "ended": "2023-11-14T22:13:00.000Z",
              "usable_after_ms": 0,
              "duration_ms": 70000
            }
          ],
          "nodes": [
            {
              "url": "http://sr-1:8081",
              "alive": false,
              "ready": false,
              "role": "replica",
              "reason": "ECONNREFUSED at http://sr-1:8081",
              "since": "2023-11-14T22:13:10.500Z",
              "latency_ms": 12.3,
              "highest_id": 40,
              "lag": 2,
              "requests": 100,
              "failures": 3
            },
            {
              "url": "http://sr-2:8081",
              "alive": true,
              "ready": null,
              "role": "primary",
              "reason": "",
              "since": null,
              "latency_ms": null,
              "highest_id": null,
              "lag": null,
              "requests": 0,
              "failures": 0
            }
          ],
          "gates": [
            {
              "id": "registry:sr-1-8081-abc123:read",
              "state": "open",
              "dependency": "schema registry (read)",
              "reason": "",
              "since": "2023-11-14T22:12:20.000Z",
              "attempts": 0,
              "next_probe": null,
              "parked_tasks": 0
            },
            {
              "id": "registry:sr-1-8081-abc123:write",
              "state": "closed",
              "dependency": "schema registry (write)",
              "reason": "ECONNREFUSED at http://sr-1:8081",
              "since": "2023-11-14T22:13:10.500Z",
              "attempts": 4,
              "next_probe": "2023-11-14T22:13:20.500Z",
              "parked_tasks": 2
            },
            {
              "id": "registry:sr-1-8081-abc123:id:42",
              "state": "closed",
              "dependency": "schema id 42",
              "reason": "no node knows schema id 42 yet",
              "since": "2023-11-14T22:12:20.000Z",
              "attempts": 0,
              "next_probe": null,
              "parked_tasks": 1
            }
          ],
          "gate_history": [
            {
              "gate": "registry:sr-1-8081-abc123:write",
              "reason": "ECONNREFUSED at http://sr-1:8081",
              "closed": "2023-11-14T22:13:10.500Z",
              "opened": null,
              "duration_ms": 9500,
              "attempts": 4
            }
          ],
          "cache": {
            "schemas": 7,
            "answers": 9,
            "stored": 7,
            "suspect": 2,
            "unconfirmed": 1,
            "hits": 50,
            "misses": 9,
            "revalidations": 3
          },
          "parked": {
            "questions": 2,
            "converters": 5,
            "tasks": [
              {
                "connector": "orders",
                "task": 0,
                "gate": "registry:sr-1-8081-abc123:write",
                "dependency": "schema registry (writes)",
                "reason": "ECONNREFUSED at http://sr-1:8081",
                "code": "holdfast.registry.unavailable",
                "partitions": [],
                "since": "2023-11-14T22:13:10.500Z",
                "links": {
                  "status": "/connectors/orders/tasks/0/status"
                }
              },
              {
                "connector": "orders",
                "task": 1,
                "gate": "registry:sr-1-8081-abc123:write",
                "dependency": "schema registry (writes)",
                "reason": "ECONNREFUSED at http://sr-1:8081",
                "code": "holdfast.registry.unavailable",
                "partitions": [],
                "since": "2023-11-14T22:13:10.500Z",
                "links": {
                  "status": "/connectors/orders/tasks/1/status"
                }
              },
              {
                "connector": "odd name",
                "task": 2,
                "gate": "registry:sr-1-8081-abc123:id:42",
                "dependency": "schema registry (writes)",
                "reason": "ECONNREFUSED at http://sr-1:8081",
                "code": "holdfast.registry.unavailable",
                "partitions": [],
                "since": "2023-11-14T22:13:10.500Z",
                "links": {
                  "status": "/connectors/odd%20name/tasks/2/status",
                  "skip": "/connectors/odd%20name/tasks/2/parked/skip"
                }
              }
            ]
          },
          "integrity_errors": [],
          "links": {
            "self": "/registries/sr-1-8081-abc123",
            "probe": "/registries/sr-1-8081-abc123/probe",
            "events": "/registries/events"
          }
        }
      ]"
    `);
  });

  it('shows one, and answers 404 in the words of Kafka Connect for one that is not there', async () => {
    const { server } = open();
    const all = JSON.parse((await server.inject({ method: 'GET', url: '/registries' })).body) as unknown[];
    const one = await server.inject({ method: 'GET', url: `/registries/${REGISTRY}` });
    expect(JSON.parse(one.body)).toEqual(all[0]);
    const none = await server.inject({ method: 'GET', url: '/registries/nowhere' });
    expect(none.status).toBe(404);
    expect(JSON.parse(none.body)).toEqual({
      error_code: 404,
      message: 'Registry nowhere not found. GET /registries names those that converters have asked so far.',
    });
  });
});

describe('POST /registries/{registry}/probe', () => {
  it('probes at once', async () => {
    const { server, probed } = open();
    expect((await server.inject({ method: 'POST', url: `/registries/${REGISTRY}/probe` })).status).toBe(202);
    expect(probed).toEqual([REGISTRY]);
  });

  it('answers 404 for a registry that is not there', async () => {
    const { server } = open();
    expect((await server.inject({ method: 'POST', url: '/registries/nowhere/probe' })).status).toBe(404);
  });
});

describe('GET /registries/events', () => {
  it('is a stream for clients that take one, and tells the others', async () => {
    const { server } = open();
    const head = { method: 'HEAD', url: '/registries/events' } as const;
    const answer = await server.inject({ ...head, headers: { accept: 'text/event-stream' } });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect((await server.inject({ ...head, headers: { accept: 'application/json' } })).status).toBe(406);
  });

  it('is for a hundred clients', async () => {
    const { server, events } = open();
    const request = { lastEventId: undefined, all: false };
    for (let client = 0; client < 100; client++) events.open(request).open({ send: () => {} });
    const { status, body } = await server.inject({ method: 'GET', url: '/registries/events' });
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ error_code: 503 });
  });
});
