import { expect, it } from 'vitest';
import { messageOf, readableError } from '../../../../src/sdk/errors/readable-error.ts';

class Getters extends Error {
  override get message(): string {
    throw new Error('no message');
  }
}
const trap = new Proxy(
  {},
  {
    get() {
      throw new Error('a trap');
    },
    getPrototypeOf() {
      throw new Error('no prototype');
    },
  },
);

it('what can be read is thrown on as it is', () => {
  const error = new TypeError('x', { cause: 'a text' });
  for (const thrown of [error, Object.freeze(new Error('y')), null, undefined, 'text', 3, Symbol('s')]) {
    expect(readableError(thrown)).toBe(thrown);
  }
});

it('of what throws when it is looked at, an error says what can be read', () => {
  const odd = [new Getters(), trap, Object.create(null), { toString: 3 }, () => {}, new Error('x', { cause: trap })];
  for (const thrown of odd) {
    const error = readableError(thrown) as Error;
    expect(Object.prototype.toString.call(error)).toBe('[object Error]');
    expect([error.name, error.message, error.stack].every((text) => typeof text === 'string')).toBe(true);
    expect(String(error)).not.toBe('');
  }
});

it.each([
  [new TypeError('x'), 'x'],
  [null, 'null'],
  [undefined, 'undefined'],
  ['a text', 'a text'],
  [Symbol('s'), 'Symbol(s)'],
  [{ message: 'of another realm' }, 'of another realm'],
  [new Getters(), ''],
  [trap, 'a value that has no text form'],
])('the text of whatever was thrown is known: %#', (thrown, text) => {
  expect(messageOf(thrown)).toBe(text);
});
