/** What docs/reference/rest.md says of each route. `generate-reference.mjs` fails when one is missing or gone. */
export const REST_DESCRIPTIONS = {
  'GET /': { what: "Version of Kafka Connect's API, version of Holdfast, id of the Kafka cluster.", answers: '200' },
  'GET /health': {
    what: 'Whether the worker is ready. A parked task does not make it unhealthy; a broker that is away at start is named here.',
    answers: '200 healthy, 503 starting, 500 unhealthy',
  },
  'GET /connector-plugins': {
    what: 'Classes that configurations may name; `connectorsOnly=false` lists converters and transformations, too.',
    answers: '200',
  },
  'GET /connector-plugins/{plugin}/config': {
    what: 'The settings of a connector, converter, transformation or predicate, by class or alias; `version` asks for one that is installed.',
    answers: '200, 400 no such version, 404',
  },
  'PUT /connector-plugins/{plugin}/config/validate': {
    what: 'What is right and wrong with a configuration: every setting with its definition, value, recommended values and errors.',
    answers: '200 whether or not it has errors, 400 another class than in the path, 500 no class or an unknown one',
  },
  'GET /connectors': {
    what: 'Names of all connectors; `expand=status` and `expand=info` (or both) add what they say.',
    answers: '200',
  },
  'POST /connectors': {
    what: 'Creates a connector from `{"name", "config", "initial_state"}`; the state is RUNNING, PAUSED or STOPPED.',
    answers: '201, 400 invalid, 409 exists',
  },
  'GET /connectors/{connector}': { what: 'Configuration, tasks and type.', answers: '200, 404' },
  'DELETE /connectors/{connector}': { what: 'Stops and forgets the connector; its offsets stay.', answers: '204, 404' },
  'GET /connectors/{connector}/config': { what: 'Its configuration.', answers: '200, 404' },
  'PUT /connectors/{connector}/config': {
    what: 'Creates or replaces the configuration; tasks start anew.',
    answers: '200 replaced, 201 created, 400 invalid',
  },
  'PATCH /connectors/{connector}/config': {
    what: 'Changes the given keys; null takes one out.',
    answers: '200, 400 invalid, 404',
  },
  'GET /connectors/{connector}/status': {
    what: 'States of the connector and its tasks, with the trace of a failed one and the `parked` object of a waiting one.',
    answers: '200, 404',
  },
  'GET /connectors/{connector}/tasks': { what: 'Its tasks and their configurations.', answers: '200, 404' },
  'GET /connectors/{connector}/tasks/{task}/status': { what: 'State of one task.', answers: '200, 404' },
  'POST /connectors/{connector}/tasks/{task}/restart': { what: 'Starts one task anew.', answers: '204, 404' },
  'POST /connectors/{connector}/tasks/{task}/parked/skip': {
    what: 'Skips the one record that a partition of a sink task waits at for a schema id nobody knows: `{"topic", "partition", "offset"}`, the offset as in `parked.waiting_at` of the status. It is reported to log and dead letter queue like bad data that is tolerated.',
    answers: '204, 400 invalid, 404, 409 it does not wait there, or for something else',
  },
  'POST /connectors/{connector}/restart': {
    what: 'Starts the connector anew; `includeTasks=true` with its tasks, `onlyFailed=true` only what has failed.',
    answers: '204; 202 and the plan with either flag; 404',
  },
  'PUT /connectors/{connector}/pause': { what: 'Pauses: nothing is polled or put, tasks stay.', answers: '202, 404' },
  'PUT /connectors/{connector}/resume': { what: 'Goes on after a pause or a stop.', answers: '202, 404' },
  'PUT /connectors/{connector}/stop': { what: 'Stops: the tasks end, the configuration stays.', answers: '204, 404' },
  'GET /connectors/{connector}/offsets': {
    what: 'Its offsets: of a source those that the worker keeps, of a sink those of its consumer group.',
    answers: '200, 404',
  },
  'PATCH /connectors/{connector}/offsets': {
    what: 'Alters the given offsets of a stopped connector: `{"offsets": [{"partition": {}, "offset": {}}]}`; null takes one away.',
    answers: '200, 400 invalid or not stopped, 404, 500 the connector or the broker refuses',
  },
  'DELETE /connectors/{connector}/offsets': {
    what: 'Takes all offsets of a stopped connector away.',
    answers: '200, 400 not stopped, 404, 500 the connector or the broker refuses',
  },
  'GET /connectors/{connector}/topics': {
    what: 'The topics that its tasks wrote to or read since it was created or this was reset.',
    answers: '200, 403 topic.tracking.enable=false',
  },
  'PUT /connectors/{connector}/topics/reset': {
    what: 'Forgets those topics.',
    answers: '202, 403 topic.tracking.enable=false or topic.tracking.allow.reset=false',
  },
  'GET /registries': {
    what: 'The schema registries that converters have asked so far, see [below](#a-schema-registry).',
    answers: '200',
  },
  'GET /registries/events': {
    what: 'Server-sent events of what happens to them, see [below](#events-of-schema-registries); `all=true` with every request.',
    answers: '200, 503 too many clients',
  },
  'GET /registries/{registry}': { what: 'One of them.', answers: '200, 404' },
  'POST /registries/{registry}/probe': {
    what: 'Asks a registry that is away, and for what it lacks, now and not at the planned time; at most once a second.',
    answers: '202, 404',
  },
  'GET /metrics': {
    what: 'Metrics for Prometheus, see [metrics.md](metrics.md); `metrics.enable=false` turns it off.',
    answers: '200',
  },
  'GET /admin/loggers': {
    what: 'Loggers that were given a level, and the root; with `admin.listeners` on those listeners only.',
    answers: '200',
  },
  'GET /admin/loggers/{logger}': {
    what: "The level in effect. Parts of the worker: `worker`, `task`, `rest`, `rest.requests`, `broker`, `admin`, `registry`, `schema-store`, and classes of connectors; names of Kafka Connect's packages and classes stand for them.",
    answers: '200, 404',
  },
  'PUT /admin/loggers/{logger}': {
    what: 'Sets the level `{"level": "DEBUG"}` of a logger and of all whose names begin with the same text; `root` means all. `scope=cluster` answers 204.',
    answers: '200, 204, 400, 404',
  },
  'GET /holdfast/openapi.json': {
    what: 'All of this as an OpenAPI 3.1 document, see [openapi.json](openapi.json).',
    answers: '200',
  },
};
