/** org.apache.kafka.connect.transforms.MaskField */
import { ConfigDef, ConfigValidators } from '../sdk/config/index.ts';
import { BigDecimal, isBigDecimal, type Schema, SchemaType, Struct, typeNameOf, Values } from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMap, requireStruct } from './requirements.ts';
import { type FieldReader, fieldReader, LIST_VALIDATOR, REPLACE_NULL_CONFIG } from './settings.ts';

const PURPOSE = 'mask fields';
const ZERO = new BigDecimal(0n);
const CONFIG = ConfigDef.of({
  fields: {
    type: 'LIST',
    validator: LIST_VALIDATOR,
    importance: 'high',
    documentation: 'The fields to mask.',
  },
  replacement: {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'low',
    documentation:
      'What all the fields are replaced by, which must be numbers or texts. Unset: by the empty value of their type, such as 0, false or an empty text.',
  },
}).extend(REPLACE_NULL_CONFIG);

/** Replaces fields by the empty value of their type, or by a value of one's own. Null stays null. */
abstract class MaskField implements Transformation {
  protected abstract readonly part: RecordPart;
  private fields: ReadonlySet<string> = new Set();
  private replacement: string | null = null;
  private read!: FieldReader;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    this.fields = new Set(values.fields);
    this.replacement = values.replacement;
    this.read = fieldReader(values['replace.null.with.default']);
  }

  apply(record: ConnectRecord): ConnectRecord {
    const schema = this.part.schemaOf(record);
    if (schema === null) {
      const value = requireMap(this.part.valueOf(record), PURPOSE);
      const updated = new Map(value);
      for (const field of this.fields) updated.set(field, this.masked(value.get(field), null));
      return this.part.with(record, null, updated);
    }
    const value = requireStruct(this.part.valueOf(record), PURPOSE);
    const updated = new Struct(value.schema);
    for (const field of value.schema.fields) {
      const original = this.read(value, field);
      updated.put(field, this.fields.has(field.name) ? this.masked(original, field.schema) : original);
    }
    return this.part.with(record, schema, updated);
  }

  private masked(value: unknown, schema: Schema | null): unknown {
    if (value === null || value === undefined) return null;
    return this.replacement === null ? emptyOf(value) : replaced(value, schema, this.replacement);
  }
}

function emptyOf(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return 0;
    case 'bigint':
      return 0n;
    case 'boolean':
      return false;
    case 'string':
      return '';
    default:
      break;
  }
  if (value instanceof Date) return new Date(0);
  if (isBigDecimal(value)) return ZERO;
  if (Array.isArray(value)) return [];
  if (value instanceof Map || typeNameOf(value) === 'java.util.HashMap') return new Map();
  throw new DataError(`Cannot mask value of type: class ${typeNameOf(value)}`);
}

/** The replacement as a number of the value's type; without a schema, a whole number is taken for an integer. */
function replaced(value: unknown, schema: Schema | null, replacement: string): unknown {
  if (typeof value === 'string') return replacement;
  if (isBigDecimal(value)) {
    const decimal = BigDecimal.tryParse(replacement);
    if (decimal === undefined) throw notANumber(replacement, 'number');
    return decimal;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw new DataError(`Cannot mask value of type class ${typeNameOf(value)} with custom replacement.`);
  }
  try {
    if (typeof value === 'bigint') return Values.convertToLong(null, replacement);
    switch (schema?.type) {
      case SchemaType.INT8:
        return Values.convertToByte(null, replacement);
      case SchemaType.INT16:
        return Values.convertToShort(null, replacement);
      case SchemaType.FLOAT32:
        return Values.convertToFloat(null, replacement);
      case SchemaType.FLOAT64:
        return Values.convertToDouble(null, replacement);
      default:
        return schema === null && !Number.isInteger(value)
          ? Values.convertToDouble(null, replacement)
          : Values.convertToInteger(null, replacement);
    }
  } catch (error) {
    throw notANumber(replacement, 'a number', error);
  }
}

function notANumber(replacement: string, what: string, cause?: unknown): DataError {
  return new DataError(`Unable to convert ${replacement} (class java.lang.String) to ${what}`, { cause });
}

export class MaskFieldKey extends MaskField {
  protected override readonly part = RECORD_KEY;
}

export class MaskFieldValue extends MaskField {
  protected override readonly part = RECORD_VALUE;
}
