/** A configuration with the values of its variables, and the way back: what may be shown of it. */
import { TextSearch } from '../../../foundation/text-search.ts';
import { hasVariable, type Variable, variableText } from './variable-syntax.ts';

/** Null values are kept: validation names them. */
export type RawConfig = Readonly<Record<string, string | null>>;

export interface FoundVariable extends Variable {
  readonly value: string;
  /** Ms until it has to be looked at again. */
  readonly ttlMs?: number;
}

/** Below that a value is found in any text. */
const LEAST_EMBEDDED = 8;

/** Values that are found inside of other texts, and what is written in their place. */
interface EmbeddedValues {
  readonly search: TextSearch;
  readonly variables: ReadonlyMap<string, string>;
}

export class ResolvedVariables {
  readonly raw: RawConfig;
  /** What plugins get. Not to be shown. */
  readonly config: RawConfig;
  readonly found: readonly FoundVariable[];
  /** By setting, why variables of it stay as they are written, as Kafka Connect leaves them without a word. May be shown. */
  readonly unresolved: Readonly<Record<string, string>>;
  private embedded: EmbeddedValues | null = null;

  constructor(parts: {
    readonly raw: RawConfig;
    readonly config: RawConfig;
    readonly found: readonly FoundVariable[];
    readonly unresolved: Readonly<Record<string, string>>;
  }) {
    this.raw = parts.raw;
    this.config = parts.config;
    this.found = parts.found;
    this.unresolved = parts.unresolved;
  }

  /**
   * A task's configuration as it is stored and shown: the variables of the connector's configuration are back under their keys, as in Kafka
   * Connect. Invariant 8: values that the connector carried elsewhere become variables again too, which Kafka Connect leaves.
   */
  putBack(taskConfig: Readonly<Record<string, string>>): Record<string, string> {
    const shown: Record<string, string> = {};
    for (const [key, value] of Object.entries(taskConfig)) {
      const raw = this.raw[key];
      shown[key] =
        typeof raw === 'string' && hasVariable(raw)
          ? raw
          : typeof value === 'string'
            ? this.withVariables(value)
            : value;
    }
    return shown;
  }

  /** A message about the setting `key`, which may quote its value, as it may be shown. */
  hide(message: string, key?: string): string {
    const resolved = key === undefined ? null : this.config[key];
    const raw = key === undefined ? null : this.raw[key];
    const own =
      typeof resolved === 'string' && typeof raw === 'string' && resolved !== raw && resolved.trim() !== ''
        ? message
            .replaceAll(`Invalid value ${resolved}`, () => `Invalid value ${raw}`)
            .replaceAll(`Invalid value ${resolved.trim()} `, () => `Invalid value ${raw} `)
        : message;
    return this.withVariables(own);
  }

  private withVariables(text: string): string {
    this.embedded ??= this.embeddedValues();
    const { search, variables } = this.embedded;
    let shown = '';
    let from = 0;
    const replace = (start: number, end: number): void => {
      if (start < from) return;
      shown += text.slice(from, start) + variables.get(text.slice(start, end));
      from = end;
    };
    search.find(text, () => true, replace);
    return shown + text.slice(from);
  }

  private embeddedValues(): EmbeddedValues {
    const variables = new Map<string, string>();
    for (const variable of this.found) {
      const { value } = variable;
      if (value.length >= LEAST_EMBEDDED && !variables.has(value)) variables.set(value, variableText(variable));
    }
    return { search: new TextSearch([...variables.keys()]), variables };
  }
}
