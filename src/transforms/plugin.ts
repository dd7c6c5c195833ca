/** The transformations and predicates that come with Holdfast, under the class names that Kafka Connect configurations use. */
import { definePlugin, type PluginClass } from '../sdk/plugin.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { CastKey, CastValue } from './cast.ts';
import { ExtractFieldKey, ExtractFieldValue } from './extract-field.ts';
import { Filter } from './filter.ts';
import { FlattenKey, FlattenValue } from './flatten.ts';
import { HeaderFromKey, HeaderFromValue } from './header-from.ts';
import { DropHeaders, InsertHeader } from './headers.ts';
import { HoistFieldKey, HoistFieldValue } from './hoist-field.ts';
import { InsertFieldKey, InsertFieldValue } from './insert-field.ts';
import { MaskFieldKey, MaskFieldValue } from './mask-field.ts';
import { HasHeaderKey, RecordIsTombstone, TopicNameMatches } from './predicates.ts';
import { RegexRouter } from './regex-router.ts';
import { ReplaceFieldKey, ReplaceFieldValue } from './replace-field.ts';
import { SetSchemaMetadataKey, SetSchemaMetadataValue } from './set-schema-metadata.ts';
import { TimestampConverterKey, TimestampConverterValue } from './timestamp-converter.ts';
import { TimestampRouter } from './timestamp-router.ts';
import { ValueToKey } from './value-to-key.ts';

const PACKAGE = 'org.apache.kafka.connect.transforms';

const classes: Readonly<Record<string, new () => Transformation>> = {
  Cast$Key: CastKey,
  Cast$Value: CastValue,
  DropHeaders,
  ExtractField$Key: ExtractFieldKey,
  ExtractField$Value: ExtractFieldValue,
  Filter,
  Flatten$Key: FlattenKey,
  Flatten$Value: FlattenValue,
  HeaderFrom$Key: HeaderFromKey,
  HeaderFrom$Value: HeaderFromValue,
  HoistField$Key: HoistFieldKey,
  HoistField$Value: HoistFieldValue,
  InsertField$Key: InsertFieldKey,
  InsertField$Value: InsertFieldValue,
  InsertHeader,
  MaskField$Key: MaskFieldKey,
  MaskField$Value: MaskFieldValue,
  RegexRouter,
  ReplaceField$Key: ReplaceFieldKey,
  ReplaceField$Value: ReplaceFieldValue,
  SetSchemaMetadata$Key: SetSchemaMetadataKey,
  SetSchemaMetadata$Value: SetSchemaMetadataValue,
  TimestampConverter$Key: TimestampConverterKey,
  TimestampConverter$Value: TimestampConverterValue,
  TimestampRouter,
  ValueToKey,
};

const transformations: readonly PluginClass<Transformation>[] = Object.entries(classes).map(([name, create]) => ({
  className: `${PACKAGE}.${name}`,
  create,
}));

export default definePlugin({
  name: 'holdfast-transforms',
  version: '0.1.0',
  transformations,
  predicates: [
    { className: `${PACKAGE}.predicates.HasHeaderKey`, create: HasHeaderKey },
    { className: `${PACKAGE}.predicates.RecordIsTombstone`, create: RecordIsTombstone },
    { className: `${PACKAGE}.predicates.TopicNameMatches`, create: TopicNameMatches },
  ],
});
