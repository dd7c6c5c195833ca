import type { PrimaryEpoch } from '../../src/registry/registry-snapshot.ts';

/** A second epoch of a primary that is not usable yet; `more` says what matters. */
export function primaryEpoch(more: Partial<PrimaryEpoch> = {}): PrimaryEpoch {
  return {
    number: 2,
    epoch: 'two',
    memberId: null,
    url: null,
    cause: 'group-elected',
    rung: 'group',
    changeBeganAt: 0,
    startedAt: 0,
    usableAt: null,
    usableAfterMs: null,
    endedAt: null,
    ...more,
  };
}
