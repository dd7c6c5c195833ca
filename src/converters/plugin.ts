/** The converters that come with Holdfast, under the class names that Kafka Connect configurations use. */
import type { Converter, HeaderConverter } from '../sdk/converter.ts';
import { definePlugin, type PluginClass } from '../sdk/plugin.ts';
import { AvroConverter } from './avro/avro-converter.ts';
import { BooleanConverter } from './boolean-converter.ts';
import { ByteArrayConverter } from './byte-array-converter.ts';
import { JsonConverter } from './json/json-converter.ts';
import {
  DoubleConverter,
  FloatConverter,
  IntegerConverter,
  LongConverter,
  ShortConverter,
} from './number-converters.ts';
import { SimpleHeaderConverter } from './simple-header-converter.ts';
import { StringConverter } from './string-converter.ts';

const forBoth: readonly PluginClass<Converter & HeaderConverter>[] = [
  { className: 'org.apache.kafka.connect.storage.StringConverter', create: StringConverter },
  { className: 'org.apache.kafka.connect.converters.ByteArrayConverter', create: ByteArrayConverter },
  { className: 'org.apache.kafka.connect.converters.BooleanConverter', create: BooleanConverter },
  { className: 'org.apache.kafka.connect.converters.ShortConverter', create: ShortConverter },
  { className: 'org.apache.kafka.connect.converters.IntegerConverter', create: IntegerConverter },
  { className: 'org.apache.kafka.connect.converters.LongConverter', create: LongConverter },
  { className: 'org.apache.kafka.connect.converters.FloatConverter', create: FloatConverter },
  { className: 'org.apache.kafka.connect.converters.DoubleConverter', create: DoubleConverter },
  { className: 'org.apache.kafka.connect.json.JsonConverter', create: JsonConverter },
];

export default definePlugin({
  name: 'holdfast-converters',
  version: '0.1.0',
  converters: [...forBoth, { className: 'io.confluent.connect.avro.AvroConverter', create: AvroConverter }],
  headerConverters: [
    ...forBoth,
    { className: 'org.apache.kafka.connect.storage.SimpleHeaderConverter', create: SimpleHeaderConverter },
  ],
});
