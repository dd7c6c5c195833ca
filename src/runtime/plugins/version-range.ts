/** Requirements on the version of a plugin, in Maven's notation as KIP-891 takes it: `1.2` is exactly that, `[1.0,2.0)`, `latest`. */
import { compareVersions } from './plugin-desc.ts';

interface Bound {
  readonly version: string;
  readonly isInclusive: boolean;
}

interface Interval {
  /** null: no bound. */
  readonly low: Bound | null;
  readonly high: Bound | null;
}

const INTERVAL = /^([[(])\s*([^,[\]()]*?)\s*(?:(,)\s*([^,[\]()]*?)\s*)?([\])])$/;

export class VersionRange {
  private readonly intervals: readonly Interval[];

  /** @throws RangeError for text that is no version and no range */
  constructor(text: string) {
    const trimmed = text.trim();
    if (trimmed.toLowerCase() === 'latest') this.intervals = [{ low: null, high: null }];
    else if (/^[^,[\]()]*$/.test(trimmed)) this.intervals = [exactly(trimmed)];
    else this.intervals = trimmed.split(/(?<=[\])])\s*,/).map((part) => interval(part.trim(), text));
  }

  has(version: string): boolean {
    return this.intervals.some(
      ({ low, high }) =>
        (low === null || compareVersions(version, low.version) > (low.isInclusive ? -1 : 0)) &&
        (high === null || compareVersions(version, high.version) < (high.isInclusive ? 1 : 0)),
    );
  }

  toString(): string {
    return this.intervals
      .map(
        ({ low, high }) =>
          `${low?.isInclusive === true ? '[' : '('}${low?.version ?? ''},${high?.version ?? ''}${high?.isInclusive === true ? ']' : ')'}`,
      )
      .join(',');
  }
}

function exactly(version: string): Interval {
  const bound = { version, isInclusive: true };
  return { low: bound, high: bound };
}

function interval(part: string, whole: string): Interval {
  const [, open, first = '', comma, second = '', close] = INTERVAL.exec(part) ?? [];
  if (open === undefined || close === undefined) throw new RangeError(`Unbounded range: ${whole}`);
  if (comma === undefined) {
    if (open !== '[' || close !== ']' || first === '') {
      throw new RangeError(`Single version must be surrounded by []: ${whole}`);
    }
    return exactly(first);
  }
  const low = first === '' ? null : { version: first, isInclusive: open === '[' };
  const high = second === '' ? null : { version: second, isInclusive: close === ']' };
  if (low !== null && high !== null && compareVersions(low.version, high.version) > 0) {
    throw new RangeError(`Range defies version ordering: ${whole}`);
  }
  return { low, high };
}
