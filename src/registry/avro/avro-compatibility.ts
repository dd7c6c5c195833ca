/**
 * Avro's schema resolution as a question: can a reader with this schema read what was written with that one? Follows the
 * rules of the Avro specification ("Schema Resolution") and, where it is silent, Avro's Java implementation, because that
 * is what registries ask.
 */
import type { AvroEnum, AvroField, AvroFixed, AvroRecord, AvroType, AvroUnion } from './avro-schema.ts';
import { simpleName } from './avro-schema.ts';

export type IncompatibilityType =
  | 'NAME_MISMATCH'
  | 'FIXED_SIZE_MISMATCH'
  | 'MISSING_ENUM_SYMBOLS'
  | 'READER_FIELD_MISSING_DEFAULT_VALUE'
  | 'TYPE_MISMATCH'
  | 'MISSING_UNION_BRANCH';

export interface Incompatibility {
  readonly type: IncompatibilityType;
  /** Where in the reader's schema, as a JSON pointer such as `/fields/1/type`. */
  readonly path: string;
  /** What is concerned: a field's name, the missing symbols, the two types. */
  readonly detail: string;
}

/** Everything that stands between the two; empty: compatible. */
export function readingProblems(reader: AvroType, writer: AvroType): readonly Incompatibility[] {
  return new Resolution().problems(reader, writer, '');
}

/** Which writer types a reader of the type can be promoted from. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

class Resolution {
  /** Pairs that are being looked at or were found compatible: a schema that contains itself must come to an end. */
  private readonly visited = new Map<AvroType, Set<AvroType>>();
  private readonly trail: (readonly [AvroType, AvroType])[] = [];

  problems(reader: AvroType, writer: AvroType, path: string): readonly Incompatibility[] {
    const seen = this.visited.get(reader) ?? new Set();
    if (seen.has(writer)) return [];
    this.visited.set(reader, seen.add(writer));
    const mark = this.trail.push([reader, writer]) - 1;
    const found = this.compare(reader, writer, path);
    // What was found compatible on the way may rest on this pair being compatible, which it is not.
    if (found.length > 0) for (const [r, w] of this.trail.splice(mark)) this.visited.get(r)?.delete(w);
    return found;
  }

  private compare(reader: AvroType, writer: AvroType, path: string): readonly Incompatibility[] {
    if (writer.kind === 'union') return this.writerUnion(reader, writer, path);
    if (reader.kind === 'union') return this.readerUnion(reader, writer, path);
    if (reader.kind === 'array' && writer.kind === 'array') {
      return this.problems(reader.items, writer.items, `${path}/items`);
    }
    if (reader.kind === 'map' && writer.kind === 'map') {
      return this.problems(reader.values, writer.values, `${path}/values`);
    }
    if (reader.kind === 'fixed' && writer.kind === 'fixed') return this.fixed(reader, writer, path);
    if (reader.kind === 'enum' && writer.kind === 'enum') return this.enumeration(reader, writer, path);
    if (reader.kind === 'record' && writer.kind === 'record') return this.record(reader, writer, path);
    if (reader.kind === writer.kind || PROMOTIONS[reader.kind]?.includes(writer.kind) === true) return [];
    return [
      {
        type: 'TYPE_MISMATCH',
        path: path === '' ? '/' : path,
        detail: `reader type: ${reader.kind.toUpperCase()} not compatible with writer type: ${writer.kind.toUpperCase()}`,
      },
    ];
  }

  /** Any branch may have been written, so each has to be readable. */
  private writerUnion(reader: AvroType, writer: AvroUnion, path: string): readonly Incompatibility[] {
    const [only] = writer.branches;
    if (only !== undefined && writer.branches.length === 1) return this.problems(reader, only, path);
    return writer.branches.flatMap((branch, index) => {
      const found = this.problems(reader, branch, path);
      if (found.length === 0 || reader.kind !== 'union') return found;
      return [missingBranch(reader, branch, `${path}/${index}`)];
    });
  }

  private readerUnion(reader: AvroUnion, writer: AvroType, path: string): readonly Incompatibility[] {
    const fits = reader.branches.some((branch) => this.problems(branch, writer, path).length === 0);
    return fits ? [] : [missingBranch(reader, writer, path)];
  }

  private fixed(reader: AvroFixed, writer: AvroFixed, path: string): readonly Incompatibility[] {
    const found = nameProblems(reader, writer, path);
    if (reader.size !== writer.size) {
      const detail = `expected: ${reader.size}, found: ${writer.size}`;
      found.push({ type: 'FIXED_SIZE_MISMATCH', path: `${path}/size`, detail });
    }
    return found;
  }

  private enumeration(reader: AvroEnum, writer: AvroEnum, path: string): readonly Incompatibility[] {
    const found = nameProblems(reader, writer, path);
    const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
    if (missing.length > 0 && reader.default === undefined) {
      found.push({ type: 'MISSING_ENUM_SYMBOLS', path: `${path}/symbols`, detail: `[${missing.join(', ')}]` });
    }
    return found;
  }

  private record(reader: AvroRecord, writer: AvroRecord, path: string): readonly Incompatibility[] {
    const found: Incompatibility[] = nameProblems(reader, writer, path);
    for (const [index, field] of reader.fields.entries()) {
      const at = `${path}/fields/${index}`;
      const written = fieldOf(writer, field);
      if (written !== undefined) found.push(...this.problems(field.type, written.type, `${at}/type`));
      else if (field.default === undefined) {
        found.push({ type: 'READER_FIELD_MISSING_DEFAULT_VALUE', path: at, detail: field.name });
      }
    }
    return found;
  }
}

function missingBranch(reader: AvroUnion, writer: AvroType, path: string): Incompatibility {
  const branches = reader.branches.map((branch) => branch.kind.toUpperCase()).join(', ');
  return {
    type: 'MISSING_UNION_BRANCH',
    path: path === '' ? '/' : path,
    detail: `reader union [${branches}] lacking writer type: ${writer.kind.toUpperCase()}`,
  };
}

/** Namespaces don't count, aliases of the reader do: with their namespace. */
function nameProblems(
  reader: AvroRecord | AvroEnum | AvroFixed,
  writer: AvroRecord | AvroEnum | AvroFixed,
  path: string,
): Incompatibility[] {
  if (simpleName(reader.name) === simpleName(writer.name) || reader.aliases.includes(writer.name)) return [];
  return [{ type: 'NAME_MISMATCH', path: `${path}/name`, detail: `expected: ${writer.name}` }];
}

/** By the reader's name for it, or else by one of the reader's aliases. */
function fieldOf(writer: AvroRecord, field: AvroField): AvroField | undefined {
  return (
    writer.fields.find((written) => written.name === field.name) ??
    writer.fields.find((written) => field.aliases.includes(written.name))
  );
}

export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

/** What a level asks of a new schema against one earlier one, in the words in which registries answer it. */
export function incompatibilitiesAt(level: CompatibilityLevel, next: AvroType, earlier: AvroType): readonly string[] {
  const messages: string[] = [];
  if (level.startsWith('BACKWARD') || level.startsWith('FULL')) {
    for (const problem of readingProblems(next, earlier)) messages.push(describe(problem, 'new', 'old'));
  }
  if (level.startsWith('FORWARD') || level.startsWith('FULL')) {
    for (const problem of readingProblems(earlier, next)) messages.push(describe(problem, 'old', 'new'));
  }
  return messages;
}

function describe(problem: Incompatibility, reader: string, writer: string): string {
  const description = describeType(problem, reader, writer);
  return `{errorType:'${problem.type}', description:'${description}', additionalInfo:'${problem.detail}'}`;
}

function describeType({ type, path, detail }: Incompatibility, reader: string, writer: string): string {
  switch (type) {
    case 'NAME_MISMATCH':
      return `The name of the schema has changed (path '${path}')`;
    case 'FIXED_SIZE_MISMATCH':
      return `The size of FIXED type field at path '${path}' in the ${reader} schema does not match with the ${writer} schema`;
    case 'MISSING_ENUM_SYMBOLS':
      return `The ${reader} schema is missing enum symbols '${detail}' at path '${path}' in the ${writer} schema`;
    case 'READER_FIELD_MISSING_DEFAULT_VALUE':
      return `The field '${detail}' at path '${path}' in the ${reader} schema has no default value and is missing in the ${writer} schema`;
    case 'TYPE_MISMATCH':
      return `The type (path '${path}') of a field in the ${reader} schema does not match with the ${writer} schema`;
    case 'MISSING_UNION_BRANCH':
      return `The ${reader} schema is missing a type inside a union field at path '${path}' in the ${writer} schema`;
  }
}
