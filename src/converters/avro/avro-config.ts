/** The settings of AvroConverter, under Confluent's names. */
import { REGISTRY_CONFIG } from '../../registry/registry-config.ts';
import { ConfigDef, ConfigValidators } from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { DEFAULT_STRATEGY } from './subject-names.ts';

const BOOLEAN_OFF = { type: 'BOOLEAN', default: false, importance: 'low' } as const;

const mapping = ConfigDef.of({
  'schemas.cache.config': {
    type: 'INT',
    default: 1000,
    importance: 'low',
    documentation: 'Size of the converted schemas cache.',
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
    importance: 'low',
    documentation: 'Write with the schema of this id. -1: not set.',
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
  'use.schema.guid': {
    type: 'STRING',
    default: null,
    validator: notSupported('a schema is named by its id (use.schema.id)'),
    importance: 'low',
    documentation: 'Not supported; use use.schema.id.',
  },
  'use.latest.with.metadata': {
    type: 'LIST',
    default: [],
    validator: notSupported('use use.latest.version or use.schema.id'),
    importance: 'low',
    documentation: 'Not supported; use use.latest.version or use.schema.id.',
  },
  'context.name.strategy': {
    type: 'CLASS',
    default: 'io.confluent.kafka.serializers.context.NullContextNameStrategy',
    validator: ConfigValidators.in(
      'io.confluent.kafka.serializers.context.NullContextNameStrategy',
      'NullContextNameStrategy',
    ),
    importance: 'low',
    documentation: 'Only NullContextNameStrategy is supported: subjects are used as they are.',
  },
});

function notSupported(instead: string): ReturnType<typeof ConfigValidators.lambda> {
  return ConfigValidators.lambda((key, value) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return;
    throw new ConfigError(`${key} is not supported: ${instead}.`, {
      problems: [{ key, message: `${key} is not supported: ${instead}.` }],
    });
  }, 'not supported');
}

/** What concerns schemas; the registry's own settings are checked where the connection is made. */
export const AVRO_CONVERTER_CONFIG = mapping.extend(selection);

/** Everything that may stand among the settings of an AvroConverter. */
export const AVRO_CONFIG = REGISTRY_CONFIG.extend(AVRO_CONVERTER_CONFIG);
