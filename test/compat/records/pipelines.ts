/** A source pipeline that both workers run: the scenario names the probe's records, the settings what happens to them. */
export interface ComparedPipeline {
  readonly name: string;
  readonly scenario: 'numbered' | 'types' | 'schemaless' | 'text' | 'bytes' | 'headers';
  readonly settings: Readonly<Record<string, string>>;
  /** The task fails at a record, on both: those before it are written. */
  readonly fails?: { readonly after: number };
  /** The last record that is written, where that is not the last one: Kafka Connect commits no offset for what is left out. */
  readonly lastWritten?: number;
  /** Maps that a transformation made: Java's have the order of a HashMap, so the members of the values are compared by name. */
  readonly isUnordered?: boolean;
}

type Settings = Readonly<Record<string, string>>;

const storage = 'org.apache.kafka.connect.storage';
const transforms = 'org.apache.kafka.connect.transforms';
const strings: Settings = {
  'key.converter': `${storage}.StringConverter`,
  'value.converter': `${storage}.StringConverter`,
};
const json = (schemas: boolean): Settings => ({
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': String(schemas),
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': String(schemas),
});
const byteArrays: Settings = {
  'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
  'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
};

/** A chain of transformations, named a, b, c and so on: `[class, settings]`. */
function chain(...links: readonly (readonly [className: string, settings?: Settings])[]): Settings {
  const names = links.map((_, i) => String.fromCharCode(97 + i));
  const settings: Record<string, string> = { transforms: names.join(',') };
  links.forEach(([className, own = {}], i) => {
    settings[`transforms.${names[i]}.type`] = `${transforms}.${className}`;
    for (const [key, value] of Object.entries(own)) settings[`transforms.${names[i]}.${key}`] = value;
  });
  return settings;
}

export const pipelines: readonly ComparedPipeline[] = [
  { name: 'text', scenario: 'text', settings: strings },
  {
    name: 'text-latin1',
    scenario: 'text',
    settings: { ...strings, 'value.converter.converter.encoding': 'ISO-8859-1' },
  },
  { name: 'structs-as-text', scenario: 'types', settings: strings },
  { name: 'maps-as-text', scenario: 'schemaless', settings: strings },
  { name: 'bytes', scenario: 'bytes', settings: byteArrays },
  { name: 'json', scenario: 'types', settings: json(false) },
  { name: 'json-with-schemas', scenario: 'types', settings: json(true) },
  {
    name: 'json-numeric-decimals',
    scenario: 'types',
    settings: {
      ...json(true),
      'value.converter.decimal.format': 'NUMERIC',
      'value.converter.replace.null.with.default': 'false',
    },
  },
  { name: 'json-of-maps', scenario: 'schemaless', settings: json(false) },
  { name: 'json-of-maps-with-schemas', scenario: 'schemaless', settings: json(true) },
  { name: 'json-of-bytes', scenario: 'bytes', settings: json(true) },
  { name: 'json-numbered', scenario: 'numbered', settings: json(true) },
  { name: 'headers', scenario: 'headers', settings: strings },
  {
    name: 'headers-as-json',
    scenario: 'headers',
    settings: { ...strings, 'header.converter': 'org.apache.kafka.connect.json.JsonConverter' },
  },
  {
    name: 'headers-as-text',
    scenario: 'headers',
    settings: { ...strings, 'header.converter': `${storage}.StringConverter` },
  },
  {
    name: 'wrong-converter',
    scenario: 'text',
    settings: { ...strings, 'value.converter': 'org.apache.kafka.connect.converters.LongConverter' },
    fails: { after: 0 },
  },
  {
    name: 'wrong-converter-tolerated',
    scenario: 'types',
    lastWritten: 19,
    settings: {
      ...json(true),
      'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
      'errors.tolerance': 'all',
    },
  },
  {
    name: 'smt-insert-and-cast',
    scenario: 'numbered',
    settings: {
      ...json(true),
      ...chain(
        ['InsertField$Value', { 'static.field': 'from', 'static.value': 'probe', 'topic.field': 'topic!' }],
        ['Cast$Value', { spec: 'id:string' }],
        ['ReplaceField$Value', { renames: 'who:name' }],
      ),
    },
  },
  {
    name: 'smt-key-and-hoist',
    scenario: 'numbered',
    settings: {
      ...json(true),
      ...chain(
        ['ValueToKey', { fields: 'id' }],
        ['ExtractField$Key', { field: 'id' }],
        ['HoistField$Value', { field: 'inner' }],
        ['Flatten$Value', { delimiter: '_' }],
      ),
    },
  },
  {
    name: 'smt-times',
    scenario: 'types',
    settings: {
      ...json(true),
      ...chain(
        ['Filter', { predicate: 'gone' }],
        ['TimestampConverter$Value', { field: 'ts', 'target.type': 'string', format: 'yyyy-MM-dd HH:mm:ss.SSS' }],
        ['TimestampConverter$Value', { field: 'date', 'target.type': 'unix' }],
        ['MaskField$Value', { fields: 'text,i32' }],
        ['SetSchemaMetadata$Value', { 'schema.name': 'other', 'schema.version': '9' }],
      ),
      predicates: 'gone',
      'predicates.gone.type': `${transforms}.predicates.RecordIsTombstone`,
    },
  },
  {
    name: 'smt-that-refuses-tombstones',
    scenario: 'types',
    settings: {
      ...json(true),
      ...chain(['MaskField$Value', { fields: 'text' }]),
    },
    fails: { after: 8 },
  },
  {
    name: 'smt-headers',
    scenario: 'headers',
    settings: {
      ...strings,
      ...chain(
        ['InsertHeader', { header: 'extra', 'value.literal': '17' }],
        ['DropHeaders', { headers: 'bytes,list' }],
      ),
    },
  },
  {
    name: 'smt-predicates',
    scenario: 'types',
    settings: {
      ...json(false),
      ...chain(
        ['Filter', { predicate: 'gone' }],
        ['InsertField$Value', { 'static.field': 'x', 'static.value': 'y', predicate: 'other', negate: 'true' }],
        ['HeaderFrom$Value', { fields: 'i32,text', headers: 'number,text', operation: 'move' }],
      ),
      predicates: 'gone,other',
      'predicates.gone.type': `${transforms}.predicates.RecordIsTombstone`,
      'predicates.other.type': `${transforms}.predicates.TopicNameMatches`,
      'predicates.other.pattern': 'nothing-.*',
    },
  },
  {
    name: 'smt-maps',
    scenario: 'schemaless',
    isUnordered: true,
    settings: {
      ...json(false),
      ...chain(
        ['Filter', { predicate: 'gone' }],
        ['Cast$Value', { spec: 'n:int32,ratio:string,yes:string' }],
        ['InsertField$Value', { 'timestamp.field': 'at', 'partition.field': 'p?' }],
        ['ReplaceField$Value', { exclude: 'nothing', renames: 'text:words' }],
        ['Flatten$Value'],
      ),
      predicates: 'gone',
      'predicates.gone.type': `${transforms}.predicates.RecordIsTombstone`,
    },
  },
];
