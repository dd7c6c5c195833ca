import { expect, it } from 'vitest';
import { AskingViews } from '../../../src/registry/asking-views.ts';

it('knows who asks a question until the answer came', () => {
  const views = new AskingViews();
  const first = views.enter('q', ['a', 'b']);
  views.enter('q', ['c']);
  views.enter('other', ['d']);
  expect([...views.of('q')]).toEqual(['a', 'b', 'c']);
  views.leave('q', first);
  expect(views.of('q').size).toBe(0);
  expect([...views.of('other')]).toEqual(['d']);
  expect(views.of('never asked').size).toBe(0);
});

it('leaves who asks again alone when the answer of an earlier time comes', () => {
  const views = new AskingViews();
  const first = views.enter('q', ['a']);
  views.leave('q', first);
  views.enter('q', ['b']);
  views.leave('q', first);
  expect([...views.of('q')]).toEqual(['b']);
});

it('counts a view that withdrew no more, neither of those who ask nor of those who come later', () => {
  const views = new AskingViews();
  views.enter('q', ['a', 'b']);
  views.withdraw('a');
  expect([...views.of('q')]).toEqual(['b']);
  views.enter('q', ['a', 'c']);
  expect([...views.of('q')]).toEqual(['b', 'c']);
  expect([...views.present(['a', 'b'])]).toEqual(['b']);
});

it('remembers the last thousand that withdrew', () => {
  const views = new AskingViews();
  for (let i = 0; i < 1000; i++) views.withdraw(`view ${i}`);
  expect(views.present(['view 0', 'view 1']).size).toBe(0);
  views.withdraw('view 1000');
  expect([...views.present(['view 0', 'view 1', 'view 1000'])]).toEqual(['view 0']);
});
