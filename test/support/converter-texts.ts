/** Generated texts and bytes for converters to read: JSON with schemas right and wrong, numerals, and what headers may hold. */
import fc from 'fast-check';

const numeral = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom(
    ...[
      '0',
      '-0',
      '-0.0',
      '1.0',
      '5.00',
      '1e3',
      '1E-3',
      '1e400',
      '-1e-400',
      '007',
      '-01',
      '00.5',
      '1.',
      '.5',
      '+1',
      '1e',
      '0x1',
    ],
    ...['9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775809', '1e19', '2147483648'],
    ...[
      '123456789012345678.123456789',
      '0.1234567890123456789',
      '1.5e300',
      '12345678901234567890e-3',
      'NaN',
      'Infinity',
      '-',
    ],
  ),
);
const quoted = fc.oneof(
  fc.string({ maxLength: 6 }).map((text) => JSON.stringify(text)),
  fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    ...[
      '""',
      '"a"',
      '"aGk="',
      '"aGk"',
      '"aG=="',
      '"a"',
      '"NaN"',
      '"\\u0041"',
      '"\\ud83d\\ude00"',
      '"\\ud83d"',
      '"\\/"',
      '"\\x"',
      "'a'",
    ],
    ...['"\t"', '"\u0001"', '"a', '"\\u00"', '"=="', '"a G k="', '"a-_="'],
  ),
);
const blank = fc.constantFrom('', '', '', ' ', '\n', '\t ', '\r\n');
/** None that is an integer: JavaScript has those first, and of several mistakes Java would find another first. */
const member = fc.oneof(
  fc.constantFrom('"a"', '"b"', '"c"', '"toString"', '"__proto__"'),
  quoted.filter((text) => !/^"\d+"$/.test(text)),
);

/** The text of a JSON value, or nearly one. */
const payload = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    numeral,
    quoted,
    fc.constantFrom('null', 'true', 'false', 'nul', 'True', 'undefined', '/**/1'),
    fc.tuple(fc.array(tie('any'), { maxLength: 3 }), blank).map(([each, space]) => `[${each.join(`,${space}`)}]`),
    fc
      .tuple(fc.array(fc.tuple(member, tie('any')), { maxLength: 4 }), blank)
      .map(([each, space]) => `{${each.map(([key, value]) => `${key}:${space}${value}`).join(`${space},`)}}`),
  ),
})).any;

const typeName = fc.constantFrom(
  ...['int8', 'int16', 'int32', 'int64', 'float', 'double', 'boolean', 'string', 'bytes'],
);
const LOGICAL: readonly string[] = [
  '"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}',
  '"type":"bytes","name":"org.apache.kafka.connect.data.Decimal"',
  '"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"x"}',
  '"type":"int32","name":"org.apache.kafka.connect.data.Date","version":1',
  '"type":"int32","name":"org.apache.kafka.connect.data.Time","version":1',
  '"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1',
  '"type":"string","name":"org.apache.kafka.connect.data.Timestamp"',
];
const attribute = fc.oneof(
  fc.constantFrom(
    ...[
      '"optional":true',
      '"optional":true',
      '"optional":false',
      '"optional":"true"',
      '"optional":1',
      '"optional":null',
    ],
    ...[
      '"name":"n"',
      '"name":""',
      '"name":5',
      '"name":null',
      '"version":1',
      '"version":"1"',
      '"version":1.5',
      '"version":99999999999',
    ],
    ...[
      '"doc":"d"',
      '"doc":{}',
      '"parameters":{}',
      '"parameters":{"a":"b","c":"d"}',
      '"parameters":{"a":1}',
      '"parameters":[]',
    ],
    ...['"parameters":null', '"extra":1', '"name":"n","name":"m"'],
  ),
  payload.map((text) => `"default":${text}`),
);
const attributes = fc.array(attribute, { maxLength: 2 });
const mistakes = fc.constantFrom(
  ...[
    'null',
    '{}',
    '[]',
    '1',
    '"int32"',
    '{"type":"int"}',
    '{"type":null}',
    '{"type":"array"}',
    '{"type":"map"}',
    '{"type":"struct"}',
  ],
  ...[
    '{"type":"struct","fields":{}}',
    '{"type":"struct","fields":[{}]}',
    '{"type":"struct","fields":[{"type":"int32"}]}',
  ],
  ...['{"type":"struct","fields":[null]}', '{"type":"array","items":null}', '{"type":"map","keys":{"type":"string"}}'],
  ...['{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"a","type":"int8"}]}', '{"type":"INT32"}'],
);

const schemaText = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 6, arbitrary: withAttributes(typeName.map((type) => `"type":"${type}"`)) },
    { weight: 2, arbitrary: withAttributes(fc.constantFrom(...LOGICAL)) },
    { weight: 1, arbitrary: mistakes },
    { weight: 2, arbitrary: withAttributes(tie('any').map((items) => `"type":"array","items":${items}`)) },
    {
      weight: 2,
      arbitrary: withAttributes(
        fc
          .tuple(fc.oneof(fc.constant('{"type":"string"}'), tie('any')), tie('any'))
          .map(([keys, values]) => `"type":"map","keys":${keys},"values":${values}`),
      ),
    },
    {
      weight: 4,
      arbitrary: withAttributes(
        fc
          .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'toString'), tie('any')), {
            maxLength: 3,
            selector: ([key]) => key,
          })
          .map((fields) => `"type":"struct","fields":[${fields.map(asField).join(',')}]`),
      ),
    },
  ),
})).any;

function withAttributes(core: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(core, attributes).map(([own, more]) => `{${[own, ...more].join(',')}}`);
}

function asField([name, schema]: readonly [string, string]): string {
  return schema.startsWith('{"') ? `{"field":"${name}",${schema.slice(1)}` : schema;
}

/** A payload that a schema of that text may well take: a value or null for each part. */
function payloadFor(schema: string): fc.Arbitrary<string> {
  let json: unknown;
  try {
    json = JSON.parse(schema);
  } catch {
    return payload;
  }
  return fc.oneof({ weight: 8, arbitrary: fitting(json) }, { weight: 1, arbitrary: payload });
}

function fitting(json: unknown): fc.Arbitrary<string> {
  if (typeof json !== 'object' || json === null) return payload;
  const { type, name, items, keys, values, fields } = json as { readonly [key: string]: unknown };
  const or = (good: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof({ weight: 12, arbitrary: good }, fc.constant('null'), payload);
  if (typeof name === 'string' && name.startsWith('org.')) return or(fc.oneof(numeral, quoted));
  switch (type) {
    case 'string':
    case 'bytes':
      return or(quoted);
    case 'boolean':
      return or(fc.constantFrom('true', 'false'));
    case 'array':
      return or(fc.array(fitting(items), { maxLength: 2 }).map((each) => `[${each.join(',')}]`));
    case 'map': {
      const isText = (keys as { type?: unknown } | null)?.type === 'string';
      const entries = fc.array(fc.tuple(isText ? member : fitting(keys), fitting(values)), { maxLength: 2 });
      return or(
        isText
          ? entries.map((all) => `{${all.map(([key, value]) => `${key}:${value}`).join(',')}}`)
          : entries.map((all) => `[${all.map(([key, value]) => `[${key},${value}]`).join(',')}]`),
      );
    }
    case 'struct': {
      if (!Array.isArray(fields)) return payload;
      const all = fields.map((field: { readonly field?: unknown } | null) =>
        fitting(field).map((value) => `${JSON.stringify(String(field?.field))}:${value}`),
      );
      return or(
        fc
          .tuple(fc.tuple(...all), fc.nat(20))
          .map(([each, drop]) => `{${each.filter((_, i) => i !== drop).join(',')}}`),
      );
    }
    default:
      return or(numeral);
  }
}

/** Texts of envelopes, most of them as they should be. */
export const envelopes: fc.Arbitrary<string> = schemaText.chain((schema) =>
  fc
    .record({
      value: payloadFor(schema),
      form: fc.constantFrom('usual', 'usual', 'usual', 'blanks', 'turned', 'more', 'less', 'trailing', 'twice'),
    })
    .map(({ value, form }) => {
      switch (form) {
        case 'blanks':
          return ` { "schema" : ${schema} ,\n"payload" : ${value} } `;
        case 'turned':
          return `{"payload":${value},"schema":${schema}}`;
        case 'more':
          return `{"schema":${schema},"payload":${value},"x":1}`;
        case 'less':
          return `{"schema":${schema}}`;
        case 'trailing':
          return `{"schema":${schema},"payload":${value}} x`;
        case 'twice':
          return `{"schema":${schema},"payload":${value},"payload":2}`;
        default:
          return `{"schema":${schema},"payload":${value}}`;
      }
    }),
);

/** Texts of JSON without a schema, or nearly. */
export const jsonTexts: fc.Arbitrary<string> = fc
  .tuple(blank, payload, fc.constantFrom('', '', '', ' ', '}', ' 1', ',', '\u0000', '\n{}'))
  .map(([before, value, after]) => before + value + after);

const dateText = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 33 }))
  .map(([year, month, day]) => `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`);
const timeText = fc
  .tuple(fc.integer({ min: 0, max: 26 }), fc.integer({ min: 0, max: 61 }), fc.integer({ min: 0, max: 61 }), fc.nat(999))
  .map(([hour, minute, second, milli]) => `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}.${pad(milli, 3)}Z`);

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

const headerScalar = fc.oneof(
  numeral,
  quoted,
  dateText,
  timeText,
  fc.tuple(dateText, timeText).map(([date, time]) => `${date}T${time}`),
  fc.constantFrom(
    'true',
    'false',
    'null',
    'TRUE',
    ' ',
    'abc',
    '\\',
    '\\:',
    'a b',
    '12:34',
    '1,2',
    '""',
    '"',
    ':',
    '1d',
    '1f',
    '1L',
  ),
  fc.string({ maxLength: 5 }),
);
const escapedTime = timeText.map((text) => text.replaceAll(':', '\\:'));

/** Texts that a header may hold: scalars, lists and maps of them, well-formed or not. */
export const headerTexts: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    headerScalar,
    escapedTime,
    fc
      .tuple(fc.array(tie('any'), { maxLength: 4 }), fc.constantFrom(',', ', ', ' ,', ',,'))
      .map(([each, comma]) => `[${each.join(comma)}]`),
    fc
      .tuple(fc.array(fc.tuple(tie('any'), tie('any')), { maxLength: 3 }), fc.constantFrom(':', ' : ', '='))
      .map(([each, colon]) => `{${each.map(([key, value]) => key + colon + value).join(',')}}`),
    fc.tuple(tie('any'), fc.constantFrom('[', ']', '{', '}', ',', '"', ' ', '\\')).map((both) => both.join('')),
  ),
})).any;
