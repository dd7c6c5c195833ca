/** The settings of JsonConverter. */
import { ConfigDef, ConfigValidators } from '../../sdk/config/index.ts';
import { CONVERTER_CONFIG } from '../converter-config.ts';

export const JSON_CONFIG = CONVERTER_CONFIG.extend(
  ConfigDef.of({
    'schemas.enable': {
      type: 'BOOLEAN',
      default: true,
      importance: 'high',
      documentation: 'Include schemas within each of the serialized values and keys.',
      group: 'Schemas',
      orderInGroup: 0,
      width: 'MEDIUM',
      displayName: 'Enable Schemas',
    },
    'schemas.cache.size': {
      type: 'INT',
      default: 1000,
      importance: 'high',
      documentation: 'The maximum number of schemas that can be cached in this converter instance.',
      group: 'Schemas',
      orderInGroup: 1,
      width: 'MEDIUM',
      displayName: 'Schema Cache Size',
    },
    'decimal.format': {
      type: 'STRING',
      default: 'BASE64',
      validator: ConfigValidators.inIgnoreCase('NUMERIC', 'BASE64'),
      importance: 'low',
      documentation:
        "Controls which format this converter will serialize decimals in. This value is case insensitive and can be either 'BASE64' (default) or 'NUMERIC'",
      group: 'Serialization',
      orderInGroup: 0,
      width: 'MEDIUM',
      displayName: 'Decimal Format',
    },
    'replace.null.with.default': {
      type: 'BOOLEAN',
      default: true,
      importance: 'low',
      documentation:
        'Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used.',
      group: 'Serialization',
      orderInGroup: 1,
      width: 'MEDIUM',
      displayName: 'Replace null with default',
    },
  }),
);
