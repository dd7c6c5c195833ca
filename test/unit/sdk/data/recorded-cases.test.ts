import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../support/connect-wire.ts';
import { compared } from '../../../support/converter-comparison.ts';
import { type DataQuestion, dataAnswerOf } from '../../../support/data-cases.ts';
import { sameButForTexts } from '../../../support/java-texts.ts';

interface Recorded {
  readonly question: DataQuestion;
  readonly answer: Wire;
}

// What Kafka Connect 4.1.1 itself answered; see scripts/record-data-cases.ts.
const RECORDED = readFileSync(new URL('../../../fixtures/data/cases.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

describe('schemas take and refuse what Kafka Connect’s do, in its words', () => {
  it.each(['validate', 'default', 'fields', 'project'])('%s', (what) => {
    const cases = RECORDED.filter(
      ({ question, answer }) => question['what'] === what && !('impossible' in (answer as object)),
    );
    for (const { question, answer } of cases) {
      const { ours, theirs } = compared(dataAnswerOf(question), answer);
      if (sameButForTexts(JSON.stringify(ours), JSON.stringify(theirs))) continue;
      expect(ours, JSON.stringify(question)).toEqual(theirs);
    }
    expect(new Set(cases.map(({ answer }) => 'error' in (answer as object)))).toEqual(new Set([true, false]));
  });
});
