import { describe, expect, it } from 'vitest';
import { ConfigDef, Password, toConfigInfos, ConfigValidators as V } from '../../../../src/sdk/config/index.ts';

const BASE = { importance: 'low', documentation: 'x' } as const;

describe('toConfigInfos', () => {
  it('has Kafka Connect’s shape', () => {
    const def = ConfigDef.of({
      'tasks.max': {
        type: 'INT',
        default: 1,
        validator: V.range({ min: 1 }),
        importance: 'high',
        documentation: 'Tasks.',
        group: 'Common',
        orderInGroup: 4,
        width: 'SHORT',
        displayName: 'Tasks max',
      },
      secret: { type: 'PASSWORD', default: new Password('a'), ...BASE },
      list: { type: 'LIST', ...BASE },
      ratio: { type: 'DOUBLE', default: 1, ...BASE },
    });
    const values = def.validate({ 'tasks.max': '0', secret: 'b', list: 'x, y' });
    values.push({
      name: 'producer.override.x',
      value: '1',
      recommendedValues: [],
      errorMessages: ['no'],
      visible: true,
    });
    const infos = toConfigInfos({ name: 'C', def, values });
    expect(JSON.parse(JSON.stringify(infos))).toEqual({
      name: 'C',
      error_count: 2,
      groups: ['Common'],
      configs: [
        {
          definition: null,
          value: { name: 'producer.override.x', value: '1', recommended_values: [], errors: ['no'], visible: true },
        },
        {
          definition: {
            name: 'tasks.max',
            type: 'INT',
            required: false,
            default_value: '1',
            importance: 'HIGH',
            documentation: 'Tasks.',
            group: 'Common',
            width: 'SHORT',
            display_name: 'Tasks max',
            dependents: [],
            order: 4,
          },
          value: {
            name: 'tasks.max',
            value: '0',
            recommended_values: [],
            errors: ['Invalid value 0 for configuration tasks.max: Value must be at least 1'],
            visible: true,
          },
        },
        {
          definition: {
            name: 'secret',
            type: 'PASSWORD',
            required: false,
            default_value: '[hidden]',
            importance: 'LOW',
            documentation: 'x',
            group: null,
            width: 'NONE',
            display_name: 'secret',
            dependents: [],
            order: -1,
          },
          value: { name: 'secret', value: '[hidden]', recommended_values: [], errors: [], visible: true },
        },
        {
          definition: {
            name: 'list',
            type: 'LIST',
            required: true,
            default_value: null,
            importance: 'LOW',
            documentation: 'x',
            group: null,
            width: 'NONE',
            display_name: 'list',
            dependents: [],
            order: -1,
          },
          value: { name: 'list', value: 'x,y', recommended_values: [], errors: [], visible: true },
        },
        {
          definition: {
            name: 'ratio',
            type: 'DOUBLE',
            required: false,
            default_value: '1.0',
            importance: 'LOW',
            documentation: 'x',
            group: null,
            width: 'NONE',
            display_name: 'ratio',
            dependents: [],
            order: -1,
          },
          value: { name: 'ratio', value: '1.0', recommended_values: [], errors: [], visible: true },
        },
      ],
    });
  });
});
