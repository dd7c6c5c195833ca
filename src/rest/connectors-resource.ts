/** `/connectors` and what is below it. ConnectorsResource of Kafka Connect 4.1.1. */
import type { Herder } from '../runtime/herder/herder.ts';
import type { TargetState } from '../runtime/herder/status.ts';
import { NotFoundError } from '../sdk/errors/kinds.ts';
import { connectorInfoJson, connectorStateJson, taskInfoJson, taskStateJson } from './entities.ts';
import { configMap, objectOf, refuseUnknownFields, scalarText } from './request-body.ts';
import { booleanQuery, ok, param, type RestRequest, type RestResource, type RestResponse } from './resource.ts';
import { httpError, RestError } from './rest-error.ts';

const INITIAL_STATES: Readonly<Record<string, TargetState>> = {
  RUNNING: 'STARTED',
  PAUSED: 'PAUSED',
  STOPPED: 'STOPPED',
};

export function connectorsResources(options: {
  readonly herder: Herder;
  readonly showParked: boolean;
}): readonly RestResource[] {
  const { herder, showParked } = options;

  const create = async (request: RestRequest): Promise<RestResponse> => {
    const body = objectOf(request.bodyWithNumberTexts, 'the request');
    refuseUnknownFields(body, ['name', 'config', 'initial_state']);
    const config = configMap(body['config'], 'config');
    const state = initialState(body['initial_state']);
    const name = body['name'] === undefined || body['name'] === null ? '' : scalarText(body['name'], 'name').trim();
    const { info } = await herder.putConnectorConfig(name, named(config, name), {
      allowReplace: false,
      initialState: state,
    });
    return created(request, name, connectorInfoJson(info));
  };

  const putConfig = async (request: RestRequest): Promise<RestResponse> => {
    const name = param(request, 'connector');
    const config = named(configMap(request.bodyWithNumberTexts, 'the connector config'), name);
    const { created: isNew, info } = await herder.putConnectorConfig(name, config, { allowReplace: true });
    const json = connectorInfoJson(info);
    return isNew ? created(request, name, json) : ok(json);
  };

  const patchConfig = async (request: RestRequest): Promise<RestResponse> => {
    const name = param(request, 'connector');
    const body = request.bodyWithNumberTexts;
    const patch = body === null ? {} : configMap(body, 'the connector config patch');
    const isRenaming = 'name' in patch && patch['name'] !== name;
    // As in Kafka Connect, an unknown connector is reported before an invalid request.
    if (body === null || isRenaming) await herder.connectorConfig(name);
    objectOf(body, 'the connector config patch');
    // Kafka Connect lets a patch change the name, and then finds the connector no more.
    if (isRenaming) throw nameMismatch(patch['name'], name);
    return ok(connectorInfoJson(await herder.patchConnectorConfig(name, patch)));
  };

  /** null for a connector that was deleted meanwhile. */
  const expanded = async (name: string, what: readonly string[]): Promise<object | null> => {
    try {
      const parts = what.map(async (part) => {
        if (part === 'status') return { status: connectorStateJson(await herder.connectorStatus(name), showParked) };
        return part === 'info' ? { info: connectorInfoJson(await herder.connectorInfo(name)) } : {};
      });
      return Object.assign({}, ...(await Promise.all(parts))) as object;
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  };

  const list = async (request: RestRequest): Promise<RestResponse> => {
    const names = await herder.connectors();
    const expand = request.query['expand'];
    if (expand === undefined) return ok(names);
    // Without a prototype: a connector may be named __proto__.
    const entries: Record<string, object> = Object.create(null) as Record<string, object>;
    for (const name of names) {
      const entry = await expanded(name, expand);
      if (entry !== null) entries[name] = entry;
    }
    return ok(entries);
  };

  const restart = async (request: RestRequest): Promise<RestResponse> => {
    const name = param(request, 'connector');
    const includeTasks = booleanQuery(request, 'includeTasks', false);
    const onlyFailed = booleanQuery(request, 'onlyFailed', false);
    if (!includeTasks && !onlyFailed) {
      await herder.restartConnector(name);
      return { status: 204 };
    }
    const plan = await herder.restartConnectorAndTasks(name, { includeTasks, onlyFailed });
    return { status: 202, json: connectorStateJson(plan, showParked) };
  };

  const act =
    (status: number, action: (name: string) => Promise<void>) =>
    async (request: RestRequest): Promise<RestResponse> => {
      await action(param(request, 'connector'));
      return { status };
    };

  return [
    { path: '/connectors', methods: { GET: list, POST: create } },
    {
      path: '/connectors/:connector',
      methods: {
        GET: async (request) => ok(connectorInfoJson(await herder.connectorInfo(param(request, 'connector')))),
        DELETE: act(204, (name) => herder.deleteConnector(name)),
      },
    },
    {
      path: '/connectors/:connector/config',
      methods: {
        GET: async (request) => {
          return ok(await herder.connectorConfig(param(request, 'connector')));
        },
        PUT: putConfig,
        PATCH: patchConfig,
      },
    },
    {
      path: '/connectors/:connector/status',
      methods: {
        GET: async (request) =>
          ok(connectorStateJson(await herder.connectorStatus(param(request, 'connector')), showParked)),
      },
    },
    {
      path: '/connectors/:connector/tasks',
      methods: { GET: async (request) => ok((await herder.taskInfos(param(request, 'connector'))).map(taskInfoJson)) },
    },
    {
      path: '/connectors/:connector/tasks/:task/status',
      methods: { GET: async (request) => ok(taskStateJson(await herder.taskStatus(taskIdOf(request)), showParked)) },
    },
    {
      path: '/connectors/:connector/tasks/:task/restart',
      methods: {
        POST: async (request) => {
          await herder.restartTask(taskIdOf(request));
          return { status: 204 };
        },
      },
    },
    { path: '/connectors/:connector/restart', methods: { POST: restart } },
    { path: '/connectors/:connector/pause', methods: { PUT: act(202, (name) => herder.pauseConnector(name)) } },
    { path: '/connectors/:connector/resume', methods: { PUT: act(202, (name) => herder.resumeConnector(name)) } },
    { path: '/connectors/:connector/stop', methods: { PUT: act(204, (name) => herder.stopConnector(name)) } },
  ];
}

export function taskIdOf(request: RestRequest): { readonly connector: string; readonly task: number } {
  const task = param(request, 'task');
  const number = Number(task);
  // What Java's Integer.parseInt takes.
  if (!/^[+-]?\d+$/.test(task) || Math.abs(number) > 0x7fffffff) throw httpError(404);
  return { connector: param(request, 'connector'), task: number };
}

function initialState(value: unknown): TargetState {
  if (value === undefined || value === null) return 'STARTED';
  const state = typeof value === 'string' ? INITIAL_STATES[value.toUpperCase()] : undefined;
  if (state !== undefined) return state;
  throw new RestError(
    500,
    `Cannot deserialize initial_state "${String(value)}": it must be one of RUNNING, PAUSED, STOPPED.`,
  );
}

/** A name inside must be the one outside; it goes last where there is none, as with Kafka Connect. */
function named(config: Record<string, string | null>, name: string): Record<string, string | null> {
  const inner = config['name'];
  if (inner !== undefined && inner !== null && inner !== name) throw nameMismatch(inner, name);
  return { ...config, name };
}

function nameMismatch(inner: string | null | undefined, outer: string): RestError {
  return new RestError(
    400,
    `Connector name configuration (${inner}) doesn't match connector name in the URL (${outer})`,
  );
}

function created(request: RestRequest, name: string, json: object): RestResponse {
  return { status: 201, json, headers: { location: `${request.baseUrl}/connectors/${inPath(name)}` } };
}

/**
 * A name as Kafka Connect puts it into `Location`: what may stand in a path stays as it is, slashes and percent-encoded characters among it.
 */
function inPath(name: string): string {
  // Half of a surrogate pair has no UTF-8; Java writes a question mark.
  return encodeURI(name.replace(/\p{Surrogate}/gu, '?'))
    .replace(/[?#]/g, encodeURIComponent)
    .replace(/%25([\da-f]{2})/gi, '%$1')
    .replace(/^\//, '');
}
