import { beforeEach, describe, expect, it } from 'vitest';
import { ClassNames } from '../../../../src/runtime/config/class-names.ts';
import { ConnectorConfigs } from '../../../../src/runtime/config/connector-configs.ts';
import { PluginDefinitions } from '../../../../src/runtime/config/plugin-definitions.ts';
import { parseWorkerConfig } from '../../../../src/runtime/config/worker-config.ts';
import { unknownConverterKeys } from '../../../../src/runtime/config/worker-converters.ts';
import type { RawConnectorConfig } from '../../../../src/runtime/herder/herder.ts';
import { parseHostSettings } from '../../../../src/runtime/host/host-settings.ts';
import type { PluginDesc } from '../../../../src/runtime/plugins/plugin-desc.ts';
import { Plugins } from '../../../../src/runtime/plugins/plugins.ts';
import { ConfigDef } from '../../../../src/sdk/config/index.ts';
import { ConfigError } from '../../../../src/sdk/errors/kinds.ts';

const plain = { importance: 'low', documentation: 'd' } as const;

class Source {
  config = (): unknown =>
    ConfigDef.of({ topic: { type: 'STRING', ...plain }, 'db.password': { type: 'PASSWORD', default: null, ...plain } });
}
class Sink {
  config = (): unknown => ConfigDef.of({});
}
class NoDef {
  config = (): unknown => null;
}
class OwnValidation {
  config = (): unknown => ConfigDef.of({});
  async validate(): Promise<unknown> {
    return [
      { name: 'x', value: null, recommendedValues: [], errorMessages: ['The database is not there.'], visible: true },
    ];
  }
}
class Converter {}
class JsonConverter {
  config = (): unknown =>
    ConfigDef.of({
      'schemas.enable': { type: 'BOOLEAN', default: true, ...plain },
      'converter.type': { type: 'STRING', ...plain },
    });
}
class Picky {
  config = (): unknown => ConfigDef.of({ a: { type: 'INT', default: 0, ...plain } });
  checkSettings = (config: Record<string, string>): unknown =>
    config['b'] === undefined ? [{ key: 'b', message: `Needed beside ${Object.keys(config)}.` }] : [];
}
class Router {
  config = (): unknown =>
    ConfigDef.of({ regex: { type: 'INT', default: 0, ...plain }, replacement: { type: 'STRING', ...plain } });
}

function desc(type: PluginDesc['type'], className: string, create: new () => unknown): PluginDesc {
  return { type, className, otherNames: [], version: '1.0', module: 'file:///p.js', location: 'test', create };
}

const plugins = new Plugins([
  desc('source', 'test.MySourceConnector', Source),
  desc('source', 'test.NoDef', NoDef),
  desc('source', 'test.OwnValidation', OwnValidation),
  desc('sink', 'test.MySinkConnector', Sink),
  desc('converter', 'test.PlainConverter', Converter),
  desc('converter', 'test.JsonConverter', JsonConverter),
  desc('converter', 'test.Picky', Picky),
  desc('header_converter', 'org.apache.kafka.connect.storage.SimpleHeaderConverter', Converter),
  desc('transformation', 'test.Router', Router),
  desc('transformation', 'test.Insert$Key', Converter),
  desc('transformation', 'test.Insert$Value', Converter),
  desc('predicate', 'test.Matches', Converter),
]);

const WORKER = { 'key.converter': 'test.PlainConverter', 'value.converter': 'test.PlainConverter' };
let configs: ConnectorConfigs;
beforeEach(() => {
  configs = openConfigs();
});

function openConfigs(more: Record<string, string> = {}): ConnectorConfigs {
  return new ConnectorConfigs({ plugins, worker: parseWorkerConfig({ ...WORKER, ...more }) });
}

async function problems(raw: RawConnectorConfig, on = configs): Promise<string[]> {
  try {
    await on.resolve({ name: 'x', ...raw });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe('holdfast.connector.config-invalid');
    return error.problems.map(({ key, message }) => `${key} | ${message}`);
  }
}

const source = (more: RawConnectorConfig = {}): RawConnectorConfig => ({
  'connector.class': 'MySource',
  topic: 't',
  ...more,
});
const sink = (more: RawConnectorConfig): RawConnectorConfig => ({ 'connector.class': 'MySink', ...more });

describe('ConnectorConfigs', () => {
  it('resolves what is right', async () => {
    const resolved = await configs.resolve({
      name: 'x',
      ...source({ 'tasks.max': '3', 'tasks.max.enforce': 'false' }),
    });
    expect(resolved).toMatchObject({ type: 'source', tasksMax: 3, tasksMaxEnforce: false });
    expect(resolved.taskClassName({})).toBe('test.MySourceTask');
  });

  it('invariant 8: names a missing class without the values beside it', async () => {
    await expect(configs.resolve({ name: 'x', password: 'hunter2' })).rejects.toThrow(
      'Connector config {name=x, password=[hidden]} contains no connector type',
    );
    await expect(configs.resolve({ name: 'x' })).rejects.toThrow(
      'Connector config {name=x} contains no connector type',
    );
  });

  it('names all mistakes at once, in the order and the words of Kafka Connect', async () => {
    const raw = {
      name: 'x',
      'connector.class': 'MySource',
      'tasks.max': '-1',
      'errors.tolerance': 'some',
      'key.converter': 'nope',
      transforms: 'a',
    };
    await expect(configs.resolve(raw)).rejects.toMatchObject({
      message:
        'Connector configuration is invalid and contains the following 5 error(s):\n' +
        'Invalid value -1 for configuration tasks.max: Value must be at least 1\n' +
        'Invalid value nope for configuration key.converter: Class nope could not be found.\n' +
        'Invalid value some for configuration errors.tolerance: String must be one of: none, all\n' +
        'Missing required configuration "transforms.a.type" which has no default value.\n' +
        'Missing required configuration "topic" which has no default value.\n' +
        'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
    });
  });

  it.each([
    [
      'null values, of known keys and others',
      source({ 'x.null': null, 'tasks.max': null, transforms: null }),
      [
        'x.null | Null value can not be supplied as the configuration value.',
        'tasks.max | Invalid value null for configuration tasks.max: Value must be non-null',
        'tasks.max | Null value can not be supplied as the configuration value.',
        'transforms | Invalid value null for configuration transforms: entry must be non null',
        'transforms | Null value can not be supplied as the configuration value.',
      ],
    ],
    [
      'tasks.max that is no number',
      source({ 'tasks.max': 'abc' }),
      [
        'tasks.max | Invalid value abc for configuration tasks.max: Not a number of type INT',
        'tasks.max | Invalid value null for configuration tasks.max: Value must be non-null',
      ],
    ],
    ['an empty name', source({ name: '' }), ['name | Invalid value  for configuration name: String may not be empty']],
    [
      'control characters in a name',
      source({ name: 'a\u0001b' }),
      [
        'name | Invalid value a\u0001b for configuration name: String may not contain control sequences but had the following ASCII chars: 1',
      ],
    ],
    [
      'an alias twice',
      source({ transforms: 'a,a', 'transforms.a.type': 'test.Router', 'transforms.a.replacement': 'r' }),
      ['transforms | Invalid value [a, a] for configuration transforms: Duplicate alias provided.'],
    ],
    [
      'a sink without topics',
      sink({}),
      [
        'topics | Must configure one of topics or topics.regex',
        'topics.regex | Must configure one of topics or topics.regex',
      ],
    ],
    [
      'topics and topics.regex',
      sink({ topics: 'a', 'topics.regex': 'b' }),
      [
        'topics | topics and topics.regex are mutually exclusive options, but both are set.',
        'topics.regex | topics and topics.regex are mutually exclusive options, but both are set.',
      ],
    ],
    [
      'a dead letter queue among its topics',
      sink({ topics: 'a, dlq', 'errors.deadletterqueue.topic.name': 'dlq' }),
      [
        "topics | The DLQ topic 'dlq' may not be included in the list of topics ('topics=[a, dlq]') consumed by the connector",
      ],
    ],
    [
      'a dead letter queue that the pattern matches',
      sink({ 'topics.regex': 'd.*', 'errors.deadletterqueue.topic.name': 'dlq' }),
      [
        "topics.regex | The DLQ topic 'dlq' may not be matched by the regex for the topics ('topics.regex=d.*') consumed by the connector",
      ],
    ],
    [
      'a dead letter queue that the pattern matches in part',
      sink({ 'topics.regex': 'd', 'errors.deadletterqueue.topic.name': 'dlq' }),
      [],
    ],
    ["a pattern in Java's manner", sink({ 'topics.regex': '(?i)db\\-.*\\_x' }), []],
    ['exactly once, which a standalone worker does not look at', source({ 'exactly.once.support': 'Required' }), []],
    [
      'a converter of the wrong kind',
      source({ 'header.converter': 'test.PlainConverter', 'value.converter': 'test.Matches' }),
      [
        'value.converter | Class class test.Matches does not implement the Converter interface',
        'header.converter | Class class test.PlainConverter does not implement the HeaderConverter interface',
      ],
    ],
    [
      "a mistake in a converter's own settings",
      source({ 'value.converter': 'test.JsonConverter', 'value.converter.schemas.enable': 'maybe' }),
      [
        'value.converter.schemas.enable | Invalid value maybe for configuration schemas.enable: Expected value to be either true or false',
      ],
    ],
    [
      "settings of a converter that isn't named, which are the worker's to name",
      source({ 'value.converter.schemas.enable': 'maybe' }),
      [],
    ],
    [
      "a mistake in a transformation's own settings",
      source({ transforms: 'a', 'transforms.a.type': 'Router', 'transforms.a.regex': 'x' }),
      [
        'transforms.a.replacement | Missing required configuration "transforms.a.replacement" which has no default value.',
        'transforms.a.regex | Invalid value x for configuration transforms.a.regex: Not a number of type INT',
      ],
    ],
    [
      'a transformation that is abstract',
      source({ transforms: 'a', 'transforms.a.type': 'test.Insert' }),
      [
        'transforms.a.type | This class is abstract and cannot be created. Did you mean test.Insert$Key, test.Insert$Value?',
      ],
    ],
    [
      'an unknown predicate class',
      source({ predicates: 'p', 'predicates.p.type': 'zz' }),
      ['predicates.p.type | Invalid value zz for configuration predicates.p.type: Class zz could not be found.'],
    ],
    [
      'negate without a predicate',
      source({ transforms: 'a', 'transforms.a.type': 'test.Insert$Key', 'transforms.a.negate': 'true' }),
      [
        "transforms.a.type | Config 'transforms.a.negate' was provided but there is no config 'transforms.a.predicate' defining a predicate to be negated.",
      ],
    ],
    [
      'negate that is neither true nor false, and a predicate that is not declared',
      source({
        transforms: 'a',
        'transforms.a.type': 'test.Insert$Key',
        'transforms.a.negate': 'no',
        'transforms.a.predicate': 'p',
      }),
      [
        'transforms.a.negate | Invalid value no for configuration transforms.a.negate: Expected value to be either true or false',
        'transforms.a.predicate | Invalid value p for configuration predicate: no predicate of this alias is declared in predicates.',
      ],
    ],
    [
      'an empty predicate, which is none',
      source({ transforms: 'a', 'transforms.a.type': 'test.Insert$Key', 'transforms.a.predicate': '' }),
      [],
    ],
    [
      'what the connector itself finds',
      { 'connector.class': 'test.OwnValidation' },
      ['x | The database is not there.'],
    ],
  ])('%s', async (_what, raw, expected) => {
    expect(await problems(raw)).toEqual(expected);
  });

  it('refuses a pattern that is none', async () => {
    const [problem] = await problems(sink({ 'topics.regex': '[' }));
    expect(problem).toMatch(/^topics\.regex \| Invalid value \[ for configuration topics\.regex: Invalid regex: /);
  });

  it('refuses a connector without a ConfigDef', async () => {
    await expect(configs.resolve({ name: 'x', 'connector.class': 'test.NoDef' })).rejects.toThrow(
      'must return a ConfigDef',
    );
  });

  it.each([
    ['All', []],
    [
      'None',
      [
        "producer.override.sasl.mechanism | The 'None' policy does not allow 'sasl.mechanism' to be overridden in the connector configuration.",
        "producer.override.acks | The 'None' policy does not allow 'acks' to be overridden in the connector configuration.",
      ],
    ],
    [
      'Principal',
      [
        "producer.override.acks | The 'Principal' policy does not allow 'acks' to be overridden in the connector configuration.",
      ],
    ],
  ])('keeps to the override policy %s', async (policy, expected) => {
    const on = openConfigs({ 'connector.client.config.override.policy': policy });
    const raw = source({
      'producer.override.acks': '1',
      'producer.override.sasl.mechanism': 'PLAIN',
      // A source has no consumer.
      'consumer.override.max.poll.records': '1',
    });
    expect(await problems(raw, on)).toEqual(expected);
  });

  it('finds mistakes of topic.creation at the start only, and none where the worker creates no topics', async () => {
    const raw = { name: 'x', ...source({ 'topic.creation.groups': 'g', 'topic.creation.g.include': '.*' }) };
    const resolved = await configs.resolve(raw);
    expect(() => resolved.checkStart()).toThrow(
      'Missing required configuration "topic.creation.default.replication.factor" which has no default value.',
    );
    (await openConfigs({ 'topic.creation.enable': 'false' }).resolve(raw)).checkStart();
  });

  it.each([
    [{ 'topic.creation.any': '1' }, 'Missing required configuration "topic.creation.default.replication.factor"'],
    [
      { 'topic.creation.default.replication.factor': '0' },
      "Invalid value 0 for configuration replication.factor: Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default",
    ],
    [
      { 'topic.creation.groups': 'g', 'topic.creation.g.partitions': '-2' },
      "Invalid value -2 for configuration topic.creation.g.partitions: Number of partitions must be positive, or -1 to use the broker's default",
    ],
    [
      { 'topic.creation.groups': 'g', 'topic.creation.g.include': 'a.*,[' },
      'Invalid value [a.*, [] for configuration topic.creation.g.include: Syntax error in regular expression: Unclosed character class near index 0',
    ],
    [
      { 'topic.creation.groups': 'g', 'topic.creation.g.exclude': '(' },
      'Invalid value [(] for configuration topic.creation.g.exclude: Syntax error in regular expression: Unclosed group near index 1',
    ],
  ])('says of topic.creation what Kafka Connect says: %j', async (settings, message) => {
    const defaults = {
      'topic.creation.default.partitions': '1',
      ...('topic.creation.any' in settings ? {} : { 'topic.creation.default.replication.factor': '1' }),
    };
    const resolved = await configs.resolve({ name: 'x', ...source({ ...defaults, ...settings }) });
    expect(() => resolved.checkStart()).toThrow(message);
  });

  it('takes a group of topic creation without patterns: it is for no topic', async () => {
    const resolved = await configs.resolve({
      name: 'x',
      ...source({
        'topic.creation.groups': 'g',
        'topic.creation.default.partitions': '1',
        'topic.creation.default.replication.factor': '1',
      }),
    });
    resolved.checkStart();
  });
});

describe('the specification of a task', () => {
  async function spec(raw: RawConnectorConfig, worker: Record<string, string> = {}) {
    const resolved = await openConfigs(worker).resolve({ name: 'x', ...raw });
    return resolved.taskSpec({ id: { connector: 'x', task: 1 }, taskConfig: { a: 'b' }, initialState: 'PAUSED' });
  }

  it('takes a converter with its settings whole from the worker, or whole from the connector', async () => {
    const worker = { 'value.converter': 'Json', 'value.converter.schemas.enable': 'false', 'key.converter.k': '1' };
    const inherited = await spec(source({ 'value.converter.schemas.enable': 'true' }), worker);
    expect(inherited.spec.valueConverter).toMatchObject({
      className: 'test.JsonConverter',
      config: { 'schemas.enable': 'false' },
    });
    expect(inherited.spec.keyConverter).toMatchObject({ className: 'test.PlainConverter', config: { k: '1' } });
    const own = await spec(source({ 'value.converter': 'Json', 'value.converter.x': '2' }), worker);
    expect(own.spec.valueConverter.config).toEqual({ x: '2' });
  });

  it('carries id, task configuration and initial state', async () => {
    const { spec: built, subscription } = await spec(source());
    expect(built).toMatchObject({
      kind: 'source',
      id: { connector: 'x', task: 1 },
      taskConfig: { a: 'b' },
      initialState: 'PAUSED',
      connectorClass: { module: 'file:///p.js', className: 'test.MySourceConnector' },
      topicCreation: null,
    });
    expect(subscription).toBeNull();
  });

  it('settles client settings: what Connect sets, the worker by prefix, the connector by override', async () => {
    const worker = {
      'bootstrap.servers': 'k:9092',
      'sasl.mechanism': 'PLAIN',
      'producer.linger.ms': '1',
      'producer.acks': '1',
      'consumer.max.poll.records': '7',
      'admin.retries': '2',
    };
    const raw = source({
      'producer.override.acks': 'all',
      'consumer.override.group.id': 'mine',
      'admin.override.sasl.mechanism': 'SCRAM-SHA-256',
    });
    const { spec: built } = await spec(raw, worker);
    expect(built.producerSettings).toEqual({
      'bootstrap.servers': 'k:9092',
      'client.id': 'connector-producer-x-1',
      'linger.ms': '1',
      acks: 'all',
    });
    expect(built.consumerSettings).toEqual({
      'bootstrap.servers': 'k:9092',
      'client.id': 'connector-consumer-x-1',
      'group.id': 'mine',
      'auto.offset.reset': 'earliest',
      'max.poll.records': '7',
    });
    // The admin client alone takes the worker's own settings too.
    expect(built.adminSettings).toEqual({
      'bootstrap.servers': 'k:9092',
      'client.id': 'connector-adminclient-x-1',
      'sasl.mechanism': 'SCRAM-SHA-256',
      retries: '2',
    });
  });

  it("sets a connector's host settings above the worker's, and those above the defaults", async () => {
    const { spec: built } = await spec(source({ 'park.timeout.ms': '5' }), {
      'park.timeout.ms': '9',
      'park.backoff.max.ms': '7',
    });
    expect(built.hostSettings).toMatchObject({
      'park.timeout.ms': '5',
      'park.backoff.max.ms': '7',
      'max.inflight.batches': '5',
    });
    expect(parseHostSettings(built.hostSettings)).toEqual({
      ...parseHostSettings({}),
      park: { ...parseHostSettings({}).park, timeoutMs: 5, backoffMaxMs: 7 },
    });
  });

  it('reads groups of topic creation in their order, default last, with its values as theirs', async () => {
    const { spec: built } = await spec(
      source({
        'topic.creation.groups': 'b,a',
        'topic.creation.default.partitions': '3',
        'topic.creation.default.replication.factor': '-1',
        'topic.creation.default.cleanup.policy': 'compact',
        'topic.creation.a.include': 'x.*, y',
        'topic.creation.a.exclude': 'x2',
        'topic.creation.b.include': 'z',
        'topic.creation.b.partitions': '1',
        'topic.creation.b.retention.ms': '9',
      }),
    );
    expect(built.kind === 'source' && built.topicCreation).toEqual([
      {
        name: 'b',
        include: ['z'],
        exclude: [],
        partitions: 1,
        replicationFactor: -1,
        configs: { 'retention.ms': '9' },
      },
      { name: 'a', include: ['x.*', 'y'], exclude: ['x2'], partitions: 3, replicationFactor: -1, configs: {} },
      {
        name: 'default',
        include: ['.*'],
        exclude: [],
        partitions: 3,
        replicationFactor: -1,
        configs: { 'cleanup.policy': 'compact' },
      },
    ]);
  });

  it('subscribes a sink to its topics, trimmed, or to a pattern of whole names', async () => {
    expect((await spec(sink({ topics: ' a , b ' }))).subscription).toEqual({ topics: ['a', 'b'] });
    // As Kafka Connect reads it, but for validation, which shows what is written.
    expect((await spec(sink({ topics: ',a,,b,a,' }))).subscription).toEqual({ topics: ['a', 'b'] });
    const { subscription } = await spec(sink({ 'topics.regex': 'db\\-[a-z]+' }));
    const pattern = subscription !== null && 'pattern' in subscription ? subscription.pattern : /never/;
    expect(['db-a', 'xdb-a', 'db-a1', 'DB-A'].map((topic) => pattern.test(topic))).toEqual([true, false, false, false]);
    // In Java's syntax.
    for (const [regex, yes, no] of [
      ['(?i)db', 'DB', 'DBX'],
      ['[a-z&&[^x]]+', 'ab', 'ax'],
      ['\\p{Lower}++\\.\\Qa.b\\E', 'x.a.b', 'x.a-b'],
    ] as const) {
      const { subscription: java } = await spec(sink({ 'topics.regex': regex }));
      const matcher = java !== null && 'pattern' in java ? java.pattern : /never/;
      expect([matcher.test(yes), matcher.test(no)], regex).toEqual([true, false]);
    }
  });

  it('hands error handling and the dead letter queue on', async () => {
    const { spec: built } = await spec(
      sink({
        topics: 'a',
        'errors.tolerance': 'all',
        'errors.retry.timeout': '-1',
        'errors.log.enable': 'true',
        'errors.deadletterqueue.topic.name': 'dlq',
        'errors.deadletterqueue.topic.replication.factor': '1',
        'errors.deadletterqueue.context.headers.enable': 'true',
      }),
    );
    expect(built.errors).toEqual({
      secrets: [],
      tolerance: 'all',
      retryTimeoutMs: -1,
      retryDelayMaxMs: 60_000,
      logEnable: true,
      logIncludeMessages: false,
      deadLetterQueue: { topic: 'dlq', replicationFactor: 1, contextHeaders: true },
    });
  });

  it('builds transformations with their predicates', async () => {
    const { spec: built } = await spec(
      source({
        transforms: 'r, i',
        'transforms.r.type': 'Router',
        'transforms.r.replacement': 'x',
        'transforms.r.predicate': 'p',
        'transforms.r.negate': 'TRUE',
        'transforms.i.type': 'test.Insert$Value',
        predicates: 'p',
        'predicates.p.type': 'Matches',
        'predicates.p.pattern': 'y',
      }),
    );
    expect(built.transformations).toMatchObject([
      {
        alias: 'r',
        className: 'test.Router',
        config: { replacement: 'x' },
        predicate: { alias: 'p', className: 'test.Matches', negate: true, config: { pattern: 'y' } },
      },
      { alias: 'i', className: 'test.Insert$Value' },
    ]);
    expect(built.transformations[1]).not.toHaveProperty('predicate');
  });
});

it('tasks get the versions of converters, transformations and predicates that are asked for (KIP-891)', async () => {
  const old = { version: '0.9', module: 'file:///old.js' };
  const header = desc('header_converter', 'org.apache.kafka.connect.storage.SimpleHeaderConverter', Converter);
  const offered = [
    desc('converter', 'test.PlainConverter', Converter),
    desc('transformation', 'test.Route', Converter),
    desc('predicate', 'test.Matches', Converter),
  ];
  const two = new Plugins([
    desc('source', 'test.MySourceConnector', Source),
    header,
    ...offered,
    ...offered.map((each) => ({ ...each, ...old })),
  ]);
  const worker = parseWorkerConfig({ ...WORKER, 'key.converter.plugin.version': '[0.1,1.0)' });
  const resolved = await new ConnectorConfigs({ plugins: two, worker }).resolve({
    'connector.class': 'test.MySourceConnector',
    name: 'c',
    topic: 't',
    'value.converter': 'test.PlainConverter',
    'value.converter.plugin.version': '0.9',
    transforms: 'a,b',
    'transforms.a.type': 'test.Route',
    'transforms.a.plugin.version': '0.9',
    'transforms.a.predicate': 'p',
    'transforms.b.type': 'test.Route',
    predicates: 'p',
    'predicates.p.type': 'test.Matches',
    'predicates.p.plugin.version': '(,0.9]',
  });
  const { spec } = await resolved.taskSpec({
    id: { connector: 'c', task: 0 },
    taskConfig: {},
    initialState: 'STARTED',
  });
  const [a, b] = spec.transformations;
  expect([spec.keyConverter.module, spec.valueConverter.module]).toEqual([old.module, old.module]);
  expect([a?.module, a?.predicate?.module, b?.module]).toEqual([old.module, old.module, 'file:///p.js']);
});

describe('keys under the prefix of a converter', () => {
  it('that only together are wrong refuse the connector', async () => {
    const config = source({ 'key.converter': 'test.Picky', 'key.converter.a': 'x' });
    expect(await problems(config)).toEqual([
      'key.converter.a | Invalid value x for configuration a: Not a number of type INT',
      'key.converter.b | key.converter.b: Needed beside converter.type.',
    ]);
    expect(await problems({ ...config, 'key.converter.a': '1', 'key.converter.b': '' })).toEqual([]);
  });

  it('are looked at in the settings of the worker, too', () => {
    const worker = openConfigs({ 'value.converter': 'test.JsonConverter', 'value.converter.schemas.enable': 'maybe' });
    expect(worker.workerConverters().problems.map(({ key }) => key)).toEqual(['value.converter.schemas.enable']);
    expect(configs.workerConverters().problems).toEqual([]);
  });

  it('that the converter does not know are told, whoever else knows them', () => {
    const of = { classes: new ClassNames({ plugins }), definitions: new PluginDefinitions(() => true) };
    const config = {
      'value.converter': 'test.JsonConverter',
      'value.converter.schemas.enable': 'true',
      'value.converter.schemas.enabel': 'true',
      'value.converter.plugin.version': '1.0',
      'key.converter': 'test.PlainConverter',
      'key.converter.anything': 'x',
      'header.converter.schemas.enabel': 'no header.converter is given',
    };
    expect(unknownConverterKeys(config, of)).toEqual(['value.converter.schemas.enabel']);
  });

  it('may stand in the settings of the worker instead', async () => {
    const config = { 'connector.class': 'test.MySourceConnector', name: 'c', topic: 't' };
    const own = { ...config, 'value.converter': 'test.NeedsUrl' };
    const more = new Plugins([
      desc('source', 'test.MySourceConnector', Source),
      desc('converter', 'test.PlainConverter', Converter),
      desc(
        'converter',
        'test.NeedsUrl',
        class {
          config = (): unknown => ConfigDef.of({ url: { type: 'LIST', ...plain } });
        },
      ),
    ]);
    const worker = parseWorkerConfig(WORKER);
    const missing = new ConnectorConfigs({ plugins: more, worker }).resolve(own);
    await expect(missing).rejects.toThrow('Missing required configuration "url"');
    const withConverterDefaults = (given: object) => ({ url: 'http://a', ...given });
    const there = new ConnectorConfigs({ plugins: more, worker, withConverterDefaults }).resolve(own);
    await expect(there).resolves.toMatchObject({ type: 'source' });
  });
});
