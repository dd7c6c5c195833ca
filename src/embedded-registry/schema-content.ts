/**
 * What was sent to be registered, in the form in which it is stored and compared: two texts with the same content have
 * one id.
 */

import { type AvroSchema, AvroSyntaxError, parseAvro } from '../registry/avro/avro-schema.ts';
import { parseJsonText, renderJsonText } from '../registry/avro/json-text.ts';
import type { SchemaReference, SchemaText } from '../sdk/schema-view.ts';
import { renderAvro } from './avro-text.ts';
import type { JsonObject } from './registry-record.ts';

export interface SchemaContent extends SchemaText {
  readonly schemaType: 'AVRO' | 'JSON' | 'PROTOBUF';
  /** As it will be stored. */
  readonly schema: string;
  readonly metadata?: JsonObject;
  readonly ruleSet?: JsonObject;
  /** undefined for JSON Schema and Protobuf, which are kept as they are. */
  readonly avro: AvroSchema | undefined;
}

/** The text is no schema of its type. Becomes 422/42201. */
export class InvalidSchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidSchemaError';
  }
}

export interface ContentOptions {
  /** The texts that the references stand for, those first that the later ones need. */
  readonly referenced: readonly string[];
  readonly normalize: boolean;
  readonly checkDefaults: boolean;
  readonly sortKeys: boolean;
}

/** Throws {@link InvalidSchemaError}. */
export function contentOf(
  text: Pick<SchemaContent, 'schemaType' | 'schema' | 'references' | 'metadata' | 'ruleSet'>,
  options: ContentOptions,
): SchemaContent {
  if (text.schemaType === 'AVRO') {
    const avro = parse(text.schema, options);
    const rendered = renderAvro(avro, { normalize: options.normalize });
    const schema = options.sortKeys ? renderJsonText(parseJsonText(rendered), { sortKeys: true }) : rendered;
    return { ...text, references: ordered(text.references, options.normalize), schema, avro };
  }
  if (text.schemaType === 'JSON') {
    try {
      const json = parseJsonText(text.schema);
      const sortKeys = options.normalize || options.sortKeys;
      return { ...text, schema: sortKeys ? renderJsonText(json, { sortKeys }) : text.schema, avro: undefined };
    } catch (error) {
      throw new InvalidSchemaError(`Invalid JSON Schema, details: ${(error as Error).message}`);
    }
  }
  if (text.schema.trim() === '') throw new InvalidSchemaError('Empty schema');
  return { ...text, avro: undefined };
}

function parse(text: string, options: ContentOptions): AvroSchema {
  if (text.trim() === '') throw new InvalidSchemaError('Empty schema');
  try {
    return parseAvro(text, { references: options.referenced, checkDefaults: options.checkDefaults });
  } catch (error) {
    if (!(error instanceof AvroSyntaxError)) throw error;
    throw new InvalidSchemaError(`Invalid schema of type AVRO, details: ${error.message}`);
  }
}

function ordered(references: readonly SchemaReference[], normalize: boolean): readonly SchemaReference[] {
  return normalize ? [...references].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) : references;
}

/** Equal for equal content. */
export function contentKey(content: Omit<SchemaContent, 'avro'>): string {
  const { schemaType, schema, references, metadata, ruleSet } = content;
  const referenced = references.map(({ name, subject, version }) => [name, subject, version]);
  return JSON.stringify([schemaType, schema, referenced, metadata ?? null, ruleSet ?? null]);
}
