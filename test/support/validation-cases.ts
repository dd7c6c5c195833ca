/** Requests to `/connector-plugins`, whose answers a real Kafka Connect gave into test/fixtures/validation-answers.json. */

export interface ValidationCase {
  readonly name: string;
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

const SMT = 'org.apache.kafka.connect.transforms';
const STRING = 'org.apache.kafka.connect.storage.StringConverter';
const JSON_CLASS = 'org.apache.kafka.connect.json.JsonConverter';

function source(name: string, more: Readonly<Record<string, unknown>>): ValidationCase {
  const body = { 'connector.class': 'FileStreamSource', name: 'v', topic: 't', ...more };
  return { name, method: 'PUT', path: '/connector-plugins/FileStreamSource/config/validate', body };
}

function sink(name: string, more: Readonly<Record<string, unknown>>): ValidationCase {
  const body = { 'connector.class': 'FileStreamSink', name: 'v', topics: 'a', ...more };
  return { name, method: 'PUT', path: '/connector-plugins/FileStreamSink/config/validate', body };
}

function get(path: string): ValidationCase {
  return { name: path, method: 'GET', path };
}

export const validationCases: readonly ValidationCase[] = [
  source('a source that is right', {}),
  sink('a sink that is right', {}),
  source('nulls', { 'x.null': null, 'tasks.max': null, 'key.converter': null, transforms: null, name: null }),
  source('nulls of the connector', { topic: null, file: null }),
  source('blank values', { transforms: ' ', 'tasks.max': ' ', 'tasks.max.enforce': '', 'errors.tolerance': '' }),
  source('list with empty elements', { transforms: 'a,,b', predicates: ',' }),
  source('an alias as class', { 'key.converter': 'String', 'value.converter': 'JsonConverter' }),
  source('empty classes', { 'key.converter': '', 'header.converter': ' ', transforms: 'a', 'transforms.a.type': '' }),
  source('converters of the wrong kind', {
    'key.converter': `${SMT}.RegexRouter`,
    'value.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    'header.converter': JSON_CLASS,
    'header.converter.schemas.enable': 'x',
  }),
  source('an abstract converter', { 'key.converter': 'org.apache.kafka.connect.storage.Converter' }),
  source('a class of the JDK', {
    'key.converter': 'java.lang.Object',
    transforms: 'a',
    'transforms.a.type': 'java.lang.String',
  }),
  source('settings of converters', {
    'key.converter': JSON_CLASS,
    'key.converter.schemas.cache.size': 'many',
    'key.converter.decimal.format': 'ROMAN',
    'key.converter.unknown': 'x',
    'value.converter': STRING,
    'value.converter.converter.encoding': 'none',
  }),
  source('versions of converters', {
    'key.converter': STRING,
    'key.converter.plugin.version': '4.1.1',
    'value.converter': STRING,
    'value.converter.plugin.version': '9.9',
    'header.converter.plugin.version': '[1.',
  }),
  source('a version of the converter of the worker', { 'key.converter.plugin.version': '1.0' }),
  source('an empty version', {
    'key.converter': STRING,
    'key.converter.plugin.version': '',
    'connector.plugin.version': '',
  }),
  source('latest', { 'connector.plugin.version': 'latest' }),
  source('a union of versions', { 'connector.plugin.version': '(,1.0],[4.0,5.0)' }),
  source('a version that is not there', {
    'connector.plugin.version': '1.0',
    'tasks.max': '0',
    transforms: 'a',
    'x.null': null,
  }),
  source('a range out of order', { 'connector.plugin.version': '[2.0,1.0]' }),
  source('a range that ends early', { 'connector.plugin.version': '[1.0' }),
  source('a single version in round brackets', { 'connector.plugin.version': '(1.0)' }),
  source('transformations and predicates', {
    transforms: 'r,i',
    'transforms.r.type': 'RegexRouter',
    'transforms.r.regex': '[',
    'transforms.r.predicate': 'p',
    'transforms.r.negate': 'no',
    'transforms.i.type': `${SMT}.InsertHeader`,
    predicates: 'p',
    'predicates.p.type': 'TopicNameMatches',
    'predicates.p.pattern': '(',
  }),
  source('versions of transformations', {
    transforms: 'a,b,c,d',
    'transforms.a.type': `${SMT}.Filter`,
    'transforms.a.plugin.version': '4.1.1',
    'transforms.b.type': `${SMT}.Filter`,
    'transforms.b.plugin.version': '9.9',
    'transforms.c.type': `${SMT}.Filter`,
    'transforms.c.plugin.version': '[1.',
    'transforms.d.type': 'nope',
    'transforms.d.plugin.version': '1',
  }),
  source('an ambiguous alias', { transforms: 'a', 'transforms.a.type': 'Value' }),
  source('an abstract transformation', { transforms: 'a', 'transforms.a.type': `${SMT}.Cast` }),
  source('a predicate as transformation', {
    transforms: 'a',
    'transforms.a.type': `${SMT}.predicates.HasHeaderKey`,
    predicates: 'p',
    'predicates.p.type': `${SMT}.Filter`,
  }),
  source('negate without a predicate', {
    transforms: 'a',
    'transforms.a.type': `${SMT}.Filter`,
    'transforms.a.negate': 'true',
  }),
  source('negate without a predicate, and no class', { transforms: 'a', 'transforms.a.negate': 'x' }),
  source('an alias of transformations twice', {
    transforms: 'a,a',
    'transforms.a.type': `${SMT}.Filter`,
    predicates: 'p,p',
  }),
  source('groups of topic creation twice', { 'topic.creation.groups': 'g,g' }),
  source('exactly once', { 'exactly.once.support': 'required', 'transaction.boundary': 'connector' }),
  source('a boundary by interval', {
    'transaction.boundary': 'interval',
    'transaction.boundary.interval.ms': '-1',
    'offsets.storage.topic': '',
  }),
  source('client overrides of a source', {
    'producer.override.linger.ms': '7',
    'producer.override.unknown': 'x',
    'producer.override.ssl.key.password': 'secret',
    'consumer.override.max.poll.records': '1',
    'admin.override.retries': '1',
  }),
  source('client overrides for topic creation', {
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'admin.override.retries': '1',
  }),
  sink('client overrides of a sink', {
    'producer.override.acks': '0',
    'consumer.override.max.poll.records': '1',
    'admin.override.retries': '1',
  }),
  sink('client overrides of a sink with a dead letter queue', {
    'errors.deadletterqueue.topic.name': 'dlq',
    'producer.override.acks': '0',
    'consumer.override.isolation.level': 'read_committed',
    'admin.override.retries': '1',
  }),
  source('an override that cannot be parsed', { 'producer.override.linger.ms': 'soon' }),
  ...[
    ...['DropHeaders', 'HeaderFrom$Key', 'MaskField$Value', 'RegexRouter', 'ValueToKey'].map((type) => ({ type })),
    { type: 'DropHeaders', headers: '' },
    { type: 'HeaderFrom$Value', fields: '', headers: ',', operation: 'copy' },
    { type: 'MaskField$Key', fields: '' },
    { type: 'ValueToKey', fields: ',' },
    { type: 'Cast$Value', spec: 'foo' },
    { type: 'Cast$Value', spec: 'a:int32,b' },
    { type: 'Cast$Key', spec: ',a:int8' },
  ].map(({ type, ...own }) => {
    const settings = Object.entries({ type: `${SMT}.${type}`, ...own }).map(([key, value]) => [
      `transforms.a.${key}`,
      value,
    ]);
    return source(`${type} with ${JSON.stringify(own)}`, { transforms: 'a', ...Object.fromEntries(settings) });
  }),
  source('a topic name without its pattern', { predicates: 'p', 'predicates.p.type': 'TopicNameMatches' }),
  ...[`${SMT}.Cast`, `${SMT}.Transformation`, 'java.util.List', 'org.apache.kafka.connect.storage.HeaderConverter'].map(
    (name) =>
      source(`${name} as what it is not`, {
        'key.converter': name,
        'header.converter': name,
        transforms: 'a',
        'transforms.a.type': name,
        predicates: 'p',
        'predicates.p.type': name,
      }),
  ),
  source('aliases with blanks that Java does not cut off', {
    transforms: 'a\u00a0,b',
    'transforms.a.type': 'Filter',
    'transforms.b.type': 'Filter',
  }),
  source('aliases of converters as header converters', { 'key.converter': 'Json', 'header.converter': 'Json' }),
  source('what a converter is for', {
    'key.converter': 'JsonConverter',
    'key.converter.converter.type': 'value',
    'value.converter': 'JsonConverter',
    'value.converter.converter.type': 'bogus',
  }),
  source('a version of a converter that can not be read', {
    'key.converter': 'JsonConverter',
    'key.converter.plugin.version': '[',
  }),
  source('client overrides in an order', {
    'producer.override.b': '1',
    'producer.override.a': '2',
    'producer.override.acks': '1',
    'producer.override.linger.ms': '3',
    'producer.override.compression.type': 'gzip',
  }),
  sink('a pattern of topics that is null', { 'topics.regex': null }),
  source('nulls in an order', { 'x.c': null, 'x.b': null, 'producer.override.acks': null, 'key.converter.y': null }),
  sink('topics that are blank', { topics: ' ', 'topics.regex': '' }),
  sink('topics of commas', { topics: ',' }),
  sink('topics, a pattern and a dead letter queue', {
    'topics.regex': 'a.*',
    'errors.deadletterqueue.topic.name': 'a',
  }),
  sink('a pattern that cannot be compiled, and a dead letter queue', {
    topics: '',
    'topics.regex': '*',
    'errors.deadletterqueue.topic.name': 'a',
  }),
  sink('numbers out of range', {
    'errors.deadletterqueue.topic.replication.factor': '40000',
    'errors.retry.timeout': '99999999999999999999',
    'errors.retry.delay.max.ms': '1.5',
    'tasks.max': '2147483648',
    'errors.log.enable': 'yes',
  }),
  sink('control characters', { name: 'a\u0001b\u007f' }),
  sink('values with blanks around them', {
    name: ' v ',
    'tasks.max': ' 2 ',
    topics: ' a , b ',
    'config.action.reload': 'Restart',
  }),
  {
    name: 'a class of blanks',
    method: 'PUT',
    path: '/connector-plugins/x/config/validate',
    body: { 'connector.class': ' ' },
  },
  {
    name: 'an empty class',
    method: 'PUT',
    path: '/connector-plugins/x/config/validate',
    body: { 'connector.class': '' },
  },
  { name: 'no class', method: 'PUT', path: '/connector-plugins/x/config/validate', body: { a: 'b' } },
  {
    name: 'a null class',
    method: 'PUT',
    path: '/connector-plugins/x/config/validate',
    body: { 'connector.class': null },
  },
  {
    name: 'an unknown class',
    method: 'PUT',
    path: '/connector-plugins/org.example.Nope/config/validate',
    body: { 'connector.class': 'org.example.Nope' },
  },
  {
    name: 'a class with blanks around it',
    method: 'PUT',
    path: '/connector-plugins/FileStreamSource/config/validate',
    body: { 'connector.class': ' FileStreamSource ', name: 'v', topic: 't' },
  },
  {
    name: 'a path that is a suffix',
    method: 'PUT',
    path: '/connector-plugins/FileStreamSourceConnector/config/validate',
    body: { 'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector', name: 'v', topic: 't' },
  },
  {
    name: 'another class than the path',
    method: 'PUT',
    path: '/connector-plugins/X/config/validate',
    body: { 'connector.class': 'FileStreamSink' },
  },
  get('/connector-plugins'),
  get('/connector-plugins?connectorsOnly=false'),
  get('/connector-plugins?connectorsOnly='),
  get('/connector-plugins/FileStreamSource/config'),
  get('/connector-plugins/FileStreamSink/config?version=4.1.1'),
  get('/connector-plugins/FileStreamSink/config?version=9.9'),
  get('/connector-plugins/FileStreamSink/config?version=%5B'),
  get('/connector-plugins/FileStreamSink/config?version=latest'),
  get('/connector-plugins/FileStreamSink/config?version='),
  get('/connector-plugins/JsonConverter/config'),
  get('/connector-plugins/Json/config?version=%5B4.0,5.0)'),
  get('/connector-plugins/String/config'),
  get('/connector-plugins/Simple/config'),
  get('/connector-plugins/Value/config'),
  get('/connector-plugins/RegexRouter/config'),
  get('/connector-plugins/RegexRouter/config?version=9.9'),
  get('/connector-plugins/HasHeaderKey/config'),
  get(`/connector-plugins/${SMT}.InsertField$Key/config`),
  get(`/connector-plugins/${SMT}.InsertField/config`),
  get('/connector-plugins/File/config'),
  get('/connector-plugins/FileConfigProvider/config'),
  get('/connector-plugins/All/config'),
  get('/connector-plugins/java.lang.String/config'),
  get('/connector-plugins/org.apache.kafka.connect.sink.SinkConnector/config'),
  get('/connector-plugins/nope/config'),
];
