import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { FailureClass, Operation } from '../../../src/registry/failure-classes.ts';
import { RegistryNode } from '../../../src/registry/node-book.ts';
import type { CallResult, RegistryRequest } from '../../../src/registry/node-exchange.ts';
import {
  deadNode,
  isAbsence,
  isOfRegistry,
  isSettled,
  lagging,
  moreTelling,
} from '../../../src/registry/telling-answers.ts';

const verdicts = {
  ok: { class: 'ok' },
  away: { class: 'park', outcomeUnknown: false },
  misleading: { class: 'park', outcomeUnknown: false, misleading: true },
  lags: { class: 'refresh-and-retry' },
  none: { class: 'negative' },
  bad: { class: 'data', recheck: false },
  unauthorized: { class: 'refresh-credentials' },
  wrong: { class: 'config' },
} as const satisfies Record<string, FailureClass>;

const answer = (kind: keyof typeof verdicts, more: Partial<CallResult> = {}): CallResult => ({
  verdict: verdicts[kind],
  node: kind,
  status: 500,
  errorCode: undefined,
  json: undefined,
  reason: kind,
  ...more,
});
const to = (operation: Operation): RegistryRequest => ({
  operation,
  method: 'GET',
  path: '/',
  channel: 'read',
  expects: () => true,
});

describe('an answer is of a registry, and not of whatever stands before it', () => {
  it('when it is a good one, or carries a code of five digits', () => {
    expect(isOfRegistry(to('by-id'), answer('ok'))).toBe(true);
    for (const errorCode of [40_400, 40_403, 42_201, 49_999]) {
      expect(isOfRegistry(to('by-id'), answer('lags', { errorCode }))).toBe(true);
    }
  });

  it('and not when any web server may have given it, or one that fails', () => {
    for (const errorCode of [undefined, 404, 40_101, 40_399, 50_000, 50_001]) {
      expect(isOfRegistry(to('by-id'), answer('away', { errorCode }))).toBe(false);
    }
  });

  it('and not to a question about the registry, which others answer as well', () => {
    expect(isOfRegistry(to('meta'), answer('ok'))).toBe(false);
    expect(isOfRegistry(to('meta'), answer('lags', { errorCode: 40_403 }))).toBe(false);
  });
});

it('no other node needs to be asked after an answer that none could better', () => {
  const kinds = Object.keys(verdicts) as (keyof typeof verdicts)[];
  expect(kinds.filter((kind) => isSettled(verdicts[kind]))).toEqual(['ok', 'none', 'bad', 'unauthorized']);
});

it('invariant 3: "there is none" of a subject is an absence, that of an id never', () => {
  expect(isAbsence(to('lookup'), answer('none'))).toBe(true);
  expect(isAbsence(to('version'), answer('none'))).toBe(true);
  expect(isAbsence(to('by-id'), answer('none'))).toBe(false);
  expect(isAbsence(to('lookup'), answer('lags'))).toBe(false);
  expect(lagging(answer('none')).verdict).toEqual(verdicts.lags);
  expect(lagging(answer('none')).reason).toBe('none');
});

describe('of two answers that settle nothing, the more telling one', () => {
  // The most telling last; in each pair, whichever came first.
  const order = ['wrong', 'misleading', 'away', 'lags'] as const;

  it('is what may yet change: lag before silence, before what looks like a wrong setting, before a wrong setting', () => {
    for (const [i, less] of order.entries()) {
      for (const more of order.slice(i + 1)) {
        expect(moreTelling(answer(less), answer(more)).node).toBe(more);
        expect(moreTelling(answer(more), answer(less)).node).toBe(more);
      }
    }
    expect(moreTelling(answer('none'), answer('away')).node).toBe('none');
    expect(moreTelling(answer('none'), answer('lags')).node).toBe('lags');
  });

  it('is the latest of those that are alike', () => {
    const [first, second] = [answer('away', { node: 'first' }), answer('away', { node: 'second' })];
    expect(moreTelling(first, second).node).toBe('second');
    expect(moreTelling(undefined, answer('wrong')).node).toBe('wrong');
  });

  it('is one that settles the question, or the word of who issues the credentials', () => {
    expect(moreTelling(answer('lags'), answer('ok')).node).toBe('ok');
    expect(moreTelling(answer('lags'), answer('bad')).node).toBe('bad');
    expect(moreTelling(answer('lags'), answer('away', { issuer: 'away' })).issuer).toBe('away');
  });
});

it('a dead node answers with what was remembered of it, as one that took no request', () => {
  const node = new RegistryNode('http://a', new ManualClock());
  node.reason = 'ECONNREFUSED at http://a';
  expect(deadNode(node)).toMatchObject({
    verdict: { class: 'park', outcomeUnknown: false },
    node: 'http://a',
    status: undefined,
    transport: 'connect',
    reason: 'ECONNREFUSED at http://a',
  });
});
