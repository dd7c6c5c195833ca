/**
 * Requirements on the version of a plugin, as KIP-891 takes them: `1.2` is exactly that, `[1.0,2.0)`, several of these, `latest`. Read as
 * Maven 3.9.6's VersionRange does, with its messages.
 */
import { compareVersions } from './maven-version.ts';

interface Interval {
  /** null: no bound. */
  readonly low: string | null;
  readonly high: string | null;
  readonly hasLow: boolean;
  readonly hasHigh: boolean;
}

export class VersionRange {
  private readonly intervals: readonly Interval[];

  /** @throws RangeError for text that is no version and no range */
  constructor(text: string) {
    if (text === 'latest') {
      this.intervals = [{ low: null, high: null, hasLow: false, hasHigh: false }];
      return;
    }
    const trimmed = text.trim();
    const intervals = intervalsOf(trimmed);
    this.intervals = intervals.length > 0 ? intervals : intervalsOf(`[${trimmed}]`);
  }

  has(version: string): boolean {
    return this.intervals.some(
      ({ low, high, hasLow, hasHigh }) =>
        (low === null || compareVersions(version, low) > (hasLow ? -1 : 0)) &&
        (high === null || compareVersions(version, high) < (hasHigh ? 1 : 0)),
    );
  }

  toString(): string {
    return this.intervals
      .map(({ low, high, hasLow, hasHigh }) => `${hasLow ? '[' : '('}${low ?? ''},${high ?? ''}${hasHigh ? ']' : ')'}`)
      .join(',');
  }
}

/** None for a bare version. */
function intervalsOf(text: string): Interval[] {
  const intervals: Interval[] = [];
  let rest = text;
  while (/^[[(]/.test(rest)) {
    const end = rest.search(/[\])]/);
    if (end === -1) throw new RangeError(`Unbounded range: ${text}`);
    const interval = intervalOf(rest.slice(0, end + 1));
    const before = intervals.at(-1)?.high ?? null;
    if (before !== null && (interval.low === null || compareVersions(interval.low, before) < 0)) {
      throw new RangeError(`Ranges overlap: ${text}`);
    }
    intervals.push(interval);
    rest = rest
      .slice(end + 1)
      .trim()
      .replace(/^,/, '')
      .trim();
  }
  if (rest !== '' && intervals.length > 0) {
    throw new RangeError(`Only fully-qualified sets allowed in multiple set scenario: ${text}`);
  }
  return intervals;
}

function intervalOf(text: string): Interval {
  const [hasLow, hasHigh] = [text.startsWith('['), text.endsWith(']')];
  const inner = text.slice(1, -1).trim();
  const comma = inner.indexOf(',');
  if (comma === -1) {
    if (!hasLow || !hasHigh) throw new RangeError(`Single version must be surrounded by []: ${text}`);
    return { low: inner, high: inner, hasLow, hasHigh };
  }
  const bound = (part: string): string | null => (part.trim() === '' ? null : part.trim());
  const [low, high] = [bound(inner.slice(0, comma)), bound(inner.slice(comma + 1))];
  if (low !== null && high !== null) {
    const order = compareVersions(high, low);
    if (order < 0 || (order === 0 && !(hasLow && hasHigh))) {
      throw new RangeError(`Range defies version ordering: ${text}`);
    }
  }
  return { low, high, hasLow, hasHigh };
}
