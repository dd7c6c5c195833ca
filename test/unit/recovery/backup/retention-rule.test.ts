import { describe, expect, it } from 'vitest';
import { expiredBackups, parseRetentionRule } from '../../../../src/recovery/backup/retention-rule.ts';

const at = (text: string): { readonly takenAt: number; readonly text: string } => ({
  takenAt: Date.parse(`${text}Z`),
  text,
});

function kept(texts: readonly string[], rule: string): readonly string[] {
  const backups = texts.map(at);
  const gone = expiredBackups(backups, parseRetentionRule(rule));
  return backups.filter((each) => !gone.includes(each)).map(({ text }) => text);
}

describe('the rule of what is kept', () => {
  const texts = [
    ...['2026-11-29T12:00', '2026-11-29T06:00', '2026-11-28T12:00', '2026-11-28T06:00', '2026-11-23T12:00'],
    ...['2026-11-22T12:00', '2026-10-31T12:00', '2026-10-01T12:00', '2025-12-31T12:00'],
  ];

  it('keeps the newest of each day, week, month and year, as many as are told', () => {
    expect(kept(texts, 'last=1')).toEqual(texts.slice(0, 1));
    expect(kept(texts, 'last=3')).toEqual(texts.slice(0, 3));
    expect(kept(texts, 'days=3')).toEqual([texts[0], texts[2], texts[4]]);
    // Weeks begin on Monday: the 23rd is in the week of the 29th, the 22nd is not.
    expect(kept(texts, 'weeks=2')).toEqual([texts[0], texts[5]]);
    expect(kept(texts, 'months=2')).toEqual([texts[0], texts[6]]);
    expect(kept(texts, 'years=9')).toEqual([texts[0], texts[8]]);
    expect(kept(texts, 'last=2,days=2,months=3')).toEqual([texts[0], texts[1], texts[2], texts[6], texts[8]]);
  });

  it('always keeps the newest, and never minds the order', () => {
    expect(kept([...texts].reverse(), 'last=0,years=1')).toEqual([texts[0]]);
  });

  it.each(['', 'last', 'last=x', 'hours=3', 'last=1,last=2', 'last=0', 'last=-1'])('refuses %s', (text) => {
    expect(() => parseRetentionRule(text)).toThrow(expect.objectContaining({ code: 'holdfast.recovery.keep-invalid' }));
  });
});
