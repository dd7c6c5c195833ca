/**
 * How the highest id of a context is kept from being given out again, when the schema that had it is gone: a soft-deleted schema of a
 * subject of our own has it. `_schemas` has no record that says so otherwise and outlives compaction.
 *
 * Invariant 10: a restore never lowers the highest id.
 */
import { contextOf } from '../../registry/subject-context.ts';
import type { SchemaValue } from './schemas-record.ts';

const NAME = 'holdfast-reserved-ids';

/** Of a context; '' is the default one. */
export function reservedSubject(context: string): string {
  return context === '' ? NAME : `:.${context}:${NAME}`;
}

export function isReservedSubject(subject: string): boolean {
  return subject === reservedSubject(contextOf(subject));
}

/**
 * The soft-deleted schema that reserves `id`. Its text is that of no other id, so that no registry takes the two for one schema; it is
 * spelled as Confluent's registry stores it.
 *
 * @param version One above the versions that the subject has already.
 */
export function reservedSchema(context: string, id: number, version: number): SchemaValue {
  return {
    subject: reservedSubject(context),
    version,
    id,
    schemaType: 'AVRO',
    references: [],
    metadata: undefined,
    ruleSet: undefined,
    schema: `{"type":"fixed","name":"Reserved${id}","namespace":"holdfast","size":1}`,
    deleted: true,
  };
}
