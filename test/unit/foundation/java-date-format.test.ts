import { expect, it } from 'vitest';
import { JavaDateFormat } from '../../../src/foundation/java-date-format.ts';

// What SimpleDateFormat of Java 17 answered; test/compat/java-texts-are-read-as-java-reads-them.test.ts asks it for many more.
it.each<[pattern: string, text: string, millis: number | undefined]>([
  ['yyyy w u', '7810 40 79', 184_316_169_600_000],
  ["YYYY-'W'ww-u", '1989-W2--3', 599_961_600_000],
  ["yyyy-MM-dd'T'HH:mm:ssX", '2089-01-31T00:27:954Z', 3_757_970_574_000],
  ['yyyyMMddHHmmssSSS', '20231114221320123', 1_700_000_000_123],
])('%s reads %s', (pattern, text, millis) => {
  expect(new JavaDateFormat(pattern).parse(text)).toBe(millis);
});

it('counts the weeks of October 1582 without the ten days that were left out', () => {
  expect(new JavaDateFormat('yyyy MM F EEE').format(-12_218_612_633_424)).toBe('1582 10 2 Fri');
});
