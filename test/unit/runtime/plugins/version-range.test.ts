import { describe, expect, it } from 'vitest';
import { VersionRange } from '../../../../src/runtime/plugins/version-range.ts';

describe('VersionRange', () => {
  it.each([
    ['1.2.3', ['1.2.3'], ['1.2.2', '1.2.4']],
    ['[1.2]', ['1.2', '1.2.0'], ['1.2.1']],
    ['[1.0,2.0)', ['1.0', '1.9.9'], ['0.9', '2.0']],
    ['(,1.0]', ['0.1', '1.0'], ['1.0.1']],
    ['(1.0,)', ['1.0.1', '99'], ['1.0']],
    ['[1.0,2.0),[3.0,4.0]', ['1.5', '4.0'], ['2.5', '2.0']],
    ['latest', ['0.1', '9'], []],
  ])('%s', (text, inside, outside) => {
    const range = new VersionRange(text);
    expect(inside.filter((version) => !range.has(version))).toEqual([]);
    expect(outside.filter((version) => range.has(version))).toEqual([]);
  });

  it.each(['[1.', '[1.0', '(1.0)', '[2.0,1.0]', '[1.0,2.0),3.0', '[1.0,2.0],[1.5,3.0]'])('refuses %s', (text) => {
    expect(() => new VersionRange(text)).toThrow(RangeError);
  });

  it('writes an exact version as a range', () => {
    expect(String(new VersionRange('7.0'))).toBe('[7.0,7.0]');
  });
});
