import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../../src/runtime/plugins/maven-version.ts';
import { VersionRange } from '../../../../src/runtime/plugins/version-range.ts';
import { recorded, VERSIONS } from '../../../support/config-probes.ts';

describe("Maven's order of versions, as recorded", () => {
  it('is ours', () => {
    const rows = recorded<{ a: string; signs: number[] }>('versions.jsonl');
    expect(rows.map(({ a }) => a)).toEqual(VERSIONS);
    for (const { a, signs } of rows) {
      const ours = VERSIONS.map((b) => Math.sign(compareVersions(a, b)));
      const wrong = VERSIONS.flatMap((b, at) =>
        ours[at] === signs[at] ? [] : [`${b}: ${ours[at]}, not ${signs[at]}`],
      );
      expect(wrong, `against '${a}'`).toEqual([]);
    }
  });

  it('takes numbers of any length in good time', () => {
    expect(compareVersions(`1.${'9'.repeat(10_000)}`, `1.${'8'.repeat(10_000)}`)).toBeGreaterThan(0);
    expect(compareVersions('1-'.repeat(2_000), '1-'.repeat(2_000))).toBe(0);
  });
});

describe("Maven's ranges, as recorded", () => {
  const rows = recorded<{ range: string; answer: { text?: string; inside?: string[]; error?: string } }>(
    'version-ranges.jsonl',
  );

  it.each(rows)('$range', ({ range, answer }) => {
    if (answer.error !== undefined) {
      expect(() => new VersionRange(range)).toThrow(new RangeError(answer.error));
      return;
    }
    const ours = new VersionRange(range);
    // Kafka Connect has no range for `latest`.
    if (answer.text !== 'null') expect(String(ours)).toBe(answer.text);
    expect(VERSIONS.filter((version) => ours.has(version))).toEqual(answer.inside);
  });
});
