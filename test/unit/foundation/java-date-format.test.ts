import { expect, it } from 'vitest';
import { JavaDateFormat } from '../../../src/foundation/java-date-format.ts';

// What SimpleDateFormat of Java 17 answered; test/compat/java-texts-are-read-as-java-reads-them.test.ts asks it for many more.
it.each<[pattern: string, text: string, millis: number | undefined]>([
  ['yyyy w u', '7810 40 79', 184_316_169_600_000],
  ["YYYY-'W'ww-u", '1989-W2--3', 599_961_600_000],
  ["yyyy-MM-dd'T'HH:mm:ssX", '2089-01-31T00:27:954Z', 3_757_970_574_000],
  // Counted in the calendar of the year that is given, wherever the month leads.
  ['yyyy-MM-dd', '37-080064-09-01', 149_550_624_000_000],
  ['yyyy-MM-dd', '1577-080001-12', 197_983_872_000_000],
  ['yyyy-MM-dd', '1583--12-01', -12_245_904_000_000],
  ['yyyy-MM-dd', '1582-10-14', -12_218_515_200_000],
  ['D yyyy', '300 1582', -12_217_392_000_000],
  ['yyyy-MM-dd HH', '1582-10-04 24', -12_219_292_800_000],
  ['yyyy-MM-dd HH', '1582-10-20 -200', -12_218_716_800_000],
  // Blanks are skipped before numbers and zones, and not before names.
  ['yyyy MM W E', '1970 01 1 Thu', 0],
  ['yyyy MM W E', '1970 01 1  Thu', undefined],
  ['yyyy G', '1970  AD', undefined],
  ['yyyy  MM z', '  1970    01  UTC', 0],
  ['yyyy z', '1970 UT', undefined],
  ['yyyyMMddHHmmssSSS', '20231114221320123', 1_700_000_000_123],
  // After more than one blank GMT is a name, with no offset behind it.
  ['yyyy z', '1970 GMT+1:00', -3_600_000],
  ['yyyy z', '1970  GMT+1:00', 0],
  // Numbers may have digits of any script, an exponent, and be none at all.
  ['yyyy-MM-dd', '\u0661\u0669\u0667\u0660-\uff11-1', 0],
  ['SSS', '9E2', 900],
  ['S', '59E-1', 5],
  ['S', '5E', 5],
  ['S', '1E99999999999999999999', 1],
  ['S', 'NaN', 0],
  ['S', '-\u221e', -2_147_483_648],
  ['S', '\u{1d7ce}', undefined],
  // As many hours as an int can count, to the millisecond.
  ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2078-11-25T2E20:57:06.299Z', 7_734_377_692_626_299],
  ['yyyyMM', '20E201', 946_684_800_000],
])('%s reads %s', (pattern, text, millis) => {
  expect(new JavaDateFormat(pattern).parse(text)).toBe(millis);
});

it('counts the weeks of October 1582 without the ten days that were left out', () => {
  expect(new JavaDateFormat('yyyy MM F EEE').format(-12_218_612_633_424)).toBe('1582 10 2 Fri');
});
