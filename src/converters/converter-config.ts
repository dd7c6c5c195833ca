/** What the settings of all converters have in common. */
import { ConfigDef, ConfigValidators } from '../sdk/config/index.ts';
import type { ConverterContext } from '../sdk/converter.ts';

/** The setting that Kafka Connect gives every converter: how the worker uses it. */
export const CONVERTER_CONFIG = ConfigDef.of({
  'converter.type': {
    type: 'STRING',
    validator: ConfigValidators.in('key', 'value', 'header'),
    importance: 'low',
    documentation: 'How this converter will be used.',
  },
});

/** The settings with `converter.type` filled in: the worker says it in the context. */
export function withConverterType(
  config: Readonly<Record<string, string>>,
  context: ConverterContext,
): Readonly<Record<string, string>> {
  return { ...config, 'converter.type': context.converterType };
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
