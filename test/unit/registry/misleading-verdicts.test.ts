/** Invariant 3: what looks like a wrong setting, judged by whether anything else is served, and for how long. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { Denials } from '../../../src/registry/denials.ts';
import type { KnownSchemas } from '../../../src/registry/known-schemas.ts';
import { MisleadingAnswers } from '../../../src/registry/misleading-answers.ts';
import type { CallResult } from '../../../src/registry/node-exchange.ts';
import { causeOf } from '../../../src/registry/outage-causes.ts';
import { gateOf } from '../../../src/registry/question-gates.ts';
import { REGISTRY_MISLEADING } from '../../../src/registry/registry-errors.ts';
import type { SignOfLife } from '../../../src/registry/sign-of-life.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { byId, latest, lookup, NODE_A, never, register } from './worker-of-registries.ts';

const looksWrong = (status: number | undefined, more: Partial<CallResult> = {}): CallResult => ({
  verdict: { class: 'park', outcomeUnknown: false, misleading: true },
  node: NODE_A,
  status,
  errorCode: undefined,
  json: undefined,
  reason: `HTTP ${status}`,
  ...more,
});

function setUp(options: { readonly served?: readonly string[] } = {}) {
  const clock = new ManualClock();
  const denials = new Denials(clock);
  const state = { servesOthers: true, looks: 0 };
  const answers = new MisleadingAnswers({
    life: {
      servesOthers: async () => {
        state.looks += 1;
        return state.servesOthers;
      },
    } as unknown as SignOfLife,
    known: { hasSeen: (subject: string) => options.served?.includes(subject) === true } as unknown as KnownSchemas,
    denials,
  });
  const judge = (question: SchemaQuestion, result = looksWrong(403)) =>
    answers.judge(question.key, question, result, never);
  /** After it went on for half a minute. */
  const judgeLasting = async (question: SchemaQuestion, status: number) => {
    const first = await judge(question, looksWrong(status));
    clock.advanceSync(30_000);
    return [first.kind, (await judge(question, looksWrong(status))).kind];
  };
  return { clock, state, judge, judgeLasting };
}

describe('an answer like a wrong setting', () => {
  it('is an outage when nothing else is served, however long it lasts', async () => {
    const { clock, state, judge } = setUp();
    state.servesOthers = false;
    for (let round = 0; round < 5; round++) {
      expect(await judge(register('s'))).toMatchObject({ kind: 'away', code: REGISTRY_MISLEADING, retryAfterMs: 0 });
      clock.advanceSync(20_000);
    }
  });

  it('is an outage when no request got as far as to be answered, and nothing more is asked', async () => {
    const { state, judge } = setUp();
    expect(await judge(register('s'), looksWrong(undefined))).toMatchObject({ kind: 'away' });
    expect(state.looks).toBe(0);
  });

  it('waits by itself when all else is served, and is believed after half a minute', async () => {
    const { clock, judge } = setUp();
    const missing = {
      gate: 'subject:s',
      dependency: 'schema registry (subject s)',
      reason: expect.stringContaining('HTTP 403'),
      code: REGISTRY_MISLEADING,
      fromFuture: false,
    };
    expect(await judge(register('s'))).toEqual({ kind: 'missing', missing });
    clock.advanceSync(29_999);
    expect(await judge(register('s'))).toEqual({ kind: 'missing', missing });
    clock.advanceSync(1);
    expect(await judge(register('s'))).toMatchObject({
      kind: 'denied',
      error: { code: 'holdfast.registry.authorization' },
    });
  });

  it('begins anew after an outage: what lasted before it may be over', async () => {
    const { clock, state, judge } = setUp();
    await judge(register('s'));
    clock.advanceSync(20_000);
    state.servesOthers = false;
    await judge(register('s'));
    state.servesOthers = true;
    clock.advanceSync(20_000);
    expect((await judge(register('s'))).kind).toBe('missing');
  });

  it.each([301, 302, 307, 308, 401, 403, 404])(
    'is waited for without limit for a subject that was served before: HTTP %d',
    async (status) => {
      const { judgeLasting } = setUp({ served: ['s'] });
      for (const question of [register('s'), lookup('s'), latest('s')]) {
        expect(await judgeLasting(question, status)).toEqual(['missing', 'missing']);
      }
    },
  );

  it('is believed of a subject that was never served, of an id, and of a fault of the request itself', async () => {
    const { judgeLasting } = setUp({ served: ['s'] });
    for (const question of [register('t'), lookup('t'), latest('t'), byId(1)]) {
      expect(await judgeLasting(question, 403)).toEqual(['missing', 'denied']);
    }
    expect(await judgeLasting({ kind: 'by-id', key: 'x', id: 1, subject: 's' }, 403)).toEqual(['missing', 'denied']);
    for (const status of [400, 405, 413]) {
      expect(await setUp({ served: ['s'] }).judgeLasting(register('s'), status)).toEqual(['missing', 'denied']);
    }
  });
});

describe('what an outage is called by', () => {
  it('says what to look at, by how far the request came', () => {
    const words = (status: number | undefined) => causeOf(looksWrong(status)).reason;
    for (const status of [401, 403]) expect(words(status)).toMatch(/^HTTP 40[13]\. .*wrong credentials/);
    for (const status of [302, 400, 404]) expect(words(status)).toMatch(/wrong URL/);
    expect(words(undefined)).toMatch(/wrong TLS or proxy settings/);
  });

  it('is the plain reason when nothing looks wrong, with the wait that the registry asked for', () => {
    const busy = looksWrong(503, { verdict: { class: 'park', outcomeUnknown: false, retryAfterMs: 7000 } });
    expect(causeOf(busy)).toEqual({ reason: 'HTTP 503', retryAfterMs: 7000 });
    expect(causeOf({ ...busy, verdict: { class: 'park', outcomeUnknown: false } }).retryAfterMs).toBe(0);
    expect(causeOf({ ...busy, verdict: { class: 'refresh-and-retry' } })).toEqual({
      reason: 'HTTP 503',
      retryAfterMs: 0,
    });
  });

  it('is a wrong setting too when it is one of a registry that never served', () => {
    expect(causeOf(looksWrong(404, { verdict: { class: 'config' } }))).toMatchObject({
      code: REGISTRY_MISLEADING,
      retryAfterMs: 0,
    });
  });
});

it('each question that waits by itself has a gate that says for what', () => {
  expect(gateOf(byId(7))).toEqual({ gate: 'id:7', dependency: 'schema id 7' });
  expect(gateOf({ kind: 'by-id', key: 'x', id: 7, subject: ':.eu:s' })).toEqual({
    gate: 'id:.eu:7',
    dependency: 'schema id 7 (context .eu)',
  });
  expect(gateOf({ kind: 'by-guid', key: 'x', guid: 'g' })).toEqual({ gate: 'guid:g', dependency: 'schema GUID g' });
  expect(gateOf(latest('s'))).toEqual({ gate: 'subject:s', dependency: 'schema registry (subject s)' });
});
