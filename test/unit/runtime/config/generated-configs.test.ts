/** Configurations as nobody should write them: what validation says of them is what creating says, and whatever is accepted can be run. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { builtInPlugins, packageOfBuiltIn } from '../../../../src/cli/built-in-plugins.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from '../../../../src/runtime/config/connector-config-def.ts';
import { ConnectorConfigs } from '../../../../src/runtime/config/connector-configs.ts';
import { parseWorkerConfig } from '../../../../src/runtime/config/worker-config.ts';
import type { RawConnectorConfig } from '../../../../src/runtime/herder/herder.ts';
import { Plugins } from '../../../../src/runtime/plugins/plugins.ts';
import { ConfigError } from '../../../../src/sdk/errors/index.ts';

/** More for a long look: HOLDFAST_CONFIG_RUNS=20000. */
const RUNS = Number(process.env['HOLDFAST_CONFIG_RUNS'] ?? 300);

const plugins = await Plugins.discover({
  builtIn: builtInPlugins(),
  packageOf: packageOfBuiltIn,
  pluginPath: [],
  logger: silentLogger,
});
const worker = parseWorkerConfig({ 'key.converter': 'String', 'value.converter': 'Json' });
const configs = new ConnectorConfigs({ plugins, worker });

const SOURCE = {
  name: 'c',
  'connector.class': 'FileStreamSource',
  file: 'in.txt',
  topic: 't',
  'topic.creation.groups': 'g',
  'topic.creation.default.partitions': '1',
  'topic.creation.default.replication.factor': '1',
  'topic.creation.g.include': 'a.*',
  'errors.deadletterqueue.topic.name': 'dlq',
};
const SINK = {
  name: 'c',
  'connector.class': 'FileStreamSink',
  file: 'out.txt',
  topics: 'a,b',
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': 'dlq',
};
const CHAIN = {
  transforms: 'r,i',
  'transforms.r.type': 'RegexRouter',
  'transforms.r.regex': 'a(.*)',
  'transforms.r.replacement': 'b$1',
  'transforms.i.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
  'transforms.i.static.field': 'f',
  'transforms.i.static.value': 'v',
  'transforms.i.predicate': 'p',
  'transforms.i.negate': 'true',
  predicates: 'p',
  'predicates.p.type': 'TopicNameMatches',
  'predicates.p.pattern': 'a.*',
};
const CONVERTERS = {
  'key.converter': 'org.apache.kafka.connect.converters.LongConverter',
  'value.converter': 'Json',
  'value.converter.schemas.enable': 'false',
  'header.converter': 'Simple',
  'value.converter.plugin.version': 'latest',
};

const NAMES = plugins.list().map(({ className }) => className);
const texts = fc.oneof(
  fc.constantFrom(
    ...['', ' ', ' x ', '\t', '0', '-1', '1', ' 1 ', '1.5', '1e3', 'NaN', '2147483648', '9223372036854775808', 'true'],
    ...['TRUE', 'maybe', ',', 'a,a', 'a,,b', 'p', 'r,i,z', '[1.0', '[1.0,2.0)', '(,)', 'latest', '(?<', '[', '.*', '*'],
    ...[
      '${',
      '${a:b}',
      '${file:/x:y}',
      'a\u0000b',
      'a\u0007b',
      '\ud800',
      '\u{1f600}',
      '\u0130',
      '__proto__',
      'toString',
    ],
    ...[
      'java.lang.Object',
      'org.apache.kafka.connect.storage.Converter',
      'all',
      'none',
      'required',
      'x'.repeat(100_000),
    ],
    ...['file', 'InsertField', 'holdfast#Json', 'org.apache.kafka.connect.transforms.InsertField'],
  ),
  fc.constantFrom(...NAMES),
  fc.string({ unit: 'binary' }),
);
const KEYS = [
  ...SOURCE_CONNECTOR_CONFIG.keys.keys(),
  ...SINK_CONNECTOR_CONFIG.keys.keys(),
  ...Object.keys({ ...SOURCE, ...SINK, ...CHAIN, ...CONVERTERS }),
  ...['producer.override.acks', 'consumer.override.max.poll.records', 'admin.override.', 'consumer.override.group.id'],
  ...['transforms.', 'transforms.r.', 'transforms.z.type', 'transforms..type', 'predicates..type', 'task.isolation'],
  ...['batch.size', 'park.timeout.ms', 'value.converter.', '__proto__', 'constructor', 'toString', '', ' ', '\u0000'],
];
const change = fc.record({
  key: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: fc.string() }),
  value: fc.option(texts, { freq: 6 }),
  isRemoved: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
const generated = fc
  .record({
    base: fc.constantFrom(SOURCE, SINK),
    chain: fc.constantFrom({}, CHAIN),
    converters: fc.constantFrom({}, CONVERTERS),
    changes: fc.array(change, { maxLength: 5 }),
  })
  .map(({ base, chain, converters, changes }): RawConnectorConfig => {
    const config = new Map<string, string | null>(Object.entries({ ...base, ...chain, ...converters }));
    for (const { key, value, isRemoved } of changes) {
      if (isRemoved) config.delete(key);
      else config.set(key, value);
    }
    return Object.fromEntries(config);
  });

/** What was thrown; a TypeError or the like is a mistake of ours. */
async function outcome<T>(run: () => Promise<T>): Promise<T | ConfigError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

it('validation and creation say the same of every configuration, and what is accepted can be run', async () => {
  const seen = { accepted: 0, refused: 0, unasked: 0 };
  await fc.assert(
    fc.asyncProperty(generated, async (config) => {
      const infos = await outcome(() => configs.validate(config));
      const resolved = await outcome(() => configs.resolve(config));
      if (infos instanceof ConfigError) {
        seen.unasked++;
        expect(resolved).toMatchObject({ message: infos.message, code: infos.code });
        return;
      }
      const errors = infos.configs.flatMap(({ value }) =>
        (value?.errors ?? []).map((message) => ({ key: value?.name, message })),
      );
      expect(infos.error_count).toBe(errors.length);
      if (resolved instanceof ConfigError) {
        seen.refused++;
        expect(resolved.problems).toEqual(errors);
        for (const { message } of errors) expect(resolved.message).toContain(message);
        return;
      }
      seen.accepted++;
      expect(errors).toEqual([]);
      // What Kafka Connect finds when it starts, too, is a mistake in the configuration and nothing else.
      await outcome(async () => resolved.checkStart());
      await outcome(async () => resolved.placement());
      const id = { connector: config['name'] ?? '', task: 0 };
      const taskConfig = resolved.connectorConfig;
      const started = await outcome(() => resolved.taskSpec({ id, taskConfig, initialState: 'STARTED' }));
      if (started instanceof ConfigError) expect(resolved.type, started.message).toBe('source');
    }),
    { numRuns: RUNS },
  );
  for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).toBeGreaterThan(5);
}, 1_200_000);
