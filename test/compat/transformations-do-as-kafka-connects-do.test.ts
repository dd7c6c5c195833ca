import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from '../../src/transforms/plugin.ts';
import { recordFromWire, type Wire, type WireRecord } from '../support/connect-wire.ts';
import { javaAvailable } from '../support/java.ts';
import { type JavaOracle, startJavaOracle } from '../support/java-oracle.ts';
import { sameButForTexts } from '../support/java-texts.ts';
import { settingsOf } from '../support/settings-wire.ts';
import { CONFIGS, type Config, recordsOf, UNPARTED_CONFIGS } from '../support/transformation-cases.ts';
import { created, outcomesOf } from '../support/transformation-comparison.ts';

const PACKAGE = 'org.apache.kafka.connect.transforms';
const SETTINGS = 40;
const RECORDS = 25;

/** A new one each time; give it back with HOLDFAST_SEED to see a failure again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 2 ** 31);

/** Kafka Connect's Cast makes a time of day of what lies before 1970, and loses the day. */
function withoutEarlyDays(json: string): string {
  return json
    .replaceAll(/"(\d{4})-\d\d-\d\dT(\d\d:\d\d:\d\d\.\d{3}Z")/g, (all, year, time) =>
      year < '1970' ? `"${time}` : all,
    )
    .replaceAll(/"(\d{4})-\d\d-\d\d"/g, (all, year) => (year < '1970' ? '"00:00:00.000Z"' : all));
}

describe.skipIf(!javaAvailable())(`with the seed ${seed}`, () => {
  let oracle: JavaOracle;
  beforeAll(async () => {
    oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
  });
  afterAll(() => oracle?.stop());

  async function compare(className: string, configs: fc.Arbitrary<Config>, isKey: boolean): Promise<void> {
    const cases = fc.sample(fc.tuple(configs, fc.array(recordsOf(isKey), { minLength: RECORDS, maxLength: RECORDS })), {
      numRuns: SETTINGS,
      seed,
    });
    const answers = await oracle.ask<Wire>(
      cases.map(([config, records]) => ({ op: 'transform', class: className, config, records })),
    );
    let transformed = 0;
    for (const [index, [config, records]] of cases.entries()) {
      const answer = answers[index] as readonly Wire[];
      const transformation = created(plugin.transformations, className);
      try {
        transformation.configure(config);
      } catch (error) {
        expect({ error: (error as Error).message }, JSON.stringify(config)).toEqual({
          error: (answer as unknown as { error?: { message: string } }).error?.message,
        });
        continue;
      }
      for (const [at, record] of records.entries()) {
        const { ours, expected } = outcomesOf(transformation, record, { answer: answer[at] as Wire, config, isKey });
        if (expected !== null && typeof expected === 'object' && !('error' in expected)) transformed++;
        const [us, them] = [JSON.stringify(ours), JSON.stringify(expected)];
        if (sameButForTexts(us, them) || sameButForTexts(withoutEarlyDays(us), them)) continue;
        expect(ours, `${JSON.stringify(config)} on ${JSON.stringify(record)}`).toEqual(expected);
      }
    }
    // A generator that only makes failures would prove nothing.
    expect(transformed).toBeGreaterThan(SETTINGS);
  }

  describe.each(Object.keys(CONFIGS))('%s', (name) => {
    it.each(['Key', 'Value'])('of the %s', async (variant) => {
      await compare(`${PACKAGE}.${name}$${variant}`, CONFIGS[name] as fc.Arbitrary<Config>, variant === 'Key');
    });
  });

  it.each(Object.keys(UNPARTED_CONFIGS))('%s', async (name) => {
    await compare(`${PACKAGE}.${name}`, UNPARTED_CONFIGS[name] as fc.Arbitrary<Config>, false);
  });

  it.each<[string, Config]>([
    ['HasHeaderKey', { name: 'h1' }],
    ['RecordIsTombstone', {}],
    ['TopicNameMatches', { pattern: 'topic-.*|x\\.y' }],
  ])('%s', async (name, config) => {
    const className = `${PACKAGE}.predicates.${name}`;
    const predicate = created(plugin.predicates, className);
    predicate.configure(config);
    const records: readonly WireRecord[] = fc.sample(recordsOf(false), { numRuns: 300, seed });
    const [answers] = await oracle.ask<boolean[]>([{ op: 'test', class: className, config, records }]);
    expect(records.map((record) => predicate.test(recordFromWire(record)))).toEqual(answers);
    expect(new Set(answers).size).toBe(2);
  });

  it.each<[string, Record<string, readonly string[]>]>([
    [
      'Cast$Value',
      { spec: ['', ',', 'zz', 'a:zz', 'a:', ':a', 'a:b:c', 'a:int8,b', 'bytes', 'a:INT8', 'int8,a:int8'] },
    ],
    ['DropHeaders', { headers: ['', ',', 'h,', 'h,,k'] }],
    ['ValueToKey', { fields: ['', ' ', ',', 'a,'] }],
    ['MaskField$Key', { fields: ['', 'a,'] }],
    ['ExtractField$Value', { field: ['', '`', '`a', 'a.`b`c', '..'], 'field.syntax.version': ['V2'] }],
    ['HeaderFrom$Value', { fields: ['', 'a', 'a,'], headers: ['h', 'h,'], operation: ['copy', 'x'] }],
    ['ReplaceField$Value', { renames: ['', 'a', ':b', 'a:', 'a:b:c', 'a:b,'] }],
    ['SetSchemaMetadata$Value', { 'schema.version': ['', 'x', '1.5', ' 2 ', '+3', '2147483648'] }],
    ['TimestampConverter$Value', { 'target.type': ['string', 'unix', 'x', ''], format: ['', ' ', 'Q', "'"] }],
    ['RegexRouter', { regex: ['', '(', '[', '*', 'a**', '(?<=a*)b'], replacement: ['', '$'] }],
  ])('%s refuses the same settings', async (name, values) => {
    const className = `${PACKAGE}.${name}`;
    const configs = Object.entries(values).reduce<Config[]>(
      (all, [key, texts]) => all.flatMap((config) => texts.map((text) => ({ ...config, [key]: text }))),
      [{}],
    );
    const answers = await oracle.ask<{ readonly error?: { readonly message: string } }>(
      configs.map((config) => ({ op: 'transform', class: className, config, records: [] })),
    );
    const ours = configs.map((config) => {
      try {
        created(plugin.transformations, className).configure(config);
        return null;
      } catch (error) {
        return (error as Error).message;
      }
    });
    // Of several mistakes Java tells the first one. What has no name of a setting in it gets that before it.
    const isSame = (us: string | null, them: string | null): boolean =>
      us === them || (us !== null && them !== null && us.includes(them));
    const different = configs.flatMap((config, index) => {
      const them = answers[index]?.error?.message ?? null;
      const us = ours[index] ?? null;
      return isSame(us, them) ? [] : [`${JSON.stringify(config)}: ${us}, in Java ${them}`];
    });
    expect(different).toEqual([]);
  });

  it('all have the settings that Kafka Connect has', async () => {
    const offered = [...(plugin.transformations ?? []), ...(plugin.predicates ?? [])];
    const answers = await oracle.ask<Wire>(offered.map(({ className }) => ({ op: 'config', class: className })));
    for (const [index, { className, create }] of offered.entries()) {
      expect(settingsOf(new create().config()), className).toEqual(answers[index]);
    }
  });
});
