/** The settings of AvroConverter, under Confluent's names. */
import { REGISTRY_CONFIG } from '../../registry/registry-config.ts';
import { registryKeyOf } from '../../registry/registry-keys.ts';
import { isUsableId } from '../../registry/usable-ids.ts';
import { ConfigDef, ConfigValidators, invalidValue } from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { DEFAULT_STRATEGY } from './subject-names.ts';

const SUBJECT_STRATEGIES = 'io.confluent.kafka.serializers.subject.';
const ID_CLASSES = 'io.confluent.kafka.serializers.schema.id.';
const STATIC_CONTEXT = 'io.holdfast.registry.StaticContextNameStrategy';

const BOOLEAN_OFF = { type: 'BOOLEAN', default: false, importance: 'low' } as const;

const mapping = ConfigDef.of({
  'schemas.cache.config': {
    type: 'INT',
    default: 1000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'Size of the converted schemas cache; one schema at least.',
  },
  'enhanced.avro.schema.support': {
    ...BOOLEAN_OFF,
    importance: 'medium',
    documentation: 'Keep enums as enums, and full names in the fields of unions.',
  },
  'connect.meta.data': {
    ...BOOLEAN_OFF,
    default: true,
    documentation: 'Allow the Connect converter to add its metadata to the output schema.',
  },
  'scrub.invalid.names': {
    ...BOOLEAN_OFF,
    documentation: 'Whether to scrub invalid names by replacing invalid characters with valid ones.',
  },
  'generalized.sum.type.support': {
    ...BOOLEAN_OFF,
    importance: 'medium',
    documentation: 'Represent enums and unions in the form that all of Confluent’s converters share.',
  },
  'ignore.default.for.nullables': {
    ...BOOLEAN_OFF,
    documentation: 'Write null instead of the default for an optional field that is null.',
  },
  'allow.optional.map.keys': {
    ...BOOLEAN_OFF,
    documentation: 'Write a map whose string keys are optional as an Avro map.',
  },
  'flatten.singleton.unions': {
    ...BOOLEAN_OFF,
    default: true,
    documentation: 'Read a union of one type as that type.',
  },
  'discard.type.doc.default': {
    ...BOOLEAN_OFF,
    documentation: 'Take the documentation of a schema from the Avro field or type instead of connect.doc.',
  },
});

const selection = ConfigDef.of({
  'auto.register.schemas': {
    ...BOOLEAN_OFF,
    default: true,
    importance: 'medium',
    documentation: 'Register the schema of a record if the registry does not have it. If false it has to be there.',
  },
  'normalize.schemas': {
    ...BOOLEAN_OFF,
    importance: 'medium',
    documentation: 'Have the registry normalize schemas when it registers or looks them up.',
  },
  'use.schema.id': {
    type: 'INT',
    default: -1,
    validator: ConfigValidators.lambda((key, value) => {
      if (typeof value !== 'number' || value === -1 || isUsableId(value)) return;
      throw invalidValue(key, value, 'Give the id of a schema, which is 0 or more, or -1 for none');
    }, '-1 or more'),
    importance: 'low',
    documentation: 'Write with the schema of this id, which is 0 or more. -1: not set.',
  },
  'id.compatibility.strict': {
    ...BOOLEAN_OFF,
    default: true,
    documentation: 'Refuse records whose schema is not compatible with that of use.schema.id.',
  },
  'use.latest.version': {
    ...BOOLEAN_OFF,
    documentation: 'Write with the latest version of the subject.',
  },
  'latest.compatibility.strict': {
    ...BOOLEAN_OFF,
    default: true,
    documentation: 'Refuse records whose schema is not compatible with the latest version of the subject.',
  },
  'key.subject.name.strategy': {
    type: 'CLASS',
    default: DEFAULT_STRATEGY,
    importance: 'medium',
    documentation:
      'How the subject of key schemas is named: TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy.',
  },
  'value.subject.name.strategy': {
    type: 'CLASS',
    default: DEFAULT_STRATEGY,
    importance: 'medium',
    documentation:
      'How the subject of value schemas is named: TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy.',
  },
  'use.latest.with.metadata': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.lambda((key, value) => {
      if (typeof value === 'string') parseMetadata(key, value);
    }, 'name=value,name=value'),
    importance: 'low',
    documentation:
      'Write with the latest version of the subject whose metadata has these properties: name=value pairs, separated by commas, in single quotes where one holds a comma.',
  },
  'reference.subject.name.strategy': {
    type: 'CLASS',
    default: `${SUBJECT_STRATEGIES}DefaultReferenceSubjectNameStrategy`,
    validator: shortOrFull(
      SUBJECT_STRATEGIES,
      'DefaultReferenceSubjectNameStrategy',
      'QualifiedReferenceSubjectNameStrategy',
    ),
    importance: 'low',
    documentation: 'Has no effect: schemas of records refer to no others, so that no references are registered.',
  },
  'context.name.strategy': {
    type: 'CLASS',
    default: 'io.confluent.kafka.serializers.context.NullContextNameStrategy',
    validator: ConfigValidators.in(
      'io.confluent.kafka.serializers.context.NullContextNameStrategy',
      'NullContextNameStrategy',
      STATIC_CONTEXT,
      'StaticContextNameStrategy',
    ),
    importance: 'low',
    documentation:
      'In which context of the registry subjects and ids are: NullContextNameStrategy for the default one, StaticContextNameStrategy for that of context.name.',
  },
  'context.name': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.lambda((key, value) => {
      if (typeof value === 'string' && !/^:?\.?[^:/]+:?$/.test(value)) {
        throw invalidValue(key, value, 'Give the name of a context, such as .europe');
      }
    }, 'the name of a context'),
    importance: 'low',
    documentation:
      'The context, such as .europe, that StaticContextNameStrategy uses in all topics, to write and to read.',
  },
  'key.schema.id.deserializer': idDeserializer('key'),
  'value.schema.id.deserializer': idDeserializer('value'),
  'key.schema.id.serializer': idSerializer('key'),
  'value.schema.id.serializer': idSerializer('value'),
  'use.schema.guid': {
    type: 'STRING',
    default: null,
    validator: notSupported('a record is written with the id of its schema: set use.schema.id'),
    importance: 'low',
    documentation: 'Not supported: records are written with ids. Use use.schema.id.',
  },
  'propagate.schema.tags': {
    ...BOOLEAN_OFF,
    validator: notSupported('register schemas with their tags beforehand, and set auto.register.schemas=false'),
    documentation: 'Must be false: tags of earlier versions are not taken over when a schema is registered.',
  },
  'rule.executors': rules('rule.executors'),
  'rule.actions': rules('rule.actions'),
});

function idDeserializer(part: 'key' | 'value') {
  return {
    type: 'CLASS',
    default: `${ID_CLASSES}DualSchemaIdDeserializer`,
    validator: shortOrFull(ID_CLASSES, 'DualSchemaIdDeserializer', 'PrefixSchemaIdDeserializer'),
    importance: 'low',
    documentation: `Where the id of the ${part} schema of a record is found: DualSchemaIdDeserializer looks into the header __${part}_schema_id first, PrefixSchemaIdDeserializer only in front of the ${part}.`,
  } as const;
}

function idSerializer(part: 'key' | 'value') {
  return {
    type: 'CLASS',
    default: `${ID_CLASSES}PrefixSchemaIdSerializer`,
    validator: shortOrFull(ID_CLASSES, 'PrefixSchemaIdSerializer'),
    importance: 'low',
    documentation: `Where the id of the ${part} schema is written. Only PrefixSchemaIdSerializer is supported: in front of the ${part}; who can read headers can read that, too.`,
  } as const;
}

function rules(key: string) {
  return {
    type: 'LIST',
    default: [],
    validator: notSupported(
      'rules of data contracts are not run, so that nothing would be encrypted, checked or migrated',
    ),
    importance: 'low',
    documentation: `Must be empty: rules of data contracts are not run (${key}).`,
  } as const;
}

function shortOrFull(packageName: string, ...names: readonly string[]): ReturnType<typeof ConfigValidators.lambda> {
  return ConfigValidators.in(...names.flatMap((name) => [`${packageName}${name}`, name]));
}

/** `name=value` pairs, separated by commas; one that holds a comma stands in single quotes. Throws ConfigError. */
export function parseMetadata(key: string, text: string): Readonly<Record<string, string>> {
  const pairs = text.match(/\s*'[^']*'\s*|[^,]+/g) ?? [];
  const metadata: Record<string, string> = {};
  for (const quoted of pairs) {
    const pair = quoted.trim().replace(/^'(.*)'$/s, '$1');
    const at = pair.indexOf('=');
    if (at < 1) throw invalidValue(key, text, 'Give name=value pairs, separated by commas');
    metadata[pair.slice(0, at)] = pair.slice(at + 1);
  }
  if (pairs.length === 0) throw invalidValue(key, text, 'Give name=value pairs, separated by commas');
  return metadata;
}

/** The context of subjects and ids, '' for the default one. Throws ConfigError for settings that don't go together. */
export function contextSetting(settings: {
  readonly 'context.name.strategy': string;
  readonly 'context.name': string | null;
}): string {
  const isStatic = settings['context.name.strategy'].endsWith('StaticContextNameStrategy');
  const name = settings['context.name'];
  if (isStatic === (name !== null)) return (name ?? '').replace(/^:?\.?|:$/g, '');
  const message = isStatic
    ? 'StaticContextNameStrategy needs context.name.'
    : 'context.name has an effect only with context.name.strategy=StaticContextNameStrategy. Set both or neither.';
  throw new ConfigError(message, { problems: [{ key: 'context.name', message }] });
}

function notSupported(instead: string): ReturnType<typeof ConfigValidators.lambda> {
  return ConfigValidators.lambda((key, value) => {
    if (value === null || value === false || (Array.isArray(value) && value.length === 0)) return;
    throw new ConfigError(`${key} is not supported: ${instead}.`, {
      problems: [{ key, message: `${key} is not supported: ${instead}.` }],
    });
  }, 'not supported');
}

/** What concerns schemas; the registry's own settings are checked where the connection is made. */
export const AVRO_CONVERTER_CONFIG = mapping.extend(selection);

/** Everything that may stand among the settings of an AvroConverter. */
export const AVRO_CONFIG = REGISTRY_CONFIG.extend(AVRO_CONVERTER_CONFIG).alsoTaking(
  (key) => registryKeyOf(key) !== undefined,
);
