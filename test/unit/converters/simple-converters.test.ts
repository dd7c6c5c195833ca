import { describe, expect, it } from 'vitest';
import { ByteArrayConverter } from '../../../src/converters/byte-array-converter.ts';
import { LongConverter, ShortConverter } from '../../../src/converters/number-converters.ts';
import plugin from '../../../src/converters/plugin.ts';
import { StringConverter } from '../../../src/converters/string-converter.ts';
import { BigDecimal, Schemas } from '../../../src/sdk/data/index.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { isPlugin } from '../../../src/sdk/plugin.ts';
import { contextFor } from './converter-context.ts';

describe('StringConverter', () => {
  it.each([
    ['UTF-8', 'é€😀', 'c3a9e282acf09f9880', 'é€😀'],
    ['utf8', 'é', 'c3a9', 'é'],
    ['ISO-8859-1', 'é€😀', 'e93f3f', 'é??'],
    ['US-ASCII', 'aé', '613f', 'a?'],
    ['UTF-16', 'a', 'feff0061', 'a'],
    ['UTF-16LE', 'a€', '6100ac20', 'a€'],
    ['UTF-16BE', 'a€', '006120ac', 'a€'],
  ])('in %s', (encoding, text, hex, back) => {
    const converter = new StringConverter();
    converter.configure({ 'converter.encoding': encoding }, contextFor('value'));
    const bytes = converter.fromConnectData('t', null, text);
    expect(Buffer.from(bytes ?? []).toString('hex')).toBe(hex);
    const input = Uint8Array.from(bytes ?? []);
    expect(converter.toConnectData('t', input)).toMatchObject({ schema: Schemas.OPTIONAL_STRING, value: back });
  });

  it('reads UTF-16 by its mark', () => {
    const converter = new StringConverter();
    converter.configure({ 'converter.encoding': 'UTF-16' }, contextFor('value'));
    expect(converter.toConnectData('t', Buffer.from('fffe6100', 'hex')).value).toBe('a');
    expect(converter.toConnectData('t', Buffer.from('0061', 'hex')).value).toBe('a');
    expect(converter.toConnectData('t', Buffer.from('0061fffe', 'hex')).value).toBe('a\ufffe');
  });

  it.each<[string, string, string]>([
    ['UTF-8', 'a\ud800b', '613f62'],
    ['UTF-16', '', ''],
    ['UTF-16BE', '\udc00', 'fffd'],
    ['UTF-16LE', '\ud800a', 'fdff6100'],
    ['ISO-8859-1', '\ud800\u{1f600}', '3f3f'],
  ])('writes half a surrogate pair in %s as Java does', (encoding, text, hex) => {
    const converter = new StringConverter();
    converter.configure({ 'converter.encoding': encoding }, contextFor('value'));
    expect(Buffer.from(converter.fromConnectData('t', null, text) ?? []).toString('hex')).toBe(hex);
  });

  it.each<[string, string, string]>([
    ['UTF-8', '61eda08062', 'a\ufffdb'],
    ['UTF-8', '61ffc362', 'a\ufffd\ufffdb'],
    ['UTF-16', '00', '\ufffd'],
    ['UTF-16BE', 'd8000061', '\ufffd'],
    ['UTF-16BE', 'db70d8302a', '\ufffd\ufffd'],
    ['UTF-16BE', '0061d8302a', 'a\ufffd'],
    ['UTF-16LE', '00dc6100ff', '\ufffda\ufffd'],
    ['US-ASCII', '61e9', 'a\ufffd'],
  ])('reads broken %s as Java does: %s', (encoding, hex, text) => {
    const converter = new StringConverter();
    converter.configure({ 'converter.encoding': encoding }, contextFor('value'));
    expect(converter.toConnectData('t', Buffer.from(hex, 'hex')).value).toBe(text);
  });

  it('refuses an encoding it does not know', () => {
    const configure = (): void =>
      new StringConverter().configure({ 'converter.encoding': 'EBCDIC' }, contextFor('value'));
    expect(configure).toThrow(ConfigError);
    expect(configure).toThrow('Invalid value EBCDIC for configuration converter.encoding');
  });

  it('writes what Java prints', () => {
    const converter = new StringConverter();
    const text = (schema: Parameters<typeof converter.fromConnectData>[1], value: unknown): string =>
      String(Buffer.from(converter.fromConnectData('t', schema, value) ?? []));
    expect(text(Schemas.FLOAT64, 1)).toBe('1.0');
    expect(text(Schemas.INT64, 5n)).toBe('5');
    expect(text(null, true)).toBe('true');
  });
});

describe('number converters take numbers of their own class only', () => {
  it.each([
    [null, 70_000],
    [null, -1.9],
    [null, 1n << 40n],
    [null, BigDecimal.parse('258')],
    [Schemas.INT32, 1],
    [Schemas.INT8, 1],
    [Schemas.INT64, 1n],
    [Schemas.FLOAT64, 1],
    [Schemas.STRING, '1'],
  ])('not, as a short, of schema %s: %s', (schema, value) => {
    expect(() => new ShortConverter().fromConnectData('t', schema, value)).toThrow(
      /^Failed to serialize to short \(was class /,
    );
  });

  it.each([
    [null, -2, 'fffe'],
    [null, 7n, '0007'],
    [Schemas.OPTIONAL_INT16, 300, '012c'],
    [Schemas.STRING, 300, '012c'],
  ])('as a short, of schema %s: %s', (schema, value, hex) => {
    const bytes = new ShortConverter().fromConnectData('t', schema, value);
    expect(Buffer.from(bytes ?? []).toString('hex')).toBe(hex);
  });

  it('names the class by the schema', () => {
    expect(() => new ShortConverter().fromConnectData('t', Schemas.INT32, 1)).toThrow(
      'Failed to serialize to short (was class java.lang.Integer): ',
    );
  });

  it('a long is exact', () => {
    const converter = new LongConverter();
    const bytes = converter.fromConnectData('t', Schemas.INT64, -9007199254740993n);
    expect(converter.toConnectData('t', Uint8Array.from(bytes ?? [])).value).toBe(-9007199254740993n);
  });
});

it('ByteArrayConverter hands the very bytes through', () => {
  const converter = new ByteArrayConverter();
  const bytes = Uint8Array.of(1, 2);
  expect(converter.fromConnectData('t', Schemas.BYTES, bytes)).toBe(bytes);
  expect(converter.toConnectData('t', bytes).value).toBe(bytes);
});

describe('the plugin', () => {
  it('names the converters by their Java classes', () => {
    expect(isPlugin(plugin)).toBe(true);
    expect(plugin.converters?.map(({ className }) => className)).toEqual([
      'org.apache.kafka.connect.storage.StringConverter',
      'org.apache.kafka.connect.converters.ByteArrayConverter',
      'org.apache.kafka.connect.converters.BooleanConverter',
      'org.apache.kafka.connect.converters.ShortConverter',
      'org.apache.kafka.connect.converters.IntegerConverter',
      'org.apache.kafka.connect.converters.LongConverter',
      'org.apache.kafka.connect.converters.FloatConverter',
      'org.apache.kafka.connect.converters.DoubleConverter',
      'org.apache.kafka.connect.json.JsonConverter',
      'io.confluent.connect.avro.AvroConverter',
    ]);
    expect(plugin.headerConverters?.at(-1)?.className).toBe('org.apache.kafka.connect.storage.SimpleHeaderConverter');
  });

  it('has header converters that do for headers what they do for values', () => {
    for (const { className, create } of plugin.headerConverters ?? []) {
      const converter = new create();
      converter.configure({}, contextFor('header'));
      const value = /Boolean/.test(className)
        ? true
        : /ByteArray/.test(className)
          ? Buffer.from('x')
          : /String|Simple|Json/.test(className)
            ? 'x'
            : /Long/.test(className)
              ? 5n
              : 5;
      const bytes = converter.fromConnectHeader('t', 'k', null, value);
      expect(converter.toConnectHeader('t', 'k', bytes).value, className).toEqual(value);
    }
  });

  it('describes every setting', () => {
    for (const { className, create } of plugin.converters ?? []) {
      for (const key of new create().config?.().keys.values() ?? []) {
        expect(key.documentation, `${className} ${key.name}`).not.toBe('');
      }
    }
  });
});
