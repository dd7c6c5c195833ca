/** A version as a registry's answer tells it. */
import type { SchemaReference } from '../../sdk/schema-view.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import type { WitnessedVersion } from '../snapshot/rest-witness.ts';

/** undefined: no version. Newer registries say themselves whether it is soft-deleted; `deleted` is for the others. */
export function answeredSchema(json: unknown, deleted: boolean): WitnessedVersion | undefined {
  if (!isJsonObject(json)) return undefined;
  const { subject, version, id, schema, schemaType, references, metadata, ruleSet, deleted: told } = json;
  if (typeof subject !== 'string' || !Number.isInteger(version) || !Number.isInteger(id)) return undefined;
  if (typeof schema !== 'string') return undefined;
  return {
    subject,
    version: version as number,
    id: id as number,
    schemaType: schemaType === 'JSON' || schemaType === 'PROTOBUF' ? schemaType : 'AVRO',
    references: Array.isArray(references) ? references.filter(isReference).map(referenceOf) : [],
    metadata: isJsonObject(metadata) ? metadata : undefined,
    ruleSet: isJsonObject(ruleSet) ? ruleSet : undefined,
    schema,
    deleted: typeof told === 'boolean' ? told : deleted,
  };
}

function isReference(json: unknown): json is SchemaReference {
  if (!isJsonObject(json)) return false;
  const { name, subject, version } = json;
  return typeof name === 'string' && typeof subject === 'string' && Number.isInteger(version);
}

function referenceOf({ name, subject, version }: SchemaReference): SchemaReference {
  return { name, subject, version };
}

/** What is told of texts, without what is not one. */
export function textsIn(json: unknown): readonly string[] {
  return Array.isArray(json) ? json.filter((each) => typeof each === 'string') : [];
}

export function integersIn(json: unknown): readonly number[] {
  return Array.isArray(json) ? json.filter((each): each is number => Number.isInteger(each)) : [];
}
