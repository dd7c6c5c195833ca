import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { CallResult } from '../../../src/registry/endpoints.ts';
import { HealthWatch, type HealthWatchOptions } from '../../../src/registry/health-watch.ts';

const A = 'http://a:8081';
const B = 'http://b:8081';
const never = new AbortController().signal;

type Answer = { readonly status: number; readonly json?: unknown } | 'silent';

const health = (more: object = {}): Answer => ({
  status: 200,
  json: {
    schema_registry_ready: true,
    schema_registry_is_primary: true,
    schema_registry_reader_current_offset: 7,
    schema_registry_reader_highest_offset: 9,
    ...more,
  },
});
const NOT_FOUND: Answer = { status: 404 };
const CONFLUENT: Answer = { status: 200, json: { scope: { clusters: { 'schema-registry-cluster': 'sr' } } } };

/** Looks every 1000 ms, a request takes 2000 ms at most; what is not to be had is tried again after 60 s. */
function watch(answers: Record<string, Answer>, change: Partial<HealthWatchOptions> = {}) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const heard: string[] = [];
  const failed: unknown[] = [];
  const life = new AbortController();
  let looks = 0;
  const watched = new HealthWatch({
    nodes: [A, B],
    vendor: 'auto',
    ask: async (node, { path, timeoutMs = 5000 }, signal) => {
      asked.push(`${clock.monotonic()} ${node}${path}`);
      const answer = answers[`${node}${path}`] ?? NOT_FOUND;
      if (answer !== 'silent') return answer as unknown as CallResult;
      await clock.sleep(timeoutMs, signal);
      return { status: undefined } as CallResult;
    },
    clock,
    timeoutMs: 2000,
    retryMs: 60_000,
    intervalMs: () => 1000,
    looked: () => {
      looks += 1;
    },
    emit: (event) => {
      if (event.type === 'node-readiness') heard.push(`${event.node} ${event.ready} ${event.lag}`);
    },
    failed: (error) => failed.push(error),
    ...change,
  });
  const run = (): Promise<void> => watched.run(life.signal);
  const begin = (): void => void run();
  /** When this node was asked for its health. */
  const times = (node: string): number[] =>
    asked.filter((one) => one.endsWith(`${node}/_health`)).map((one) => Number(one.split(' ')[0]));
  return { clock, asked, heard, failed, life, watched, run, begin, times, looks: () => looks };
}

it('asks every node at its interval, and keeps what it said', async () => {
  const { clock, watched, begin, times, looks } = watch({ [`${A}/_health`]: health(), [`${B}/_health`]: health() });
  expect([watched.isSettled, watched.vendor]).toEqual([false, 'unknown']);
  begin();
  await clock.advance(2500);
  expect([times(A), times(B)]).toEqual([
    [0, 1000, 2000],
    [0, 1000, 2000],
  ]);
  expect([watched.isSettled, watched.vendor, looks()]).toEqual([true, 'karapace', 6]);
  expect([...watched.words().keys()]).toEqual([A, B]);
  expect(watched.word(A)).toMatchObject({ askedAt: 2000, health: { isPrimary: true, isReady: true } });
  expect(watched.word('http://c:8081')).toBeUndefined();
  expect(watched.hasNone(A)).toBe(false);
});

it('is settled when every node was asked, and not before', async () => {
  const { clock, watched, begin } = watch({ [`${A}/_health`]: health(), [`${B}/_health`]: 'silent' });
  begin();
  await clock.advance(1999);
  expect(watched.isSettled).toBe(false);
  await clock.advance(1);
  expect(watched.isSettled).toBe(true);
});

it('forgets what a node said that does not say it again for as long as a word counts', async () => {
  const answers: Record<string, Answer> = { [`${A}/_health`]: health(), [`${B}/_health`]: { status: 500 } };
  const { clock, watched, begin } = watch(answers);
  begin();
  await clock.advance(500);
  answers[`${A}/_health`] = { status: 500 };
  await clock.advance(6499);
  expect([...watched.words().keys()]).toEqual([A]);
  await clock.advance(1);
  expect([watched.words().size, watched.word(A)]).toEqual([0, undefined]);
  expect(watched.reason).toBe('no node answers for its health');
});

it.each<[string, Answer]>([
  ['does not answer', 'silent'],
  ['fails', { status: 500 }],
  ['is behind a proxy that fails', { status: 503 }],
])('asks a node again that %s', async (_name, answer) => {
  const { clock, watched, begin, times } = watch({ [`${A}/_health`]: answer }, { nodes: [A] });
  begin();
  await clock.advance(10_000);
  expect(times(A).length).toBeGreaterThan(2);
  expect([watched.isSettled, watched.hasNone(A), watched.vendor]).toEqual([true, false, 'unknown']);
  expect(watched.reason).toBe('no node answers for its health');
});

it('leaves a node alone that has no such thing, once it is known whose it is', async () => {
  const { clock, asked, watched, begin, looks } = watch({ [`${A}/v1/metadata/id`]: CONFLUENT }, { nodes: [A] });
  begin();
  await clock.advance(200_000);
  watched.nudge();
  await clock.advance(200_000);
  expect(asked).toEqual([`0 ${A}/_health`, `0 ${A}/v1/metadata/id`]);
  expect([watched.vendor, watched.hasNone(A), watched.word(A), looks()]).toEqual(['confluent', true, undefined, 1]);
  expect(watched.reason).toBe('the nodes have no health resource');
  expect(watched.isSettled).toBe(true);
});

it('takes an answer that is no word of health for none', async () => {
  const { clock, watched, begin } = watch({ [`${A}/_health`]: { status: 200, json: {} } }, { nodes: [A] });
  begin();
  await clock.advance(0);
  expect(watched.hasNone(A)).toBe(true);
});

it('does not say that nodes have no health resource while one of them may have', async () => {
  const { clock, watched, begin } = watch({ [`${B}/_health`]: 'silent' });
  begin();
  await clock.advance(3000);
  expect([watched.hasNone(A), watched.reason]).toEqual([true, 'no node answers for its health']);
});

it('tries from time to time whose it is, until that is known', async () => {
  const answers: Record<string, Answer> = { [`${A}/v1/metadata/id`]: { status: 503 } };
  const { clock, watched, begin, times } = watch(answers, { nodes: [A] });
  begin();
  await clock.advance(61_000);
  expect(times(A)).toEqual([0, 60_000]);
  answers[`${A}/v1/metadata/id`] = CONFLUENT;
  await clock.advance(200_000);
  expect(times(A)).toEqual([0, 60_000, 120_000]);
  expect(watched.vendor).toBe('confluent');
});

it('asks everybody again when something else may stand there, and until they answer', async () => {
  const answers: Record<string, Answer> = { [`${A}/v1/metadata/id`]: CONFLUENT };
  const { clock, watched, begin, times } = watch(answers, { nodes: [A] });
  begin();
  await clock.advance(1000);
  answers[`${A}/_health`] = { status: 503 };
  watched.detectAgain();
  await clock.advance(60_000);
  expect(times(A)).toEqual([0, 1000, 61_000]);
  expect(watched.hasNone(A)).toBe(true);
  answers[`${A}/_health`] = NOT_FOUND;
  await clock.advance(400_000);
  expect(times(A)).toEqual([0, 1000, 61_000, 121_000]);
  answers[`${A}/_health`] = health();
  watched.detectAgain();
  await clock.advance(0);
  expect([watched.vendor, watched.hasNone(A)]).toEqual(['karapace', false]);
});

it('forgets the word of a node that has no health resource any more', async () => {
  const answers: Record<string, Answer> = { [`${A}/_health`]: health() };
  const { clock, watched, begin } = watch(answers, { nodes: [A] });
  begin();
  await clock.advance(500);
  answers[`${A}/_health`] = NOT_FOUND;
  await clock.advance(1000);
  expect(watched.word(A)).toBeUndefined();
});

it('asks at once when it is told to', async () => {
  const { clock, watched, begin, times } = watch({ [`${A}/_health`]: health() }, { nodes: [A] });
  begin();
  await clock.advance(300);
  watched.nudge();
  await clock.advance(0);
  expect(times(A)).toEqual([0, 300]);
});

it('asks nothing where the vendor is told and has no such thing', async () => {
  const { asked, watched, run } = watch({}, { vendor: 'confluent' });
  expect([watched.isSettled, watched.vendor, watched.hasNone(A)]).toEqual([true, 'confluent', true]);
  expect(watched.reason).toBe('the nodes have no health resource');
  await run();
  expect(asked).toEqual([]);
});

it('believes a vendor that is told, whatever the nodes answer', async () => {
  const { clock, asked, watched, begin } = watch({}, { vendor: 'karapace', nodes: [A] });
  begin();
  await clock.advance(200_000);
  expect([watched.vendor, watched.hasNone(A)]).toEqual(['karapace', true]);
  expect(asked).toEqual([`0 ${A}/_health`]);
});

it('tells when a node becomes ready or is no longer, once, and how far it is behind', async () => {
  const answers: Record<string, Answer> = { [`${A}/_health`]: health() };
  const { clock, heard, begin } = watch(answers, { nodes: [A] });
  begin();
  await clock.advance(2500);
  expect(heard).toEqual([`${A} true 2`]);
  answers[`${A}/_health`] = health({ schema_registry_ready: false, schema_registry_reader_highest_offset: 3 });
  await clock.advance(2000);
  answers[`${A}/_health`] = health({ schema_registry_reader_highest_offset: null });
  await clock.advance(2000);
  answers[`${A}/_health`] = health({ schema_registry_ready: false, schema_registry_reader_current_offset: null });
  await clock.advance(2000);
  expect(heard.slice(1)).toEqual([`${A} false 0`, `${A} true null`, `${A} false null`]);
});

it('asks the nodes that somebody needs to know of, but for those that have no such thing', async () => {
  const answers: Record<string, Answer> = { [`${A}/_health`]: health() };
  const { clock, watched, begin, times } = watch(answers);
  begin();
  await clock.advance(500);
  await watched.refresh([A, B, 'http://c:8081'], never);
  await watched.refresh([B], never);
  expect([times(A), times(B)]).toEqual([[0, 500], [0]]);
  expect(watched.word(A)?.askedAt).toBe(500);
});

it('asks a node one thing at a time, whoever wants to know', async () => {
  const { clock, watched, begin, times } = watch({ [`${A}/_health`]: 'silent' }, { nodes: [A] });
  begin();
  await clock.advance(500);
  const refreshed = watched.refresh([A], never);
  await clock.advance(1500);
  await refreshed;
  expect(times(A)).toEqual([0]);
  await clock.advance(1000);
  expect(times(A)).toEqual([0, 3000]);
});

it('ends with its signal', async () => {
  const { clock, life, run, failed } = watch({ [`${A}/_health`]: 'silent' }, { nodes: [A] });
  const running = run();
  await clock.advance(500);
  life.abort(new Error('over'));
  await running;
  expect([failed, clock.pendingTimers]).toEqual([[], 0]);
});
