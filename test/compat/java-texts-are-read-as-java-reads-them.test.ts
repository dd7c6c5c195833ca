import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JavaDateFormat } from '../../src/foundation/java-date-format.ts';
import { JavaPattern } from '../../src/foundation/java-pattern.ts';
import { javaAvailable } from '../support/java.ts';
import { type JavaOracle, startJavaOracle } from '../support/java-oracle.ts';

/** A new one each time; give it back with HOLDFAST_SEED to see a failure again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 2 ** 31);

type Answer = Readonly<Record<string, unknown>> & {
  readonly error?: { readonly class: string; readonly message: string };
};

const letters = fc
  .tuple(fc.constantFrom(...'GyMdkHmsSEDFwWahKzZuYL'), fc.integer({ min: 1, max: 5 }))
  .map(([letter, count]) => letter.repeat(count));
const pattern = fc
  .array(fc.oneof({ weight: 3, arbitrary: letters }, fc.constantFrom('-', ' ', ':', "'T'", "''", '/', 'X', 'XXX')), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''));
const usual = fc.constantFrom(
  'yyyy-MM-dd',
  'yyyyMMddHHmmssSSS',
  "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  "yyyy-MM-dd'T'HH:mm:ssX",
  'dd/MM/yy',
  'EEE, d MMM yyyy hh:mm a z',
  'EEEE d MMMM yyyy G KK:mm aa Z',
  'D yyyy k',
  'yyyy w u',
  "YYYY-'W'ww-u",
  'yyyy MM W E',
  'yyyy MM F EEE',
  'yy M d H:m:s',
);
const millis = fc.oneof(
  fc.integer({ min: -62_135_769_600_000, max: 253_402_300_799_999 }),
  fc.integer({ min: -12_400_000_000_000, max: -12_100_000_000_000 }),
  fc.integer({ min: 0, max: 4_000_000_000_000 }),
);

/** A Date of JavaScript ends there; Java counts on, and begins anew at the end of its 64 bits. */
const FARTHEST_MS = 8_640_000_000_000_000;

function unlessFar(parsed: unknown): unknown {
  return typeof parsed !== 'number' || Math.abs(parsed) <= FARTHEST_MS ? parsed : 'too far for a Date';
}

/** Collects what differs, rather than stop at the first. */
class Differences {
  private readonly found = new Set<string>();

  /** What either gives, or undefined where it gives an error. */
  compare(of: unknown, ours: unknown, theirs: unknown): void {
    if (!Object.is(ours, theirs)) this.found.add(`${JSON.stringify(of)}: ${String(ours)}, in Java ${String(theirs)}`);
  }

  expectNone(): void {
    const shortest = [...this.found].sort((a, b) => a.length - b.length).slice(0, 30);
    expect(shortest.join('\n'), `${this.found.size} differences`).toBe('');
  }
}

/** The message of the error stands for what there would be. */
function orMessage<T>(get: () => T): T | string {
  try {
    return get();
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

/**
 * A group with a possessive quantifier. Where it takes no part in the match, Java leaves in it what it held in an attempt that failed, and puts
 * that into the replacement, a mistake of its own: ours is empty, as Java's documentation has it.
 */
const POSSESSIVE_GROUP = /\)(?:[*+?]|\{[\d,]*\})\+/;

describe.skipIf(!javaAvailable())(`with the seed ${seed}`, () => {
  let oracle: JavaOracle;
  beforeAll(async () => {
    oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
  });
  afterAll(() => oracle?.stop());

  it('SimpleDateFormat writes the same', async () => {
    const cases = fc.sample(fc.record({ pattern: fc.oneof(pattern, usual), millis }), { numRuns: 3000, seed });
    const answers = await oracle.ask<Answer>(cases.map((each) => ({ op: 'formatDate', ...each })));
    const differences = new Differences();
    for (const [index, each] of cases.entries()) {
      const { text, error } = answers[index] as Answer;
      const ours = orMessage(() => new JavaDateFormat(each.pattern).format(each.millis));
      differences.compare(each, ours, error === undefined ? text : `error: ${error.message}`);
    }
    differences.expectNone();
  });

  it('SimpleDateFormat reads what it wrote, and what is changed in it', async () => {
    const written = fc
      .record({ pattern: usual, millis })
      .map((each) => ({ ...each, text: new JavaDateFormat(each.pattern).format(each.millis) }));
    const changed = fc
      .tuple(
        written,
        fc.nat(),
        fc.constantFrom('', '', '9', ' ', '-', 'x', '+05:30', '-0800', '0', '\u0661', 'E2', 'NaN'),
      )
      .map(([each, at, inserted]) => {
        const position = at % (each.text.length + 1);
        return {
          pattern: each.pattern,
          text: each.text.slice(0, position) + inserted + each.text.slice(position + (at % 2)),
        };
      });
    const cases = fc.sample(changed, { numRuns: 4000, seed });
    const answers = await oracle.ask<Answer>(cases.map((each) => ({ op: 'parseDate', ...each })));
    let read = 0;
    const differences = new Differences();
    for (const [index, each] of cases.entries()) {
      const { millis: expected, error } = answers[index] as Answer;
      if (error === undefined) read++;
      differences.compare(
        each,
        unlessFar(new JavaDateFormat(each.pattern).parse(each.text)),
        error === undefined ? unlessFar(expected) : undefined,
      );
    }
    differences.expectNone();
    expect(read).toBeGreaterThan(1000);
  });

  it('Pattern matches and replaces the same', async () => {
    const atom = fc.constantFrom(
      ...[
        'a',
        'b',
        '.',
        '\\d',
        '\\w',
        '[ab]',
        '[^a]',
        '[a-c&&[^b]]',
        '(a|b)',
        '(?:ab)',
        '(a)',
        '\\.',
        '\\-',
        '\\Qa.b\\E',
      ],
      ...[
        '(?i)A',
        '(?i:B)',
        '\\p{Alpha}',
        '\\p{L}',
        '\\p{Punct}',
        '\\s',
        '\\h',
        '(?=a)',
        '(?!b)',
        '(?<=a)',
        '(?>a|ab)',
      ],
      ...['(?<n>b+)', '-', '_', '\\x41', '\\u0061', '[-a]', '[a-]', '[\\w-]', ']', '}', '#', '&', '\\R', '[[a]b]', 'é'],
    );
    const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '++', '?+', '*+');
    const regex = fc.oneof(
      fc
        .array(fc.tuple(atom, quantifier), { minLength: 1, maxLength: 5 })
        .map((parts) => parts.map((each) => each.join('')).join('')),
      fc.string({ unit: fc.constantFrom(...'ab()[]*+?|^$.-'), minLength: 1, maxLength: 5 }),
    );
    const unit = fc.constantFrom(...'aabbcAB.-_1 é\n');
    // Few long texts match as a whole.
    const subject = fc.oneof(fc.string({ unit, maxLength: 2 }), fc.string({ unit, maxLength: 8 }));
    const replacement = fc.constantFrom('x', '$0', '$1', '<$1$2>', '${n}', '\\$1', '$', '$x', '\\', '$10');
    const cases = fc.sample(fc.record({ pattern: regex, text: subject, replacement }), { numRuns: 6000, seed });
    const answers = await oracle.ask<Answer>(cases.map((each) => ({ op: 'regex', ...each })));
    let matched = 0;
    const differences = new Differences();
    for (const [index, each] of cases.entries()) {
      const { matches, replaced, error } = answers[index] as Answer;
      const isRefused = error?.class === 'java.util.regex.PatternSyntaxException';
      const pattern = orMessage(() => new JavaPattern(each.pattern));
      if (typeof pattern === 'string' || isRefused) {
        differences.compare(each, typeof pattern === 'string' ? 'refused' : 'taken', isRefused ? 'refused' : 'taken');
        continue;
      }
      const ours = orMessage(() => pattern.replaceFirst(each.text, each.replacement));
      const isMeant = POSSESSIVE_GROUP.test(each.pattern) && each.replacement.includes('$');
      if (error !== undefined || !isMeant)
        differences.compare(each, ours, error === undefined ? replaced : `error: ${error.message}`);
      if (error !== undefined) continue;
      if (matches === true) matched++;
      differences.compare(each, pattern.matches(each.text), matches);
    }
    differences.expectNone();
    expect(matched).toBeGreaterThan(100);
  });
});
