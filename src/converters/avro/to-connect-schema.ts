/** Avro schemas to Connect schemas, as Confluent's converter reads them. */
import { type Schema, SchemaBuilder, Schemas } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { type Json, jsonText } from '../json/json-text.ts';
import { isAnything } from './anything.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { defaultFromJson } from './avro-defaults.ts';
import {
  CONNECT_ENUM_DOC_PARAMETER,
  CONNECT_RECORD_DOC_PARAMETER,
  DEFAULT_RECORD_FULL_NAME,
  ENUM_DEFAULT_PREFIX,
  ENUM_DOC_PREFIX,
  ENUM_PARAMETER,
  FIELD_DEFAULT_FLAG,
  FIELD_DOC_PREFIX,
  GENERALIZED_ENUM,
  GENERALIZED_FIELD_PREFIX,
  GENERALIZED_UNION,
  GENERALIZED_UNION_PREFIX,
  KEY_FIELD,
  MAP_ENTRY,
  NAMESPACE,
  RECORD_DOC_PARAMETER,
  splitName,
  UNION_NAME,
  VALUE_FIELD,
} from './avro-names.ts';
import { integerOf, is, textOf } from './avro-props.ts';
import type { AvroArray, AvroEnum, AvroField, AvroProps, AvroRecord, AvroSchema, AvroUnion } from './avro-schema.ts';
import { type CyclicSchema, cyclicSchema } from './cyclic-schema.ts';
import { bytesBuilder, primitiveBuilder } from './to-connect-primitives.ts';

export interface ConnectSchemaSettings {
  /** Of the schema in the registry, for schemas that do not say one themselves. */
  readonly version?: number | null;
  /** Told of what is passed over. */
  readonly warn?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/**
 * The Connect schema of an Avro schema; null for the record of values without a schema. Throws DataError. A default that does not fit its
 * type is passed over, as upstream does it.
 */
export function connectSchemaOf(
  avro: AvroSchema,
  options: AvroDataOptions,
  { version = null, warn = () => {} }: ConnectSchemaSettings = {},
): Schema | null {
  if (isAnything(avro)) return null;
  return new ConnectSchemaReader(options, warn).read(avro, { version });
}

/** True for the record of a map's entry. */
export function isMapEntry(avro: AvroSchema): avro is AvroRecord {
  return (
    avro.kind === 'record' &&
    (avro.fullName === `${NAMESPACE}.${MAP_ENTRY}` || avro.props['connect.internal.type'] === MAP_ENTRY)
  );
}

/** The type in a union of it and null, or alone if that is to be flattened; undefined for other unions. */
export function onlyBranchOf(union: AvroUnion, options: AvroDataOptions): AvroSchema | undefined {
  const [first, second] = union.branches;
  if (union.branches.length === 1) return options.flattenSingletonUnions ? first : undefined;
  if (union.branches.length !== 2) return undefined;
  if (first?.kind === 'null') return second;
  return second?.kind === 'null' ? first : undefined;
}

/** What the place of use adds to a type. */
interface Place {
  readonly isOptional?: boolean;
  readonly field?: AvroField;
  readonly version?: number | null;
}

interface ConnectField {
  readonly name: string;
  readonly schema: Schema;
}

/** So many generalized unions have names of their own; a record that is used again beyond has the unions of its first use. */
const MAX_UNIONS = 1_000;

class ConnectSchemaReader {
  private readonly options: AvroDataOptions;
  /** Records that are being read, with the stand-ins made for them. */
  private readonly open = new Map<AvroRecord, CyclicSchema[]>();
  /** The fields of records that were read: what a place adds to a record is not in them. */
  private readonly known = new Map<AvroRecord, readonly ConnectField[]>();
  private readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  private unionCount = 0;

  constructor(options: AvroDataOptions, warn: (message: string, fields: Readonly<Record<string, unknown>>) => void) {
    this.options = options;
    this.warn = warn;
  }

  read(avro: AvroSchema, place: Place = {}): Schema {
    if (avro.kind === 'record') {
      const standIns = this.open.get(avro);
      if (standIns !== undefined) {
        const cyclic = cyclicSchema(nameOf(avro, undefined), place.isOptional ?? false);
        standIns.push(cyclic);
        return cyclic.schema;
      }
    }
    if (avro.kind === 'union') {
      const only = onlyBranchOf(avro, this.options);
      if (only !== undefined) {
        const isOptional = avro.branches.length === 2 || (place.isOptional ?? false);
        // The field's default is one of the first branch, and left aside as upstream does; its documentation is kept.
        const field = place.field === undefined ? {} : { field: { ...place.field, defaultValue: undefined } };
        // The registry's version is that of the union, which has no schema of its own.
        return this.read(only, { ...field, isOptional });
      }
    }
    const builder = this.builderOf(avro);
    this.addMetaData(builder, avro, place);
    if (place.isOptional === true && !builder.build().optional) builder.optional();
    const schema = builder.build();
    if (avro.kind === 'record') {
      for (const standIn of this.open.get(avro) ?? []) standIn.resolve(schema);
      this.open.delete(avro);
    }
    return schema;
  }

  private builderOf(avro: AvroSchema): SchemaBuilder {
    switch (avro.kind) {
      case 'record':
        return this.struct(avro);
      case 'enum':
        return this.enum(avro);
      case 'fixed':
        return bytesBuilder(avro);
      case 'array':
        return this.array(avro);
      case 'map':
        return SchemaBuilder.map(Schemas.STRING, this.read(avro.values));
      case 'union':
        return this.union(avro);
      default:
        return primitiveBuilder(avro);
    }
  }

  private enum(avro: AvroEnum): SchemaBuilder {
    const builder = SchemaBuilder.string();
    const short = splitName(avro.fullName).name;
    const { connectMetaData, discardTypeDocDefault } = this.options;
    if (connectMetaData) {
      const docParameter = discardTypeDocDefault ? CONNECT_ENUM_DOC_PARAMETER : ENUM_DOC_PREFIX + short;
      if (avro.doc !== null) builder.parameter(docParameter, avro.doc);
      if (avro.defaultSymbol !== null && !discardTypeDocDefault)
        builder.parameter(ENUM_DEFAULT_PREFIX + short, avro.defaultSymbol);
    }
    const isGeneralized = this.options.generalizedSumTypes;
    const parameter = isGeneralized ? GENERALIZED_ENUM : ENUM_PARAMETER;
    builder.parameter(parameter, avro.fullName);
    avro.symbols.forEach((symbol, index) => {
      builder.parameter(`${parameter}.${symbol}`, isGeneralized ? String(index) : symbol);
    });
    return builder;
  }

  private array(avro: AvroArray): SchemaBuilder {
    if (!isMapEntry(avro.items)) return SchemaBuilder.array(this.read(avro.items));
    const key = avro.items.fields.find((field) => field.name === KEY_FIELD);
    const value = avro.items.fields.find((field) => field.name === VALUE_FIELD);
    if (key === undefined || value === undefined || avro.items.fields.length !== 2) {
      throw new DataError(
        'Found map encoded as array of key-value pairs, but array elements do not match the expected format.',
      );
    }
    return SchemaBuilder.map(this.read(key.type), this.read(value.type));
  }

  private struct(avro: AvroRecord): SchemaBuilder {
    const builder = SchemaBuilder.struct();
    const hasDocs = this.options.connectMetaData && !this.options.discardTypeDocDefault;
    if (hasDocs && avro.doc !== null) builder.parameter(RECORD_DOC_PARAMETER, avro.doc);
    for (const field of avro.fields) {
      if (hasDocs && field.doc !== null) builder.parameter(FIELD_DOC_PREFIX + field.name, field.doc);
    }
    for (const { name, schema } of this.fieldsOf(avro)) builder.field(name, schema);
    return builder;
  }

  /**
   * A type that is used in many places is read once: a few types, each of which uses the next one twice, are a schema of a few lines, and
   * would be one of more fields than memory holds.
   */
  private fieldsOf(avro: AvroRecord): readonly ConnectField[] {
    const known = this.known.get(avro);
    if (known !== undefined) return known;
    this.open.set(avro, []);
    const unionsBefore = this.unionCount;
    const fields = avro.fields.map((field) => ({ name: field.name, schema: this.read(field.type, { field }) }));
    // Generalized unions are numbered by use, as upstream does.
    if (this.unionCount === unionsBefore || this.unionCount > MAX_UNIONS) this.known.set(avro, fields);
    return fields;
  }

  private union(avro: AvroUnion): SchemaBuilder {
    const isGeneralized = this.options.generalizedSumTypes;
    const name = isGeneralized ? `${GENERALIZED_UNION_PREFIX}${this.unionCount++}` : UNION_NAME;
    const builder = SchemaBuilder.struct().name(name);
    if (isGeneralized) builder.parameter(GENERALIZED_UNION, name);
    const names = new Set<string>();
    for (const [index, branch] of avro.branches.entries()) {
      if (branch.kind === 'null') {
        builder.optional();
        continue;
      }
      const field = isGeneralized
        ? `${GENERALIZED_FIELD_PREFIX}${index}`
        : unionFieldName(branch, this.options.enhancedSchemaSupport);
      if (names.has(field)) throw new DataError('Multiple union schemas map to the Connect union field name');
      names.add(field);
      builder.field(field, this.read(branch, { isOptional: true }));
    }
    return builder;
  }

  private addMetaData(builder: SchemaBuilder, avro: AvroSchema, place: Place): void {
    const { props } = avro;
    const { connectMetaData, discardTypeDocDefault } = this.options;
    const ownDoc = 'doc' in avro ? avro.doc : null;
    const connectDoc = textOf(props['connect.doc']);
    const doc = discardTypeDocDefault
      ? (place.field?.doc ?? ownDoc ?? connectDoc)
      : connectMetaData
        ? connectDoc
        : null;
    if (doc !== null) builder.doc(doc);
    if (discardTypeDocDefault && connectMetaData && ownDoc !== null) {
      builder.parameter(CONNECT_RECORD_DOC_PARAMETER, ownDoc);
    }
    this.addVersion(builder, props, place.version ?? null);
    const parameters = props['connect.parameters'];
    if (connectMetaData && parameters !== undefined) addParameters(builder, parameters);
    // A named type that is used again may differ in its parameters; they stand with the field.
    const ofField = place.field?.props['connect.parameters'];
    if (connectMetaData && ofField !== undefined) addParameters(builder, ofField);
    for (const [key, value] of Object.entries(props)) {
      if (key.startsWith('avro')) builder.parameter(key, typeof value === 'string' ? value : jsonText(value));
    }
    const name = nameOf(avro, props['connect.name']);
    // Before the default, whose form depends on it.
    if (name !== null) addName(builder, name);
    this.addDefault(builder, avro, place);
  }

  /** The Avro field's own default, null included, or else that of Connect. */
  private addDefault(builder: SchemaBuilder, avro: AvroSchema, place: Place): void {
    const connectDefault = avro.props['connect.default'];
    const { connectMetaData, discardTypeDocDefault } = this.options;
    if (place.isOptional === true) builder.optional();
    const fieldDefault = place.field?.defaultValue;
    if (fieldDefault !== undefined && this.takesDefault(builder, avro, fieldDefault)) {
      if (connectMetaData && !discardTypeDocDefault && connectDefault === undefined) {
        builder.parameter(FIELD_DEFAULT_FLAG, 'true');
      }
    } else if (connectDefault !== undefined) {
      this.takesDefault(builder, avro, connectDefault);
    }
  }

  private takesDefault(builder: SchemaBuilder, avro: AvroSchema, json: Json): boolean {
    if (json === null) return true;
    try {
      builder.defaultValue(defaultFromJson(builder.build(), avro, json));
      return true;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.warn('A default that does not fit its Avro type is passed over.', {
        type: 'fullName' in avro ? avro.fullName : avro.kind,
        reason: error.message,
      });
      return false;
    }
  }

  private addVersion(builder: SchemaBuilder, props: AvroProps, registered: number | null): void {
    const own = props['connect.version'];
    const version = own === undefined ? (registered ?? -1) : integerOf(own);
    if (version === undefined) throw new DataError(`Invalid Connect version found: ${jsonText(own ?? null)}`);
    if (version < 0) return;
    const known = builder.build().version;
    if (known === null) builder.version(version);
    else if (known !== version && own !== undefined) {
      throw new DataError(
        `Mismatched versions: version already added to SchemaBuilder (${known}) differs from version in source schema (${version})`,
      );
    }
  }
}

function nameOf(avro: AvroSchema, given: Json | undefined): string | null {
  const connectName = given ?? avro.props['connect.name'];
  if (connectName !== undefined && connectName !== null) {
    if (typeof connectName !== 'string') throw new DataError(`Invalid schema name: ${jsonText(connectName)}`);
    return connectName.startsWith(DEFAULT_RECORD_FULL_NAME) ? null : connectName;
  }
  if (avro.kind === 'fixed' && is(avro.props['logicalType'], 'decimal')) return null;
  if (avro.kind !== 'record' && avro.kind !== 'enum' && avro.kind !== 'fixed') return null;
  return avro.fullName.startsWith(DEFAULT_RECORD_FULL_NAME) ? null : avro.fullName;
}

function addName(builder: SchemaBuilder, name: string): void {
  const known = builder.build().name;
  if (known === null) builder.name(name);
  else if (known !== name) {
    throw new DataError(
      `Mismatched names: name already added to SchemaBuilder (${known}) differs from name in source schema (${name})`,
    );
  }
}

function addParameters(builder: SchemaBuilder, parameters: Json): void {
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    throw new DataError(`Expected JSON object for schema parameters but found: ${jsonText(parameters)}`);
  }
  for (const [key, value] of Object.entries(parameters as { readonly [key: string]: Json })) {
    if (typeof value !== 'string') {
      throw new DataError(`Expected schema parameter values to be strings but found: ${jsonText(value)}`);
    }
    builder.parameter(key, value);
  }
}

/** The field of a union's struct for a branch: the type's name, for named types the short or the full one. */
export function unionFieldName(avro: AvroSchema, isEnhanced: boolean): string {
  if (avro.kind !== 'record' && avro.kind !== 'enum' && avro.kind !== 'fixed') return avro.kind;
  return isEnhanced ? avro.fullName : splitName(avro.fullName).name;
}
