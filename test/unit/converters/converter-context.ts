import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { ConverterContext } from '../../../src/sdk/converter.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import type { SchemaView } from '../../../src/sdk/schema-view.ts';

/** What the worker hands to a converter. */
export function contextFor(
  converterType: ConverterContext['converterType'],
  parts: Partial<ConverterContext> & { readonly view?: SchemaView } = {},
): ConverterContext {
  return {
    converterType,
    logger: parts.logger ?? silentLogger,
    clock: new ManualClock(),
    gates: { get: () => undefined },
    schemaView: () => {
      if (parts.view === undefined) throw new ConfigError('There is no registry here.');
      return parts.view;
    },
  };
}
