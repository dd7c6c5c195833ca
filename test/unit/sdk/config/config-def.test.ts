import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ConfigDef,
  type ConfigType,
  invalidValue,
  Password,
  parseConfigValue,
  ConfigValidators as V,
} from '../../../../src/sdk/config/index.ts';
import { ConfigError } from '../../../../src/sdk/errors/index.ts';

const BASE = { importance: 'low', documentation: 'x' } as const;

function messagesOf(def: ConfigDef, raw: Record<string, string | null>): Record<string, readonly string[]> {
  return Object.fromEntries(def.validate(raw).map((value) => [value.name, value.errorMessages]));
}

it('refuses a definition with a field that there is none of', () => {
  const misspelt = { type: 'STRING', defualt: 'x', ...BASE } as never;
  const message =
    'The definition of the setting a.b has defualt, which ConfigDef does not know. It knows type, default,';
  expect(() => ConfigDef.of({ 'a.b': misspelt })).toThrow(message);
  expect(() => ConfigDef.empty().define({ name: 'a.b', ...(misspelt as object) } as never)).toThrow(message);
  expect(
    ConfigDef.empty()
      .define({ name: 'a.b', type: 'STRING', ...BASE })
      .keys.has('a.b'),
  ).toBe(true);
});

describe('parsing', () => {
  it.each<[ConfigType, string, unknown]>([
    ['BOOLEAN', ' TRUE ', true],
    ['BOOLEAN', 'false', false],
    ['STRING', '  a b ', 'a b'],
    ['INT', ' +7 ', 7],
    ['INT', '-2147483648', -2147483648],
    ['SHORT', '32767', 32767],
    ['LONG', '9007199254740991', 9007199254740991],
    ['LONG', '9223372036854775807', 9007199254740991],
    ['LONG', '-9223372036854775808', -9007199254740991],
    ['DOUBLE', '1e3', 1000],
    ['DOUBLE', '.5f', 0.5],
    ['DOUBLE', '-Infinity', Number.NEGATIVE_INFINITY],
    ['LIST', ' a , b,c ', ['a', 'b', 'c']],
    ['LIST', '', []],
    ['LIST', 'a,,', ['a', '', '']],
    ['CLASS', ' org.x.Y ', 'org.x.Y'],
  ])('%s %j', (type, text, value) => expect(parseConfigValue('k', text, type)).toEqual(value));

  it.each<[ConfigType, string, string]>([
    ['BOOLEAN', 'maybe', 'Invalid value maybe for configuration k: Expected value to be either true or false'],
    ['INT', 'abc', 'Invalid value abc for configuration k: Not a number of type INT'],
    ['INT', '2147483648', 'Invalid value 2147483648 for configuration k: Not a number of type INT'],
    ['INT', '1.0', 'Invalid value 1.0 for configuration k: Not a number of type INT'],
    ['INT', '', 'Invalid value  for configuration k: Not a number of type INT'],
    ['SHORT', '99999', 'Invalid value 99999 for configuration k: Not a number of type SHORT'],
    ['LONG', 'x', 'Invalid value x for configuration k: Not a number of type LONG'],
    ['LONG', '9223372036854775808', 'Invalid value 9223372036854775808 for configuration k: Not a number of type LONG'],
    ['DOUBLE', 'abc', 'Invalid value abc for configuration k: Not a number of type DOUBLE'],
  ])('%s refuses %j', (type, text, message) => {
    expect(() => parseConfigValue('k', text, type)).toThrow(message);
  });

  it('gives every 32-bit integer back', () => {
    fc.assert(fc.property(fc.integer(), (value) => parseConfigValue('k', ` ${value}\t`, 'INT') === value));
  });
});

describe('parse', () => {
  const def = ConfigDef.of({
    a: { type: 'INT', ...BASE },
    b: { type: 'STRING', validator: V.in('x', 'y'), ...BASE },
    c: { type: 'INT', default: 5, ...BASE },
    d: { type: 'STRING', default: null, ...BASE },
  });

  it('names all mistakes at once, each once', () => {
    try {
      def.parse({ a: 'abc', c: null, d: null });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).problems).toEqual([
        { key: 'a', message: 'Invalid value abc for configuration a: Not a number of type INT' },
        { key: 'b', message: 'Missing required configuration "b" which has no default value.' },
        { key: 'c', message: 'Null value can not be supplied as the configuration value.' },
      ]);
      expect((error as ConfigError).message).toContain('3 mistakes');
    }
  });

  it('says a single mistake in Kafka Connect’s words', () => {
    expect(() => def.parse({ a: '1', b: 'z' })).toThrow(
      /^Invalid value z for configuration b: String must be one of: x, y$/,
    );
  });

  it('gives frozen values, and leaves out what is not defined', () => {
    const config = def.parse({ a: '1', b: 'x', other: 'o' });
    expect(Object.keys(config)).toEqual(['a', 'b', 'c', 'd']);
    expect(Object.isFrozen(config)).toBe(true);
    expect(def.unusedKeys({ a: '1', other: 'o', z: '' })).toEqual(['other', 'z']);
  });

  it('takes no setting from the prototype of the configuration', () => {
    const odd = ConfigDef.of({ constructor: { type: 'STRING', default: 'd', ...BASE } });
    expect(odd.parse({})['constructor']).toBe('d');
  });
});

describe('validate', () => {
  it('reports an unparsable value and what its validator says of null, as Kafka Connect does', () => {
    const def = ConfigDef.of({ 'tasks.max': { type: 'INT', default: 1, validator: V.range({ min: 1 }), ...BASE } });
    expect(messagesOf(def, { 'tasks.max': 'abc' })).toEqual({
      'tasks.max': [
        'Invalid value abc for configuration tasks.max: Not a number of type INT',
        'Invalid value null for configuration tasks.max: Value must be non-null',
      ],
    });
    expect(def.validate({ 'tasks.max': 'abc' })[0]?.value).toBeNull();
    expect(def.validate({ 'tasks.max': '0' })[0]).toMatchObject({
      value: 0,
      errorMessages: ['Invalid value 0 for configuration tasks.max: Value must be at least 1'],
    });
  });

  it('asks the recommenders, with all values parsed, and takes their refusal for a mistake', () => {
    const def = ConfigDef.of({
      kind: { type: 'STRING', default: 'a', dependents: ['size', 'ghost'], ...BASE },
      size: {
        type: 'INT',
        default: 1,
        recommender: {
          validValues: (_key, values) => (values['kind'] === 'b' ? [1, 2] : []),
          visible: (_key, values) => values['kind'] === 'b',
        },
        ...BASE,
      },
      broken: {
        type: 'INT',
        default: 1,
        recommender: {
          validValues: () => {
            throw new ConfigError('No idea.');
          },
        },
        ...BASE,
      },
    });
    const values = new Map(def.validate({ kind: 'b' }).map((value) => [value.name, value]));
    expect(values.get('size')).toMatchObject({ recommendedValues: [1, 2], visible: true });
    expect(values.get('broken')?.errorMessages).toEqual(['No idea.']);
    expect(values.get('ghost')?.errorMessages).toEqual(['ghost is referred in the dependents, but not defined.']);
    expect(def.validate({})[1]?.visible).toBe(false);
  });

  it('never throws, and agrees with parse about what is right', () => {
    const def = ConfigDef.of({
      i: { type: 'INT', validator: V.range({ min: 0, max: 9 }), ...BASE },
      l: { type: 'LIST', default: [], validator: V.listUnique(), ...BASE },
      b: { type: 'BOOLEAN', default: false, ...BASE },
    });
    const text = fc.oneof(fc.string(), fc.constantFrom('1', '7', 'true', 'a,b', 'a,a'));
    fc.assert(
      fc.property(fc.record({ i: text, l: text, b: text }, { requiredKeys: [] }), (raw) => {
        const isRight = def.validate(raw).every((value) => value.errorMessages.length === 0);
        let parses = true;
        try {
          def.parse(raw);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          parses = false;
        }
        return isRight === parses;
      }),
    );
  });
});

describe('a Password', () => {
  it('never shows, but gives its secret to who asks', () => {
    const config = ConfigDef.of({
      p: {
        type: 'PASSWORD',
        validator: V.lambda((key, value) => {
          if (value === null) throw invalidValue(key, value);
        }, ''),
        ...BASE,
      },
    }).parse({ p: 'hunter2' });
    expect(config.p.value()).toBe('hunter2');
    const shown = [
      String(config.p),
      JSON.stringify(config),
      inspect(config, { showHidden: true, depth: 5 }),
      JSON.stringify({ ...config.p }),
      `${config.p}`,
    ];
    for (const text of shown) expect(text).not.toContain('hunter2');
    expect(String(config.p)).toBe('[hidden]');
    expect(() => V.range({ min: 1 }).ensureValid('k', config.p)).toThrow('Invalid value [hidden]');
    expect(config.p.equals(new Password('hunter2'))).toBe(true);
  });
});

describe('composition', () => {
  const inner = ConfigDef.of({
    spec: { type: 'STRING', validator: V.in('a'), dependents: ['more'], group: 'g', orderInGroup: 1, ...BASE },
    more: { type: 'STRING', default: null, recommender: { validValues: (_key, values) => [values['spec']] }, ...BASE },
  });

  it('reports under the prefixed key, in words that name the plugin’s own', () => {
    const def = ConfigDef.empty().embed(inner, { prefix: 'transforms.x.', group: 'Transforms: x', startingOrder: 10 });
    expect(messagesOf(def, { 'transforms.x.spec': 'z' })['transforms.x.spec']).toEqual([
      'Invalid value z for configuration spec: String must be one of: a',
    ]);
    expect(def.keys.get('transforms.x.spec')).toMatchObject({
      group: 'Transforms: x: g',
      orderInGroup: 11,
      displayName: 'spec',
      dependents: ['transforms.x.more'],
    });
    const [more] = def.validate({ 'transforms.x.spec': 'a' });
    expect(more).toMatchObject({ name: 'transforms.x.more', recommendedValues: ['a'] });
  });

  it('lists settings as Kafka Connect sorts them', () => {
    const at = (more: object) => ({ type: 'INT', default: 0, ...BASE, ...more }) as const;
    const def = ConfigDef.of({
      z: at({ group: 'second', orderInGroup: 1 }),
      y: at({ group: 'first', orderInGroup: 2 }),
      x: at({ group: 'second', orderInGroup: 0 }),
      b: at({ importance: 'low' }),
      a: at({ importance: 'low' }),
      h: at({ importance: 'high' }),
      r: { type: 'STRING', ...BASE, importance: 'low' },
    });
    expect(def.sortedKeys.map(({ name }) => name)).toEqual(['r', 'h', 'a', 'b', 'x', 'z', 'y']);
  });

  it('takes the class that a text means, and null where there is none', () => {
    const def = ConfigDef.of({
      c: { type: 'CLASS', default: 'org.x.Default', ...BASE },
      d: { type: 'CLASS', default: null, validator: V.nonNull(), ...BASE },
      s: { type: 'STRING', default: null, ...BASE },
    });
    const classOf = (key: string, name: string): string => {
      if (name.trim() === 'Known') return 'org.x.Known';
      throw invalidValue(key, name, `Class ${name} could not be found.`);
    };
    const values = def.validate({ c: ' Known ', d: 'nope', s: 'nope' }, classOf);
    expect(values.map(({ value }) => value)).toEqual(['org.x.Known', null, 'nope']);
    expect(values[1]?.errorMessages).toEqual([
      'Invalid value nope for configuration d: Class nope could not be found.',
      'Invalid value null for configuration d: entry must be non null',
    ]);
    expect(def.validate({ d: 'x' })[0]?.value).toBe('org.x.Default');
  });

  it('refuses a second setting of the same name', () => {
    expect(() => inner.extend(inner)).toThrow('Configuration spec is defined twice.');
  });
});

describe('toMarkdown', () => {
  it('describes every setting, by group and order', () => {
    const def = ConfigDef.of({
      late: { type: 'INT', default: 1, importance: 'low', documentation: 'Late.', group: 'G', orderInGroup: 2 },
      early: {
        type: 'STRING',
        importance: 'high',
        documentation: 'Early.',
        group: 'G',
        orderInGroup: 1,
        validator: V.in('a|b'),
      },
    });
    expect(def.toMarkdown()).toBe(
      '## G\n\n### `early`\n\nEarly.\n\n| | |\n|---|---|\n| Type | string |\n| Default | none, required |\n' +
        '| Valid values | `[a\\|b]` |\n| Importance | high |\n\n### `late`\n\nLate.\n\n| | |\n|---|---|\n| Type | int |\n| Default | `1` |\n| Importance | low |\n',
    );
  });
});
