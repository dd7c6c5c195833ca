import { describe, expect, it } from 'vitest';
import plugin from '../../../src/transforms/plugin.ts';
import { created } from '../../support/transformation-comparison.ts';

const PACKAGE = 'org.apache.kafka.connect.transforms';
const configure = (name: string, config: Readonly<Record<string, string>>): void =>
  created(plugin.transformations, `${PACKAGE}.${name}`).configure(config);

// What Kafka Connect 4.1.1 answered; test/compat/transformations-do-as-kafka-connects-do.test.ts asks it for more.
describe('settings are refused in the words of Kafka Connect', () => {
  const noType = (type: string) =>
    `Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.${type.toUpperCase()} for configuration Invalid type found in casting spec: ${type}`;
  it.each([
    ['DropHeaders', { headers: '' }, 'Invalid value [] for configuration headers: Empty list'],
    ['ValueToKey', { fields: ' ' }, 'Invalid value [] for configuration fields: Empty list'],
    ['MaskField$Key', { fields: '' }, 'Invalid value [] for configuration fields: Empty list'],
    [
      'HeaderFrom$Value',
      { fields: '', headers: 'h', operation: 'move' },
      'Invalid value [] for configuration fields: Empty list',
    ],
    ['Cast$Value', { spec: 'zz' }, noType('zz')],
    ['Cast$Value', { spec: 'a:zz' }, noType('zz')],
    ['Cast$Value', { spec: 'a:' }, noType('a')],
    ['Cast$Value', { spec: ',' }, noType('')],
  ] as const)('%s %j', (name, config, message) => {
    expect(() => configure(name, config)).toThrow(message);
  });

  it.each([
    ['DropHeaders', { headers: 'h,' }],
    ['ValueToKey', { fields: ',' }],
    ['MaskField$Value', { fields: 'a,,b' }],
    ['HeaderFrom$Value', { fields: 'a,', headers: ',h', operation: 'copy' }],
  ] as const)('%s takes %j', (name, config) => {
    expect(() => configure(name, config)).not.toThrow();
  });
});
