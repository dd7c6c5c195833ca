/** A configuration with the values of its variables, and the way back: what may be shown of it. */
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

export class ResolvedVariables {
  readonly raw: RawConfig;
  /** What plugins get. Not to be shown. */
  readonly config: RawConfig;
  readonly found: readonly FoundVariable[];

  constructor(parts: {
    readonly raw: RawConfig;
    readonly config: RawConfig;
    readonly found: readonly FoundVariable[];
  }) {
    this.raw = parts.raw;
    this.config = parts.config;
    // The longest first: what contains another one would leave its rest behind.
    this.found = [...parts.found].sort((a, b) => b.value.length - a.value.length);
  }

  /**
   * A task's configuration as it is stored and shown: the variables of the connector's configuration are back under their keys, as in Kafka
   * Connect (3.5). Invariant 8: values that the connector carried elsewhere become variables again too, which Kafka Connect leaves.
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
    let shown = text;
    for (const variable of this.found) {
      const { value } = variable;
      if (value.length >= LEAST_EMBEDDED) shown = shown.replaceAll(value, () => variableText(variable));
    }
    return shown;
  }
}
