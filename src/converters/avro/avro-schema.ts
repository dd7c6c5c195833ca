/** Avro schemas, parsed: names resolved, properties and defaults kept. */
import { DataError } from '../../sdk/errors/index.ts';
import { type Json, JsonNumber } from '../json/json-text.ts';
import { parseJson } from '../json/parse-json.ts';
import { splitName } from './avro-names.ts';

export type AvroPrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** All members of the definition, those with a meaning to Avro included. */
export type AvroProps = Readonly<Record<string, Json>>;

export interface AvroPrimitive {
  readonly kind: AvroPrimitiveKind;
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
  readonly fullName: string;
  readonly doc: string | null;
  readonly fields: readonly AvroField[];
  readonly props: AvroProps;
}

export interface AvroEnum {
  readonly kind: 'enum';
  readonly fullName: string;
  readonly doc: string | null;
  readonly symbols: readonly string[];
  readonly defaultSymbol: string | null;
  readonly props: AvroProps;
}

export interface AvroFixed {
  readonly kind: 'fixed';
  readonly fullName: string;
  readonly doc: string | null;
  /** In bytes. */
  readonly size: number;
  readonly props: AvroProps;
}

export interface AvroArray {
  readonly kind: 'array';
  readonly items: AvroSchema;
  readonly props: AvroProps;
}

export interface AvroMap {
  readonly kind: 'map';
  readonly values: AvroSchema;
  readonly props: AvroProps;
}

export interface AvroUnion {
  readonly kind: 'union';
  readonly branches: readonly AvroSchema[];
  readonly props: AvroProps;
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;
/** A record may contain itself: walk with care. */
export type AvroSchema = AvroPrimitive | AvroNamed | AvroArray | AvroMap | AvroUnion;

const PRIMITIVES: ReadonlySet<string> = new Set<AvroPrimitiveKind>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

/**
 * The schema of a text, and of the texts it refers to, in their order. Throws DataError if it is none.
 *
 * Names and defaults are not checked: what a registry keeps was checked there, and an odd name must not make a record unreadable.
 */
export function parseAvroSchema(text: string, references: readonly string[] = []): AvroSchema {
  const parser = new AvroParser();
  for (const reference of references) parser.parse(readJson(reference), '');
  return parser.parse(readJson(text), '');
}

/** A registry may keep the schema of a primitive type without quotes around its name. */
function readJson(text: string): Json {
  const trimmed = text.trim();
  if (PRIMITIVES.has(trimmed) && trimmed !== 'null') return trimmed;
  try {
    return parseJson(trimmed, 'digits');
  } catch (error) {
    throw new DataError(`The Avro schema is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

type JsonObject = { readonly [key: string]: Json };

class AvroParser {
  private readonly named = new Map<string, AvroSchema>();

  parse(json: Json, namespace: string): AvroSchema {
    if (typeof json === 'string') return this.reference(json, namespace);
    if (json === null) throw new DataError('An Avro schema must not be null.');
    if (Array.isArray(json)) {
      return {
        kind: 'union',
        branches: (json as readonly Json[]).map((each) => this.parse(each, namespace)),
        props: {},
      };
    }
    if (typeof json === 'object' && !(json instanceof JsonNumber))
      return this.definition(json as JsonObject, namespace);
    throw new DataError(`An Avro schema is a name, an object or an array, but not ${String(json)}.`);
  }

  private reference(name: string, namespace: string): AvroSchema {
    if (PRIMITIVES.has(name)) return { kind: name as AvroPrimitiveKind, props: {} };
    const known = this.named.get(qualify(name, namespace)) ?? this.named.get(name);
    if (known === undefined) throw new DataError(`The Avro schema uses the type ${name}, which it does not define.`);
    return known;
  }

  private definition(json: JsonObject, namespace: string): AvroSchema {
    const type = json['type'] ?? null;
    // `{"type": {"type": "string"}}` is no Avro, but seen in the wild.
    if (typeof type !== 'string') return this.parse(type, namespace);
    switch (type) {
      case 'record':
      case 'error':
        return this.record(json, namespace);
      case 'enum': {
        const symbols = listOf(json['symbols'], 'symbols').map(String);
        const schema: AvroEnum = {
          kind: 'enum',
          fullName: this.nameOf(json, namespace),
          doc: textOf(json['doc']),
          symbols,
          defaultSymbol: textOf(json['default']),
          props: json,
        };
        return this.define(schema);
      }
      case 'fixed': {
        const size = Number(json['size']);
        if (!Number.isSafeInteger(size) || size < 0) throw new DataError('An Avro fixed type lacks a valid size.');
        return this.define({
          kind: 'fixed',
          fullName: this.nameOf(json, namespace),
          doc: textOf(json['doc']),
          size,
          props: json,
        });
      }
      case 'array':
        return { kind: 'array', items: this.parse(json['items'] ?? null, namespace), props: json };
      case 'map':
        return { kind: 'map', values: this.parse(json['values'] ?? null, namespace), props: json };
      default:
        if (PRIMITIVES.has(type)) return { kind: type as AvroPrimitiveKind, props: json };
        return this.reference(type, namespace);
    }
  }

  private record(json: JsonObject, namespace: string): AvroRecord {
    const fullName = this.nameOf(json, namespace);
    const fields: AvroField[] = [];
    const record: AvroRecord = { kind: 'record', fullName, doc: textOf(json['doc']), fields, props: json };
    // Before its fields, which may refer to it.
    this.define(record);
    const inner = splitName(fullName).namespace ?? '';
    for (const each of listOf(json['fields'], 'fields')) {
      const field = each as JsonObject;
      const name = textOf(field['name']);
      if (name === null) throw new DataError(`A field of the Avro record ${fullName} has no name.`);
      fields.push({
        name,
        type: this.parse(field['type'] ?? null, inner),
        doc: textOf(field['doc']),
        defaultValue: field['default'],
        props: field,
      });
    }
    return record;
  }

  private define<S extends AvroNamed>(schema: S): S {
    const known = this.named.get(schema.fullName);
    if (known !== undefined) throw new DataError(`Can't redefine: ${schema.fullName}`);
    this.named.set(schema.fullName, schema);
    return schema;
  }

  private nameOf(json: JsonObject, namespace: string): string {
    const name = textOf(json['name']);
    if (name === null)
      throw new DataError('No name in schema: a record, enum or fixed type of the Avro schema lacks one.');
    return qualify(name, textOf(json['namespace']) ?? namespace);
  }
}

function qualify(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function textOf(json: Json | undefined): string | null {
  return typeof json === 'string' ? json : null;
}

function listOf(json: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(json)) return json as readonly Json[];
  throw new DataError(`An Avro schema lacks its ${what}.`);
}
