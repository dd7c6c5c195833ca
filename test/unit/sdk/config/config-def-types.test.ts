import { describe, expect, expectTypeOf, it } from 'vitest';
import { ConfigDef, ConfigValidators, type ParsedConfig, type Password } from '../../../../src/sdk/config/index.ts';

const DEF = ConfigDef.of({
  file: { type: 'STRING', default: null, importance: 'high', documentation: 'Source file.' },
  topic: { type: 'STRING', importance: 'high', documentation: 'Topic.' },
  'batch.size': {
    type: 'INT',
    default: 2000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'Batch.',
  },
  secret: { type: 'PASSWORD', default: null, importance: 'low', documentation: 'Secret.' },
  hosts: { type: 'LIST', default: [], importance: 'low', documentation: 'Hosts.' },
  verbose: { type: 'BOOLEAN', importance: 'low', documentation: 'Verbose.' },
});

describe('the type of a parsed configuration', () => {
  it('follows from the declaration', () => {
    const config = DEF.parse({ topic: 't', verbose: 'true' });
    expectTypeOf(config).toEqualTypeOf<{
      readonly file: string | null;
      readonly topic: string;
      readonly 'batch.size': number;
      readonly secret: Password | null;
      readonly hosts: readonly string[];
      readonly verbose: boolean;
    }>();
    expect({ ...config }).toEqual({
      file: null,
      topic: 't',
      'batch.size': 2000,
      secret: null,
      hosts: [],
      verbose: true,
    });
  });

  it('fits where the declaration is not known in detail', () => {
    const anyDef: ConfigDef = DEF;
    expectTypeOf(anyDef.parse({ topic: 't', verbose: 'false' })).toEqualTypeOf<{ readonly [key: string]: unknown }>();
    expect(anyDef.keys.size).toBe(6);
  });

  it('follows define, extend and embed', () => {
    const inner = ConfigDef.of({ spec: { type: 'LIST', importance: 'low', documentation: 'Spec.' } });
    const outer = ConfigDef.empty()
      .define({ name: 'flag', type: 'BOOLEAN', default: false, importance: 'low', documentation: 'Flag.' })
      .extend(ConfigDef.of({ count: { type: 'LONG', default: null, importance: 'low', documentation: 'Count.' } }))
      .embed(inner, { prefix: 'transforms.a.' });
    expectTypeOf<
      ParsedConfig<typeof outer extends ConfigDef<infer K> ? K : never>['transforms.a.spec']
    >().toEqualTypeOf<readonly string[]>();
    const parsed = outer.parse({ 'transforms.a.spec': 'x , y' });
    expectTypeOf(parsed.flag).toEqualTypeOf<boolean>();
    expectTypeOf(parsed.count).toEqualTypeOf<number | null>();
    expectTypeOf(parsed['transforms.a.spec']).toEqualTypeOf<readonly string[]>();
    expect({ ...parsed }).toEqual({ flag: false, count: null, 'transforms.a.spec': ['x', 'y'] });
  });
});
