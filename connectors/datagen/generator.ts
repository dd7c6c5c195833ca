/**
 * Values for an Avro schema whose types carry `arg.properties`, as Confluent's Avro Random Generator has them: `options`, `range`, `regex`,
 * `length`, `prefix`, `suffix`, `iteration`, `odds`, `keys`.
 */
import {
  BigDecimal,
  ConfigError,
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  type Schema,
  SchemaBuilder,
  structFromValues,
} from 'holdfast/sdk';
import type { JavaRandom } from './java-random.ts';
import { regexGenerator } from './regex-generator.ts';

type Json = Readonly<Record<string, unknown>>;
/** `iteration` is how many records of this task came before. */
type Generate = (random: JavaRandom, iteration: number) => unknown;

/** A schema and values of it. */
export interface Generator {
  readonly schema: Schema;
  readonly generate: Generate;
}

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
const DEFAULT_LENGTH = { min: 8, max: 16 };
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Throws ConfigError for a schema it can't follow, naming the place. The schema must be a record. */
export function generatorOf(schemaText: string, setting: string): Generator {
  let json: unknown;
  try {
    json = JSON.parse(schemaText);
  } catch (error) {
    throw new ConfigError(
      `The schema in '${setting}' is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const generator = new GeneratorBuilder(setting).build(json, '', '', false);
  if (generator.schema.structFields === null) throw new ConfigError(`The schema in '${setting}' must be a record.`);
  return generator;
}

class GeneratorBuilder {
  private readonly setting: string;
  private readonly named = new Map<string, Json>();

  constructor(setting: string) {
    this.setting = setting;
  }

  build(json: unknown, path: string, namespace: string, optional: boolean): Generator {
    if (Array.isArray(json)) return this.union(json, path, namespace);
    const node = typeof json === 'string' ? (this.reference(json, namespace) ?? { type: json }) : json;
    if (typeof node !== 'object' || node === null) throw this.wrong(path, 'is no Avro type');
    const { type } = node as Json;
    if (typeof type === 'object' && type !== null) return this.build(type, path, namespace, optional);
    const { schema, generate } = this.typed(String(type), node as Json, path, namespace);
    const built = (optional ? schema.optional() : schema).build();
    const options = argsOf(node as Json)['options'];
    const chosen = Array.isArray(options) ? this.options(options, built, path) : generate(built);
    return { schema: built, generate: chosen };
  }

  wrong(path: string, what: string): ConfigError {
    return new ConfigError(`The schema in '${this.setting}'${path === '' ? '' : ` at ${path}`} ${what}.`);
  }

  private reference(name: string, namespace: string): Json | undefined {
    return this.named.get(name) ?? this.named.get(`${namespace}.${name}`);
  }

  private union(branches: readonly unknown[], path: string, namespace: string): Generator {
    const others = branches.filter((branch) => branch !== 'null');
    if (others.length !== 1 || branches.length > 2) {
      throw this.wrong(path, 'is a union other than of null and one type, which is not supported');
    }
    const inner = this.build(others[0], path, namespace, others.length < branches.length);
    if (others.length === branches.length) return inner;
    return {
      schema: inner.schema,
      generate: (random, iteration) => (random.nextBoolean() ? inner.generate(random, iteration) : null),
    };
  }

  private typed(
    type: string,
    node: Json,
    path: string,
    namespace: string,
  ): { readonly schema: SchemaBuilder; readonly generate: (schema: Schema) => Generate } {
    const args = argsOf(node);
    const logical = this.logical(node, args, path);
    if (logical !== null) return logical;
    switch (type) {
      case 'record':
        return this.record(node, path, namespace);
      case 'array': {
        const items = this.build(node['items'], `${path}[]`, namespace, false);
        const length = this.length(args, path);
        return {
          schema: SchemaBuilder.array(items.schema),
          generate: () => (random, iteration) =>
            Array.from({ length: length(random) }, () => items.generate(random, iteration)),
        };
      }
      case 'map': {
        const values = this.build(node['values'], `${path}{}`, namespace, false);
        const keys = this.text(argsOf({ 'arg.properties': args['keys'] }), path);
        const length = this.length(args, path);
        return {
          schema: SchemaBuilder.map(SchemaBuilder.string().build(), values.schema),
          generate: () => (random, iteration) =>
            new Map(
              Array.from({ length: length(random) }, () => [
                keys(random, iteration),
                values.generate(random, iteration),
              ]),
            ),
        };
      }
      case 'enum': {
        const symbols = node['symbols'];
        if (!Array.isArray(symbols) || symbols.length === 0) throw this.wrong(path, "is an enum without 'symbols'");
        return {
          schema: SchemaBuilder.string(),
          generate: () => (random) => symbols[random.nextBelow(symbols.length)],
        };
      }
      case 'string':
        return { schema: SchemaBuilder.string(), generate: () => this.text(args, path) };
      case 'bytes':
      case 'fixed': {
        const length = type === 'fixed' ? () => Number(node['size']) : this.length(args, path);
        return {
          schema: SchemaBuilder.bytes(),
          generate: () => (random) => Buffer.from(Array.from({ length: length(random) }, () => random.nextBelow(256))),
        };
      }
      case 'boolean': {
        const odds = typeof args['odds'] === 'number' ? args['odds'] : 0.5;
        const start = objectOf(args['iteration'])['start'];
        const first = start === true || start === 'true';
        return {
          schema: SchemaBuilder.bool(),
          generate: () =>
            args['iteration'] === undefined
              ? (random) => random.nextDouble() < odds
              : (_random, iteration) => (iteration % 2 === 0) === first,
        };
      }
      case 'int':
        return {
          schema: SchemaBuilder.int32(),
          generate: () => this.integer(args, path, { min: INT_MIN, max: INT_MAX }),
        };
      case 'long': {
        const generate = this.integer(args, path, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
        return { schema: SchemaBuilder.int64(), generate: () => (random, n) => BigInt(generate(random, n)) };
      }
      case 'float':
      case 'double': {
        const generate = this.fraction(args, path);
        if (type === 'double') return { schema: SchemaBuilder.float64(), generate: () => generate };
        return { schema: SchemaBuilder.float32(), generate: () => (random, n) => Math.fround(generate(random, n)) };
      }
      default:
        throw this.wrong(path, `has the type '${type}', which is not supported`);
    }
  }

  private logical(node: Json, args: Json, path: string) {
    const day = 86_400_000;
    switch (node['logicalType']) {
      case 'date': {
        const days = this.integer(args, path, { min: 0, max: 36_500 });
        return {
          schema: ConnectDate.builder(),
          generate: () => (random: JavaRandom, n: number) => new Date(days(random, n) * day),
        };
      }
      case 'time-millis': {
        const millis = this.integer(args, path, { min: 0, max: day });
        return {
          schema: ConnectTime.builder(),
          generate: () => (random: JavaRandom, n: number) => new Date(millis(random, n)),
        };
      }
      case 'timestamp-millis': {
        const millis = this.integer(args, path, { min: 0, max: 4_102_444_800_000 });
        return {
          schema: ConnectTimestamp.builder(),
          generate: () => (random: JavaRandom, n: number) => new Date(millis(random, n)),
        };
      }
      case 'decimal': {
        const scale = Number(node['scale'] ?? 0);
        const limit = 10 ** Math.min(15, Number(node['precision'] ?? 15));
        const range = this.range(args, path, { min: -limit / 10 ** scale, max: limit / 10 ** scale });
        return {
          schema: Decimal.builder(scale),
          generate: () => (random: JavaRandom) =>
            new BigDecimal(
              BigInt(Math.trunc((range.min + random.nextDouble() * (range.max - range.min)) * 10 ** scale)),
              scale,
            ),
        };
      }
      default:
        return null;
    }
  }

  private record(node: Json, path: string, outer: string) {
    const name = String(node['name'] ?? '');
    const namespace = typeof node['namespace'] === 'string' ? node['namespace'] : outer;
    const full = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    const builder = SchemaBuilder.struct();
    if (full !== '') builder.name(full);
    const { fields } = node;
    if (!Array.isArray(fields)) throw this.wrong(path, "is a record without 'fields'");
    const parts = fields.map((field: unknown) => {
      const { name: fieldName, type } = objectOf(field);
      const at = path === '' ? String(fieldName) : `${path}.${String(fieldName)}`;
      // Arguments may stand beside the type as well as inside of it.
      const own = objectOf(field)['arg.properties'];
      const withArgs =
        own === undefined || Array.isArray(type)
          ? type
          : { ...(typeof type === 'string' ? { type } : objectOf(type)), 'arg.properties': own };
      const part = this.build(withArgs, at, namespace, false);
      builder.field(String(fieldName), part.schema);
      return part.generate;
    });
    if (full !== '') this.named.set(full, node);
    return {
      schema: builder,
      generate:
        (schema: Schema): Generate =>
        (random, iteration) =>
          structFromValues(
            schema,
            parts.map((generate) => generate(random, iteration)),
            { validated: true },
          ),
    };
  }

  private options(options: readonly unknown[], schema: Schema, path: string): Generate {
    if (options.length === 0) throw this.wrong(path, "has no 'options' to choose from");
    const values = options.map((option) => {
      if (schema.type === 'INT64' && typeof option === 'number') return BigInt(option);
      if (schema.type === 'BYTES' && typeof option === 'string') return Buffer.from(option, 'latin1');
      if (typeof option === 'object' && option !== null)
        throw this.wrong(path, "has 'options' of records, arrays or maps, which are not supported");
      return option;
    });
    return (random) => values[random.nextBelow(values.length)];
  }

  private text(args: Json, path: string): (random: JavaRandom, iteration: number) => string {
    const prefix = String(args['prefix'] ?? '');
    const suffix = String(args['suffix'] ?? '');
    return withEnds(this.plainText(args, path), prefix, suffix);
  }

  private plainText(args: Json, path: string): (random: JavaRandom, iteration: number) => string {
    const { options, regex, iteration } = args;
    if (Array.isArray(options)) return (random) => String(options[random.nextBelow(options.length)]);
    if (typeof regex === 'string') return regexGenerator(regex);
    if (iteration !== undefined) {
      const number = this.iteration(objectOf(iteration), path);
      return (_random, n) => String(number(n));
    }
    const length = this.length(args, path);
    return (random) => {
      let text = '';
      for (let left = length(random); left > 0; left--) text += LETTERS.charAt(random.nextBelow(LETTERS.length));
      return text;
    };
  }

  private integer(
    args: Json,
    path: string,
    whole: { min: number; max: number },
  ): (random: JavaRandom, n: number) => number {
    if (args['iteration'] !== undefined) {
      const number = this.iteration(objectOf(args['iteration']), path);
      return (_random, n) => number(n);
    }
    const { min, max } = this.range(args, path, whole);
    const span = max - min;
    return (random) => min + Math.floor(random.nextDouble() * span);
  }

  private fraction(args: Json, path: string): (random: JavaRandom, n: number) => number {
    if (args['iteration'] !== undefined) {
      const number = this.iteration(objectOf(args['iteration']), path);
      return (_random, n) => number(n);
    }
    const { min, max } = this.range(args, path, { min: 0, max: 1 });
    return (random) => min + random.nextDouble() * (max - min);
  }

  /** Values that count, from the number of the record: nothing to remember over a restart. */
  private iteration(args: Json, path: string): (n: number) => number {
    const start = Number(args['start'] ?? 0);
    const step = Number(args['step'] ?? 1);
    const { restart, initial } = args;
    const first = Number(initial ?? start);
    if (![start, step, first].every(Number.isFinite) || step === 0)
      throw this.wrong(path, "has an 'iteration' without a start or a step");
    if (restart === undefined) return (n) => first + n * step;
    const period = Math.ceil((Number(restart) - start) / step);
    if (!(period > 0)) throw this.wrong(path, "has an 'iteration' that never gets from 'start' to 'restart'");
    const skipped = Math.round((first - start) / step);
    return (n) => start + ((skipped + n) % period) * step;
  }

  private range(args: Json, path: string, whole: { min: number; max: number }): { min: number; max: number } {
    const range = objectOf(args['range']);
    const min = Number(range['min'] ?? whole.min);
    const max = Number(range['max'] ?? whole.max);
    if (!(min < max)) throw this.wrong(path, `has a 'range' whose min ${min} is not below its max ${max}`);
    return { min, max };
  }

  private length(args: Json, path: string): (random: JavaRandom) => number {
    const { length } = args;
    if (typeof length === 'number') return () => length;
    const { min = DEFAULT_LENGTH.min, max = DEFAULT_LENGTH.max } = objectOf(length) as { min?: number; max?: number };
    if (!(min >= 0) || !(max > min))
      throw this.wrong(path, `has a 'length' whose min ${min} is not below its max ${max}`);
    return (random) => min + random.nextBelow(max - min);
  }
}

function withEnds<T extends (...args: never[]) => string>(generate: T, prefix: string, suffix: string): T {
  if (prefix === '' && suffix === '') return generate;
  return ((...args: never[]) => prefix + generate(...args) + suffix) as T;
}

function argsOf(node: Json): Json {
  return objectOf(node['arg.properties']);
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
