import { expect, it } from 'vitest';
import { replacedRecords } from '../../../../src/recovery/repair/replaced-records.ts';
import { shownList } from '../../../../src/recovery/repair/shown.ts';
import { asLog, record } from '../../../support/recovery/record-bytes.ts';

async function replaced(keys: readonly (string | null)[], end: number) {
  const log = asLog(keys.map((key) => record(key, '{}')));
  return replacedRecords(
    (async function* () {
      for (let at = 0; at < log.length; at += 2) yield log.slice(at, at + 2);
    })(),
    end,
  );
}

it('tells what is replaced before the end, and what only behind it', async () => {
  const { within, withAll } = await replaced(['a', 'b', null, 'a', null, 'c', 'b', 'a', 'a'], 6);
  const offsets = Array.from({ length: 9 }, (_, offset) => offset);
  expect(offsets.filter(within)).toEqual([0]);
  expect(offsets.filter(withAll)).toEqual([0, 1, 3, 7]);
});

it('shows the first of a list and counts the rest while it reads them', () => {
  let alive = 0;
  const lines = function* (): Iterable<string> {
    for (let n = 0; n < 1_000_000; n++) {
      alive = n;
      yield `line ${n}`;
    }
  };
  expect(shownList(lines(), 2)).toEqual(['  line 0', '  line 1', '  and 999998 more']);
  expect(alive).toBe(999_999);
  expect(shownList([])).toEqual([]);
});
