import { UsageError } from '../exit-codes.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `6h`, `1d`, in ms. @throws UsageError */
export function parseDuration(option: string, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})(s|m|h|d)$/.exec(text.trim()) ?? [];
  const ms = Number(digits) * (UNITS_MS[unit] ?? Number.NaN);
  if (!(ms > 0)) throw new UsageError(`${option} ${text} is no time such as 90s, 15m, 6h or 1d.`);
  return ms;
}
