/** The pairs were seen of Kafka Connect 4.1.1. */
import { describe, expect, it } from 'vitest';
import { accepts, mediaRanges, typeOfOptions } from '../../../src/rest/media-range.ts';
import { isMediaType } from '../../../src/rest/media-type.ts';

const optionsFor = (accept: string | undefined): string => typeOfOptions(mediaRanges(accept) ?? []);
const wants = (accept: string): boolean => accepts(mediaRanges(accept) ?? [], ['application/json']);

describe('typeOfOptions', () => {
  it.each([
    [undefined, 'text/plain'],
    ['', 'text/plain'],
    ['*/*', 'text/plain'],
    ['*', 'text/plain'],
    ['text', 'text/plain'],
    ['text/plain;charset=utf-8', 'text/plain'],
    ['text/plain;q=0', 'text/plain'],
    ['a/b, text/*', 'text/plain'],
    ['text/html, text/plain', 'text/plain'],
    ['a/b, text/plain, */*', 'text/plain'],
    ['application/json;q=0.1, */*', 'text/plain'],
    ['application/json', 'application/json'],
    ['application/json, text/plain, */*', 'application/json'],
    ['application/xml;q=0.5, application/json;q=0.9', 'application/json;q=0.9'],
    ['text/plain;q=0.1, text/html', 'text/html'],
    ['a/b;q=0, c/d', 'c/d'],
    ['a/b;Q=0.5,c/d', 'c/d'],
    ['*/*, text/html', 'text/html'],
    ['a/*,b/c,*/*', 'b/c'],
    ['application/*', 'application/*'],
    ['a', 'a/*'],
    ['TEXT/HTML;Level=1', 'text/html;level=1'],
    ['text/html;charset="utf-8"', 'text/html;charset=utf-8'],
    ['a/b;c="d, e"', 'a/b;c="d, e"'],
    ['a/b,', 'a/b'],
  ])('%s: %s', (accept, type) => {
    expect(optionsFor(accept)).toBe(type);
  });
});

describe('mediaRanges', () => {
  it.each([
    'junk junk',
    ';',
    'a/b/c',
    'a/b;q=abc',
    'a/b;q=5',
    'a/b;x',
    'a/b;x=',
    'a/b;c=ü',
    'a/b;c="\x7f"',
    'a/b;c="\n"',
  ])('does not read %j', (accept) => {
    expect(mediaRanges(accept)).toBeNull();
  });

  it('reads a long one that is none without going back over it', () => {
    const before = performance.now();
    expect(mediaRanges(`a/b${';a="'.repeat(50_001)}`) === null).toBe(true);
    expect(mediaRanges(`a/b${'; '.repeat(100_000)}=`) === null).toBe(true);
    expect(mediaRanges('"'.repeat(200_000)) === null).toBe(true);
    expect(mediaRanges(`"${'\\"'.repeat(100_000)}`) === null).toBe(true);
    expect(isMediaType(`a/b;${' '.repeat(200_000)}ü`)).toBe(false);
    expect(isMediaType(`a/b${';a="'.repeat(50_001)}`)).toBe(false);
    // Each takes milliseconds, or minutes.
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('wants JSON by name, by its kind, by everything, and where it is wanted least', () => {
    const all = ['application/json', 'text/html, application/*;q=0.1', '*', 'x/y, */*', 'application/json;q=0'];
    expect(all.map(wants)).toEqual(all.map(() => true));
    expect(['text/html', 'application/xml', 'text/*'].map(wants)).toEqual([false, false, false]);
  });
});
