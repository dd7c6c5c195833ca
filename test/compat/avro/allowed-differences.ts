/** Where our Avro converter does on purpose what the one in Java does not. Each has to be met, or the test fails. */
import type { Difference, Options, Read, Refusal, Written } from '../../support/avro-comparison.ts';
import type { ConnectCase } from '../../support/avro-connect-cases.ts';
import type { AvroCase } from '../../support/avro-schema-cases.ts';
import { comparable } from '../../support/connect-wire.ts';
import { differInFixedBranches, type MovedValue, movedValues } from './union-branches.ts';

export interface AllowedDifference {
  readonly what: string;
  /** What Java does, and why ours is other. */
  readonly reason: string;
  /** Whether all that differs is of this kind. */
  readonly meets?: (difference: Difference, given: ConnectCase | AvroCase, options: Options) => boolean;
  /** Or: takes out of an Avro schema what may differ, so that the rest is the same. Several kinds may meet in one schema. */
  readonly without?: (avro: string, options: Options) => string;
}

const java = (difference: Difference, text: RegExp): boolean =>
  difference.kind === 'only Java refuses' &&
  text.test(`${difference.java.error.class} ${difference.java.error.message}`);
const we = (difference: Difference, text: RegExp): boolean =>
  difference.kind === 'only we refuse' && text.test((difference.ours as Refusal).error.message);

/** Those of the list that explain a difference; none if it is not explained. */
export function explanationsOf(
  difference: Difference,
  given: ConnectCase | AvroCase,
  options: Options,
): readonly AllowedDifference[] {
  const whole = allowedDifferences.filter(({ meets }) => meets?.(difference, given, options));
  if (whole.length > 0 || difference.kind !== 'Avro schema') return whole;
  const { ours, java: theirs } = difference;
  const isSame = (allowed: readonly AllowedDifference[]): boolean => {
    const [a, b] = [ours, theirs].map(({ avro }) =>
      allowed.reduce((text, { without }) => without?.(text, options) ?? text, avro),
    );
    return a === b;
  };
  const inBytes =
    ours.bytes === theirs.bytes
      ? []
      : allowedDifferences.filter(({ meets }) => meets?.({ ...difference, kind: 'bytes' }, given, options));
  if (ours.bytes !== theirs.bytes && inBytes.length === 0) return [];
  const all = allowedDifferences.filter(({ without }) => without !== undefined);
  if (!isSame(all)) return [];
  // As few of them as explain it.
  const inSchema = all.reduce((kept, each) => {
    const rest = kept.filter((other) => other !== each);
    return isSame(rest) ? rest : kept;
  }, all);
  return [...inSchema, ...inBytes];
}

export const allowedDifferences: readonly AllowedDifference[] = [
  {
    what: 'a fixed value that is longer than its type',
    reason: 'Java cuts it off; here it is bad data, as what was cut off would be lost',
    meets: (difference) => we(difference, /^Avro's \S+ takes \d+ bytes, but found \d+ bytes/),
  },
  {
    what: 'the digits of a float in a default',
    reason: 'Java 17 writes some with more digits than are needed; here, as from Java 19, the fewest that read back',
    without: (text) =>
      text.replace(/-?\d+\.\d+(E-?\d+)?/g, (digits) => {
        const float = Math.fround(Number(digits));
        return Number.isFinite(float) ? String(float) : digits;
      }),
  },
  {
    what: 'two types of one name that differ in what they contain',
    reason:
      'Avro 1.12 for Java writes the second one by its name only, so that the records can be read no more; it is refused here, as by Avro 1.11. Unnamed maps whose keys are no texts share the name `MapEntry`: give them names',
    meets: (difference) => we(difference, /Can't redefine: /),
  },
  {
    what: 'NaN and the infinities as defaults',
    reason:
      'Java gives the Avro field a text as its default, which a registry refuses as it is no number; here it is left out, and stands in `connect.default` only',
    without: withoutTextDefaults,
  },
  {
    what: 'NaN and the infinities in `connect.default`',
    reason: 'Java writes them as texts and reads 0 from these texts; here they come back',
    meets: ({ kind, ours, java: theirs }) =>
      kind === 'Connect schema' &&
      /"v":"(NaN|-?Infinity)"/.test(JSON.stringify(ours)) &&
      !/"(NaN|-?Infinity)"/.test(JSON.stringify(theirs)),
  },
  {
    what: 'an enum in the other of the two forms',
    reason: 'Java throws a NullPointerException; here it is a text, as without either setting',
    meets: (difference) => java(difference, /NullPointerException Type must have a name/),
  },
  {
    what: 'records without a name that contain themselves',
    reason: 'Java’s stack overflows when it writes them, as it knows a schema within itself by its name',
    meets: (difference) => java(difference, /StackOverflowError/),
  },
  {
    what: 'a decimal over a fixed type',
    reason: 'Java finds its schema to have two names; it is read as the Decimal that it is',
    meets: (difference) => java(difference, /Mismatched names: .*\.Decimal\) differs/),
  },
  {
    what: 'a logical type on its own with a version in the registry',
    reason: 'Java finds its schema to have two versions; it keeps that of the logical type',
    meets: (difference) => java(difference, /Mismatched versions: /),
  },
  {
    what: 'branches of a union that Java does not find',
    reason:
      'Java looks for the branch by comparing the values’ schemas, and misses maps whose keys are no texts, records with a version or with unions of their own, and others. Here it is the branch that the bytes name',
    meets: (difference) =>
      java(
        difference,
        /Did not find matching union field for data|Invalid type for MAP|"fullName" is null|null is not a valid field name/,
      ),
  },
  {
    what: 'bytes and fixed types in one union',
    reason:
      'Java takes the first branch that is of the Java class of the value, with `generalized.sum.type.support` the first of several fixed types; here it is the branch that the bytes name',
    meets: (difference, _given, options) => isMoved(difference, options, isOfBytes),
  },
  {
    what: 'a fixed value in a union with a later one of its size, with `generalized.sum.type.support`',
    reason: 'Java writes the last branch of that size; here it is the branch that is set',
    meets: ({ kind, ours, java: theirs }, _given, { generalizedSumTypeSupport }) =>
      kind === 'bytes' && generalizedSumTypeSupport && differInFixedBranches(ours as Written, theirs as Written),
  },
  {
    what: 'a map or an array behind a record without a name, in one union',
    reason: 'Java takes the record for the schema of all that has no name; here the value is written',
    meets: (difference) => java(difference, /Not an? (map|array): {"type":"record","name":"ConnectDefault\d*"/),
  },
  {
    what: 'unions with null or with records that hold unions, with `generalized.sum.type.support`',
    reason:
      'Java counts null when it names the fields, and does not when it fills them, and counts unions on when it looks for the schema of a record: it can’t read such values, or puts them into another field',
    meets: (difference, _given, options) =>
      isMoved(difference, options, isBeforeNull) ||
      (options.generalizedSumTypeSupport &&
        java(
          difference,
          /is not a valid field name|Struct schemas do not match|Invalid Java object .* "connect_union_field_/,
        )),
  },
  {
    what: 'what a place adds to a record that contains itself, and the numbers of generalized unions in it',
    reason: 'Java sometimes takes the schema of the first use again, with its documentation and default',
    meets: ({ kind, ours, java: theirs }) => {
      if (kind !== 'Connect schema') return false;
      const bare = ({ schema }: Read): string =>
        JSON.stringify(comparable(schema, true), (key, each) =>
          key === 'default' || key === 'doc' || isDefaultFlag(each) ? null : each,
        )
          .replace(/connect_union_\d+/g, 'connect_union')
          .replace(/,?null/g, '')
          .replace(/,?"parameters":\[\]/g, '');
      return /"cycle":/.test(JSON.stringify(theirs)) && bare(ours as Read) === bare(theirs as Read);
    },
  },
  {
    what: 'null of a schema that has no form on the other side',
    reason:
      'Java writes no null of such a schema, and reads it; here it is written as no bytes, and the schema is refused when it is read',
    meets: (difference, given) =>
      (difference.kind === 'only Java refuses' && 'value' in given && given.value === null) ||
      (difference.kind === 'only we refuse' && 'value' in difference.java && difference.java.value === null),
  },
  {
    what: 'names of types that begin or end with a dot',
    reason:
      'The fork in Java does not find such a struct again, or finds an empty name; Confluent’s converter leaves dots at the end away',
    meets: (difference) => java(difference, /Not a record: |Empty name/),
  },
  {
    what: 'other defaults of unions than numbers and texts',
    reason:
      'Java looks for a branch by the class of the default, finds none for records, symbols of enums, INT8, INT16, and maps whose keys are no texts, and leaves the default out',
    meets: (difference) =>
      differsInDefaults(difference) &&
      /"(io\.confluent\.connect\.avro\.U|connect_u)nion/.test(JSON.stringify(difference.java)),
  },
  {
    what: 'an optional struct with a default, in an array or a map and not for the first time',
    reason:
      'Java puts null behind it, where it stands in front of it everywhere else; which one depends on whether a name is the same object',
    meets: ({ kind, ours, java: theirs }) => {
      if (kind !== 'Avro schema') return false;
      const sorted = (text: string): string => text.replace(/\[("[^"]+"),"null"\]/g, '["null",$1]');
      return sorted((ours as Written).avro) === sorted((theirs as Written).avro);
    },
  },
  {
    what: 'structs without a name that have a struct among their defaults',
    reason: 'To Java two of them are never the same, and each gets a name of its own; here the same ones share one',
    meets: ({ kind, ours, java: theirs }) => {
      const names = (answer: unknown): number => JSON.stringify(answer).split(/"name\\?":\\?"ConnectDefault/).length;
      return kind === 'Avro schema' && /"default":/.test((theirs as Written).avro) && names(theirs) > names(ours);
    },
  },
  {
    what: '`scrub.invalid.names`',
    reason:
      'The fork in Java has an earlier form of it, which leaves namespaces as they are and puts an `x` before more names; here names are what Confluent’s converter makes of them',
    without: (text, options) =>
      options.scrubInvalidNames
        ? text.replace(/"(name|namespace)":"[^"]*"/g, '"$1":""').replaceAll('"namespace":"",', '')
        : text,
  },
  {
    what: 'a default of a branch of a union',
    reason: 'Java writes the default of an earlier branch in place of the branch that is set',
    meets: ({ kind, ours }, given, { ignoreDefaultForNullables }) =>
      kind === 'bytes' &&
      !ignoreDefaultForNullables &&
      hasWideUnion(JSON.parse((ours as Written).avro)) &&
      /"(connect\.)?default":/.test(`${(ours as Written).avro}${avroOf(given)}`),
  },
  {
    what: 'doubles in arrays',
    reason: 'Avro 1.12.0 for Java reads them as floats',
    meets: ({ kind, ours, java: theirs }) => {
      if (kind !== 'value') return false;
      const rounded = ({ value }: Read): string =>
        JSON.stringify(comparable(value, true)).replace(
          /"t":"d","v":"([^"]*)"/g,
          (_, digits) => `"d":${Math.fround(Number(digits))}`,
        );
      return rounded(ours as Read) === rounded(theirs as Read);
    },
  },
  {
    what: 'dates that JavaScript has no Date for',
    reason: 'They lie more than 100,000,000 days from 1970. They are bad data here, and are left out as defaults',
    meets: (difference) =>
      we(difference, /lies beyond what a Date can hold/) ||
      (differsInDefaults(difference) && hasDateBeyond(JSON.stringify(difference.java))),
  },
  {
    what: 'properties that begin with `avro` and are no texts',
    reason: 'Java makes a parameter of the Java text of the object, which has no end of forms; here it is JSON',
    meets: ({ kind, ours, java: theirs }) => {
      if (kind !== 'Connect schema') return false;
      const without = ({ schema }: Read): string =>
        JSON.stringify(comparable(schema, true), (_, each) => (isAvroObject(each) ? null : each));
      return without(ours as Read) === without(theirs as Read);
    },
  },
  {
    what: 'parameters of a named type that is used again',
    reason:
      'As in Confluent’s converter since July 2026, they stand with the field if they differ. The fork in Java is older',
    without: (text) => JSON.stringify(withoutFieldParameters(JSON.parse(text))),
  },
];

/** Whether values that are in another field of a union are all that differs, and one of them for this reason. */
function isMoved(difference: Difference, options: Options, why: Reason): boolean {
  if (difference.kind !== 'value') return false;
  const moved = movedValues(difference.ours, difference.java) ?? [];
  const isKnown = (each: MovedValue): boolean => isOfBytes(each, options) || isBeforeNull(each, options);
  return moved.every(isKnown) && moved.some((each) => why(each, options));
}

type Reason = (moved: MovedValue, options: Options) => boolean;

const isOfBytes: Reason = ({ ours, java: theirs }, { generalizedSumTypeSupport }) =>
  ours.type === 'BYTES' &&
  theirs.type === 'BYTES' &&
  (generalizedSumTypeSupport ? ours.isFixed || theirs.isFixed : ours.isFixed !== theirs.isFixed);

/** One field before that which it takes for the right one. */
const isBeforeNull: Reason = ({ isOptional, ours, java: theirs }, { generalizedSumTypeSupport }) =>
  generalizedSumTypeSupport && isOptional && ours.type === theirs.type && theirs.index === ours.index - 1;

const isDefaultFlag = (each: unknown): boolean => Array.isArray(each) && String(each[0]).endsWith('.field.default');

/** Connect schemas that are the same but for defaults. */
function differsInDefaults(difference: Difference): boolean {
  if (difference.kind !== 'Connect schema') return false;
  const [a, b] = [difference.ours, difference.java].map(({ schema }) =>
    JSON.stringify(comparable(schema, true), (key, each) => {
      if (key === 'default') return null;
      return Array.isArray(each) ? each.filter((item) => !isDefaultFlag(item)) : each;
    }),
  );
  const bare = (text = ''): string => text.replace(/,?null/g, '').replace(/,?"parameters":\[\]/g, '');
  return bare(a) === bare(b);
}

const hasDateBeyond = (text: string): boolean =>
  [...text.matchAll(/"t":"T","v":"(-?\d+)"/g)].some(([, millis]) => Math.abs(Number(millis)) > 8.64e15);

function withoutTextDefaults(text: string): string {
  const isOdd = (key: string, each: unknown): boolean =>
    key === 'default' && /"(NaN|-?Infinity)"/.test(JSON.stringify(each));
  return JSON.stringify(JSON.parse(text, (key, each) => (isOdd(key, each) ? undefined : each)));
}

/** A union of two types or more beside null. */
function hasWideUnion(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  if (Array.isArray(json) && json.filter((each) => each !== 'null').length > 1) return true;
  return Object.values(json).some(hasWideUnion);
}

const avroOf = (given: ConnectCase | AvroCase): string => ('avro' in given ? given.avro : '');

const isAvroObject = (each: unknown): boolean =>
  Array.isArray(each) && each.length === 2 && String(each[0]).startsWith('avro') && /^[{[]/.test(String(each[1]));

function withoutFieldParameters(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutFieldParameters);
  if (typeof json !== 'object' || json === null) return json;
  const isField = 'name' in json && 'type' in json && !['record', 'enum', 'fixed'].includes(String(json.type));
  const entries = Object.entries(json).filter(([key]) => !isField || key !== 'connect.parameters');
  return Object.fromEntries(entries.map(([key, each]) => [key, withoutFieldParameters(each)]));
}
