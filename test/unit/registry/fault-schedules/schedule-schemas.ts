/** The schemas of the schedules: by subject and version, each with content of its own, compatible with the ones before. */
import type { SchemaQuestion, SchemaText } from '../../../../src/sdk/schema-view.ts';

export function subjectName(subject: number): string {
  return `s${subject}-value`;
}

export function schemaText(subject: number, version: number): SchemaText {
  const fields = Array.from({ length: version + 1 }, (_, i) => ({ name: `f${i}`, type: 'string', default: '' }));
  return avro({ type: 'record', name: `R${subject}`, fields });
}

/** Not compatible with any version of the subject. */
export function incompatibleText(subject: number): SchemaText {
  return avro({ type: 'record', name: `R${subject}`, fields: [{ name: 'f0', type: 'long' }] });
}

export function avro(schema: unknown): SchemaText {
  return { schemaType: 'AVRO', schema: JSON.stringify(schema), references: [] };
}

/** The same for every spelling of a schema that registries make. */
export function contentOf(schema: string): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, sorted(item)]),
    );
  };
  return JSON.stringify(sorted(JSON.parse(schema)));
}

export function writeQuestion(how: 'register' | 'lookup', subject: string, schema: SchemaText): SchemaQuestion {
  return { kind: how, key: `${how} ${subject} ${schema.schema}`, subject, schema, normalize: false };
}

export function readQuestion(id: number): SchemaQuestion {
  return { kind: 'by-id', key: `id ${id}`, id };
}
