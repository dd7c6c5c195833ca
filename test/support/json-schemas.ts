/** JSON schemas of a document, applied to values. For tests only. */
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';

type Schema = Readonly<Record<string, unknown>>;

/** Every schema of an OpenAPI document, so that fields that it does not name are mistakes. */
export class DocumentedSchemas {
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  private readonly compiled = new Map<Schema, ValidateFunction>();

  constructor(document: { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } }) {
    this.ajv.addSchema(closed({ $id: 'holdfast', components: document.components }) as AnySchema);
  }

  /** What is wrong with the value, or nothing. */
  mistakesOf(schema: Schema, value: unknown): readonly string[] {
    let validate = this.compiled.get(schema);
    if (validate === undefined) {
      const resolved = JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/components', '"holdfast#/components'));
      validate = this.ajv.compile(resolved as AnySchema);
      this.compiled.set(schema, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** Objects with named fields take no others. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isObject = inner['type'] === 'object' && inner['properties'] !== undefined;
  return isObject && inner['additionalProperties'] === undefined ? { ...inner, additionalProperties: false } : inner;
}
