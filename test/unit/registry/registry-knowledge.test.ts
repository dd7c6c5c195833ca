import { expect, it } from 'vitest';
import { NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';

it('without detection knows nothing, suspects nothing and corrects nothing', async () => {
  const knowledge = new NoPrimaryKnowledge();
  const probed = [{ node: 'http://a:8081', ready: true, highestId: 7 }];
  expect([knowledge.epoch(), knowledge.primary(), knowledge.lastChangeAt()]).toEqual(['unknown', null, null]);
  expect(await knowledge.progress(probed)).toBe(probed);
  knowledge.observe();
  expect(knowledge.isSuspect()).toBe(false);
  expect(knowledge.snapshot()).toEqual({
    vendor: 'unknown',
    rung: 'none',
    rungReason: 'detection is off',
    epochs: [],
    nodes: new Map(),
  });
  await knowledge.close();
});
