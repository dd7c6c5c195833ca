/** JSON schemas of what the REST API takes and answers: Kafka Connect 4.1.1; `x-holdfast-additive` marks what is ours. */

export type JsonSchema = Readonly<Record<string, unknown>>;

export const ADDITIVE = { 'x-holdfast-additive': true } as const;

const text: JsonSchema = { type: 'string' };
const textOrNull: JsonSchema = { type: ['string', 'null'] };
const whole: JsonSchema = { type: 'integer' };
const flag: JsonSchema = { type: 'boolean' };
const free: JsonSchema = { type: 'object', additionalProperties: true };

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function arrayOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function mapOf(values: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: values };
}

function object(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
}

const states = ['UNASSIGNED', 'RUNNING', 'PAUSED', 'FAILED', 'RESTARTING', 'DESTROYED', 'STOPPED'];
const state: JsonSchema = { type: 'string', enum: states };
const connectorType: JsonSchema = { type: 'string', enum: ['source', 'sink', 'unknown'] };

const stateFields = {
  state,
  worker_id: { ...text, description: 'Advertised host:port.' },
  version: { ...textOrNull, description: 'Version of the plugin.' },
  trace: { ...text, description: 'Why it has failed; only then.' },
};

export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Error: object({ error_code: { ...whole, description: 'The HTTP status.' }, message: textOrNull }),
  ServerInfo: object({
    version: { ...text, description: 'The Kafka Connect whose API this is.' },
    commit: { ...text, description: 'holdfast- and the version of the worker.' },
    kafka_cluster_id: textOrNull,
  }),
  WorkerStatus: object({ status: { type: 'string', enum: ['healthy', 'starting', 'unhealthy'] }, message: text }),
  ConnectorConfig: { ...mapOf(textOrNull), description: 'Settings by key; numbers and booleans are taken as text.' },
  ConfigPatch: { ...mapOf(textOrNull), description: 'Settings to change; null takes one out.' },
  CreateConnector: object(
    {
      name: { ...text, description: 'Trimmed.' },
      config: ref('ConnectorConfig'),
      initial_state: { type: ['string', 'null'], description: 'RUNNING, PAUSED or STOPPED, in any case.' },
    },
    ['name', 'initial_state'],
  ),
  ConnectorTaskId: object({ connector: text, task: whole }),
  ConnectorInfo: object({
    name: text,
    config: mapOf(text),
    tasks: arrayOf(ref('ConnectorTaskId')),
    type: connectorType,
  }),
  TaskInfo: object({ id: ref('ConnectorTaskId'), config: mapOf(text) }),
  ConnectorState: object({ ...stateFields, stuck: ref('Stuck') }, ['trace', 'stuck']),
  Parked: {
    ...object(
      {
        dependency: text,
        reason: text,
        code: text,
        partitions: arrayOf({}),
        waiting_at: {},
        since: { ...text, format: 'date-time' },
        attempts: whole,
        next_probe: { ...textOrNull, format: 'date-time' },
      },
      ['waiting_at'],
    ),
    ...ADDITIVE,
    description: 'What a task waits for; status.parked.enable=false leaves it out.',
  },
  Stuck: {
    ...object({
      method: textOrNull,
      since: { ...text, format: 'date-time' },
      loop_blocked: flag,
    }),
    ...ADDITIVE,
    description: 'The call of a plugin that has not returned for long; status.parked.enable=false leaves it out.',
  },
  TaskState: object({ id: whole, ...stateFields, parked: ref('Parked'), stuck: ref('Stuck') }, [
    'trace',
    'parked',
    'stuck',
  ]),
  ConnectorStateInfo: object({
    name: text,
    connector: ref('ConnectorState'),
    tasks: arrayOf(ref('TaskState')),
    type: connectorType,
  }),
  ConnectorExpansion: object({ info: ref('ConnectorInfo'), status: ref('ConnectorStateInfo') }, ['info', 'status']),
  ConnectorOffset: object({ partition: free, offset: { type: ['object', 'null'], additionalProperties: true } }, [
    'offset',
  ]),
  ConnectorOffsets: object({ offsets: arrayOf(ref('ConnectorOffset')) }),
  Message: object({ message: text }),
  ActiveTopics: mapOf(object({ topics: arrayOf(text) })),
  PluginInfo: object(
    {
      class: text,
      type: {
        type: 'string',
        enum: ['sink', 'source', 'converter', 'header_converter', 'transformation', 'predicate'],
      },
      version: textOrNull,
    },
    ['version'],
  ),
  ConfigKeyInfo: object({
    name: text,
    type: {
      type: 'string',
      enum: ['BOOLEAN', 'STRING', 'INT', 'SHORT', 'LONG', 'DOUBLE', 'LIST', 'CLASS', 'PASSWORD'],
    },
    required: flag,
    default_value: textOrNull,
    importance: { type: 'string', enum: ['HIGH', 'MEDIUM', 'LOW'] },
    documentation: text,
    group: textOrNull,
    width: { type: 'string', enum: ['NONE', 'SHORT', 'MEDIUM', 'LONG'] },
    display_name: text,
    dependents: arrayOf(text),
    order: whole,
  }),
  ConfigValueInfo: object({
    name: text,
    value: textOrNull,
    recommended_values: arrayOf(textOrNull),
    errors: arrayOf(text),
    visible: flag,
  }),
  ConfigInfo: object({
    definition: { anyOf: [ref('ConfigKeyInfo'), { type: 'null' }] },
    value: ref('ConfigValueInfo'),
  }),
  ConfigInfos: object({ name: text, error_count: whole, groups: arrayOf(text), configs: arrayOf(ref('ConfigInfo')) }),
  LoggerLevel: object({
    level: { type: 'string', enum: ['OFF', 'FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE', 'ALL'] },
    last_modified: { type: ['integer', 'null'], description: 'ms since the epoch; null if it was never changed.' },
  }),
  SetLevel: object({ level: { ...text, description: 'In any case.' } }),
  SkippedRecord: { ...object({ topic: text, partition: whole, offset: whole }), ...ADDITIVE },
  Registry: {
    ...free,
    ...ADDITIVE,
    description:
      'A schema registry: its nodes, primaries, gates and what waits for it. docs/reference/rest.md names every field.',
  },
};
