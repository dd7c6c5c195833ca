/** The time zones that a date may name: offsets, and the abbreviations that are in common use. */

const MINUTE = 60_000;
/** Offsets in hours. Of an abbreviation that several zones share, the one that Java takes in the locale en-US. */
const NAMED: Readonly<Record<string, number>> = {
  UTC: 0,
  'Coordinated Universal Time': 0,
  WET: 0,
  WEST: 1,
  BST: 1,
  CET: 1,
  CEST: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  JST: 9,
  KST: 9,
  HKT: 8,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  AKST: -9,
  AKDT: -8,
  HST: -10,
  NZST: 12,
  NZDT: 13,
  AEST: 10,
  AEDT: 11,
};

/** The offset to UTC. */
export interface ParsedZone {
  readonly offsetMs: number;
  readonly end: number;
}

/**
 * The zone that the text has at `start` for a pattern of `z`, `Z` or `X`; undefined if there is none that is known. `isAfterBlanks`: blanks
 * were skipped, after which Java takes GMT for a name and looks for no offset behind it.
 */
export function parseZone(
  text: string,
  start: number,
  {
    letter,
    count,
    isAfterBlanks,
  }: { readonly letter: string; readonly count: number; readonly isAfterBlanks: boolean },
): ParsedZone | undefined {
  if (letter === 'X') {
    if (text.charAt(start) === 'Z') return { offsetMs: 0, end: start + 1 };
    return numericZone(text, start, count, count === 3);
  }
  if (/^[+-]/.test(text.charAt(start))) return numericZone(text, start, 0, false);
  if (/^GMT/i.test(text.slice(start))) {
    const end = start + 3;
    return !isAfterBlanks && /^[+-]/.test(text.charAt(end)) ? numericZone(text, end, 0, true) : { offsetMs: 0, end };
  }
  let found: ParsedZone | undefined;
  const rest = text.slice(start).toLowerCase();
  for (const [name, hours] of Object.entries(NAMED)) {
    const end = start + name.length;
    if (rest.startsWith(name.toLowerCase()) && (found === undefined || end > found.end)) {
      found = { offsetMs: hours * 60 * MINUTE, end };
    }
  }
  return found;
}

/** `+hh` for a count of 1, else `+hhmm` or, with colons, `+hh:mm`; one digit of hours where there are colons and no count. */
function numericZone(text: string, start: number, count: number, hasColon: boolean): ParsedZone | undefined {
  const hours = hasColon && count === 0 ? '\\d{1,2}' : '\\d{2}';
  const minutes = count === 1 ? '' : `${hasColon ? ':' : ''}(\\d{2})`;
  const found = new RegExp(`^([+-])(${hours})${minutes}`).exec(text.slice(start));
  if (found === null) return undefined;
  const [all, sign, hour, minute = '0'] = found;
  if (Number(hour) > 23 || Number(minute) > 59) return undefined;
  const offsetMs = (Number(hour) * 60 + Number(minute)) * MINUTE;
  return { offsetMs: sign === '-' ? -offsetMs : offsetMs, end: start + all.length };
}
