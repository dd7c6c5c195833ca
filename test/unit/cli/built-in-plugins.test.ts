import { describe, expect, it } from 'vitest';
import { builtInPlugins, packageOfBuiltIn } from '../../../src/cli/built-in-plugins.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { PluginType } from '../../../src/runtime/plugins/plugin-desc.ts';
import { Plugins } from '../../../src/runtime/plugins/plugins.ts';

const plugins = await Plugins.discover({
  builtIn: builtInPlugins(),
  packageOf: packageOfBuiltIn,
  pluginPath: [],
  logger: silentLogger,
});

const CONNECT = 'org.apache.kafka.connect';
const FILE = 'holdfast/connectors/file';

describe('a built-in plugin has its Java name, short names and those with a package', () => {
  it.each<[PluginType, string, readonly string[]]>([
    [
      'source',
      `${CONNECT}.file.FileStreamSourceConnector`,
      [
        'FileStreamSourceConnector',
        'FileStreamSource',
        `${FILE}#FileStreamSource`,
        `${FILE}#FileStreamSourceConnector`,
      ],
    ],
    ['sink', `${CONNECT}.file.FileStreamSinkConnector`, ['FileStreamSink', `${FILE}#FileStreamSink`]],
    [
      'converter',
      `${CONNECT}.json.JsonConverter`,
      ['JsonConverter', 'Json', 'holdfast#Json', 'holdfast#JsonConverter'],
    ],
    ['converter', 'io.confluent.connect.avro.AvroConverter', ['Avro', 'AvroConverter', 'holdfast#Avro']],
    [
      'header_converter',
      `${CONNECT}.storage.SimpleHeaderConverter`,
      ['Simple', 'SimpleHeaderConverter', 'holdfast#Simple', 'holdfast#SimpleHeaderConverter'],
    ],
    ['transformation', `${CONNECT}.transforms.RegexRouter`, ['RegexRouter', 'holdfast#RegexRouter']],
    ['transformation', `${CONNECT}.transforms.InsertField$Value`, ['holdfast#InsertField$Value']],
    [
      'predicate',
      `${CONNECT}.transforms.predicates.RecordIsTombstone`,
      ['RecordIsTombstone', 'holdfast#RecordIsTombstone'],
    ],
    [
      'config_provider',
      'org.apache.kafka.common.config.provider.FileConfigProvider',
      ['FileConfigProvider', 'File', 'holdfast#File', 'holdfast#FileConfigProvider'],
    ],
  ])('%s %s', (type, className, names) => {
    for (const name of [className, ...names]) {
      expect([name, plugins.find([type], name)?.className]).toEqual([name, className]);
    }
  });

  it('and none that could mean two', () => {
    for (const name of [FILE, 'holdfast', 'Value', 'holdfast#Value', `${FILE}#`]) {
      expect(plugins.find(['source', 'sink', 'transformation', 'converter'], name)).toBeUndefined();
    }
    expect(() => plugins.get(['source', 'sink'], FILE)).toThrow(
      /^More than one connector matches alias holdfast\/connectors\/file/,
    );
  });
});
