/** Records that a plan adds of its own. */
import type { PlanStep } from '../plan/plan.ts';
import { plannedRecord } from '../plan/planned-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import { noopKey, schemaKey, schemaValueBytes } from '../records/write-record.ts';

/** The end of the log is a record then, and no transaction marker, at which Karapace would wait for ever. */
export function noopStep(topic: string): PlanStep {
  return { do: 'produce', topic, record: plannedRecord({ key: noopKey(), value: null, headers: [], timestamp: -1 }) };
}

/** A schema that is written anew, or reserves the highest id (invariant 10), at the time at which the plan is run. */
export function schemaStep(topic: string, schema: SchemaValue): PlanStep & { readonly do: 'produce' } {
  const { subject, version } = schema;
  const record = { key: schemaKey(subject, version), value: schemaValueBytes(schema), headers: [], timestamp: -1 };
  return { do: 'produce', topic, record: plannedRecord(record) };
}
