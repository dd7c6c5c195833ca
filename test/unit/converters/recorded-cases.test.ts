import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import plugin from '../../../src/converters/plugin.ts';
import type { Converter, HeaderConverter } from '../../../src/sdk/converter.ts';
import type { Wire } from '../../support/connect-wire.ts';
import { answerOf, type ConverterType, compared, itemFromWire } from '../../support/converter-comparison.ts';
import { sameButForTexts } from '../../support/java-texts.ts';
import { meantDifferences } from '../../support/meant-converter-differences.ts';
import { created } from '../../support/transformation-comparison.ts';
import { contextFor } from './converter-context.ts';

interface Recorded {
  readonly class: string;
  readonly as: ConverterType;
  readonly config: Readonly<Record<string, string>>;
  readonly items: readonly Wire[];
  readonly answers: readonly Wire[];
}

// What Kafka Connect 4.1.1 itself answered; see scripts/record-converter-cases.ts.
const RECORDED = readFileSync(new URL('../../fixtures/converters/cases.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

describe('a converter writes and reads what Kafka Connect’s does', () => {
  it.each(RECORDED.map((each, index) => [index, each.class.replace(/.*\./, ''), each.as, each.config, each] as const))(
    '%d: %s as %s with %j',
    (_index, _name, as, config, { class: className, items, answers }) => {
      const offered = as === 'header' ? plugin.headerConverters : plugin.converters;
      const converter = created<Converter | HeaderConverter>(offered, className);
      converter.configure(config, contextFor(as));
      let equal = 0;
      for (const [at, wire] of items.entries()) {
        const item = itemFromWire(wire);
        const answer = answers[at] as Wire;
        if ('impossible' in (answer as object)) continue;
        const own = answerOf(converter, as, item);
        const { ours, theirs } = compared(own, answer);
        equal++;
        if (sameButForTexts(JSON.stringify(ours), JSON.stringify(theirs))) continue;
        if (meantDifferences.some(({ shown }) => shown?.applies({ className, item, ours: own, theirs: answer })))
          continue;
        expect(ours, JSON.stringify(wire)).toEqual(theirs);
      }
      expect(equal).toBeGreaterThan(20);
    },
  );

  it('is all of them but AvroConverter', () => {
    const recorded = new Set(RECORDED.map((each) => each.class));
    const offered = [...(plugin.converters ?? []), ...(plugin.headerConverters ?? [])];
    const missing = offered.map(({ className }) => className).filter((each) => !recorded.has(each));
    expect(missing).toEqual(['io.confluent.connect.avro.AvroConverter']);
  });
});
