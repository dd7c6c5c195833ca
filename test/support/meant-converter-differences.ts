/** In what the converters differ from Kafka Connect's on purpose. docs/compat.md shows this list. */
import { ConnectDate, isStruct } from '../../src/sdk/index.ts';
import type { Wire } from './connect-wire.ts';
import { type Conversation, compared, type Item } from './converter-comparison.ts';

export interface MeantDifference {
  readonly what: string;
  readonly why: string;
  /** Where the two have to differ, and how; absent for what no single question shows. */
  readonly shown?: {
    readonly example: Conversation;
    applies(asked: {
      readonly className: string;
      readonly item: Item;
      readonly ours: Wire;
      readonly theirs: Wire;
    }): boolean;
  };
}

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
const SIMPLE_HEADER_CONVERTER = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';
const SHORT_CONVERTER = 'org.apache.kafka.connect.converters.ShortConverter';

const OVERLONG =
  /[\u00c0\u00c1][\u0080-\u00bf]|\u00e0[\u0080\u0081][\u0080-\u00bf]|\u00f0\u0080[\u0080\u0081][\u0080-\u00bf]/;

function errorOf(answer: Wire): string | undefined {
  if (answer === null || typeof answer !== 'object' || !('error' in answer)) return undefined;
  return String((answer.error as { message?: Wire } | null)?.message);
}

function envelope(schema: string, payload: string): Item {
  return { bytes: Buffer.from(`{"schema":${schema},"payload":${payload}}`) };
}

/** The answer without backslashes and blanks in its texts; of mixed containers no schema tells the class of a number. */
function withoutBlanks(answer: Wire): string {
  const strip = (_: string, each: unknown): unknown => {
    const { t, v } = (each ?? {}) as { readonly t?: unknown; readonly v?: unknown };
    if (t === 'S') return { t, v: String(v).replaceAll(/\\|\s|\p{Cc}/gu, '') };
    return typeof t === 'string' && 'bsifd'.includes(t) ? { t: 'd', v: Number(v) } : each;
  };
  return JSON.stringify(answer, strip);
}

function hasFarDate(answer: Wire): boolean {
  const dates = JSON.stringify(answer).matchAll(/"t":"T","v":"(-?\d+)"/g);
  return [...dates].some(([, millis]) => Number.isNaN(new Date(Number(millis)).getTime()));
}

function hasEarlyDate(value: unknown): boolean {
  if (value instanceof Date) return value.getTime() < 0;
  if (value instanceof Map) return [...value].flat().some(hasEarlyDate);
  if (Array.isArray(value)) return value.some(hasEarlyDate);
  // With its defaults, which are written in the place of null.
  return isStruct(value) && value.schema.fields.some((field) => hasEarlyDate(value.get(field)));
}

/** The answer with the last of the entries whose key is a zero, in each map. */
function withOneZero(answer: Wire): Wire {
  const isZero = ([key]: readonly Wire[]): boolean => /^-?0\.0$/.test(String((key as { v?: Wire } | null)?.v));
  return JSON.parse(
    JSON.stringify(answer),
    (_, each: { readonly t?: string; readonly v?: readonly Wire[][] } | null) => {
      if (each?.t !== 'M' || each.v === undefined) return each;
      const last = each.v.findLast(isZero);
      return { ...each, v: each.v.filter((entry) => entry === last || !isZero(entry)) };
    },
  ) as Wire;
}

function reading(item: Item, config: Conversation['config'] = {}): Conversation {
  return { className: JSON_CONVERTER, as: 'value', config, items: [item] };
}

export const meantDifferences: readonly MeantDifference[] = [
  {
    what: 'SimpleHeaderConverter, and Cast to a string, write a date before 1970 as `1969-12-28` or `1969-12-28T10:00:00.000Z`',
    why: 'Kafka Connect takes it for a time of day and writes `00:00:00.000Z`: the day is lost. Later dates are written alike.',
    shown: {
      example: {
        className: SIMPLE_HEADER_CONVERTER,
        as: 'header',
        config: {},
        items: [{ schema: ConnectDate.SCHEMA, value: new Date(-4 * 86_400_000) }],
      },
      applies: ({ className, item, theirs }) =>
        className === SIMPLE_HEADER_CONVERTER &&
        'value' in item &&
        hasEarlyDate(item.value) &&
        errorOf(theirs) === undefined,
    },
  },
  {
    what: 'SimpleHeaderConverter reads texts within lists and maps as they were written, with quotes, backslashes and blanks, and all of a text that begins with blanks and a bracket',
    why: 'Kafka Connect leaves the backslashes in that it wrote before quotes and backslashes itself, and loses texts of nothing but blanks, and what follows the blanks of `  [`.',
    shown: {
      example: {
        className: SIMPLE_HEADER_CONVERTER,
        as: 'header',
        config: {},
        items: [{ bytes: Buffer.from('["a\\"b"," "]') }],
      },
      applies: ({ className, item, ours, theirs }) =>
        className === SIMPLE_HEADER_CONVERTER &&
        'bytes' in item &&
        (withoutBlanks(ours) === withoutBlanks(theirs) || /"t":"S","v":""/.test(withoutBlanks(theirs))),
    },
  },
  {
    what: 'A Date or Timestamp more than 100,000,000 days from 1970 is refused by JsonConverter, and a text of it stays a text in SimpleHeaderConverter',
    why: "JavaScript's Date ends there (in the year 275760); a plain INT32 or INT64 passes.",
    shown: {
      example: reading(
        envelope('{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp"}', '9223372036854775807'),
      ),
      applies: ({ ours, theirs }) => /lies beyond what a Date can hold/.test(errorOf(ours) ?? '') || hasFarDate(theirs),
    },
  },
  {
    what: 'JsonConverter takes `1.0` and `1e3` where a Date, Time or Timestamp is expected',
    why: 'Kafka Connect wants a number without point or exponent. To tell the two would slow down the reading of every record that holds a date.',
    shown: {
      example: reading(envelope('{"type":"int32","name":"org.apache.kafka.connect.data.Date"}', '1.0')),
      applies: ({ theirs }) =>
        /^Invalid type for (Date|Time|Timestamp), underlying representation should be integ/.test(
          errorOf(theirs) ?? '',
        ),
    },
  },
  {
    what: 'JsonConverter reads a schema whose struct has a default',
    why: 'Kafka Connect refuses every one, as its builder never takes a struct for one of its own schema.',
    shown: {
      example: reading(envelope('{"type":"struct","fields":[],"default":{}}', '{}')),
      applies: ({ ours, theirs }) => errorOf(ours) === undefined && errorOf(theirs) === 'Invalid default value',
    },
  },
  {
    what: 'JsonConverter refuses a character of ASCII that UTF-8 encodes in two or more bytes',
    why: 'It is no UTF-8, and a way to smuggle quotes past a filter. Kafka Connect takes it within texts.',
    shown: {
      example: reading({ bytes: Buffer.from('"\u00c1\u0081"', 'latin1') }, { 'schemas.enable': 'false' }),
      applies: ({ className, item, ours }) =>
        className === JSON_CONVERTER &&
        'bytes' in item &&
        errorOf(ours) !== undefined &&
        OVERLONG.test(Buffer.from(item.bytes ?? []).toString('latin1')),
    },
  },
  {
    what: 'ShortConverter, IntegerConverter, LongConverter, FloatConverter and DoubleConverter take any number without schema that has a form of theirs',
    why: 'Kafka Connect takes numbers of one Java class each; a JavaScript number has none.',
    shown: {
      example: { className: SHORT_CONVERTER, as: 'value', config: {}, items: [{ schema: null, value: -1n }] },
      applies: ({ className, item, ours }) =>
        className.startsWith('org.apache.kafka.connect.converters.') &&
        'value' in item &&
        item.schema === null &&
        errorOf(ours) === undefined,
    },
  },
  {
    what: 'Of the keys `0.0` and `-0.0` of one map (`-1e-400` in JSON, as `-0.0` there is `0.0`) the later one takes the place of the other',
    why: 'A Map of JavaScript takes the two for the same key.',
    shown: {
      example: reading(
        envelope('{"type":"map","keys":{"type":"double"},"values":{"type":"int32"}}', '[[0.0,1],[-1e-400,2]]'),
      ),
      applies: ({ ours, theirs }) => {
        const answers = compared(ours, withOneZero(theirs));
        return JSON.stringify(answers.ours) === JSON.stringify(answers.theirs);
      },
    },
  },
  {
    what: 'Floating-point numbers have the fewest digits that are read back as the same number: `2.4872602E18`, not `2.48726023E18`',
    why: 'So has Java from its version 19 on, on which the images of Kafka 4 run. Up to 18 it printed more of them at times (JDK-4511638).',
  },
  {
    what: 'A floating-point number without schema that is whole is written as `5`, not `5.0`',
    why: 'JavaScript has one type of number. The value is the same; with a schema of FLOAT64 it is `5.0`. Integers of 64 bits without schema are exact (bigint).',
  },
  {
    what: 'Entries of maps are written in the order in which they were read or put; names that are integers come first when they were read from JSON',
    why: 'In Kafka Connect the order is that of a HashMap, so nobody can count on it.',
  },
  {
    what: '`converter.encoding` of StringConverter is one of UTF-8, ISO-8859-1, US-ASCII, UTF-16, UTF-16LE and UTF-16BE',
    why: 'Others that Java has are refused when the connector is created, with this list, rather than written wrongly.',
  },
  {
    what: "Of Jackson's limits only those of depth (1000) and, for most numbers, of length (1000 characters) hold; names may be longer than 50,000 characters and texts longer than 20,000,000",
    why: 'The size of a record is limited by Kafka already.',
  },
];
