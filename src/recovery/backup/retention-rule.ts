/** Which backups are kept: the last few, and one for each of the last days, weeks, months and years. All times are UTC. */

import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';

export const KEEP_INVALID = defineErrorCode('holdfast.recovery.keep-invalid', {
  what: 'The rule that says which backups are kept can not be read.',
  mend: 'Write it as last=10,days=30,weeks=8,months=12,years=3; each part may be left out, one must be there.',
});

const PERIODS = ['last', 'days', 'weeks', 'months', 'years'] as const;
type Period = (typeof PERIODS)[number];

export type RetentionRule = Readonly<Partial<Record<Period, number>>>;

/** @throws ConfigError `holdfast.recovery.keep-invalid` */
export function parseRetentionRule(text: string): RetentionRule {
  const rule: Partial<Record<Period, number>> = {};
  for (const part of text.split(',')) {
    const [, name, digits] = /^\s*([a-z]+)\s*=\s*(\d{1,6})\s*$/.exec(part) ?? [];
    const period = PERIODS.find((each) => each === name);
    if (period === undefined || rule[period] !== undefined) throw invalid(text, part);
    rule[period] = Number(digits);
  }
  if (Object.values(rule).every((count) => count === 0)) throw invalid(text, 'that keeps nothing');
  return rule;
}

/**
 * Grandfather, father, son: of each of the last n days (weeks, ...) that have a backup, its newest. The newest of all is always kept.
 * @returns those to remove
 */
export function expiredBackups<T extends { readonly takenAt: number }>(
  backups: readonly T[],
  rule: RetentionRule,
): readonly T[] {
  const newestFirst = [...backups].sort((one, other) => other.takenAt - one.takenAt);
  const kept = new Set<T>(newestFirst.slice(0, Math.max(rule.last ?? 0, 1)));
  for (const period of PERIODS) {
    if (period === 'last') continue;
    const seen = new Set<string>();
    for (const backup of newestFirst) {
      if (seen.size >= (rule[period] ?? 0)) break;
      const name = periodOf(backup.takenAt, period);
      if (!seen.has(name)) kept.add(backup);
      seen.add(name);
    }
  }
  return newestFirst.filter((backup) => !kept.has(backup));
}

function periodOf(time: number, period: Exclude<Period, 'last'>): string {
  const text = new Date(time).toISOString();
  if (period === 'years') return text.slice(0, 4);
  if (period === 'months') return text.slice(0, 7);
  if (period === 'days') return text.slice(0, 10);
  // Whole days since Monday, 29 December 1969.
  return String(Math.floor((Math.floor(time / 86_400_000) + 3) / 7));
}

function invalid(text: string, part: string): ConfigError {
  return new ConfigError(`--keep ${text} can't be read at '${part}'. Write it as last=10,days=30,weeks=8,months=12.`, {
    code: KEEP_INVALID,
  });
}
