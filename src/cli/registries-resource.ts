/** `/registries`: the registries of the worker's converters from outside. Not of Kafka Connect, and additive to its API. */
import type { Clock } from '../foundation/clock.ts';
import type { RegistryCoordinator } from '../registry/registry-coordinator.ts';
import { booleanQuery, ok, param, type RestRequest, type RestResource, type RestResponse } from '../rest/resource.ts';
import { RestError } from '../rest/rest-error.ts';
import { NotFoundError } from '../sdk/errors/kinds.ts';
import type { ParkedTask } from './parked-tasks.ts';
import type { RegistryEventStream } from './registry-event-stream.ts';
import { registryJson } from './registry-json.ts';

export interface RegistriesResourceOptions {
  readonly registries: Pick<RegistryCoordinator, 'snapshots' | 'probeNow'>;
  readonly events: RegistryEventStream;
  readonly parkedTasks: () => Promise<readonly ParkedTask[]>;
  readonly clock: Clock;
}

/** More would be a mistake, or an attack. */
const MAX_CLIENTS = 100;

export function registriesResources(options: RegistriesResourceOptions): readonly RestResource[] {
  const { registries, events, parkedTasks, clock } = options;

  const list = async (): Promise<RestResponse> => {
    const tasks = await parkedTasks();
    return ok(registries.snapshots().map((registry) => registryJson(registry, tasks, clock.now())));
  };

  const one = async (request: RestRequest): Promise<RestResponse> => {
    const id = param(request, 'registry');
    const tasks = await parkedTasks();
    const registry = registries.snapshots().find((snapshot) => snapshot.id === id);
    if (registry === undefined) throw unknownRegistry(id);
    return ok(registryJson(registry, tasks, clock.now()));
  };

  const probe = async (request: RestRequest): Promise<RestResponse> => {
    const id = param(request, 'registry');
    if (!registries.probeNow(id)) throw unknownRegistry(id);
    return { status: 202 };
  };

  const stream = async (request: RestRequest): Promise<RestResponse> => {
    if (events.clientCount >= MAX_CLIENTS) {
      throw new RestError(503, `There are ${MAX_CLIENTS} clients of this stream already. Close some of them.`);
    }
    const lastEventId = request.headers['last-event-id'];
    return { status: 200, stream: events.open({ lastEventId, all: booleanQuery(request, 'all', false) }) };
  };

  return [
    { path: '/registries', methods: { GET: list } },
    { path: '/registries/events', produces: ['text/event-stream'], methods: { GET: stream } },
    { path: '/registries/:registry', methods: { GET: one } },
    { path: '/registries/:registry/probe', methods: { POST: probe } },
  ];
}

function unknownRegistry(id: string): NotFoundError {
  return new NotFoundError(`Registry ${id} not found. GET /registries names those that converters have asked so far.`);
}
