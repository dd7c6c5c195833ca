import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../src/rest/java-base64.ts';

describe('decodeBase64', () => {
  it.each(['', 'a', 'ab', 'abc', 'abcd', 'ü:é'])('decodes what was encoded, with padding and without: %j', (text) => {
    const encoded = Buffer.from(text).toString('base64');
    expect(decodeBase64(encoded).toString()).toBe(text);
    expect(decodeBase64(encoded.replaceAll('=', '')).toString()).toBe(text);
  });

  it.each([
    ['!!', 'Illegal base64 character 21'],
    ['ab_c', 'Illegal base64 character 5f'],
    ['a', 'Last unit does not have enough valid bits'],
    ['ab=', 'Input byte array has wrong 4-byte ending unit'],
    ['=', 'Input byte array has wrong 4-byte ending unit'],
    ['ab==cd', 'Input byte array has incorrect ending byte at 4'],
  ])('refuses %s as Java does', (text, message) => {
    expect(() => decodeBase64(text)).toThrow(message);
  });
});
