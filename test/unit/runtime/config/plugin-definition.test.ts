/** Transformations, predicates and converters that are asked in a thread: the same is said of a configuration as inline, and none is made here. */
import { describe, expect, it } from 'vitest';
import { ConnectorConfigs } from '../../../../src/runtime/config/connector-configs.ts';
import { answerOfPlugin, definitionOfAnswer } from '../../../../src/runtime/config/plugin-definition.ts';
import { parseWorkerConfig } from '../../../../src/runtime/config/worker-config.ts';
import type { RawConnectorConfig } from '../../../../src/runtime/herder/herder.ts';
import type { PluginDesc } from '../../../../src/runtime/plugins/plugin-desc.ts';
import { Plugins } from '../../../../src/runtime/plugins/plugins.ts';
import { ConfigDef, type ConfigKeySpecs, ConfigValidators } from '../../../../src/sdk/config/index.ts';
import { ConfigError } from '../../../../src/sdk/errors/kinds.ts';

type Create = new () => unknown;
const plain = { importance: 'low', documentation: 'd' } as const;

const RICH = {
  needed: { type: 'STRING', ...plain, group: 'a', orderInGroup: 2, dependents: ['color'] },
  count: { type: 'INT', default: 3, validator: ConfigValidators.range({ min: 1 }), ...plain },
  list: { type: 'LIST', default: ['a', 'b'], validator: ConfigValidators.listSize(2), ...plain, group: 'b' },
  far: { type: 'LONG', default: Number.MAX_SAFE_INTEGER, ...plain },
  type: { type: 'STRING', default: 'what the framework calls so', ...plain },
  pass: { type: 'PASSWORD', default: null, ...plain, displayName: 'A secret' },
  color: {
    type: 'STRING',
    default: 'red',
    ...plain,
    recommender: {
      validValues: (key, values) => {
        if (values['count'] === 7) throw new ConfigError(`${key} knows no seven`);
        // In the order of names: what stands before what is nobody's promise.
        const all = Object.keys(values)
          .sort()
          .map((name) => `${name}=${values[name]}`);
        return [`${key} of ${values['needed']}`, values['count'], ...all];
      },
      visible: (_key, values) => values['count'] !== 5,
    },
  },
} as const satisfies ConfigKeySpecs;

class Rich {
  config = (): unknown => ConfigDef.of(RICH);
}
class RichConverter {
  config = (): unknown => ConfigDef.of(RICH).alsoTaking((key) => key.startsWith('free.'));
  checkSettings = (config: Record<string, string>, type: string): unknown =>
    config['count'] === '9' ? [{ key: 'needed', message: `Not with nine, for a ${type}.` }] : [];
}
class Plain {}
class Source {
  config = (): unknown => ConfigDef.empty();
}

/** All that a plugin may throw instead of an error. */
const THROWN: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  symbol: Symbol('odd'),
  error: new Error('broken'),
  'config error': new ConfigError('wrong'),
  prototypeless: Object.create(null),
  trap: new Proxy(
    {},
    {
      get: () => {
        throw new Error('a trap');
      },
    },
  ),
};
const throwing = (at: 'constructor' | 'config', thrown: unknown): Create =>
  class {
    constructor() {
      if (at === 'constructor') throw thrown;
    }
    config(): never {
      throw thrown;
    }
  };
const returning = (value: () => unknown): Create =>
  class {
    config = value;
  };

const CLASSES: Readonly<Record<string, Create>> = {
  Plain,
  Nothing: returning(() => null),
  Promising: returning(() => Promise.reject(new Error('nobody hears this'))),
  NeverPromising: returning(() => new Promise(() => {})),
  NoDefinition: returning(() => ({})),
  ...Object.fromEntries(
    Object.entries(THROWN).flatMap(([what, thrown]) =>
      (['constructor', 'config'] as const).map((at) => [`${at} throws ${what}`, throwing(at, thrown)]),
    ),
  ),
};
const TYPES = ['transformation', 'predicate', 'converter', 'header_converter'] as const;

const madeHere: string[] = [];

/** The classes of a thread by type and name, and descs of them for this one. */
function installed() {
  const classes = new Map<string, Create>();
  const desc = (type: PluginDesc['type'], className: string, there: Create): PluginDesc => {
    classes.set(`${type} ${className}`, there);
    const create = class {
      constructor() {
        madeHere.push(className);
        // biome-ignore lint/correctness/noConstructorReturn: the same plugin, whose making is noted.
        return new there() as object;
      }
    };
    return { type, className, otherNames: [], version: '1.0', module: 'file:///p.js', location: 'test', create };
  };
  const descs = TYPES.flatMap((type) => [
    desc(type, 'test.Rich', type.endsWith('converter') ? RichConverter : Rich),
    ...Object.entries(CLASSES).map(([name, there]) => desc(type, `test.${name}`, there)),
  ]);
  return { classes, plugins: new Plugins([desc('source', 'test.Source', Source), ...descs]) };
}

const { classes, plugins } = installed();
const questions: unknown[] = [];

function open(settings: Readonly<Record<string, string>> = {}): ConnectorConfigs {
  const worker = parseWorkerConfig({
    'key.converter': 'test.Plain',
    'value.converter': 'test.Plain',
    'header.converter': 'test.Plain',
    ...settings,
  });
  const withConverterDefaults = (own: Readonly<Record<string, string>>) => ({ color: 'blue', ...own });
  const configs = new ConnectorConfigs({ plugins, worker, withConverterDefaults });
  configs.askPlugin = async ({ type, className }, { connector, setting, ...question }) => {
    const there = classes.get(`${type} ${className}`) as Create;
    questions.push({ connector, setting });
    return definitionOfAnswer(structuredClone(answerOfPlugin(className, there, structuredClone(question))));
  };
  return configs;
}

const configs = open();
const SOURCE = { name: 'c', 'connector.class': 'test.Source' };

/** What is said of a configuration inline, and in a thread; there nothing but the connector is made here. */
async function both(config: RawConnectorConfig) {
  const inline = await configs.validate({ ...SOURCE, ...config, 'task.isolation': 'inline' });
  madeHere.length = 0;
  const own = await configs.validate({ ...SOURCE, ...config, 'task.isolation': 'own' });
  expect(madeHere.filter((name) => name !== 'test.Source')).toEqual([]);
  const rest = (infos: typeof own) => ({
    ...infos,
    configs: infos.configs.filter(({ value }) => value?.name !== 'task.isolation'),
  });
  return { inline: rest(inline), own: rest(own) };
}

const SETTINGS: readonly Readonly<Record<string, string | null>>[] = [
  { needed: 'x' },
  {},
  { needed: 'x', count: '0', list: 'a,b,c', pass: 'hunter22' },
  { needed: 'x', count: 'many' },
  { needed: 'x', count: '5', far: '9223372036854775807' },
  { needed: 'x', count: '7' },
  { needed: 'x', count: '9', 'free.x': '1', unknown: '2' },
  { needed: null, predicate: 'p' },
  { needed: 'x', negate: 'true' },
  { needed: 'x', predicate: 'p', negate: 'perhaps' },
  { needed: 'x', 'plugin.version': '1.0' },
  { needed: 'x', 'plugin.version': '[2.0,)' },
];
const under = (prefix: string, settings: Readonly<Record<string, string | null>>) =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [prefix + key, value]));
const named = (type: (typeof TYPES)[number], className: string): readonly [string, RawConnectorConfig] => {
  if (type === 'transformation') return ['transforms.a.', { transforms: 'a', 'transforms.a.type': className }];
  if (type === 'predicate') return ['predicates.a.', { predicates: 'a', 'predicates.a.type': className }];
  const key = type === 'converter' ? 'value.converter' : 'header.converter';
  return [`${key}.`, { [key]: className }];
};

describe.each(TYPES)('a %s that is asked in a thread', (type) => {
  it.each(SETTINGS)('has said of its settings what it says inline: %o', async (settings) => {
    const [prefix, config] = named(type, 'test.Rich');
    const { inline, own } = await both({ ...config, ...under(prefix, settings) });
    expect(own).toEqual(inline);
    expect(JSON.stringify(own)).not.toContain('hunter22');
    if (settings['plugin.version'] !== '[2.0,)') {
      expect(own.configs.map(({ definition }) => definition?.name)).toContain(`${prefix}color`);
    }
  });

  it.each(Object.keys(CLASSES))('%s: the mistake is told as inline, and is one of its class', async (name) => {
    const [, config] = named(type, `test.${name}`);
    const { inline, own } = await both(config);
    expect(own).toEqual(inline);
    const isRight = ['Plain', 'Nothing'].includes(name);
    expect(own.configs.flatMap(({ value }) => (value?.errors.length ? [value.name] : []))).toEqual(
      isRight
        ? []
        : [
            type.endsWith('converter')
              ? type === 'converter'
                ? 'value.converter'
                : 'header.converter'
              : `${type === 'predicate' ? 'predicates' : 'transforms'}.a.type`,
          ],
    );
  });
});

it('a class shows its settings in a thread where the worker says that plugins run in threads', async () => {
  const shared = open({ 'task.isolation': 'shared' });
  const inline = await configs.definition('test.Rich', undefined);
  madeHere.length = 0;
  expect(await shared.definition('test.Rich', undefined)).toEqual(inline);
  const failing = shared.definition('test.config throws symbol', undefined);
  await expect(failing).rejects.toMatchObject({ message: 'Symbol(odd)', code: 'holdfast.plugin.no-settings' });
  expect(madeHere).toEqual([]);
});

it('all of a connector are asked once each, in the order of its configuration, and its secrets and unknown keys are known', async () => {
  questions.length = 0;
  const resolved = await configs.resolve({
    ...SOURCE,
    'task.isolation': 'own',
    transforms: 'a,b',
    'transforms.a.type': 'test.Rich',
    'transforms.a.needed': 'x',
    'transforms.a.pass': 'secret of a',
    'transforms.b.type': 'test.Plain',
    'value.converter': 'test.Rich',
    'value.converter.needed': 'x',
    'value.converter.pass': 'secret of value',
    'value.converter.free.x': '1',
    'value.converter.counts': '1',
  });
  expect(questions).toEqual(
    ['transforms.a', 'transforms.b', 'value.converter'].map((setting) => ({ connector: 'c', setting })),
  );
  expect([...resolved.secrets].sort()).toEqual(['secret of a', 'secret of value']);
  expect(resolved.keyFindings.unknown).toEqual(['value.converter.counts']);
  expect([...(await resolved.refreshed()).secrets].sort()).toEqual(['secret of a', 'secret of value']);
});

it('the converters of a worker are asked in a thread once there are threads', async () => {
  const settings = { 'task.isolation': 'own', 'value.converter': 'test.Rich', 'value.converter.count': '0' };
  const worker = open({ ...settings, 'value.converter.needle': 'x', 'value.converter.pass': 'hunter22' });
  madeHere.length = 0;
  expect(worker.workerConverters()).toMatchObject({ problems: [], unknownKeys: [] });
  const found = await worker.workerConvertersElsewhere();
  expect(found?.problems.map(({ key }) => key)).toEqual(['value.converter.needed', 'value.converter.count']);
  expect(found?.unknownKeys).toEqual(['value.converter.needle']);
  expect(worker.secrets.mask('it is hunter22')).toBe('it is [hidden]');
  expect(madeHere).toEqual([]);
  expect(await open().workerConvertersElsewhere()).toBeNull();
});
