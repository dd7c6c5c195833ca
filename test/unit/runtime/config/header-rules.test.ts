import { describe, expect, it } from 'vitest';
import { parseHeaderRules } from '../../../../src/runtime/config/header-rules.ts';

describe('parseHeaderRules', () => {
  it('reads rules in any case, quoted ones with commas', () => {
    expect(
      parseHeaderRules(' ADD  Cache-Control: no-cache , "set X-B: a, \\"b\\"", setdate Expires:31540000000 '),
    ).toEqual([
      { action: 'add', name: 'Cache-Control', value: 'no-cache' },
      { action: 'set', name: 'X-B', value: 'a, "b"' },
      { action: 'setDate', name: 'Expires', value: '31540000000' },
    ]);
    expect(parseHeaderRules('  ')).toEqual([]);
  });

  it.each([
    ['set', "Invalid format of header config 'set'. Expected: '[action] [header name]:[header value]'"],
    ['set a:b,', "Invalid format of header config ''. Expected: '[action] [header name]:[header value]'"],
    ['put a:b', "Invalid header config action: 'put'. Expected one of [set, add, setDate, addDate]"],
    ['set a', "Invalid format of header name and header value pair 'a'. Expected: '[header name]:[header value]'"],
    [
      'set a:b:c',
      "Invalid format of header name and header value pair 'a:b:c'. Expected: '[header name]:[header value]'",
    ],
    ['set a b:c', "Invalid header name 'a b'. The '[header name]' cannot contain whitespace"],
    ['set é:c', "Invalid header name 'é'. It has characters that no header name may have"],
    ['set a:\u20ac', "Invalid value of header 'a'. It has characters that no header may have"],
    ['addDate a:soon', "Invalid value 'soon' of header 'a'. A date is given in ms from now"],
  ])('refuses %s', (text, message) => {
    expect(() => parseHeaderRules(text)).toThrow(message);
  });
});
