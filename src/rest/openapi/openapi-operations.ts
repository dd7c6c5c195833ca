/** What the OpenAPI document says of each route. A test holds it against the routes that there are. */
import { arrayOf, type JsonSchema, mapOf, ref } from './openapi-schemas.ts';

export interface OperationDoc {
  readonly summary: string;
  /** By status; null for an answer without a body. */
  readonly answers: Readonly<Record<number, JsonSchema | null>>;
  /** Further statuses, each with an error as body. */
  readonly errors?: readonly number[];
  readonly body?: JsonSchema;
  readonly query?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly isAdditive?: boolean;
}

const flag = (description: string, fallback: boolean) => ({
  description: `${description} Anything but true, in any case, is false.`,
  schema: { type: 'boolean', default: fallback },
});
const forward = flag('Between workers of a cluster; without effect in a standalone worker.', true);
const changes = { query: { forward } };

/** By `METHOD /path/{parameter}`. */
export const OPERATIONS: Readonly<Record<string, OperationDoc>> = {
  'GET /': {
    summary: 'Version of the API and of the worker, id of the Kafka cluster',
    answers: { 200: ref('ServerInfo') },
  },
  'GET /health': {
    summary: 'Whether the worker is ready',
    answers: { 200: ref('WorkerStatus'), 500: ref('WorkerStatus'), 503: ref('WorkerStatus') },
  },
  'GET /connectors': {
    summary: 'Names of all connectors, or with expand what is known of them by name',
    query: {
      expand: {
        description: 'status, info, or both. With any value the answer is an object.',
        schema: arrayOf({ type: 'string' }),
      },
    },
    answers: { 200: { anyOf: [arrayOf({ type: 'string' }), mapOf(ref('ConnectorExpansion'))] } },
  },
  'POST /connectors': {
    ...changes,
    summary: 'Creates a connector',
    body: ref('CreateConnector'),
    answers: { 201: ref('ConnectorInfo') },
    errors: [400, 409],
  },
  'GET /connectors/{connector}': {
    summary: 'Configuration, tasks and type of a connector',
    answers: { 200: ref('ConnectorInfo') },
    errors: [404],
  },
  'DELETE /connectors/{connector}': {
    ...changes,
    summary: 'Stops and forgets a connector; its offsets stay',
    answers: { 204: null },
    errors: [404],
  },
  'GET /connectors/{connector}/config': {
    summary: 'Its configuration, variables as they were written',
    answers: { 200: mapOf({ type: 'string' }) },
    errors: [404],
  },
  'PUT /connectors/{connector}/config': {
    ...changes,
    summary: 'Creates a connector or replaces its configuration',
    body: ref('ConnectorConfig'),
    answers: { 200: ref('ConnectorInfo'), 201: ref('ConnectorInfo') },
    errors: [400],
  },
  'PATCH /connectors/{connector}/config': {
    ...changes,
    summary: 'Changes the given settings',
    body: ref('ConfigPatch'),
    answers: { 200: ref('ConnectorInfo') },
    errors: [400, 404],
  },
  'GET /connectors/{connector}/status': {
    summary: 'States of a connector and its tasks',
    answers: { 200: ref('ConnectorStateInfo') },
    errors: [404],
  },
  'GET /connectors/{connector}/tasks': {
    summary: 'Its tasks and their configurations',
    answers: { 200: arrayOf(ref('TaskInfo')) },
    errors: [404],
  },
  'GET /connectors/{connector}/tasks/{task}/status': {
    summary: 'State of one task',
    answers: { 200: ref('TaskState') },
    errors: [404],
  },
  'POST /connectors/{connector}/tasks/{task}/restart': {
    ...changes,
    summary: 'Starts one task anew',
    answers: { 204: null },
    errors: [404],
  },
  'POST /connectors/{connector}/tasks/{task}/parked/skip': {
    summary: 'Skips the record that a partition of a sink task waits at',
    isAdditive: true,
    body: ref('SkippedRecord'),
    answers: { 204: null },
    errors: [400, 404, 409],
  },
  'POST /connectors/{connector}/restart': {
    summary: 'Starts a connector anew, with either flag its tasks, too',
    query: {
      includeTasks: flag('With its tasks.', false),
      onlyFailed: flag('Only what has failed.', false),
      forward,
    },
    answers: { 202: ref('ConnectorStateInfo'), 204: null },
    errors: [404],
  },
  'PUT /connectors/{connector}/pause': { summary: 'Pauses; tasks stay', answers: { 202: null }, errors: [404] },
  'PUT /connectors/{connector}/resume': {
    summary: 'Goes on after a pause or a stop',
    answers: { 202: null },
    errors: [404],
  },
  'PUT /connectors/{connector}/stop': {
    ...changes,
    summary: 'Stops; tasks end, the configuration stays',
    answers: { 204: null },
    errors: [404],
  },
  'GET /connectors/{connector}/topics': {
    summary: 'Topics that it has used',
    answers: { 200: ref('ActiveTopics') },
    errors: [403],
  },
  'PUT /connectors/{connector}/topics/reset': {
    summary: 'Forgets the topics that it has used',
    answers: { 202: null },
    errors: [403],
  },
  'GET /connectors/{connector}/offsets': {
    summary: 'Offsets of a connector',
    answers: { 200: ref('ConnectorOffsets') },
    errors: [404],
  },
  'PATCH /connectors/{connector}/offsets': {
    ...changes,
    summary: 'Alters offsets of a stopped connector',
    body: ref('ConnectorOffsets'),
    answers: { 200: ref('Message') },
    errors: [400, 404],
  },
  'DELETE /connectors/{connector}/offsets': {
    ...changes,
    summary: 'Resets the offsets of a stopped connector',
    answers: { 200: ref('Message') },
    errors: [400, 404],
  },
  'GET /connector-plugins': {
    summary: 'Plugins that configurations may name',
    query: { connectorsOnly: flag('Only connectors.', true) },
    answers: { 200: arrayOf(ref('PluginInfo')) },
  },
  'GET /connector-plugins/{plugin}/config': {
    summary: 'Settings of a plugin',
    query: { version: { description: 'Of the plugin; the latest by default.', schema: { type: 'string' } } },
    answers: { 200: arrayOf(ref('ConfigKeyInfo')) },
    errors: [400, 404],
  },
  'PUT /connector-plugins/{plugin}/config/validate': {
    summary: 'Validates a configuration; one with mistakes is answered with 200, too',
    body: ref('ConnectorConfig'),
    answers: { 200: ref('ConfigInfos') },
    errors: [400],
  },
  'GET /admin/loggers': {
    summary: 'Loggers with a level of their own',
    answers: { 200: mapOf(ref('LoggerLevel')) },
  },
  'GET /admin/loggers/{logger}': {
    summary: 'The level of a logger',
    answers: { 200: ref('LoggerLevel') },
    errors: [404],
  },
  'PUT /admin/loggers/{logger}': {
    summary: 'Sets the level of a logger and of all whose names begin with the same text',
    query: {
      scope: { description: 'worker or cluster.', schema: { type: 'string', default: 'worker' } },
    },
    body: ref('SetLevel'),
    answers: { 200: arrayOf({ type: 'string' }), 204: null },
    errors: [400, 404],
  },
  'GET /registries': {
    summary: 'Schema registries that converters have asked',
    isAdditive: true,
    answers: { 200: arrayOf(ref('Registry')) },
  },
  'GET /registries/events': {
    summary: 'Server-sent events of what happens to them',
    isAdditive: true,
    query: { all: flag('With every request.', false) },
    answers: { 200: { type: 'string' } },
    errors: [503],
  },
  'GET /registries/{registry}': {
    summary: 'One of them',
    isAdditive: true,
    answers: { 200: ref('Registry') },
    errors: [404],
  },
  'POST /registries/{registry}/probe': {
    summary: 'Asks a registry that is away now and not at the planned time',
    isAdditive: true,
    answers: { 202: null },
    errors: [404],
  },
  'GET /metrics': { summary: 'Metrics for Prometheus', isAdditive: true, answers: { 200: { type: 'string' } } },
  'GET /holdfast/openapi.json': {
    summary: 'This document',
    isAdditive: true,
    answers: { 200: { type: 'object', additionalProperties: true } },
  },
};
