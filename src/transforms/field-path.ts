/** Paths to fields, of one step (V1) or of several (V2): KIP-821. */
import type { Field, Schema, Struct } from '../sdk/data/index.ts';
import { ConfigError } from '../sdk/errors/index.ts';
import { requireMapOrNull, requireStructOrNull, type SchemalessRecord } from './requirements.ts';

export type FieldSyntaxVersion = 'V1' | 'V2';

const PURPOSE = 'nested field access';

/** The path to one field. V1 takes the text for the field's name; V2 splits at dots, but for those within backticks. */
export class SingleFieldPath {
  /** As configured. */
  readonly text: string;
  private readonly parents: readonly string[];
  private readonly last: string;

  /** Throws ConfigError for a backtick without its twin. */
  constructor(text: string, version: FieldSyntaxVersion) {
    this.text = text;
    const steps = version === 'V1' ? [text] : stepsOf(text);
    this.parents = steps.slice(0, -1);
    this.last = steps[steps.length - 1] ?? '';
  }

  /** The field that the path leads to, or undefined. Throws DataError where the path goes into something that is no STRUCT. */
  fieldIn(schema: Schema): Field | undefined {
    let current: Schema | undefined = schema;
    for (const step of this.parents) {
      current = current.field(step)?.schema;
      if (current === undefined) return undefined;
    }
    return current.field(this.last);
  }

  /** The value of the field; null if a struct on the way to it is. */
  valueInStruct(struct: Struct, replaceNullWithDefault: boolean): unknown {
    let current: Struct | null = struct;
    for (const step of this.parents) {
      current = requireStructOrNull(read(current, step, replaceNullWithDefault), PURPOSE);
      if (current === null) return null;
    }
    return read(current, this.last, replaceNullWithDefault);
  }

  /** The value of the field; null if it, or a map on the way to it, is not there. */
  valueInMap(map: SchemalessRecord): unknown {
    let current: SchemalessRecord | null = map;
    for (const step of this.parents) {
      current = requireMapOrNull(current.get(step), PURPOSE);
      if (current === null) return null;
    }
    return current.get(this.last) ?? null;
  }
}

function read(struct: Struct, name: string, replaceNullWithDefault: boolean): unknown {
  return replaceNullWithDefault ? struct.get(name) : struct.getWithoutDefault(name);
}

function stepsOf(path: string): string[] {
  const steps: string[] = [];
  let at = 0;
  while (at < path.length) {
    if (path[at] === '`') {
      const quoted = quotedStep(path, at);
      steps.push(quoted.step);
      at = quoted.end;
    } else {
      const dot = path.indexOf('.', at);
      steps.push(dot === -1 ? path.slice(at) : path.slice(at, dot));
      at = dot === -1 ? path.length : dot + 1;
    }
  }
  if (path === '' || path.endsWith('.')) steps.push('');
  return steps;
}

/** A step in backticks. Only a backtick before a dot or at the end closes it, and none after a backslash. */
function quotedStep(path: string, opening: number): { readonly step: string; readonly end: number } {
  let step = '';
  let from = opening + 1;
  let search = from;
  for (;;) {
    const backtick = path.indexOf('`', search);
    const isEscaped = path[backtick - 1] === '\\';
    const isLast = backtick === path.length - 1;
    if (backtick === -1 || (isLast && isEscaped)) {
      throw new ConfigError(
        `Incomplete backtick pair in path: [${path}], consider adding a backslash before backtick at position ${opening} to escape it`,
      );
    }
    if (isLast) return { step: step + path.slice(from, backtick), end: path.length };
    search = backtick + 1;
    if (path[search] !== '.') continue;
    if (!isEscaped) return { step: step + path.slice(from, backtick), end: backtick + 2 };
    step += `${path.slice(from, backtick - 1)}\``;
    from = search;
  }
}
