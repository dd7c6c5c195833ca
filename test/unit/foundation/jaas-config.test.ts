import { describe, expect, it } from 'vitest';
import { parseJaasConfig } from '../../../src/foundation/jaas-config.ts';

describe('sasl.jaas.config', () => {
  it.each([
    ['M required username="a" password="b";', { username: 'a', password: 'b' }],
    ["M required username='a' password='b c';", { username: 'a', password: 'b c' }],
    ['  M   required\n username=a\n password=b ;  ', { username: 'a', password: 'b' }],
    ['M required password="with \\"quotes\\" and \\\\ and ;";', { password: 'with "quotes" and \\ and ;' }],
    ['M required username="" serviceName="k=v";', { username: '', serviceName: 'k=v' }],
    ['M required a="x\\ty\\n\\101\\q";', { a: 'x\ty\nAq' }],
    ['M REQUIRED;', {}],
    [
      '// first\nM required /* second; */ a="b // c" // third\n d=\'/* e */\'; // fourth',
      { a: 'b // c', d: '/* e */' },
    ],
    ['M required url=http://h/x a=b//c;', { url: 'http://h/x', a: 'b//c' }],
    ['M required a=/* none */b;', { a: 'b' }],
  ])('%s', (text, options) => {
    const parsed = parseJaasConfig(text);
    expect(parsed.loginModule).toBe('M');
    expect(Object.fromEntries(parsed.options)).toEqual(options);
  });

  it.each([
    ['', 'login module is missing'],
    ['M;', 'control flag'],
    ['M maybe a=b;', 'control flag'],
    ['M required username="a"', "';' at the end is missing"],
    ['M required username="a password=b;', 'quote is not closed'],
    ['M required username;', 'not of the form'],
    ['M required username=;', 'value of option'],
    ['M required a=b; N required;', 'only one login module'],
  ])('refuses %s', (text, reason) => {
    expect(() => parseJaasConfig(text)).toThrow(reason);
  });
});
