import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BigDecimal,
  ConnectDate,
  ConnectError,
  ConnectTime,
  ConnectTimestamp,
  parseString,
  type Schema,
  Schemas,
  Values,
} from '../../src/sdk/index.ts';
import { comparable, schemaToWire, valueToWire, type Wire } from '../support/connect-wire.ts';
import { javaAvailable } from '../support/java.ts';
import { type JavaOracle, startJavaOracle } from '../support/java-oracle.ts';

/** A new one each time; give it back with HOLDFAST_SEED to see a failure again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 2 ** 31);

const conversions = {
  boolean: Values.convertToBoolean,
  byte: Values.convertToByte,
  short: Values.convertToShort,
  integer: Values.convertToInteger,
  long: Values.convertToLong,
  float: Values.convertToFloat,
  double: Values.convertToDouble,
  date: Values.convertToDate,
  time: Values.convertToTime,
  timestamp: Values.convertToTimestamp,
};
type Target = keyof typeof conversions;

const numeral = fc.oneof(
  fc.double().map(String),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
  fc.constantFrom(
    '1',
    '0',
    '0.5',
    '-1.9',
    '+7',
    '.5',
    '5.',
    '1e3',
    '1E-3',
    '1e400',
    '1d',
    '2f',
    'NaN',
    '-Infinity',
    '0x1',
  ),
);
const blank = fc.constantFrom('', '', '', ' ', '\t', '\n', '\u00a0');
const words = fc.constantFrom('true', 'false', 'TRUE', 'False', 'null', '', 'x', '[1]', '{}', '"true"');
const times = fc.constantFrom('2020-01-02', '1969-12-31', '12:34:56.789Z', '2020-01-02T03:04:05.678Z');
const texts = fc.tuple(blank, fc.oneof(numeral, words, times), blank).map((parts) => parts.join(''));
const millis = fc.oneof(
  fc.integer({ min: -(10 ** 12), max: 10 ** 12 }),
  fc.constantFrom(0, -1, 86_399_999, 86_400_000),
);
const days = fc.integer({ min: -1000, max: 1000 }).map((day) => new Date(day * 86_400_000));
const part = <T>(schema: Schema | null, value: fc.Arbitrary<T>) =>
  value.map((each) => ({ schema, value: each as unknown }));
const values = fc.oneof(
  { weight: 4, arbitrary: part(null, texts) },
  part(Schemas.STRING, texts),
  part(null, fc.boolean()),
  part(Schemas.BOOLEAN, fc.boolean()),
  part(Schemas.FLOAT64, fc.oneof(fc.double(), fc.constantFrom(0.5, -0.5, 1e300, Number.NaN))),
  part(Schemas.INT32, fc.integer()),
  part(Schemas.INT64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  part(null, fc.tuple(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.integer({ min: -5, max: 25 }))).map(
    ({ schema, value }) => ({ schema, value: new BigDecimal(...(value as [bigint, number])) }),
  ),
  part(ConnectDate.SCHEMA, days),
  part(
    ConnectTime.SCHEMA,
    fc.integer({ min: 0, max: 86_399_999 }).map((each) => new Date(each)),
  ),
  part(
    ConnectTimestamp.SCHEMA,
    millis.map((each) => new Date(each)),
  ),
  part(
    null,
    millis.map((each) => new Date(each)),
  ),
  part(
    Schemas.INT64,
    millis.map((each) => new Date(each)),
  ),
  part(Schemas.BYTES, fc.constant(Buffer.of(1))),
);

/** The schema by which what is compared says the types of numbers. */
const schemas: Partial<Record<Target, Schema>> = { float: Schemas.FLOAT32, double: Schemas.FLOAT64 };

function ourAnswer(to: Target, schema: Schema | null, value: unknown): Wire | 'error' {
  try {
    return valueToWire(schemas[to] ?? null, conversions[to](schema, value));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return 'error';
  }
}

/** What is done differently, and why. */
function isMeant(to: Target, { schema, value }: { schema: Schema | null; value: unknown }, theirs: Wire): boolean {
  if (to !== 'date' && to !== 'time' && to !== 'timestamp') return false;
  // Beyond what a Date of JavaScript can hold.
  const { t, v } = (theirs ?? {}) as { readonly t?: string; readonly v?: string };
  if (t === 'T' && Math.abs(Number(v)) > 8.64e15) return true;
  // Java looks at the schema of the text, which is that of no date, and refuses what it has just read.
  return typeof value === 'string' && schema !== null && parseString(value).value instanceof Date;
}

describe.skipIf(!javaAvailable())(`with the seed ${seed}`, () => {
  let oracle: JavaOracle;
  beforeAll(async () => {
    oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
  });
  afterAll(() => oracle?.stop());

  it('values are converted alike', async () => {
    const targets = fc.constantFrom(...(Object.keys(conversions) as Target[]));
    const cases = fc.sample(fc.tuple(targets, values), { numRuns: 8000, seed });
    const questions = cases.map(([to, { schema, value }]) => ({
      op: 'values',
      to,
      schema: schemaToWire(schema),
      value: valueToWire(schema, value),
    }));
    const answers = await oracle.ask<{ readonly value?: Wire; readonly error?: Wire }>(questions);
    const differences = new Set<string>();
    let done = 0;
    for (const [index, [to, each]] of cases.entries()) {
      const { value: theirs = null, error } = answers[index] ?? {};
      if (isMeant(to, each, theirs)) continue;
      const isTyped = schemas[to] !== undefined;
      const ours = ourAnswer(to, each.schema, each.value);
      const [us, them] = [ours, error === undefined ? theirs : 'error'].map((answer) =>
        JSON.stringify(comparable(answer, isTyped)),
      );
      if (us !== them) differences.add(`${JSON.stringify(questions[index])}: ${us}, in Java ${them}`);
      else if (error === undefined) done++;
    }
    const shortest = [...differences].sort((a, b) => a.length - b.length).slice(0, 30);
    expect(shortest.join('\n'), `${differences.size} differences`).toBe('');
    expect(done).toBeGreaterThan(2000);
  });
});
