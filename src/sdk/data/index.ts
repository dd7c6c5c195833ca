export { BigDecimal, isBigDecimal } from './big-decimal.ts';
export { hashOf, valuesEqual } from './equality.ts';
export { ConnectHeaders, Header, schemaAndValueOf } from './headers.ts';
export { javaDateText, javaDoubleText, javaFloatText, javaText, typeNameOf } from './java-text.ts';
export { ConnectDate, ConnectTime, ConnectTimestamp, Decimal } from './logical.ts';
export { parseString } from './parse-string.ts';
export {
  type Field,
  isSchema,
  parametersEqual,
  Schema,
  type SchemaAttributes,
  SchemaType,
  schemasEqual,
} from './schema.ts';
export { SchemaAndValue } from './schema-and-value.ts';
export { SchemaBuilder } from './schema-builder.ts';
export { SchemaCache } from './schema-cache.ts';
export { project } from './schema-projector.ts';
export { Schemas } from './schemas.ts';
export { isStruct, Struct, structFromValues } from './struct.ts';
export { fitsType, validateValue } from './validate-value.ts';
export * as Values from './values.ts';
