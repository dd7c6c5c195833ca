import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Wire } from '../support/connect-wire.ts';
import { compared } from '../support/converter-comparison.ts';
import { type DataQuestion, dataAnswerOf, dataQuestions } from '../support/data-cases.ts';
import { javaAvailable } from '../support/java.ts';
import { type JavaOracle, startJavaOracle } from '../support/java-oracle.ts';
import { sameButForTexts } from '../support/java-texts.ts';

/** A new one each time; give it back with HOLDFAST_SEED to see a failure again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 2 ** 31);
const QUESTIONS = 8000;

describe.skipIf(!javaAvailable())(`with the seed ${seed}`, () => {
  let oracle: JavaOracle;
  beforeAll(async () => {
    oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
  });
  afterAll(() => oracle?.stop());

  it('values are validated and projected alike', async () => {
    const questions: readonly DataQuestion[] = fc.sample(dataQuestions, { numRuns: QUESTIONS, seed });
    const answers = await oracle.ask<Wire>(questions);
    const differences: string[] = [];
    let done = 0;
    for (const [index, question] of questions.entries()) {
      const answer = answers[index] as Wire;
      if ('impossible' in (answer as object)) continue;
      const { ours, theirs } = compared(dataAnswerOf(question), answer);
      const [us, them] = [JSON.stringify(ours), JSON.stringify(theirs)];
      if (us !== them && !sameButForTexts(us, them))
        differences.push(`${JSON.stringify(question)}\n  ${us}\n  ${them}`);
      else if (!('error' in (answer as object))) done++;
    }
    const shortest = [...new Set(differences)].sort((a, b) => a.length - b.length).slice(0, 30);
    expect(shortest.join('\n'), `${differences.length} differences`).toBe('');
    expect(done).toBeGreaterThan(QUESTIONS / 4);
  });
});
