/** `topic.creation.*` of source connectors. Kafka Connect 4.1.1 (KIP-158). */
import { ConfigDef, ConfigValidators, invalidValue } from '../../sdk/config/index.ts';
import type { TopicCreationGroup } from '../host/protocol.ts';
import { topicPattern } from './topic-pattern.ts';
import { withPrefix } from './with-prefix.ts';

type Raw = Readonly<Record<string, string>>;

const atLeastOneOrDefault = (what: string) =>
  ConfigValidators.lambda((key, value) => {
    if (typeof value === 'number' && value !== -1 && value < 1) {
      throw invalidValue(key, value, `${what}, or -1 to use the broker's default`);
    }
  }, "positive, or -1 to use the broker's default");
const replicationFactor = atLeastOneOrDefault(
  'Replication factor must be positive and not larger than the number of brokers in the Kafka cluster',
);
const partitionCount = atLeastOneOrDefault('Number of partitions must be positive');
const patterns = ConfigValidators.lambda((key, value) => {
  for (const pattern of (value ?? []) as readonly string[]) {
    try {
      topicPattern(pattern);
    } catch (error) {
      throw invalidValue(key, value, `Syntax error in regular expression: ${(error as Error).message}`);
    }
  }
}, 'valid regular expressions');

const DEFAULT_GROUP = ConfigDef.of({
  'replication.factor': {
    type: 'SHORT',
    validator: replicationFactor,
    importance: 'low',
    documentation: "Replication factor of new topics; -1 for the broker's default.",
  },
  partitions: {
    type: 'INT',
    validator: partitionCount,
    importance: 'low',
    documentation: "Partitions of new topics; -1 for the broker's default.",
  },
});

const PREFIX = 'topic.creation.';
const OWN_KEYS: ReadonlySet<string> = new Set(['replication.factor', 'partitions', 'include', 'exclude']);

/**
 * The groups in the order in which they are tried, `default` last; null when the connector has no `topic.creation.*` at all.
 * @throws ConfigError for a default group that is incomplete or a value that is not allowed.
 */
export function topicCreationGroups(connector: Raw, groups: readonly string[]): readonly TopicCreationGroup[] | null {
  if (!Object.keys(connector).some((key) => key.startsWith(PREFIX))) return null;
  const defaults = withPrefix(connector, `${PREFIX}default.`);
  const base = embedded(`${PREFIX}default.`).parse(connector);
  const partitions = base[`${PREFIX}default.partitions`] as number;
  const replicationFactor = base[`${PREFIX}default.replication.factor`] as number;
  const named = groups
    .filter((name) => name !== 'default')
    .map((name) => namedGroup(connector, name, { partitions, replicationFactor }));
  return [
    ...named,
    { name: 'default', include: ['.*'], exclude: [], partitions, replicationFactor, configs: topicConfigs(defaults) },
  ];
}

function embedded(prefix: string): ConfigDef {
  return ConfigDef.empty().embed(DEFAULT_GROUP, { prefix }) as unknown as ConfigDef;
}

function namedGroup(
  connector: Raw,
  name: string,
  defaults: { readonly partitions: number; readonly replicationFactor: number },
): TopicCreationGroup {
  const prefix = `${PREFIX}${name}.`;
  const def = ConfigDef.of({
    [`${prefix}include`]: {
      type: 'LIST',
      default: [],
      validator: patterns,
      importance: 'low',
      documentation: 'Regular expressions of topic names.',
    },
    [`${prefix}exclude`]: {
      type: 'LIST',
      default: [],
      validator: patterns,
      importance: 'low',
      documentation: 'Regular expressions of topic names; exclusion wins.',
    },
    [`${prefix}replication.factor`]: {
      type: 'SHORT',
      default: defaults.replicationFactor,
      validator: replicationFactor,
      importance: 'low',
      documentation: 'Replication factor of new topics.',
    },
    [`${prefix}partitions`]: {
      type: 'INT',
      default: defaults.partitions,
      validator: partitionCount,
      importance: 'low',
      documentation: 'Partitions of new topics.',
    },
  });
  const values = def.parse(connector) as Readonly<Record<string, unknown>>;
  return {
    name,
    include: values[`${prefix}include`] as readonly string[],
    exclude: values[`${prefix}exclude`] as readonly string[],
    partitions: values[`${prefix}partitions`] as number,
    replicationFactor: values[`${prefix}replication.factor`] as number,
    configs: topicConfigs(withPrefix(connector, prefix)),
  };
}

/** What is left are settings of the topic itself. */
function topicConfigs(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !OWN_KEYS.has(key)));
}
