import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PropertiesSyntaxError, parseProperties } from '../../../src/foundation/java-properties.ts';
import { PROPERTIES_FILES, recorded } from '../../support/config-probes.ts';

describe('parseProperties', () => {
  it.each([
    ['a=b', { a: 'b' }],
    ['a:b', { a: 'b' }],
    ['a b', { a: 'b' }],
    ['  a  =  b  ', { a: 'b  ' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['a = = b', { a: '= b' }],
    ['a\t:\fb', { a: 'b' }],
    ['# x=1\n! y=2\na=b', { a: 'b' }],
    ['a=b # no comment', { a: 'b # no comment' }],
    ['a=1\na=2', { a: '2' }],
    ['a=one,\\\n   two,\\\n\tthree', { a: 'one,two,three' }],
    ['a=one\\\r\n   two', { a: 'onetwo' }],
    ['a=x\\\\\nb=y', { a: 'x\\', b: 'y' }],
    ['a=x\\\n#not a comment', { a: 'x#not a comment' }],
    ['a=x\\', { a: 'x' }],
    ['a\\=b\\:c\\ d=e', { 'a=b:c d': 'e' }],
    ['a=\\t\\n\\r\\f\\q', { a: '\t\n\r\fq' }],
    ['a=\\u00e9\\u20AC', { a: 'é€' }],
    ['path=C:\\\\temp', { path: 'C:\\temp' }],
    ['', {}],
    ['\n\n', {}],
    ['=v', { '': 'v' }],
  ])('reads %j', (text, expected) => {
    expect(parseProperties(text)).toEqual(expected);
  });

  it('reads every file that was recorded as java.util.Properties does', () => {
    const files = recorded<{ file: string; answer: Record<string, string> & { error?: string; class?: string } }>(
      'properties.jsonl',
    );
    expect(files.map(({ file }) => file)).toEqual(PROPERTIES_FILES);
    for (const { file, answer } of files) {
      const bytes = Buffer.from(file, 'latin1');
      if (answer.class === 'java.lang.IllegalArgumentException') {
        expect(() => parseProperties(bytes), JSON.stringify(file)).toThrow(PropertiesSyntaxError);
      } else expect(parseProperties(bytes), JSON.stringify(file)).toEqual(answer);
    }
  });

  it('refuses UTF-16, which a shell of Windows writes, instead of finding nothing in it', () => {
    const text = '\ufeffname=x\r\n';
    expect(() => parseProperties(Buffer.from(text, 'utf16le'))).toThrow(/UTF-16.*UTF-8/);
    expect(() => parseProperties(Buffer.from(text, 'utf16le').swap16())).toThrow(/UTF-16.*UTF-8/);
    expect(parseProperties(Buffer.from('\xff\xfea=1', 'latin1'))).toEqual({ '\xff\xfea': '1' });
  });

  it('reads UTF-8 as UTF-8 and anything else as ISO-8859-1', () => {
    expect(parseProperties(Buffer.from('a=é', 'utf8'))).toEqual({ a: 'é' });
    expect(parseProperties(Buffer.from('a=é', 'latin1'))).toEqual({ a: 'é' });
  });

  it('names the line of a malformed unicode escape', () => {
    expect(() => parseProperties('a=b\nc=\\u12g4')).toThrow(PropertiesSyntaxError);
    expect(() => parseProperties('a=b\nc=\\u12g4')).toThrow(/^line 2: malformed/);
  });

  it('gives back whatever was escaped by the rules', () => {
    const escaped = (text: string): string =>
      [...text]
        .map((char) =>
          [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
        )
        .join('');
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (map) => {
        const text = Object.entries(map)
          .map(([key, value]) => `${escaped(key)}=${escaped(value)}`)
          .join('\n');
        expect(parseProperties(text)).toEqual({ ...map });
      }),
    );
  });
});
