/** Connect schemas to Avro schemas, member for member as Confluent's converter writes them, so that both find the same schema id. */
import {
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  parametersEqual,
  Schema,
  SchemaType,
} from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { type Json, jsonText } from '../json/json-text.ts';
import { parseJson } from '../json/parse-json.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { defaultToJson, isValidAvroDefault } from './avro-defaults.ts';
import {
  CONNECT_ENUM_DOC_PARAMETER,
  CONNECT_RECORD_DOC_PARAMETER,
  DEFAULT_PRECISION,
  DEFAULT_RECORD,
  ENUM_DEFAULT_PREFIX,
  ENUM_DOC_PREFIX,
  FIELD_DEFAULT_FLAG,
  FIELD_DOC_PREFIX,
  isValidName,
  KEY_FIELD,
  MAP_ENTRY,
  NAMESPACE,
  PRECISION_PARAMETER,
  RECORD_DOC_PARAMETER,
  scrubFullName,
  scrubName,
  splitName,
  VALUE_FIELD,
} from './avro-names.ts';
import { parseAvroSchema } from './avro-schema.ts';
import { enumParameterOf, enumSymbolsOf, fixedSizeOf, isAvroMap, isUnionStruct } from './connect-kinds.ts';
import { hasSameFields, isSameShape, layoutOf, requiredOf } from './same-type.ts';

/** The record that holds values without a schema, one field set. */
export const ANYTHING_TEXT = jsonText(
  parseJson(
    `{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[${[
      ...['boolean', 'bytes', 'double', 'float', 'int', 'long', 'string'].map(
        (type) => `{"name":"${type}","type":["null","${type}"],"default":null}`,
      ),
      '{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null}',
      '{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}',
    ].join(',')}]}`,
    'digits',
  ),
);

const PRIMITIVES: Readonly<Record<Exclude<SchemaType, 'ARRAY' | 'MAP' | 'STRUCT'>, string>> = {
  INT8: 'int',
  INT16: 'int',
  INT32: 'int',
  INT64: 'long',
  FLOAT32: 'float',
  FLOAT64: 'double',
  BOOLEAN: 'boolean',
  STRING: 'string',
  BYTES: 'bytes',
};

/** The text of the Avro schema of a Connect schema; of null, the record of values without a schema. Throws DataError. */
export function avroSchemaTextOf(
  schema: Schema | null,
  options: AvroDataOptions,
  warn: (message: string, fields: Readonly<Record<string, unknown>>) => void = () => {},
): string {
  return schema === null ? ANYTHING_TEXT : jsonText(new AvroSchemaWriter(options, warn).write(schema, null));
}

/** A named type that was written already, or is being written. */
interface NamedType {
  readonly schema: Schema;
  isOpen: boolean;
}

type Members = Record<string, Json>;

/** Jackson, and so every registry, reads no JSON of more levels. */
const MAX_DEPTH = 1000;

class AvroSchemaWriter {
  private readonly options: AvroDataOptions;
  private readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  private readonly named = new Map<string, NamedType>();
  private readonly hasDefaults: boolean;
  /** Structs without a name by their hashes: a schema may have hundreds. */
  private readonly unnamed = new Map<number, readonly { readonly schema: Schema; readonly name: string }[]>();
  private unnamedCount = 0;
  private depth = 0;

  constructor(
    options: AvroDataOptions,
    warn: (message: string, fields: Readonly<Record<string, unknown>>) => void,
    hasDefaults = true,
  ) {
    this.options = options;
    this.warn = warn;
    this.hasDefaults = hasDefaults;
  }

  /** @param space the namespace around, which names within need not repeat. */
  write(schema: Schema, space: string | null, isBranch = false): Json {
    if (++this.depth > MAX_DEPTH) throw new DataError(`The schema is nested more than ${MAX_DEPTH} deep.`);
    const written = this.written(schema, space, isBranch);
    this.depth--;
    return written;
  }

  private written(schema: Schema, space: string | null, isBranch: boolean): Json {
    if (isUnionStruct(schema)) return this.union(schema, space);
    const base = this.nonOptional(schema, space);
    if (!schema.optional || isBranch) return base;
    return schema.defaultValue !== null && schema.type !== SchemaType.STRUCT ? [base, 'null'] : ['null', base];
  }

  private union(schema: Schema, space: string | null): Json {
    const branches = schema.fields.map((field) => this.write(field.schema, space, true));
    return schema.optional ? ['null', ...branches] : branches;
  }

  private nonOptional(schema: Schema, space: string | null): Json {
    switch (schema.type) {
      case SchemaType.STRUCT:
        return this.record(schema, space);
      case SchemaType.ARRAY: {
        const members: Members = { type: 'array', items: this.part(schema.valueSchema, space) };
        return this.withMetaData(members, schema);
      }
      case SchemaType.MAP:
        if (isAvroMap(schema, this.options)) {
          const members: Members = { type: 'map', values: this.part(schema.valueSchema, space) };
          return this.withMetaData(members, schema);
        }
        return this.withMetaData({ type: 'array', items: this.mapEntry(schema, space) }, schema);
      default:
        return this.primitive(schema, space, PRIMITIVES[schema.type]);
    }
  }

  private part(schema: Schema | null, space: string | null): Json {
    if (schema === null) throw new DataError('An array or map without an element schema has no Avro schema.');
    return this.write(schema, space);
  }

  private primitive(schema: Schema, space: string | null, type: string): Json {
    const enumParameter = enumParameterOf(schema, this.options);
    if (enumParameter !== undefined) return this.enum(schema, space, enumParameter);
    const size = fixedSizeOf(schema);
    if (size !== undefined) {
      const name = this.validName(schema.name ?? '');
      return this.define(name, schema, space, () =>
        this.withMetaData({ type: 'fixed', ...nameMembers(name, space), size }, schema),
      );
    }
    const members: Members = { type };
    if (schema.name === Decimal.LOGICAL_NAME) {
      members['scale'] = Decimal.scaleOf(schema);
      members['precision'] = precisionOf(schema);
    }
    const written = this.withMetaData(members, schema);
    // Without properties the name alone.
    return Object.keys(written).length === 1 ? type : written;
  }

  private enum(schema: Schema, space: string | null, parameter: string): Json {
    const { discardTypeDocDefault } = this.options;
    const name = this.validName(schema.parameters?.get(parameter) ?? '');
    const short = splitName(schema.name ?? DEFAULT_RECORD).name;
    const doc = schema.parameters?.get(discardTypeDocDefault ? CONNECT_ENUM_DOC_PARAMETER : ENUM_DOC_PREFIX + short);
    const defaultSymbol = discardTypeDocDefault ? undefined : schema.parameters?.get(ENUM_DEFAULT_PREFIX + short);
    return this.define(name, schema, space, () =>
      this.withMetaData(
        {
          type: 'enum',
          ...nameMembers(name, space),
          ...(doc === undefined ? {} : { doc }),
          symbols: enumSymbolsOf(schema, parameter),
          ...(defaultSymbol === undefined ? {} : { default: defaultSymbol }),
        },
        schema,
      ),
    );
  }

  private record(schema: Schema, space: string | null): Json {
    const name = schema.name === null ? this.defaultName(schema) : this.validName(schema.name);
    return this.define(name, schema, space, () => {
      const inner = splitName(name).namespace;
      const isDiscarding = this.options.discardTypeDocDefault;
      const doc = schema.parameters?.get(isDiscarding ? CONNECT_RECORD_DOC_PARAMETER : RECORD_DOC_PARAMETER);
      const fields = schema.fields.map((field) =>
        this.field(field.name, field.schema, schema.parameters?.get(FIELD_DOC_PREFIX + field.name), inner),
      );
      const members: Members = {
        type: 'record',
        ...nameMembers(name, space),
        ...(doc === undefined ? {} : { doc }),
        fields,
      };
      return this.withMetaData(members, schema);
    });
  }

  private mapEntry(schema: Schema, space: string | null): Json {
    const { keySchema, valueSchema } = schema;
    if (keySchema === null || valueSchema === null) {
      throw new DataError('A map without a key or value schema has no Avro schema.');
    }
    const name = schema.name === null ? `${NAMESPACE}.${MAP_ENTRY}` : this.validName(schema.name);
    const inner = splitName(name).namespace;
    const entry = new Schema({
      type: SchemaType.STRUCT,
      name,
      fields: [
        { name: KEY_FIELD, schema: keySchema },
        { name: VALUE_FIELD, schema: valueSchema },
      ],
    });
    return this.define(name, entry, space, () => ({
      type: 'record',
      ...nameMembers(name, space),
      fields: [
        this.field(KEY_FIELD, keySchema, undefined, inner),
        this.field(VALUE_FIELD, valueSchema, undefined, inner),
      ],
      ...(schema.name === null ? {} : { 'connect.internal.type': MAP_ENTRY }),
    }));
  }

  private field(name: string, schema: Schema, typeDoc: string | undefined, space: string | null): Json {
    const type = this.write(schema, space);
    const members: Members = { name: this.validFieldName(name), type };
    const doc = this.options.discardTypeDocDefault ? schema.doc : typeDoc;
    if (doc !== undefined && doc !== null) members['doc'] = doc;
    if (!this.hasDefaults) return members;
    if (schema.defaultValue !== null) {
      const json = defaultToJson(schema, schema.defaultValue, this.options);
      if (this.isValidDefault(schema, json)) members['default'] = json;
      else this.warn('A default that Avro does not allow is left out of the Avro field.', { field: name });
    } else if (schema.optional) {
      members['default'] = null;
    }
    if (this.options.connectMetaData && schema.parameters !== null && isReference(type)) {
      const first = this.named.get(this.fullNameOf(schema) ?? '')?.schema;
      if (first !== undefined && !parametersEqual(first.parameters, schema.parameters)) {
        members['connect.parameters'] = this.parametersJson(schema.parameters);
      }
    }
    return members;
  }

  /** Each schema's own text is parsed for this, so that names used before need no definition here. */
  private isValidDefault(schema: Schema, json: Json): boolean {
    return isValidAvroDefault(parseAvroSchema(jsonText(this.bare().write(schema, null))), json);
  }

  /** Writes what is needed to tell types and their values. A schema within itself would be without an end if its defaults were checked. */
  private bare(): AvroSchemaWriter {
    return new AvroSchemaWriter({ ...this.options, connectMetaData: false }, () => {}, false);
  }

  private define(name: string, schema: Schema, space: string | null, write: () => Json): Json {
    const known = this.named.get(name);
    if (known !== undefined) {
      // Inside itself a type is told by its fields, which are the same, as a comparison would have no end.
      const isSame = known.isOpen
        ? hasSameFields(known.schema, schema)
        : isSameShape(known.schema, schema) || this.layoutTextOf(known.schema) === this.layoutTextOf(schema);
      if (!isSame) {
        throw new DataError(
          `Can't redefine: ${name}. Two schemas of this name differ in what they contain: rename one.`,
        );
      }
      const { namespace, name: short } = splitName(name);
      return namespace === space ? short : name;
    }
    const type: NamedType = { schema, isOpen: true };
    this.named.set(name, type);
    const written = write();
    type.isOpen = false;
    return written;
  }

  /** What decides the bytes of its values: two uses of a type may differ in all else. */
  private layoutTextOf(schema: Schema): string {
    return jsonText(layoutOf(this.bare().write(schema, null, true)));
  }

  private defaultName(schema: Schema): string {
    const bare = requiredOf(schema);
    const known = this.unnamed.get(bare.hashCode) ?? [];
    const same = known.find((each) => each.schema.equals(bare));
    if (same !== undefined) return same.name;
    const number = ++this.unnamedCount;
    const name = `${NAMESPACE}.${DEFAULT_RECORD}${number === 1 ? '' : number}`;
    this.unnamed.set(bare.hashCode, [...known, { schema: bare, name }]);
    return name;
  }

  private fullNameOf(schema: Schema): string | undefined {
    const enumParameter = enumParameterOf(schema, this.options);
    const name = enumParameter === undefined ? schema.name : (schema.parameters?.get(enumParameter) ?? null);
    if (name === null) return undefined;
    return this.options.scrubInvalidNames ? scrubFullName(name) : name;
  }

  /** The full name of a type. */
  private validName(name: string): string {
    const valid = this.options.scrubInvalidNames ? scrubFullName(name) : name;
    checkName(splitName(valid).name, name);
    return valid;
  }

  private validFieldName(name: string): string {
    const valid = this.options.scrubInvalidNames ? scrubName(name) : name;
    checkName(valid, name);
    return valid;
  }

  private parametersJson(parameters: ReadonlyMap<string, string>): Members {
    const isAll = this.options.discardTypeDocDefault;
    return Object.fromEntries([...parameters].filter(([key]) => isAll || key !== FIELD_DEFAULT_FLAG));
  }

  private withMetaData(members: Members, schema: Schema): Members {
    if (this.options.connectMetaData) {
      if (schema.doc !== null) members['connect.doc'] = schema.doc;
      if (schema.version !== null) members['connect.version'] = schema.version;
      if (schema.parameters !== null) {
        const parameters = this.parametersJson(schema.parameters);
        if (Object.keys(parameters).length > 0) members['connect.parameters'] = parameters;
      }
      const isFieldDefault = !this.options.discardTypeDocDefault && schema.parameters?.has(FIELD_DEFAULT_FLAG) === true;
      if (schema.defaultValue !== null && !isFieldDefault) {
        members['connect.default'] = defaultToJson(schema, schema.defaultValue, this.options);
      }
      if (schema.name !== null) members['connect.name'] = schema.name;
      if (schema.type === SchemaType.INT8) members['connect.type'] = 'int8';
      if (schema.type === SchemaType.INT16) members['connect.type'] = 'int16';
    }
    const logicalType = logicalTypeOf(schema);
    if (logicalType !== undefined) members['logicalType'] = logicalType;
    for (const [key, value] of schema.parameters ?? []) if (key.startsWith('avro')) members[key] = value;
    return members;
  }
}

function nameMembers(fullName: string, space: string | null): Members {
  const { namespace, name } = splitName(fullName);
  if (namespace === space) return { name };
  return { name, namespace: namespace ?? '' };
}

function isReference(type: Json): boolean {
  if (Array.isArray(type)) return (type as readonly Json[]).some((each) => each !== 'null' && isReference(each));
  return typeof type === 'string' && !Object.values(PRIMITIVES).includes(type);
}

function checkName(valid: string, name: string): void {
  if (isValidName(valid)) return;
  const what = valid === '' ? 'Empty name' : `Illegal character in: ${name}`;
  throw new DataError(`${what}. Set scrub.invalid.names=true to have such names changed.`);
}

function precisionOf(schema: Schema): number {
  const text = schema.parameters?.get(PRECISION_PARAMETER);
  return text === undefined ? DEFAULT_PRECISION : Number.parseInt(text, 10);
}

function logicalTypeOf(schema: Schema): string | undefined {
  switch (schema.name) {
    case Decimal.LOGICAL_NAME:
      // Also with a scale that Avro does not know, a negative one or one beyond the precision: others read it as bytes.
      return 'decimal';
    case ConnectDate.LOGICAL_NAME:
      return 'date';
    case ConnectTime.LOGICAL_NAME:
      return 'time-millis';
    case ConnectTimestamp.LOGICAL_NAME:
      return 'timestamp-millis';
    default:
      return undefined;
  }
}
