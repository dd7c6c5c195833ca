/** Under which subject a schema is registered. */
import { invalidValue } from '../../sdk/config/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import type { AvroSchema } from './avro-schema.ts';

const PACKAGE = 'io.confluent.kafka.serializers.subject.';
export const DEFAULT_STRATEGY = `${PACKAGE}TopicNameStrategy`;

/** The subject of a schema, for records of a topic. Throws DataError if the strategy needs a record and the schema is none. */
export type SubjectNameStrategy = (topic: string, schema: AvroSchema) => string;

/** The strategy that a setting names, by its full or short class name. Throws ConfigError for any other. */
export function subjectNameStrategyOf(key: string, className: string, part: 'key' | 'value'): SubjectNameStrategy {
  switch (className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : className) {
    case 'TopicNameStrategy':
      return (topic) => `${topic}-${part}`;
    case 'RecordNameStrategy':
      return (_topic, schema) => recordNameOf(schema, className, part);
    case 'TopicRecordNameStrategy':
      return (topic, schema) => `${topic}-${recordNameOf(schema, className, part)}`;
    default:
      throw invalidValue(
        key,
        className,
        'Strategy must be one of: TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy',
      );
  }
}

/** The subject in a context, '' for the default one, unless it names one itself. */
export function inContext(context: string, subject: string): string {
  return context === '' || subject.startsWith(':.') ? subject : `:.${context}:${subject}`;
}

function recordNameOf(schema: AvroSchema, className: string, part: 'key' | 'value'): string {
  if (schema.kind === 'record') return schema.fullName;
  if (schema.kind === 'union') {
    const record = schema.branches.find((branch) => branch.kind === 'record');
    if (record?.kind === 'record' && schema.branches.length === 2) return record.fullName;
  }
  throw new DataError(
    `In configuration ${part}.subject.name.strategy = ${className}, the message ${part} must only be a record schema`,
  );
}
