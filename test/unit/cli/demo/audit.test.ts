import { describe, expect, it } from 'vitest';
import { audit } from '../../../../src/cli/demo/audit.ts';

const INPUT = [
  { zip: '00501', lat: '40.9223', city: 'Holtsville', note: '' },
  { zip: '00544', lat: '40.90', city: 'Holtsville', note: 'x' },
  { zip: '00601', lat: '18.1', city: 'Adjuntas', note: '' },
  // The same row twice is two rows.
  { zip: '00601', lat: '18.1', city: 'Adjuntas', note: '' },
];
const OUTPUT = [
  { zip: '00501', lat: 40.9223, city: 'Holtsville', note: null },
  { zip: '00544', lat: 40.9, city: 'Holtsville', note: 'x' },
  { zip: '00601', lat: 18.1, city: 'Adjuntas', note: null },
  { zip: '00601', lat: 18.1, city: 'Adjuntas', note: null },
];
const CLEAN = {
  expected: 4,
  delivered: 4,
  lost: 0,
  duplicated: 0,
  foreign: 0,
  outOfOrder: 0,
  clean: true,
  examples: [],
};

describe('the audit of the demo', () => {
  it('is clean when every row came once, in order', () => {
    expect(audit(INPUT, OUTPUT)).toEqual(CLEAN);
  });

  it('sees a lost row, also when an equal one arrived', () => {
    expect(audit(INPUT, OUTPUT.slice(0, 3))).toMatchObject({ lost: 1, delivered: 3, clean: false });
    expect(audit(INPUT, OUTPUT.slice(1))).toMatchObject({
      lost: 1,
      examples: [expect.stringMatching(/^input row 1 is not in the output/)],
    });
    expect(audit(INPUT, [])).toMatchObject({ lost: 4, clean: false });
  });

  it('sees a row too many', () => {
    expect(audit(INPUT, [...OUTPUT, ...OUTPUT.slice(3)])).toMatchObject({ duplicated: 1, lost: 0, clean: false });
    expect(audit(INPUT, [...OUTPUT.slice(0, 1), ...OUTPUT])).toMatchObject({ duplicated: 1, clean: false });
  });

  it.each([
    ['a number', { lat: 40.9224 }],
    ['a text', { city: 'Holtville' }],
    ['a leading zero', { zip: '501' }],
    ['a text that became a number', { zip: 501 }],
    ['an empty cell that became text', { note: 'null' }],
    ['a missing field', { city: undefined }],
    ['an additional field', { more: 1 }],
  ])('sees a change of %s', (_what, change) => {
    const output = [{ ...OUTPUT[0], ...change }, ...OUTPUT.slice(1)];
    expect(audit(INPUT, output)).toMatchObject({ lost: 1, foreign: 1, clean: false });
  });

  it('sees a row out of its order', () => {
    const [a, b, c, d] = OUTPUT;
    expect(audit(INPUT, [b, a, c, d] as typeof OUTPUT)).toMatchObject({
      outOfOrder: 1,
      lost: 0,
      duplicated: 0,
      clean: false,
    });
  });

  it('does not take an empty output of an empty input for a mistake', () => {
    expect(audit([], [])).toMatchObject({ expected: 0, clean: true });
  });
});
