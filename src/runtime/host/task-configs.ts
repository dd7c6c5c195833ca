import type { ConnectorConfig } from '../../sdk/connector.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';

/** What a connector's `taskConfigs` returned, as it promises it. @throws ConnectError naming what is of another kind, and where */
export function checkedTaskConfigs(returned: unknown): readonly ConnectorConfig[] {
  if (!Array.isArray(returned)) {
    throw new ConnectError(
      `taskConfigs() of the connector returned ${kindOf(returned)}. Return an array with a configuration for each task; an empty one for none.`,
    );
  }
  for (const [task, config] of returned.entries()) {
    if (typeof config !== 'object' || config === null || Array.isArray(config)) {
      throw new ConnectError(
        `taskConfigs() of the connector returned ${kindOf(config)} for task ${task}. Return an object whose values are strings.`,
      );
    }
    // Null is in a connector's own configuration where a request set it, and most hand theirs on.
    const wrong = Object.entries(config).find(([, value]) => (value ?? null) !== null && typeof value !== 'string');
    if (wrong !== undefined) {
      throw new ConnectError(
        `taskConfigs() of the connector returned ${kindOf(wrong[1])} at ${wrong[0]} for task ${task}. Return it as a string.`,
      );
    }
  }
  return returned;
}

/** A value that a plugin returned, for a message: its kind, never its content. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `an object of class ${value.constructor?.name ?? 'unknown'}`;
  return `a ${typeof value}`;
}
