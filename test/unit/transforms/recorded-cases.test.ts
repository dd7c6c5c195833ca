import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import plugin from '../../../src/transforms/plugin.ts';
import type { Wire, WireRecord } from '../../support/connect-wire.ts';
import { created, outcomesOf } from '../../support/transformation-comparison.ts';

interface Case {
  readonly class: string;
  readonly config: Readonly<Record<string, string>>;
  readonly records: readonly WireRecord[];
  readonly answers: readonly Wire[] | { readonly error: { readonly message: string } };
}

// What Kafka Connect 4.1.1 itself answered; see scripts/record-transformation-cases.ts.
const CASES = readFileSync(new URL('../../fixtures/transforms/cases.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

describe('a transformation does what Kafka Connect’s does', () => {
  it.each([...new Set(CASES.map((each) => each.class))])('%s', (className) => {
    for (const { config, records, answers } of CASES.filter((each) => each.class === className)) {
      const transformation = created(plugin.transformations, className);
      const isKey = className.endsWith('$Key');
      if ('error' in answers) {
        expect(() => transformation.configure(config)).toThrow(answers.error.message);
        continue;
      }
      transformation.configure(config);
      for (const [index, record] of records.entries()) {
        const { ours, expected } = outcomesOf(transformation, record, {
          answer: answers[index] ?? null,
          config,
          isKey,
        });
        expect(ours, JSON.stringify({ config, record })).toEqual(expected);
      }
    }
  });

  it('is all of them', () => {
    const recorded = new Set(CASES.map((each) => each.class));
    expect(plugin.transformations?.map(({ className }) => className).filter((each) => !recorded.has(each))).toEqual([]);
  });
});
