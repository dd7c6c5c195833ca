import { ConfigDef, ConfigError, ConfigValidators, invalidValue, type ParsedConfig } from 'holdfast/sdk';

export const FORMATS = ['csv', 'tsv', 'jsonl', 'json'] as const;
export type Format = (typeof FORMATS)[number];

type ParsedOf<D> = D extends ConfigDef<infer K> ? ParsedConfig<K> : never;

const DELIMITER_NAMES: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  pipe: '|',
  space: ' ',
};

/** The one byte that a setting such as `;` or `tab` stands for. */
function characterOf(key: string, text: string): number {
  const character = DELIMITER_NAMES[text.toLowerCase()] ?? text;
  const code = character.charCodeAt(0);
  if (character.length !== 1 || code > 0x7f || code === 10 || code === 13) {
    throw invalidValue(
      key,
      text,
      'It must be one ASCII character that ends no line, or tab, comma, semicolon, pipe or space',
    );
  }
  return code;
}

const character = ConfigValidators.nullOr(
  ConfigValidators.lambda((key, value) => {
    characterOf(key, String(value));
  }, 'one ASCII character, or tab, comma, semicolon, pipe, space'),
);

const DELIMITED_KEYS = {
  delimiter: {
    type: 'STRING',
    default: null,
    validator: character,
    importance: 'medium',
    documentation:
      'What separates the columns; by default a comma for csv and a tab for tsv. Also tab, comma, semicolon, pipe or space.',
  },
  quote: {
    type: 'STRING',
    default: '"',
    validator: character,
    importance: 'low',
    documentation: 'What encloses a column that contains delimiters, quotes or line ends; doubled inside of it.',
  },
  header: {
    type: 'BOOLEAN',
    default: true,
    importance: 'medium',
    documentation: 'Whether the first row of delimited text names the columns.',
  },
  columns: {
    type: 'LIST',
    default: [],
    validator: ConfigValidators.listUnique(),
    importance: 'medium',
    documentation:
      'The names of the columns of delimited text, in order, in place of those of the header. Needed where there is no header and no schema.',
  },
  'null.value': {
    type: 'STRING',
    default: '',
    importance: 'low',
    documentation:
      'A column with this text, not quoted, is null. A quoted one is text: by default "" is the empty text and nothing is null.',
  },
} as const;

const FORMAT_KEY = {
  type: 'STRING',
  default: null,
  validator: ConfigValidators.nullOr(ConfigValidators.in(...FORMATS)),
  importance: 'high',
} as const;

export const RECORD_FILE_SOURCE_CONFIG = ConfigDef.of({
  file: {
    type: 'STRING',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    documentation: 'The file to read.',
  },
  topic: {
    type: 'STRING',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    documentation: 'The topic to publish data to.',
  },
  format: {
    ...FORMAT_KEY,
    documentation:
      'csv and tsv: delimited text. jsonl: a JSON object per line. json: one JSON array of objects. By default what the ending of the file name says.',
  },
  ...DELIMITED_KEYS,
  schema: {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation:
      "The schema of the records as JSON, in the form of JsonConverter's envelopes or as an Avro record. By default it is inferred.",
  },
  'schema.file': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: 'A file that holds what `schema` would.',
  },
  'schema.name': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation: 'The name of the inferred schema; by default the topic, with `_` for what no Avro name may contain.',
  },
  'schema.infer.rows': {
    type: 'INT',
    default: 10_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'medium',
    documentation:
      'From how many records, from the start of the file, the schema is inferred. Where the file has more, every field is optional.',
  },
  'field.name.adjustment.mode': {
    type: 'STRING',
    default: 'none',
    validator: ConfigValidators.in('none', 'avro'),
    importance: 'low',
    documentation: 'avro: puts `_` for what no Avro name may contain, so `Flight Date` becomes `Flight_Date`.',
  },
  'key.field': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: "The field whose value becomes the record's key. By default there is no key.",
  },
  'batch.size': {
    type: 'INT',
    default: 2000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'The maximum number of records the source task reads from the file each time it is polled.',
  },
  'max.records.per.second': {
    type: 'INT',
    default: 0,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'How fast the file is read at most. 0: without a limit.',
  },
  'max.record.bytes': {
    type: 'INT',
    default: 64 * 1024 * 1024,
    validator: ConfigValidators.range({ min: 1, max: 500_000_000 }),
    importance: 'low',
    documentation:
      'The longest record that is read, in bytes. A longer one fails the task instead of filling the memory.',
  },
  'behavior.on.malformed.records': {
    type: 'STRING',
    default: 'fail',
    validator: ConfigValidators.in('fail', 'warn', 'ignore'),
    importance: 'medium',
    documentation:
      'What to do with a row of another number of columns, with broken JSON, or with a value that does not fit the schema: fail the task, or skip it with or without a line in the log.',
  },
  'unterminated.record': {
    type: 'STRING',
    default: 'deliver',
    validator: ConfigValidators.in('deliver', 'wait'),
    importance: 'low',
    documentation:
      'What to do with a last line that has no line end: deliver it once the file rests, or wait for its end.',
  },
  'unterminated.record.wait.ms': {
    type: 'LONG',
    default: 1000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'How long a file has to rest before a last line without an end is delivered.',
  },
});

export type RecordFileSourceConfig = ParsedOf<typeof RECORD_FILE_SOURCE_CONFIG>;

export const RECORD_FILE_SINK_CONFIG = ConfigDef.of({
  file: {
    type: 'STRING',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    documentation: 'The file to append to.',
  },
  format: {
    ...FORMAT_KEY,
    validator: ConfigValidators.nullOr(ConfigValidators.in('csv', 'tsv', 'jsonl')),
    documentation:
      'csv and tsv: delimited text. jsonl: a JSON object per line. By default what the ending of the file name says.',
  },
  ...DELIMITED_KEYS,
  columns: {
    type: 'LIST',
    default: [],
    validator: ConfigValidators.listUnique(),
    importance: 'medium',
    documentation:
      "The columns of delimited text, in order; fields without a column are left out. By default those of the file's header, or else all fields of the first record.",
  },
  'behavior.on.null.values': {
    type: 'STRING',
    default: 'fail',
    validator: ConfigValidators.in('fail', 'ignore'),
    importance: 'medium',
    documentation: 'What to do with a record without a value, which no row can stand for.',
  },
});

/** The format that is set, or that the file's name tells. */
export function formatOf(config: { readonly file: string; readonly format: string | null }): Format {
  if (config.format !== null) return config.format as Format;
  const ending = /\.([a-z]+)$/i.exec(config.file)?.[1]?.toLowerCase() ?? '';
  const known: Readonly<Record<string, Format>> = {
    csv: 'csv',
    tsv: 'tsv',
    tab: 'tsv',
    jsonl: 'jsonl',
    ndjson: 'jsonl',
    json: 'json',
  };
  const format = known[ending];
  if (format === undefined) {
    throw new ConfigError(
      `The name '${config.file}' does not tell the format: set 'format' to one of ${FORMATS.join(', ')}.`,
      {
        problems: [{ key: 'format', message: `The name '${config.file}' does not tell the format.` }],
      },
    );
  }
  return format;
}

/** How delimited text is written, as bytes. */
export interface Dialect {
  readonly delimiter: number;
  readonly quote: number;
  readonly nullValue: string;
}

export function dialectOf(
  format: Format,
  config: { readonly delimiter: string | null; readonly quote: string; readonly 'null.value': string },
): Dialect {
  const delimiter = characterOf('delimiter', config.delimiter ?? (format === 'tsv' ? 'tab' : ','));
  const quote = characterOf('quote', config.quote);
  if (delimiter === quote) throw new ConfigError("'delimiter' and 'quote' must differ.");
  return { delimiter, quote, nullValue: config['null.value'] };
}
