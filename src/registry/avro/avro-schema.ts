/** Avro schemas as a registry needs them: parsed with the schemas that they refer to. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, JsonNumber, type JsonText, parseJsonText, renderJsonText } from './json-text.ts';

/** Attributes that Avro itself gives no meaning, in order. */
export type AvroProps = Readonly<Record<string, JsonText>>;

export const AVRO_PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
export type AvroPrimitiveName = (typeof AVRO_PRIMITIVES)[number];

export interface AvroPrimitive {
  readonly kind: AvroPrimitiveName;
  readonly props: AvroProps;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly doc: string | undefined;
  /** undefined: none. */
  readonly default: JsonText | undefined;
  readonly order: 'ascending' | 'descending' | 'ignore';
  readonly aliases: readonly string[];
  readonly props: AvroProps;
}

interface AvroNamed {
  /** With its namespace. */
  readonly name: string;
  readonly doc: string | undefined;
  /** With their namespaces. */
  readonly aliases: readonly string[];
  readonly props: AvroProps;
}

export interface AvroRecord extends AvroNamed {
  readonly kind: 'record';
  readonly isError: boolean;
  /** Filled after the record itself is known by name, so that it may contain itself. */
  fields: readonly AvroField[];
}

export interface AvroEnum extends AvroNamed {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  readonly default: string | undefined;
}

export interface AvroFixed extends AvroNamed {
  readonly kind: 'fixed';
  readonly size: number;
}

export interface AvroArray {
  readonly kind: 'array';
  readonly items: AvroType;
  readonly props: AvroProps;
}

export interface AvroMap {
  readonly kind: 'map';
  readonly values: AvroType;
  readonly props: AvroProps;
}

export interface AvroUnion {
  readonly kind: 'union';
  readonly branches: readonly AvroType[];
}

export type AvroType = AvroPrimitive | AvroRecord | AvroEnum | AvroFixed | AvroArray | AvroMap | AvroUnion;

/** What makes a text no Avro schema. Becomes 422/42201; carries no code of Holdfast's, as it is turned into an answer or a DataError by whoever parses. */
export class AvroSyntaxError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AvroSyntaxError';
  }
}

export interface AvroSchema {
  readonly type: AvroType;
  /** Names that this text defines, and not one of its references. */
  readonly defined: ReadonlySet<string>;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Java's letters and digits, of 16 bits each. */
const NAME_IN_JAVA = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;
const BEYOND_16_BITS = /[\u{10000}-\u{10ffff}]/u;
const isPrimitive = (name: string): name is AvroPrimitiveName => (AVRO_PRIMITIVES as readonly string[]).includes(name);

/** 'namespace.name', or the name alone where there is no namespace. */
function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

/** 'a.b' of 'a.b.C', '' of 'C'. */
export function namespaceOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(0, dot);
}

/** 'C' of 'a.b.C'. */
export function simpleName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/**
 * Parses a schema. `references`: texts that define names which this one uses, those first that the later ones need.
 * `checkDefaults` refuses a default that is no value of its field, as registering does and reading an old one does not.
 * `takesJavaNames` takes what some release of Avro for Java does, and the specification does not: letters of any language, any namespace, an
 * enum or fixed that is defined twice alike.
 * `takesAnyRelease` takes besides what only old or only new releases do: a name that is defined behind its use, a default that is no symbol.
 * Throws {@link AvroSyntaxError}.
 */
export function parseAvro(
  text: string,
  options: {
    readonly references?: readonly string[];
    readonly checkDefaults?: boolean;
    readonly takesJavaNames?: boolean;
    readonly takesAnyRelease?: boolean;
  } = {},
): AvroSchema {
  const { references = [], checkDefaults = false, takesJavaNames = false, takesAnyRelease = false } = options;
  const names = new Map<string, AvroRecord | AvroEnum | AvroFixed>();
  const parser = new AvroParser({ names, checkDefaults: false, takesJavaNames, takesAnyRelease });
  for (const reference of references) parser.parse(reference);
  const before = new Set(names.keys());
  const type = new AvroParser({ names, checkDefaults, takesJavaNames, takesAnyRelease }).parse(text);
  return { type, defined: new Set([...names.keys()].filter((name) => !before.has(name))) };
}

class AvroParser {
  private readonly names: Map<string, AvroRecord | AvroEnum | AvroFixed>;
  private readonly checkDefaults: boolean;
  private readonly takesJavaNames: boolean;
  private readonly takesAnyRelease: boolean;
  /** Used, and not yet defined: with and without the namespace of where it is used. */
  private readonly open: (readonly [string, string])[] = [];

  constructor(options: {
    readonly names: Map<string, AvroRecord | AvroEnum | AvroFixed>;
    readonly checkDefaults: boolean;
    readonly takesJavaNames: boolean;
    readonly takesAnyRelease: boolean;
  }) {
    this.names = options.names;
    this.checkDefaults = options.checkDefaults;
    this.takesJavaNames = options.takesJavaNames;
    this.takesAnyRelease = options.takesAnyRelease;
  }

  parse(text: string): AvroType {
    let json: JsonText;
    try {
      json = parseJsonText(text);
    } catch (error) {
      // A bare type name, as tools write it, is no JSON but is meant well.
      const bare = text.trim();
      if (!isPrimitive(bare)) {
        throw new AvroSyntaxError(`not valid JSON: ${(error as Error).message}`, { cause: error });
      }
      json = bare;
    }
    const type = this.type(json, '');
    for (const [full, name] of this.open) {
      if (!this.names.has(full) && !this.names.has(name)) throw new AvroSyntaxError(`undefined name: "${full}"`);
    }
    return type;
  }

  private type(json: JsonText, namespace: string): AvroType {
    if (typeof json === 'string') return this.byName(json, namespace);
    if (Array.isArray(json)) return this.union(json, namespace);
    if (!isJsonObject(json)) throw new AvroSyntaxError(`no type: ${renderJsonText(json)}`);
    const type = json['type'];
    if (type === undefined) throw new AvroSyntaxError(`no type: ${renderJsonText(json)}`);
    switch (type) {
      case 'record':
      case 'error':
        return this.record(json, namespace, type === 'error');
      case 'enum':
        return this.enumeration(json, namespace);
      case 'fixed':
        return this.fixed(json, namespace);
      case 'array':
        if (json['items'] === undefined) throw new AvroSyntaxError(`array has no items type: ${renderJsonText(json)}`);
        return { kind: 'array', items: this.type(json['items'], namespace), props: propsOf(json, ['type', 'items']) };
      case 'map':
        if (json['values'] === undefined) throw new AvroSyntaxError(`map has no values type: ${renderJsonText(json)}`);
        return { kind: 'map', values: this.type(json['values'], namespace), props: propsOf(json, ['type', 'values']) };
      default: {
        const inner = this.type(type, namespace);
        // Only a primitive can carry attributes of its own; around anything else the wrapper says nothing.
        return isPrimitive(inner.kind) ? { kind: inner.kind, props: propsOf(json, ['type']) } : inner;
      }
    }
  }

  private byName(name: string, namespace: string): AvroType {
    if (isPrimitive(name)) return { kind: name, props: {} };
    const known = this.names.get(fullName(name, namespace)) ?? this.names.get(name);
    if (known !== undefined) return known;
    const full = fullName(name, namespace);
    if (!this.takesAnyRelease) throw new AvroSyntaxError(`undefined name: "${full}"`);
    // '.A' is the A without a namespace.
    this.open.push([full, name.replace(/^\./, '')]);
    return { kind: 'fixed', name: full, size: 0, doc: undefined, aliases: [], props: {} };
  }

  private union(branches: readonly JsonText[], namespace: string): AvroUnion {
    const types = branches.map((branch) => this.type(branch, namespace));
    const seen = new Set<string>();
    for (const type of types) {
      if (type.kind === 'union') throw new AvroSyntaxError('a union must not contain a union directly');
      const key = 'name' in type ? type.name : type.kind;
      if (seen.has(key)) throw new AvroSyntaxError(`duplicate in union: ${key}`);
      seen.add(key);
    }
    return { kind: 'union', branches: types };
  }

  private record(json: Readonly<Record<string, JsonText>>, enclosing: string, isError: boolean): AvroRecord {
    const named = this.named(json, enclosing, ['type', 'name', 'namespace', 'doc', 'fields', 'aliases']);
    const record: AvroRecord = { kind: 'record', isError, ...named, fields: [] };
    this.define(record);
    const fields = json['fields'];
    if (!Array.isArray(fields)) throw new AvroSyntaxError(`record ${record.name} has no fields`);
    const seen = new Set<string>();
    record.fields = fields.map((field: JsonText) => this.field(field, record.name, seen));
    return record;
  }

  private field(json: JsonText, record: string, seen: Set<string>): AvroField {
    if (!isJsonObject(json)) throw new AvroSyntaxError(`field of ${record} is not an object: ${renderJsonText(json)}`);
    const name = this.requiredName(json['name'], `a field of ${record}`);
    if (seen.has(name)) throw new AvroSyntaxError(`duplicate field ${name} in record ${record}`);
    seen.add(name);
    if (json['type'] === undefined) throw new AvroSyntaxError(`no type for field ${name} of ${record}`);
    const type = this.type(json['type'], namespaceOf(record));
    const value = json['default'];
    if (value !== undefined && this.checkDefaults && !isDefaultOf(type, value)) {
      throw new AvroSyntaxError(`invalid default for field ${name}: ${renderJsonText(value)} is not a ${type.kind}`);
    }
    const order = json['order'];
    return {
      name,
      type,
      doc: typeof json['doc'] === 'string' ? json['doc'] : undefined,
      default: value,
      order: order === 'descending' || order === 'ignore' ? order : 'ascending',
      aliases: strings(json['aliases']),
      props: propsOf(json, ['name', 'type', 'doc', 'default', 'order', 'aliases']),
    };
  }

  private enumeration(json: Readonly<Record<string, JsonText>>, enclosing: string): AvroEnum {
    const named = this.named(json, enclosing, ['type', 'name', 'namespace', 'doc', 'symbols', 'aliases', 'default']);
    if (!Array.isArray(json['symbols'])) throw new AvroSyntaxError(`enum ${named.name} has no symbols`);
    const symbols = json['symbols'].map((symbol: JsonText) => this.requiredName(symbol, `a symbol of ${named.name}`));
    if (new Set(symbols).size !== symbols.length) throw new AvroSyntaxError(`duplicate enum symbol in ${named.name}`);
    const given = json['default'];
    const preset = typeof given === 'string' && symbols.includes(given) ? given : undefined;
    if (given !== preset && !this.takesAnyRelease) {
      throw new AvroSyntaxError(
        `the default ${renderJsonText(given as JsonText)} of enum ${named.name} is not among its symbols`,
      );
    }
    return this.define({ kind: 'enum', ...named, symbols, default: preset });
  }

  private fixed(json: Readonly<Record<string, JsonText>>, enclosing: string): AvroFixed {
    const named = this.named(json, enclosing, ['type', 'name', 'namespace', 'doc', 'size', 'aliases']);
    const size = json['size'] instanceof JsonNumber ? Number(json['size'].literal) : Number.NaN;
    if (!Number.isInteger(size) || size < 0) throw new AvroSyntaxError(`invalid or no size of fixed ${named.name}`);
    return this.define({ kind: 'fixed', ...named, size });
  }

  private named(json: Readonly<Record<string, JsonText>>, enclosing: string, known: readonly string[]): AvroNamed {
    const given = json['name'];
    if (typeof given !== 'string') throw new AvroSyntaxError(`no name in ${renderJsonText(json)}`);
    const space = typeof json['namespace'] === 'string' ? json['namespace'] : enclosing;
    const name = fullName(given, space);
    for (const part of this.takesJavaNames ? [simpleName(name)] : name.split('.')) {
      this.requiredName(part, `the name ${name}`);
    }
    if (isPrimitive(name)) throw new AvroSyntaxError(`a schema may not be named after the primitive ${name}`);
    return {
      name,
      doc: typeof json['doc'] === 'string' ? json['doc'] : undefined,
      aliases: strings(json['aliases']).map((alias) => fullName(alias, namespaceOf(name))),
      props: propsOf(json, known),
    };
  }

  private define<T extends AvroRecord | AvroEnum | AvroFixed>(type: T): T {
    const known = this.names.get(type.name);
    if (known !== undefined && !(this.takesJavaNames && type.kind !== 'record' && isDeepStrictEqual(known, type))) {
      throw new AvroSyntaxError(`can't redefine: ${type.name}`);
    }
    this.names.set(type.name, type);
    return type;
  }

  private requiredName(value: JsonText | undefined, of: string): string {
    const isName = (text: string): boolean =>
      this.takesJavaNames ? NAME_IN_JAVA.test(text) && !BEYOND_16_BITS.test(text) : NAME.test(text);
    if (typeof value === 'string' && isName(value)) return value;
    throw new AvroSyntaxError(`illegal name for ${of}: ${value === undefined ? 'none' : renderJsonText(value)}`);
  }
}

function strings(value: JsonText | undefined): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function propsOf(json: Readonly<Record<string, JsonText>>, known: readonly string[]): AvroProps {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !known.includes(key)));
}

const INT_LIMIT = 2n ** 31n;
const LONG_LIMIT = 2n ** 63n;

function isWithin(value: JsonText, limit: bigint): boolean {
  if (!(value instanceof JsonNumber) || !/^-?\d+$/.test(value.literal)) return false;
  const number = BigInt(value.literal);
  return number >= -limit && number < limit;
}

/** Whether the JSON is a default of the type. The default of a union may be one of any branch, as Avro 1.12 has it. */
function isDefaultOf(type: AvroType, value: JsonText): boolean {
  switch (type.kind) {
    case 'null':
      return value === null;
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return isWithin(value, INT_LIMIT);
    case 'long':
      return isWithin(value, LONG_LIMIT);
    case 'float':
    case 'double':
      return value instanceof JsonNumber;
    case 'bytes':
    case 'string':
    case 'fixed':
      return typeof value === 'string';
    case 'enum':
      return typeof value === 'string' && type.symbols.includes(value);
    case 'array':
      return Array.isArray(value) && value.every((item: JsonText) => isDefaultOf(type.items, item));
    case 'map':
      return isJsonObject(value) && Object.values(value).every((item) => isDefaultOf(type.values, item));
    case 'union':
      return type.branches.some((branch) => isDefaultOf(branch, value));
    case 'record':
      return (
        isJsonObject(value) &&
        type.fields.every((field) => {
          const item = Object.hasOwn(value, field.name) ? value[field.name] : field.default;
          return item !== undefined && isDefaultOf(field.type, item);
        })
      );
  }
}
