import { expect, it } from 'vitest';
import { type ParkedQuestion, ParkedQuestions } from '../../../src/registry/parked-questions.ts';
import { byId } from './worker-of-registries.ts';

const READ = 'registry:x:read';
const WRITE = 'registry:x:write';

const question = (id: number, views: readonly string[], gateId = READ, since = id): ParkedQuestion => ({
  key: `key ${id}`,
  question: byId(id),
  gateId,
  since,
  views: new Set(views),
});

function parkedOf(...questions: readonly ParkedQuestion[]): ParkedQuestions {
  const parked = new ParkedQuestions({ maxEntries: 4 });
  for (const each of questions) parked.add(each);
  return parked;
}

it('keeps a question once, with all who wait for it and the time of the first', () => {
  const parked = new ParkedQuestions({ maxEntries: 4 });
  expect(parked.add(question(1, ['a'], READ, 100))).toBe(true);
  expect(parked.add(question(1, ['b'], WRITE, 900))).toBe(false);
  expect(parked.size).toBe(1);
  expect(parked.get('key 1')).toEqual(question(1, ['b', 'a'], WRITE, 100));
  expect(parked.get('key 2')).toBeUndefined();
});

it('counts each view once, however many questions of its wait', () => {
  expect(parkedOf(question(1, ['a', 'b']), question(2, ['b', 'c'])).views).toBe(3);
  expect(parkedOf().views).toBe(0);
});

it('takes no more than its bound, but more who wait for what it has', () => {
  const parked = parkedOf(question(1, ['a']), question(2, ['a']), question(3, ['a']), question(4, ['a']));
  expect(parked.add(question(5, ['a']))).toBe(false);
  expect(parked.get('key 5')).toBeUndefined();
  parked.add(question(4, ['b']));
  expect([...(parked.get('key 4')?.views ?? [])].sort()).toEqual(['a', 'b']);
  parked.delete('key 1');
  expect(parked.add(question(5, ['a']))).toBe(true);
  expect(parked.size).toBe(4);
});

it('tells the questions of one gate in the order of their coming', () => {
  const parked = parkedOf(question(1, ['a']), question(2, ['a'], WRITE), question(3, ['a']));
  expect(parked.at(READ).map(({ key }) => key)).toEqual(['key 1', 'key 3']);
  expect(parked.at(WRITE).map(({ key }) => key)).toEqual(['key 2']);
  expect(parked.at('registry:y:read')).toEqual([]);
});

it('tries one question of a gate after the other, the longest waiting first, and begins again', () => {
  const parked = parkedOf(question(1, ['a']), question(2, ['a'], WRITE), question(3, ['a']));
  expect([1, 2, 3].map(() => parked.nextTrial(READ)?.key)).toEqual(['key 1', 'key 3', 'key 1']);
  expect(parked.size).toBe(3);
  expect(parked.nextTrial('registry:y:read')).toBeUndefined();
});

it('forgets a question instead of trying it when nobody waits for it', () => {
  const parked = parkedOf(question(1, []), question(2, ['a']));
  expect(parked.nextTrial(READ)?.key).toBe('key 2');
  expect(parked.get('key 1')).toBeUndefined();
  expect(parked.size).toBe(1);
});

it('forgets what only a view that withdraws waited for, and tells the gates that nobody waits at any more', () => {
  const parked = parkedOf(
    question(1, ['a']),
    question(2, ['a'], WRITE),
    question(3, ['a', 'b']),
    question(4, ['b'], 'registry:x:id:4'),
  );
  expect(parked.withdraw('a')).toEqual([WRITE]);
  expect(parked.at(READ)).toEqual([question(3, ['b'])]);
  expect(parked.withdraw('a')).toEqual([]);
  expect(parked.withdraw('b')).toEqual([READ, 'registry:x:id:4']);
  expect(parked.size).toBe(0);
});

it('does not tell a gate of a question without anybody that was there before the view withdrew', () => {
  const parked = parkedOf(question(1, []), question(2, ['a'], WRITE));
  expect(parked.withdraw('a')).toEqual([WRITE]);
  expect(parked.get('key 1')).toBeDefined();
});
