/** What is asked of schemas, their builder and their projector, in Java and here. */
import fc from 'fast-check';
import {
  ConnectError,
  project,
  Schema,
  SchemaBuilder,
  Schemas,
  SchemaType,
  validateValue,
} from '../../src/sdk/index.ts';
import {
  schemaFromWire,
  schemaToWire,
  valueFromWire,
  valueToWire,
  type Wire,
  type WireSchema,
} from './connect-wire.ts';
import { type Part, typed } from './converter-cases.ts';

/** A question for ConnectOracle. */
export type DataQuestion = { readonly [key: string]: Wire };

const asWire = (schema: Schema | null): Wire => schemaToWire(schema) as unknown as Wire;
const NUMBERS: readonly string[] = ['INT8', 'INT16', 'INT32', 'FLOAT32', 'FLOAT64'];
const leaf: fc.Arbitrary<Part> = typed(0).chain(({ schema, value }) => value.map((each) => ({ schema, value: each })));

/** A value of another schema, unless both are numbers: a JavaScript number has no class of its own. */
const misfits = fc
  .tuple(leaf, typed(0), fc.constantFrom('plain', 'array', 'map'), fc.option(fc.constantFrom('id', 'a.b')))
  .filter(([{ schema }, other]) => !(NUMBERS.includes(schema?.type ?? '') && NUMBERS.includes(other.schema.type)))
  .map(([{ schema: own, value }, { schema }, form, field]): DataQuestion => {
    const part = valueToWire(own, value);
    const question = { op: 'data', what: 'validate', field };
    if (form === 'array')
      return { ...question, schema: asWire(SchemaBuilder.array(schema).build()), value: { t: 'L', v: [part] } };
    if (form === 'plain') return { ...question, schema: asWire(schema), value: part };
    const map = SchemaBuilder.map(Schemas.STRING, schema).build();
    return { ...question, schema: asWire(map), value: { t: 'M', v: [[{ t: 'S', v: 'k' }, part]] } };
  });

const defaults = fc
  .tuple(leaf, typed(0))
  .filter(([{ schema }, other]) => !(NUMBERS.includes(schema?.type ?? '') && NUMBERS.includes(other.schema.type)))
  .map(
    ([{ schema: own, value }, { schema }]): DataQuestion => ({
      op: 'data',
      what: 'default',
      schema: asWire(schema),
      value: valueToWire(own, value),
    }),
  );

const fieldNames = fc
  .array(fc.constantFrom('a', 'b', '', 'a b'), { maxLength: 3 })
  .map((names): DataQuestion => ({ op: 'data', what: 'fields', schema: asWire(Schemas.INT32), value: null, names }));

function changed(schema: Schema, changes: ConstructorParameters<typeof Schema>[0] | object): Schema {
  const { type, optional, defaultValue, name, version, doc, parameters, structFields, mapKeySchema, elementSchema } =
    schema;
  const own = {
    type,
    optional,
    defaultValue,
    name,
    version,
    doc,
    parameters,
    keySchema: mapKeySchema,
    valueSchema: elementSchema,
  };
  return new Schema({ ...own, ...(structFields === null ? {} : { fields: structFields }), ...changes });
}

/** A schema that is near the given one: the same, optional, required, wider, named, or with other fields. */
function near(schema: Schema, extra: Schema): fc.Arbitrary<Schema> {
  const index = NUMBERS.indexOf(schema.type);
  const wider = index < 0 || schema.name !== null ? schema.type : (NUMBERS[index + 1] ?? schema.type);
  const fields = schema.structFields ?? [];
  return fc.constantFrom(
    schema,
    changed(schema, { optional: !schema.optional }),
    changed(schema, { optional: false, defaultValue: null }),
    changed(schema, { name: 'other' }),
    changed(schema, { type: wider as SchemaType, defaultValue: null }),
    ...(schema.type === SchemaType.STRUCT
      ? [
          changed(schema, { fields: fields.slice(1) }),
          changed(schema, { fields: [...fields, { name: 'extra!', schema: extra }] }),
          changed(schema, {
            fields: fields.map((field) => ({
              name: field.name,
              schema: changed(field.schema, { optional: !field.schema.optional }),
            })),
          }),
        ]
      : []),
  );
}

const projections = fc
  .tuple(typed(2), typed(0))
  .chain(([{ schema, value }, { schema: extra }]) => fc.tuple(fc.constant(schema), value, near(schema, extra)))
  .map(
    ([schema, value, target]): DataQuestion => ({
      op: 'data',
      what: 'project',
      schema: asWire(schema),
      value: valueToWire(schema, value),
      target: asWire(target),
    }),
  );

/** Of each kind of question as many as they are worth. */
export const dataQuestions: fc.Arbitrary<DataQuestion> = fc.oneof(
  { weight: 4, arbitrary: misfits },
  { weight: 2, arbitrary: defaults },
  { weight: 1, arbitrary: fieldNames },
  { weight: 6, arbitrary: projections },
);

/** Our answer, in the form of ConnectOracle's. */
export function dataAnswerOf(question: DataQuestion): Wire {
  try {
    return answerOf(question);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { error: { class: error.constructor.name, message: error.message } };
  }
}

function answerOf({ what, ...rest }: DataQuestion): Wire {
  const schema = schemaFromWire(rest['schema'] as unknown as WireSchema | null);
  const value = valueFromWire(rest['value']);
  switch (what) {
    case 'validate':
      validateValue(schema as Schema, value, (rest['field'] as string | null) ?? undefined);
      return { done: true };
    case 'default':
      builderLike(schema as Schema).defaultValue(value);
      return { done: true };
    case 'fields':
      (rest['names'] as readonly string[]).reduce(
        (builder, name) => builder.field(name, Schemas.INT32),
        SchemaBuilder.struct(),
      );
      return { done: true };
    default: {
      const target = schemaFromWire(rest['target'] as unknown as WireSchema) as Schema;
      return { value: valueToWire(target, project(schema as Schema, value, target)) };
    }
  }
}

function builderLike(schema: Schema): SchemaBuilder {
  const builder = new SchemaBuilder(schema.type);
  return schema.name === null ? builder : builder.name(schema.name);
}
