/**
 * The meta-schema of JSON Schema draft 4 in the words of draft 7, which the validator has: in draft 4 `exclusiveMinimum` is a boolean beside
 * `minimum`, and schemas are objects. (json-schema.org/draft-04/schema)
 */
const SELF = { $ref: '#' };
const SCHEMAS = { type: 'array', minItems: 1, items: SELF };
const SCHEMA_MAP = { type: 'object', additionalProperties: SELF };
const COUNT = { type: 'integer', minimum: 0 };
const STRINGS = { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true };
const TYPES = { enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] };

export const JSON_SCHEMA_DRAFT4 = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'http://json-schema.org/draft-04/schema#',
  type: 'object',
  properties: {
    id: { type: 'string' },
    $schema: { type: 'string' },
    title: { type: 'string' },
    description: { type: 'string' },
    multipleOf: { type: 'number', exclusiveMinimum: 0 },
    maximum: { type: 'number' },
    exclusiveMaximum: { type: 'boolean' },
    minimum: { type: 'number' },
    exclusiveMinimum: { type: 'boolean' },
    maxLength: COUNT,
    minLength: COUNT,
    pattern: { type: 'string', format: 'regex' },
    additionalItems: { anyOf: [{ type: 'boolean' }, SELF] },
    items: { anyOf: [SELF, SCHEMAS] },
    maxItems: COUNT,
    minItems: COUNT,
    uniqueItems: { type: 'boolean' },
    maxProperties: COUNT,
    minProperties: COUNT,
    required: STRINGS,
    additionalProperties: { anyOf: [{ type: 'boolean' }, SELF] },
    definitions: SCHEMA_MAP,
    properties: SCHEMA_MAP,
    patternProperties: SCHEMA_MAP,
    dependencies: { type: 'object', additionalProperties: { anyOf: [SELF, STRINGS] } },
    enum: { type: 'array', minItems: 1 },
    type: { anyOf: [TYPES, { type: 'array', items: TYPES, minItems: 1, uniqueItems: true }] },
    allOf: SCHEMAS,
    anyOf: SCHEMAS,
    oneOf: SCHEMAS,
    not: SELF,
  },
  dependencies: { exclusiveMaximum: ['maximum'], exclusiveMinimum: ['minimum'] },
} as const;
