/** Generated Avro schemas as others register them, and the bytes of records, written here without any of the code under test. */
import fc from 'fast-check';

export interface AvroCase {
  /** The text of the schema. */
  readonly avro: string;
  /** The payload, without a frame. */
  readonly bytes: Buffer;
  /** What the registry says is the version of the schema. */
  readonly version: number | null;
}

type Gen = fc.GeneratorValue;
type Json = unknown;

const pick = <T>(g: Gen, ...values: readonly T[]): T => g(() => fc.constantFrom(...values));
const chance = (g: Gen, percent: number): boolean => g(fc.integer, { min: 0, max: 99 }) < percent;

/** A type: its JSON, a way to write a value of it, and a way to write one as a default. */
interface Made {
  readonly kind: string;
  readonly json: Json;
  readonly write: (depth: number) => Buffer;
  /** Undefined if there is none short of recursion. */
  readonly default: () => Json;
}

const TEXTS = ['', 'a', 'é', '\u0000', '"', '😀', 'ÿ', '\u2028'];
const text = (g: Gen): string => (chance(g, 60) ? pick(g, ...TEXTS) : g(() => fc.string({ maxLength: 5 })));

export class AvroGenerator {
  private readonly g: Gen;
  private count = 0;
  private readonly named: (Made & { readonly fullName: string })[] = [];

  constructor(g: Gen) {
    this.g = g;
  }

  case(): AvroCase {
    const { g } = this;
    const made = chance(g, 75) ? this.record(3) : this.type(3);
    const version = chance(g, 40) ? pick(g, 1, 3) : null;
    return { avro: JSON.stringify(made.json), bytes: top(made), version };
  }

  private type(depth: number): Made {
    const { g } = this;
    if (this.named.length > 0 && chance(g, 12)) {
      const known = pick(g, ...this.named);
      return { ...known, json: known.fullName };
    }
    if (depth === 0) return this.primitive();
    switch (
      pick(
        g,
        'primitive',
        'primitive',
        'primitive',
        'array',
        'map',
        'entries',
        'union',
        'union',
        'nullable',
        'nullable',
        'record',
        'enum',
        'fixed',
      )
    ) {
      case 'array': {
        const items = this.type(depth - 1);
        return this.listLike('array', { type: 'array', items: items.json, ...this.props() }, items);
      }
      case 'map': {
        const values = this.type(depth - 1);
        const keys = pick(g, ['k'], [], ['k'], ['a', 'b']);
        return {
          kind: 'map',
          json: { type: 'map', values: values.json, ...this.props() },
          write: (left) =>
            block(left < 0 ? [] : keys.map((key) => Buffer.concat([string(key), values.write(left - 1)]))),
          default: () => ({}),
        };
      }
      case 'entries':
        return this.entries(depth);
      case 'union':
        return this.union(depth);
      case 'nullable':
        return this.nullable(depth);
      case 'record':
        return this.record(depth);
      case 'enum':
        return this.enum();
      case 'fixed':
        return this.fixed();
      default:
        return this.primitive();
    }
  }

  private primitive(): Made {
    const { g } = this;
    const kind = pick(
      g,
      'boolean',
      'int',
      'int',
      'long',
      'long',
      'float',
      'double',
      'string',
      'string',
      'bytes',
      'bytes',
    );
    const props: Record<string, Json> = {};
    const logical = LOGICAL[kind];
    if (logical !== undefined && chance(g, 45)) {
      props['logicalType'] = pick(g, ...logical);
      if (props['logicalType'] === 'decimal') {
        props['precision'] = pick(g, 10, 64, 200);
        if (chance(g, 80)) props['scale'] = pick(g, 0, 2, 5);
      }
    } else if (kind === 'int' && chance(g, 25)) props['connect.type'] = pick(g, 'int8', 'int16');
    if (kind === 'string' && chance(g, 20)) props['avro.java.string'] = 'String';
    const isDate = props['logicalType'] === 'date';
    const isTime = props['logicalType'] === 'time-millis';
    const int = (): number =>
      isTime
        ? g(fc.integer, { min: 0, max: 86_399_999 })
        : isDate
          ? g(fc.integer, { min: -90_000, max: 90_000 })
          : g(fc.integer);
    const isStamp = String(props['logicalType']).startsWith('timestamp');
    const decimal = (): Buffer => Buffer.from(g(() => fc.uint8Array({ minLength: 1, maxLength: 9 })));
    const bytes = (): Buffer =>
      props['logicalType'] === 'decimal' ? decimal() : Buffer.from(g(() => fc.uint8Array({ maxLength: 5 })));
    const defaults = (): Json => {
      switch (kind) {
        case 'boolean':
          return g(fc.boolean);
        case 'int':
          return int();
        case 'long':
          return pick(g, 0, 7, -1, 1_700_000_000_000);
        case 'float':
        case 'double':
          return pick(g, 0, 1.5, -2, 1e10, 3);
        case 'string':
          return text(g);
        default:
          return pick(g, '\u0001ÿ', '\u0001', 'é');
      }
    };
    const json = { type: kind, ...props, ...this.props(defaults, isDate || isTime ? 'logical' : kind) };
    const write = (): Buffer => {
      switch (kind) {
        case 'boolean':
          return Buffer.from([g(fc.boolean) ? 1 : 0]);
        case 'int':
          return varint(BigInt(int()));
        case 'long':
          return varint(
            isStamp
              ? BigInt(g(fc.integer, { min: -8e12, max: 8e12 }))
              : g(() => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
          );
        case 'float': {
          const buffer = Buffer.alloc(4);
          buffer.writeFloatLE(g(fc.float));
          return buffer;
        }
        case 'double': {
          const buffer = Buffer.alloc(8);
          buffer.writeDoubleLE(g(fc.double));
          return buffer;
        }
        case 'string':
          return string(text(g));
        default: {
          const value = bytes();
          return Buffer.concat([varint(BigInt(value.length)), value]);
        }
      }
    };
    return { kind, json: Object.keys(json).length === 1 && chance(g, 80) ? kind : json, write, default: defaults };
  }

  /** Properties of Connect, and others that have none of its meanings. */
  private props(defaults?: () => Json, kind?: string): Record<string, Json> {
    const { g } = this;
    const props: Record<string, Json> = {};
    if (chance(g, 8)) props['connect.doc'] = text(g);
    if (chance(g, 8)) props['connect.version'] = pick(g, 1, 2, 5);
    if (chance(g, 8)) props['connect.parameters'] = { p: text(g), q: 'x' };
    if (chance(g, 4)) props['avroThing'] = pick<Json>(g, 'x', 5, true);
    if (chance(g, 4)) props['other'] = pick<Json>(g, 'x', { a: 1 });
    if (defaults !== undefined && kind !== 'logical' && chance(g, 6)) props['connect.default'] = defaults();
    return props;
  }

  private listLike(kind: string, json: Json, items: Made): Made {
    const size = this.g(fc.integer, { min: 0, max: 3 });
    return {
      kind,
      json,
      write: (left) => block(left < 0 ? [] : Array.from({ length: size }, () => items.write(left - 1))),
      default: () => [],
    };
  }

  /** A map with keys that Avro's maps don't have. */
  private entries(depth: number): Made {
    const { g } = this;
    const key = pick(g, 'int', 'long', 'boolean');
    const value = this.type(depth - 1);
    const isNamed = chance(g, 70);
    const name = isNamed ? `test.Entry${this.count++}` : 'io.confluent.connect.avro.MapEntry';
    if (!isNamed && this.named.some(({ fullName }) => fullName === name)) return this.primitive();
    const keyBytes = key === 'boolean' ? Buffer.from([1]) : varint(pick(g, 0n, 1n, -5n));
    const entry: Made & { fullName: string } = {
      kind: 'record',
      fullName: name,
      json: {
        type: 'record',
        name,
        fields: [
          { name: 'key', type: key },
          { name: 'value', type: value.json },
        ],
        ...(isNamed ? { 'connect.internal.type': 'MapEntry' } : {}),
      },
      write: (left) => Buffer.concat([keyBytes, value.write(left - 1)]),
      default: () => undefined,
    };
    if (!isNamed) this.named.push(entry);
    const json = { type: 'array', items: entry.json, ...(isNamed && chance(g, 60) ? { 'connect.name': name } : {}) };
    return { kind: 'array', json, write: (left) => block(left < 0 ? [] : [entry.write(left - 1)]), default: () => [] };
  }

  private nullable(depth: number): Made {
    const { g } = this;
    let inner = this.type(depth - 1);
    for (let tries = 0; inner.kind === 'union' && tries < 5; tries++) inner = this.type(0);
    if (inner.kind === 'union') return inner;
    const isFirst = chance(g, 65);
    return {
      kind: 'union',
      json: isFirst ? ['null', inner.json] : [inner.json, 'null'],
      write: (left) => {
        const isNull = left < 0 || chance(g, 25);
        const index = varint(isNull === isFirst ? 0n : 1n);
        return isNull ? index : Buffer.concat([index, inner.write(left - 1)]);
      },
      default: () => (isFirst ? null : inner.default()),
    };
  }

  private union(depth: number): Made {
    const { g } = this;
    const branches: Made[] = [];
    const kinds = new Set<string>();
    const count = g(fc.integer, { min: 1, max: 4 });
    for (let index = 0; index < count; index++) {
      const made = this.type(depth - 1);
      const mark = 'fullName' in made ? String((made as { fullName?: string }).fullName) : made.kind;
      if (made.kind === 'union' || kinds.has(mark)) continue;
      kinds.add(mark);
      branches.push(made);
    }
    const nullAt = chance(g, 50) ? g(fc.integer, { min: 0, max: branches.length }) : -1;
    if (nullAt >= 0)
      branches.splice(nullAt, 0, { kind: 'null', json: 'null', write: () => Buffer.alloc(0), default: () => null });
    if (branches.length === 0 || (branches.length === 1 && nullAt === 0)) return this.primitive();
    return {
      kind: 'union',
      json: branches.map(({ json }) => json),
      write: (left) => {
        const index = left < 0 && nullAt >= 0 ? nullAt : g(fc.integer, { min: 0, max: branches.length - 1 });
        return Buffer.concat([varint(BigInt(index)), (branches[index] as Made).write(left - 1)]);
      },
      default: () => branches[0]?.default(),
    };
  }

  private newName(letter: string): { readonly fullName: string; readonly members: Record<string, Json> } {
    const { g } = this;
    const name = `${letter}${this.count++}`;
    const namespace = pick(g, 'test', 'test', 'other.space', 'io.confluent.connect.avro');
    if (letter === 'R' && chance(g, 8)) {
      const index = this.count++;
      return {
        fullName: `io.confluent.connect.avro.ConnectDefault${index}`,
        members: { name: `ConnectDefault${index}`, namespace: 'io.confluent.connect.avro' },
      };
    }
    const members = chance(g, 50) ? { name: `${namespace}.${name}` } : { name, namespace };
    return { fullName: `${namespace}.${name}`, members };
  }

  private record(depth: number): Made {
    const { g } = this;
    const { fullName, members } = this.newName('R');
    const fields: Made[] = [];
    const isRecursive = chance(g, 12);
    const self: Made & { fullName: string } = {
      kind: 'record',
      fullName,
      json: fullName,
      write: (left) => Buffer.concat(fields.map((field) => field.write(left - 1))),
      default: () => undefined,
    };
    const json: Json[] = [];
    const add = (made: Made, name: string): void => {
      fields.push(made);
      const field: Record<string, Json> = { name, type: made.json };
      if (chance(g, 10)) field['doc'] = text(g);
      if (chance(g, 30)) {
        const value = made.default();
        if (value !== undefined) field['default'] = value;
      }
      if (chance(g, 5)) field['aliases'] = ['old'];
      if (chance(g, 5)) field['order'] = 'ignore';
      json.push(field);
    };
    const count = g(fc.integer, { min: 0, max: 4 });
    for (let index = 0; index < count; index++) add(this.type(depth - 1), `f${index}`);
    if (isRecursive) {
      const optional: Made = {
        kind: 'union',
        json: ['null', fullName],
        write: (left) => (left < 0 || chance(g, 50) ? varint(0n) : Buffer.concat([varint(1n), self.write(left - 1)])),
        default: () => null,
      };
      const list = this.listLike('array', { type: 'array', items: fullName }, self);
      add(chance(g, 60) ? optional : list, 'self');
    }
    const made = {
      type: 'record',
      ...members,
      ...(chance(g, 12) ? { doc: text(g) } : {}),
      ...(chance(g, 8) ? { aliases: ['OldName'] } : {}),
      fields: json,
      ...this.props(),
      ...(chance(g, 15) ? { 'connect.name': fullName } : {}),
    };
    this.named.push(self);
    const structDefault = (): Json => {
      const values = fields.map((field) => field.default());
      return values.includes(undefined)
        ? undefined
        : Object.fromEntries(values.map((value, index) => [(json[index] as { name: string }).name, value]));
    };
    return { ...self, json: made, default: () => (chance(g, 50) && !isRecursive ? structDefault() : undefined) };
  }

  private enum(): Made {
    const { g } = this;
    const { fullName, members } = this.newName('E');
    const symbols = pick(g, ['A', 'B', 'C'], ['ONE']);
    const made = {
      type: 'enum',
      ...members,
      symbols,
      ...(chance(g, 15) ? { doc: text(g) } : {}),
      ...(chance(g, 15) ? { default: 'ONE' === symbols[0] ? 'ONE' : 'B' } : {}),
      ...this.props(),
      ...(chance(g, 10) ? { 'connect.name': fullName } : {}),
    };
    const self = {
      kind: 'enum',
      fullName,
      json: made,
      write: () => varint(BigInt(g(fc.integer, { min: 0, max: symbols.length - 1 }))),
      default: () => symbols[0],
    };
    this.named.push(self);
    return self;
  }

  private fixed(): Made {
    const { g } = this;
    const { fullName, members } = this.newName('F');
    const size = pick(g, 1, 3, 9);
    const isDecimal = chance(g, 10);
    const made = {
      type: 'fixed',
      ...members,
      size,
      ...(isDecimal
        ? { logicalType: 'decimal', precision: 2, scale: 1 }
        : chance(g, 10)
          ? { logicalType: 'duration' }
          : {}),
      ...this.props(),
      ...(chance(g, 10) ? { 'connect.name': fullName } : {}),
    };
    const self = {
      kind: 'fixed',
      fullName,
      json: made,
      write: () => Buffer.from(g(() => fc.uint8Array({ minLength: size, maxLength: size }))),
      default: () => '\u0001'.repeat(size),
    };
    this.named.push(self);
    return self;
  }
}

const LOGICAL: Readonly<Record<string, readonly string[]>> = {
  int: ['date', 'time-millis', 'unknown', 'Date'],
  long: [
    'timestamp-millis',
    'timestamp-micros',
    'time-micros',
    'local-timestamp-millis',
    'local-timestamp-micros',
    'timestamp-nanos',
  ],
  string: ['uuid'],
  bytes: ['decimal', 'decimal', 'big-decimal'],
};

/** Bytes on their own have no length in front of them. */
function top(made: Made): Buffer {
  const bytes = made.write(3);
  if (made.kind !== 'bytes') return bytes;
  let length = 1;
  while (((bytes[length - 1] as number) & 0x80) !== 0) length++;
  return bytes.subarray(length);
}

function varint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

function block(elements: readonly Buffer[]): Buffer {
  if (elements.length === 0) return Buffer.from([0]);
  return Buffer.concat([varint(BigInt(elements.length)), ...elements, Buffer.from([0])]);
}

export function avroCases(): fc.Arbitrary<AvroCase> {
  return fc.gen().map((g) => new AvroGenerator(g).case());
}
