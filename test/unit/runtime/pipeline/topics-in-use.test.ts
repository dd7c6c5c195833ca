import { describe, expect, it } from 'vitest';
import { TopicsInUse } from '../../../../src/runtime/pipeline/topics-in-use.ts';

describe('TopicsInUse', () => {
  it('tells each topic once, those of one batch together, and again after it was made to forget', () => {
    const told: (readonly string[])[] = [];
    const topics = new TopicsInUse({ tell: (found) => told.push(found) });
    const of = (...names: string[]): { topic: string }[] => names.map((topic) => ({ topic }));
    topics.note(of('a', 'a', 'b', 'a'));
    topics.note(of('b', 'a'));
    topics.note([]);
    expect(told).toEqual([['a', 'b']]);
    topics.note(of('c', 'd'), new Set([0]));
    expect(told.slice(1)).toEqual([['d']]);
    topics.forget();
    topics.note(of('d'));
    expect(told.slice(2)).toEqual([['d']]);
  });
});
