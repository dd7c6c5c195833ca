/** Avro schemas: avsc's types, with the properties and defaults that it does not keep. */
import avro, { type ForSchemaOptions, type Schema, type Type, type types } from 'avsc';
import { DataError } from '../../sdk/errors/index.ts';
import type { Json } from '../json/json-text.ts';
import { parseJson } from '../json/parse-json.ts';
import { LONG_TYPE } from './avro-tap.ts';
import {
  AVRO_PRIMITIVES,
  avscSchemaOf,
  definitionOf,
  type JsonObject,
  originalName,
  symbolsOf,
} from './avsc-schema.ts';

export type AvroPrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** All members of the definition, those with a meaning to Avro included. */
export type AvroProps = Readonly<Record<string, Json>>;

export interface AvroPrimitive {
  readonly kind: AvroPrimitiveKind;
  readonly type: Type;
  readonly props: AvroProps;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc: string | null;
  /** Undefined if there is none; null is a default. */
  readonly defaultValue: Json | undefined;
  readonly props: AvroProps;
}

export interface AvroRecord {
  readonly kind: 'record';
  readonly type: Type;
  readonly fullName: string;
  readonly doc: string | null;
  readonly fields: readonly AvroField[];
  readonly props: AvroProps;
}

export interface AvroEnum {
  readonly kind: 'enum';
  readonly type: Type;
  readonly fullName: string;
  readonly doc: string | null;
  readonly symbols: readonly string[];
  readonly defaultSymbol: string | null;
  readonly props: AvroProps;
}

export interface AvroFixed {
  readonly kind: 'fixed';
  readonly type: Type;
  readonly fullName: string;
  readonly doc: string | null;
  /** In bytes. */
  readonly size: number;
  readonly props: AvroProps;
}

export interface AvroArray {
  readonly kind: 'array';
  readonly type: Type;
  readonly items: AvroSchema;
  readonly props: AvroProps;
}

export interface AvroMap {
  readonly kind: 'map';
  readonly type: Type;
  readonly values: AvroSchema;
  readonly props: AvroProps;
}

export interface AvroUnion {
  readonly kind: 'union';
  readonly type: Type;
  readonly branches: readonly AvroSchema[];
  readonly props: AvroProps;
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;
/** A record may contain itself: walk with care. */
export type AvroSchema = AvroPrimitive | AvroNamed | AvroArray | AvroMap | AvroUnion;

/**
 * The schema of a text, and of the texts it refers to, in their order. Throws DataError if it is none.
 *
 * avsc parses it; kept beside each of its types is what it drops: Connect's properties, defaults and docs.
 */
export function parseAvroSchema(text: string, references: readonly string[] = []): AvroSchema {
  const parser = new AvroParser();
  for (const reference of references) parser.parse(readJson(reference));
  return parser.parse(readJson(text));
}

/** A registry may keep the schema of a primitive type without quotes around its name. */
function readJson(text: string): Json {
  const trimmed = text.trim();
  if (AVRO_PRIMITIVES.has(trimmed) && trimmed !== 'null') return trimmed;
  try {
    return parseJson(trimmed, 'digits');
  } catch (error) {
    throw new DataError(`The Avro schema is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

class AvroParser {
  private readonly registry: Record<string, Type> = Object.assign(Object.create(null), { long: LONG_TYPE });
  private readonly named = new Map<Type, AvroNamed>();

  parse(json: Json): AvroSchema {
    try {
      const type = avro.Type.forSchema(avscSchemaOf(json), {
        registry: this.registry,
        wrapUnions: true,
        typeHook: withoutNamespace as (schema: Schema, options: ForSchemaOptions) => Type | undefined,
      });
      return this.described(json, type);
    } catch (error) {
      if (error instanceof DataError) throw error;
      throw new DataError(`The Avro schema is not valid: ${(error as Error).message}`, { cause: error });
    }
  }

  /** avsc's type along with the JSON that it was made of: both have the same structure. */
  private described(json: Json, type: Type): AvroSchema {
    if (typeof json === 'string') return this.referred(type, {});
    if (Array.isArray(json)) {
      const { types } = type as types.WrappedUnionType;
      const branches = types.map((branch, index) => this.described((json as readonly Json[])[index] ?? null, branch));
      return { kind: 'union', type, branches, props: {} };
    }
    const props = definitionOf(json);
    if (typeof props['type'] !== 'string') return this.described(props['type'] ?? null, type);
    switch (props['type']) {
      case 'record':
      case 'error':
        return this.record(props, type as types.RecordType);
      case 'enum':
        return this.define({
          ...namedParts('enum', props, type),
          symbols: symbolsOf(props),
          defaultSymbol: textOf(props['default']),
        });
      case 'fixed':
        return this.define({ ...namedParts('fixed', props, type), size: (type as types.FixedType).size });
      case 'array':
        return {
          kind: 'array',
          type,
          items: this.described(props['items'] ?? null, (type as types.ArrayType).itemsType),
          props,
        };
      case 'map':
        return {
          kind: 'map',
          type,
          values: this.described(props['values'] ?? null, (type as types.MapType).valuesType as Type),
          props,
        };
      default:
        return this.referred(type, props);
    }
  }

  private referred(type: Type, props: AvroProps): AvroSchema {
    return this.named.get(type) ?? { kind: type.branchName as AvroPrimitiveKind, type, props };
  }

  private record(props: JsonObject, type: types.RecordType): AvroRecord {
    const fields: AvroField[] = [];
    // Before its fields, which may refer to it.
    const record = this.define({ ...namedParts('record', props, type), fields });
    for (const [index, { type: fieldType }] of type.fields.entries()) {
      const field = definitionOf((props['fields'] as readonly Json[])[index] ?? null);
      fields.push({
        name: String(field['name']),
        type: this.described(field['type'] ?? null, fieldType),
        doc: textOf(field['doc']),
        defaultValue: field['default'],
        props: field,
      });
    }
    return record;
  }

  private define<S extends AvroNamed>(schema: S): S {
    this.named.set(schema.type, schema);
    return schema;
  }
}

/** As in Java, a name that the namespace around it does not have is one without a namespace. */
function withoutNamespace(
  schema: unknown,
  { registry, namespace }: { registry: Readonly<Record<string, Type>>; namespace?: string },
): Type | undefined {
  if (typeof schema !== 'string' || namespace === undefined || namespace === '' || schema.includes('.')) {
    return undefined;
  }
  return registry[`${namespace}.${schema}`] === undefined ? registry[schema] : undefined;
}

function namedParts<K extends 'record' | 'enum' | 'fixed'>(
  kind: K,
  props: JsonObject,
  type: Type,
): { readonly kind: K; readonly type: Type; readonly fullName: string; readonly doc: string | null; props: AvroProps } {
  return { kind, type, fullName: originalName(type.name ?? ''), doc: textOf(props['doc']), props };
}

function textOf(json: Json | undefined): string | null {
  return typeof json === 'string' ? json : null;
}
