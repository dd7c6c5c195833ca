import { describe, expect, it } from 'vitest';
import { namesOf, type PluginDesc, simpleName } from '../../../../src/runtime/plugins/plugin-desc.ts';
import { descsOf, Plugins } from '../../../../src/runtime/plugins/plugins.ts';
import { definePlugin } from '../../../../src/sdk/plugin.ts';

function desc(type: PluginDesc['type'], className: string, version = '1.0', otherNames: string[] = []): PluginDesc {
  return { type, className, otherNames, version, module: `file:///${version}.js`, location: 'test', create: class {} };
}

describe('names of a class', () => {
  it.each([
    ['source', 'org.x.FileStreamSourceConnector', ['FileStreamSourceConnector', 'FileStreamSource']],
    ['converter', 'org.x.JsonConverter', ['JsonConverter', 'Json']],
    ['header_converter', 'org.x.SimpleHeaderConverter', ['SimpleHeaderConverter', 'Simple']],
    // The text from the last occurrence of the suffix on is cut.
    ['source', 'org.x.ConnectorToConnectorV2', ['ConnectorToConnectorV2', 'ConnectorTo']],
    // Nothing would be left of it.
    ['source', 'org.x.Connector', ['Connector']],
    ['transformation', 'org.x.InsertField$Value', ['Value']],
    ['transformation', 'org.x.RegexRouter', ['RegexRouter']],
  ] as const)('%s %s', (type, className, aliases) => {
    expect([...namesOf(desc(type, className))].sort()).toEqual([className, ...aliases].sort());
  });

  it('come from its further names too', () => {
    expect(namesOf(desc('converter', 'io.new.AvroConverter', '1', ['io.old.OtherConverter']))).toContain('Other');
    expect(simpleName('a.b.C$D')).toBe('D');
  });
});

describe('Plugins', () => {
  const source = desc('source', 'org.x.FileSourceConnector');
  const key = desc('transformation', 'org.x.InsertField$Key');
  const value = desc('transformation', 'org.x.InsertField$Value');
  const twin = desc('source', 'com.y.FileSourceConnector');

  it('finds by full name and by aliases, within the types asked for', () => {
    const plugins = new Plugins([source]);
    for (const name of ['org.x.FileSourceConnector', 'FileSourceConnector', 'FileSource']) {
      expect(plugins.get(['source', 'sink'], name)).toBe(source);
    }
    expect(plugins.find(['sink'], 'FileSource')).toBeUndefined();
    expect(plugins.find(['source'], 'filesource')).toBeUndefined();
  });

  it('takes no ambiguous alias, and says which classes share it', () => {
    const plugins = new Plugins([source, twin, key, value]);
    expect(plugins.find(['source'], 'FileSource')).toBeUndefined();
    expect(plugins.find(['transformation'], 'Value')).toBe(value);
    expect(() => plugins.get(['source', 'sink'], 'FileSource')).toThrow(
      /^More than one connector matches alias FileSource\. Please use full package and class name instead\. Classes found: .*com\.y\..*org\.x\./,
    );
    expect(plugins.get(['source'], 'com.y.FileSourceConnector')).toBe(twin);
  });

  it('names what there is when it finds nothing, as Kafka Connect does', () => {
    const plugins = new Plugins([source, value]);
    expect(() => plugins.get(['source', 'sink'], 'com.nope.Nope')).toThrow(
      "Failed to find any class that implements Connector and which name matches com.nope.Nope, available connectors are: PluginDesc{klass=class org.x.FileSourceConnector, name='org.x.FileSourceConnector', version='1.0', encodedVersion=1.0, type=source, typeName='source', location='test'}",
    );
  });

  it('takes no notice of blanks around a name, and repeats them where it finds nothing', () => {
    const plugins = new Plugins([source]);
    expect(plugins.get(['source', 'sink'], ' FileSource ')).toBe(source);
    for (const name of [' ', '  x ', '\tJunk\t']) {
      expect(() => plugins.get(['source', 'sink'], name)).toThrow(
        `Failed to find any class that implements Connector and which name matches ${name}, available`,
      );
    }
  });

  it('uses the newest of several versions of a class, and lists them all', () => {
    const newer = desc('source', 'org.x.FileSourceConnector', '1.10');
    const plugins = new Plugins([source, newer, desc('source', 'org.x.FileSourceConnector', '1.9')]);
    expect(plugins.get(['source'], 'FileSource')).toBe(newer);
    expect(plugins.get(['source'], 'org.x.FileSourceConnector')).toBe(newer);
    expect(plugins.list(['source'])).toHaveLength(3);
  });

  describe('takes a requirement on the version', () => {
    const FILE = 'org.apache.kafka.connect.file.FileStreamSourceConnector';
    const ours = { ...desc('source', FILE, '0.1.0'), isOurs: true };
    const version = (requirement: string, ...descs: PluginDesc[]): PluginDesc =>
      new Plugins(descs).version(descs[0] as PluginDesc, requirement);

    it.each(['4.1.1', '[4.1.1]', '[4,5)', '[4.1,)', '0.1.0', '[0,1)', '(,1.0],[4.0,5.0)', 'latest'])(
      'that Kafka Connect or Holdfast meets, of a plugin that stands in for one of Kafka: %s',
      (requirement) => {
        expect(version(requirement, ours)).toBe(ours);
      },
    );

    it.each([
      ['4.0.0', '[4.0.0,4.0.0]'],
      ['[5,)', '[5,)'],
      ['(0.1.0,4.1.1)', '(0.1.0,4.1.1)'],
    ])('and refuses %s, which neither meets', (requirement, range) => {
      expect(() => version(requirement, ours)).toThrow(
        `Plugin ${FILE} not found that matches the version range ${range}, available versions: [0.1.0, 4.1.1]`,
      );
    });

    it('of anybody else by its own version alone, whatever its name', () => {
      const theirs = desc('source', FILE, '0.1.0');
      const another = { ...desc('source', 'io.holdfast.Datagen', '0.1.0'), isOurs: true };
      for (const each of [theirs, another]) {
        expect(version('0.1.0', each)).toBe(each);
        expect(() => version('4.1.1', each)).toThrow('available versions: [0.1.0]');
      }
    });

    it('by the own versions of all before it counts one as that of Kafka', () => {
      const theirs = desc('source', FILE, '4.1.1');
      expect(version('4.1.1', ours, theirs)).toBe(theirs);
      expect(version('[4,5)', ours, desc('source', FILE, '3.9'))).toBe(ours);
    });
  });

  it('lists by type, then by class name', () => {
    const sink = desc('sink', 'z.Sink');
    expect(new Plugins([value, source, key, sink, twin]).list()).toEqual([sink, twin, source, key, value]);
  });

  it('flattens a manifest', () => {
    class Any {}
    const plugin = definePlugin({
      name: 'p',
      version: '3',
      connectors: [{ className: 'a.Source', type: 'source', create: Any as never }],
      converters: [{ className: 'a.Converter', aliases: ['b.Converter'], create: Any as never }],
      headerConverters: [{ className: 'a.HeaderConverter', create: Any as never }],
      transformations: [{ className: 'a.T', create: Any as never }],
      predicates: [{ className: 'a.P', create: Any as never }],
    });
    const descs = descsOf(plugin, { module: 'file:///m.js', location: 'here' });
    expect(descs.map(({ type, className, version }) => `${type} ${className} ${version}`)).toEqual([
      'source a.Source 3',
      'transformation a.T 3',
      'predicate a.P 3',
      'converter a.Converter 3',
      'header_converter a.HeaderConverter 3',
    ]);
    expect(descs[3]?.otherNames).toEqual(['b.Converter']);
  });
});
