/**
 * ConnectorValidationIntegrationTest and ConnectorClientPolicyIntegrationTest of Kafka Connect 4.1.1, under their method names, but for the two
 * about the group of distributed workers. What is said is compared with Kafka Connect in test/compat.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SINK, SOURCE } from '../../support/monitorable-connect.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { uniqueName } from '../../support/unique-name.ts';

type Config = Readonly<Record<string, string>>;

const pluginModules = [
  new URL('../../support/monitorable-plugin.ts', import.meta.url).href,
  new URL('../../support/odd-converters-plugin.ts', import.meta.url).href,
];
const STRING = 'org.apache.kafka.connect.storage.StringConverter';
const FILTER = 'org.apache.kafka.connect.transforms.Filter';
const TOMBSTONE = 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone';
const common = { 'tasks.max': '1', 'key.converter': STRING, 'value.converter': STRING };
const sink = (more: Config): Config => ({ name: 'sink', 'connector.class': SINK, topics: 't1', ...common, ...more });
const source = (more: Config): Config => ({ name: 's', 'connector.class': SOURCE, topic: 't1', ...common, ...more });
const without = (config: Config, key: string): Config =>
  Object.fromEntries(Object.entries(config).filter(([each]) => each !== key));

const KEY = 'key.converter';
const HEADER = 'header.converter';

describe('ConnectorValidationIntegrationTest', () => {
  let connect: EmbeddedConnect;
  beforeAll(async () => {
    connect = await EmbeddedConnect.start({ dir: tempDir('validation'), pluginModules });
  });
  afterAll(() => connect?.stop());

  it.each<readonly [string, Config, number]>([
    ['testSinkConnectorHasNeitherTopicsListNorTopicsRegex', without(sink({}), 'topics'), 2],
    ['testSinkConnectorHasBothTopicsListAndTopicsRegex', sink({ 'topics.regex': 'r.*' }), 2],
    ['testSinkConnectorDeadLetterQueueTopicInTopicsList', sink({ 'errors.deadletterqueue.topic.name': 't1' }), 1],
    [
      'testSinkConnectorDeadLetterQueueTopicMatchesTopicsRegex',
      without(sink({ 'topics.regex': 'r.*', 'errors.deadletterqueue.topic.name': 'ruh.roh' }), 'topics'),
      1,
    ],
    ['testSourceConnectorHasDuplicateTopicCreationGroups', source({ 'topic.creation.groups': 'g1, g2, g1' }), 1],
    ['testConnectorHasDuplicateTransformations', sink({ transforms: 't, t', 'transforms.t.type': FILTER }), 1],
    ['testConnectorHasMissingTransformClass', sink({ transforms: 't', 'transforms.t.type': 'WheresTheFruit' }), 1],
    ['testConnectorHasInvalidTransformClass', sink({ transforms: 't', 'transforms.t.type': SINK }), 1],
    [
      'testConnectorHasNegationForUndefinedPredicate',
      sink({ transforms: 't', 'transforms.t.type': FILTER, 'transforms.t.negate': 'true' }),
      1,
    ],
    ['testConnectorHasDuplicatePredicates', sink({ predicates: 'p, p', 'predicates.p.type': TOMBSTONE }), 1],
    ['testConnectorHasMissingPredicateClass', sink({ predicates: 'p', 'predicates.p.type': 'WheresTheFruit' }), 1],
    ['testConnectorHasInvalidPredicateClass', sink({ predicates: 'p', 'predicates.p.type': SINK }), 1],
    ['testConnectorHasMissingConverterClass', sink({ [KEY]: 'WheresTheFruit' }), 1],
    ['testConnectorHasInvalidConverterClassType', sink({ [KEY]: SINK }), 1],
    ['testConnectorHasAbstractConverter', sink({ [KEY]: 'org.apache.kafka.connect.storage.Converter' }), 1],
    ['testConnectorHasConverterWithNoSuitableConstructor', sink({ [KEY]: 'test.NoDefaultConstructorConverter' }), 1],
    [
      'testConnectorHasConverterThatThrowsExceptionOnInstantiation',
      sink({ [KEY]: 'test.DefaultConstructorThrowsConverter' }),
      1,
    ],
    [
      'testConnectorHasMisconfiguredConverter',
      sink({ [KEY]: 'test.ConverterWithSinglePropertyConfigDef', [`${KEY}.prop`]: 'notaboolean' }),
      1,
    ],
    ['testConnectorHasConverterWithNoConfigDef', sink({ [KEY]: 'test.ConverterWithNoConfigDef' }), 0],
    ['testConnectorHasMissingHeaderConverterClass', sink({ [HEADER]: 'WheresTheFruit' }), 1],
    ['testConnectorHasInvalidHeaderConverterClassType', sink({ [HEADER]: SINK }), 1],
    [
      'testConnectorHasAbstractHeaderConverter',
      sink({ [HEADER]: 'org.apache.kafka.connect.storage.HeaderConverter' }),
      1,
    ],
    [
      'testConnectorHasHeaderConverterWithNoSuitableConstructor',
      sink({ [HEADER]: 'test.NoDefaultConstructorConverter' }),
      1,
    ],
    [
      'testConnectorHasHeaderConverterThatThrowsExceptionOnInstantiation',
      sink({ [HEADER]: 'test.DefaultConstructorThrowsConverter' }),
      1,
    ],
    [
      'testConnectorHasMisconfiguredHeaderConverter',
      sink({ [HEADER]: 'test.ConverterWithSinglePropertyConfigDef', [`${HEADER}.prop`]: 'notaboolean' }),
      1,
    ],
    ['testConnectorHasHeaderConverterWithNoConfigDef', sink({ [HEADER]: 'test.ConverterWithNoConfigDef' }), 0],
  ])('%s', async (_name, config, errors) => {
    const path = `/connector-plugins/${config['connector.class']}/config/validate`;
    const { status, body } = await connect.request('PUT', path, config);
    expect(status).toBe(200);
    const wrong = (body as { configs: { value: { name: string; errors: string[] } }[] }).configs.flatMap(({ value }) =>
      value.errors.map((error) => `${value.name}: ${error}`),
    );
    expect(body, wrong.join('\n')).toMatchObject({ error_count: errors });
  });
});

describe('ConnectorClientPolicyIntegrationTest', () => {
  const principal = { 'consumer.override.sasl.jaas.config': 'sasl' };
  it.each<readonly [string, string | null, Config, number]>([
    ['testCreateWithOverridesForNonePolicy', 'None', principal, 400],
    [
      'testCreateWithNotAllowedOverridesForPrincipalPolicy',
      'Principal',
      { ...principal, 'consumer.override.auto.offset.reset': 'latest' },
      400,
    ],
    [
      'testCreateWithAllowedOverridesForPrincipalPolicy',
      'Principal',
      { 'consumer.override.security.protocol': 'PLAINTEXT' },
      201,
    ],
    ['testCreateWithAllowedOverridesForAllPolicy', 'All', { 'consumer.override.client.id': 'test' }, 201],
    ['testCreateWithNoAllowedOverridesForNonePolicy', 'None', {}, 201],
    ['testCreateWithAllowedOverridesForDefaultPolicy', null, { 'consumer.override.client.id': 'test' }, 201],
  ])('%s', async (_name, policy, overrides, expected) => {
    const connect = await EmbeddedConnect.start({
      dir: tempDir('policy'),
      pluginModules,
      settings: policy === null ? {} : { 'connector.client.config.override.policy': policy },
    });
    const name = uniqueName('policy');
    const config = sink({ ...overrides, name });
    expect((await connect.request('POST', '/connectors', { name, config })).status).toBe(expected);
    if (expected === 201) await connect.waitForTasks(name, 'RUNNING');
    else expect((await connect.request('GET', '/connectors')).body).toEqual([]);
    await connect.stop();
  });
});
