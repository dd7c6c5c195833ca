import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import { GroupWatch, type GroupWatchOptions } from '../../../src/registry/group-watch.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { groupDescriber } from './group-describers.ts';

const A = 'http://a:8081';
const THEIRS = 'kafka-cluster=theirs;schema-registry-cluster=team';
const full = await groupDescriber({ urls: [A, 'http://b:8081'] })();
const empty: DescribedGroup = { ...full, state: 'Empty', members: [] };
const refused = (): Promise<never> => Promise.reject(new ConfigError('not allowed'));
const silent = (): Promise<never> => new Promise(() => {});

interface State {
  describe: () => Promise<DescribedGroup>;
  clusterId: string | null;
  isUrgent: boolean;
  isNeeded: boolean;
}

/** Looks every 1000 ms, gives up after 2000 ms, tries again after 60 s what is not to be had; 250 ms when it is urgent. */
function watch(
  first: Partial<State> = {},
  change: Partial<GroupWatchOptions> & { readonly kafkaId?: string | null } = {},
) {
  const clock = new ManualClock();
  const state: State = {
    describe: () => Promise.resolve(full),
    clusterId: 'schema-registry-cluster=team',
    isUrgent: false,
    isNeeded: true,
    ...first,
  };
  /** Time and group of each description. */
  const described: string[] = [];
  const looked: number[] = [];
  const failed: unknown[] = [];
  let kafkaIdAsked = 0;
  const life = new AbortController();
  const { kafkaId } = change;
  const groups = new GroupWatch({
    groups: {
      describe: (groupId) => {
        described.push(`${clock.monotonic()} ${groupId}`);
        return state.describe();
      },
      ...(kafkaId === undefined
        ? {}
        : {
            clusterId: async () => {
              kafkaIdAsked += 1;
              return kafkaId;
            },
          }),
    },
    groupId: null,
    clusterId: () => state.clusterId,
    clock,
    timeoutMs: 2000,
    retryMs: 60_000,
    intervalMs: () => (state.isUrgent ? 250 : 1000),
    isUrgent: () => state.isUrgent,
    isNeeded: () => state.isNeeded,
    looked: () => looked.push(clock.monotonic()),
    failed: (error) => failed.push(error),
    ...change,
  });
  const running = groups.run(life.signal);
  const times = (): number[] => described.map((one) => Number(one.split(' ')[0]));
  return { clock, state, described, times, looked, failed, life, groups, running, kafkaIdAsked: () => kafkaIdAsked };
}

it('looks at once and then at its interval, and tells of every look', async () => {
  const { clock, groups, described, looked, failed } = watch();
  expect(groups.status).toEqual({ kind: 'untried' });
  await clock.advance(2500);
  expect(described).toEqual(['0 team', '1000 team', '2000 team']);
  expect(looked).toEqual([0, 1000, 2000]);
  expect(groups.status).toMatchObject({ kind: 'told', reading: { kind: 'primary', url: A } });
  expect(failed).toEqual([]);
  // No time limit of a look is left.
  expect(clock.pendingTimers).toBe(1);
});

it('has nothing to look at without a broker that has groups', async () => {
  const { clock, groups, looked, running } = watch({}, { groups: null });
  await running;
  groups.nudge();
  await clock.advance(100_000);
  expect(groups.status).toMatchObject({ kind: 'unavailable', isRefused: true });
  expect(looked).toEqual([]);
});

it('looks at the group that the settings name, else the nodes, else at the usual one', () => {
  expect(watch({}, { groupId: 'mine' }).groups.groupId).toBe('mine');
  const { groups, state } = watch();
  expect(groups.groupId).toBe('team');
  state.clusterId = 'kafka-cluster=k;schema-registry-cluster=theirs';
  expect(groups.groupId).toBe('theirs');
  state.clusterId = 'kafka-cluster=k';
  expect(groups.groupId).toBe('schema-registry');
  state.clusterId = null;
  expect(groups.groupId).toBe('schema-registry');
});

it('waits with the first look for the nodes to name their group, but not for long', async () => {
  const named = watch({ clusterId: null });
  await named.clock.advance(350);
  expect([named.described, named.looked]).toEqual([[], []]);
  named.state.clusterId = 'schema-registry-cluster=theirs';
  await named.clock.advance(100);
  expect(named.described).toEqual(['400 theirs']);

  const nameless = watch({ clusterId: null });
  await nameless.clock.advance(3500);
  expect(nameless.described).toEqual(['2000 schema-registry', '3000 schema-registry']);

  const told = watch({ clusterId: null }, { groupId: 'mine' });
  await told.clock.advance(0);
  expect(told.described).toEqual(['0 mine']);
});

it('does not look where nobody elects, and asks from time to time whether that is still so', async () => {
  const { clock, state, described, looked } = watch({ isNeeded: false });
  await clock.advance(59_000);
  expect([described, looked]).toEqual([[], []]);
  state.isNeeded = true;
  await clock.advance(1000);
  expect(described).toEqual(['60000 team']);
});

it('leaves alone what it may not see until its time comes, however urgent', async () => {
  const { clock, groups, times } = watch({ describe: refused, isUrgent: true });
  await clock.advance(1000);
  groups.nudge();
  await clock.advance(59_500);
  expect(groups.status).toEqual({ kind: 'unavailable', reason: 'not allowed', isRefused: true });
  expect(times()).toEqual([0, 60_000]);
});

it('looks seldom for a group that is not there, more often when it is urgent, and at once when told to', async () => {
  const { clock, state, groups, times } = watch({ describe: () => Promise.resolve(empty) });
  await clock.advance(60_500);
  expect(times()).toEqual([0, 60_000]);
  expect(groups.status).toEqual({ kind: 'unavailable', reason: 'the group is Empty', isRefused: false });
  state.isUrgent = true;
  groups.nudge();
  await clock.advance(2500);
  expect(times().slice(2)).toEqual([60_500, 61_500, 62_500]);
});

it('does not take another kind of group for one of a registry', async () => {
  const { clock, groups } = watch({ describe: () => Promise.resolve({ ...full, protocolType: 'consumer' }) });
  await clock.advance(0);
  expect(groups.status).toMatchObject({ kind: 'unavailable', isRefused: false });
});

it('takes a group whose members are gone for one without a primary, if it told before', async () => {
  const { clock, state, groups } = watch();
  await clock.advance(500);
  state.describe = () => Promise.reject(new Error('no broker'));
  await clock.advance(1000);
  expect(groups.status).toMatchObject({ kind: 'away', hasTold: true });
  state.describe = () => Promise.resolve(empty);
  await clock.advance(2000);
  expect(groups.status).toEqual({ kind: 'told', reading: { kind: 'none', reason: 'the group is Empty' } });
});

it('is away, since the first look that came to nothing, while no broker tells', async () => {
  const { clock, state, groups, times } = watch({
    describe: () => Promise.reject(new Error('no broker')),
  });
  await clock.advance(500);
  expect(groups.status).toEqual({ kind: 'away', reason: 'no broker', since: 0, hasTold: false });
  state.describe = () => Promise.reject('still none');
  await clock.advance(1000);
  expect(groups.status).toEqual({ kind: 'away', reason: 'still none', since: 0, hasTold: false });
  expect(times()).toEqual([0, 1000]);
  state.describe = () => Promise.resolve(full);
  await clock.advance(1000);
  state.describe = () => Promise.reject(new Error('gone'));
  await clock.advance(2000);
  expect(groups.status).toEqual({ kind: 'away', reason: 'gone', since: 3000, hasTold: true });
});

it('gives up on a broker that hangs, and asks it nothing more until it has answered', async () => {
  let answer: (group: DescribedGroup) => void = () => {};
  const { clock, state, groups, times, looked } = watch({
    describe: () => new Promise((resolve) => (answer = resolve)),
  });
  await clock.advance(2000);
  expect(groups.status).toEqual({
    kind: 'away',
    reason: 'no broker described it within 2000 ms',
    since: 2000,
    hasTold: false,
  });
  await clock.advance(5000);
  expect([times(), looked]).toEqual([[0], [2000, 5000]]);
  state.describe = () => Promise.resolve(full);
  answer(empty);
  await clock.advance(0);
  expect(times()).toEqual([0, 7000]);
  expect(groups.status.kind).toBe('told');
  await clock.advance(1000);
  expect(times()).toEqual([0, 7000, 8000]);
});

it('asks a broker that hung again when its description failed at last', async () => {
  let fail: (error: Error) => void = () => {};
  const { clock, state, groups, times } = watch({ describe: () => new Promise((_, reject) => (fail = reject)) });
  await clock.advance(3500);
  state.describe = () => Promise.resolve(full);
  fail(new Error('timed out'));
  await clock.advance(0);
  expect(times()).toEqual([0, 3500]);
  expect(groups.status.kind).toBe('told');
});

it('does not look at the groups of a Kafka cluster that is not the one of the registry', async () => {
  const { clock, state, groups, described, kafkaIdAsked } = watch({ clusterId: THEIRS }, { kafkaId: 'ours' });
  await clock.advance(0);
  expect(groups.status).toEqual({
    kind: 'unavailable',
    reason: "the registry elects in the Kafka cluster theirs, the worker's is ours",
    isRefused: false,
  });
  expect(described).toEqual([]);
  state.clusterId = 'kafka-cluster=ours;schema-registry-cluster=team';
  groups.nudge();
  await clock.advance(3500);
  expect(described).toHaveLength(4);
  expect(kafkaIdAsked()).toBe(1);
});

it.each([null, undefined])('looks where nobody says which Kafka cluster it is (%s)', async (kafkaId) => {
  const { clock, groups } = watch({ clusterId: THEIRS }, kafkaId === null ? { kafkaId } : {});
  await clock.advance(0);
  expect(groups.status.kind).toBe('told');
});

it('asks for no Kafka cluster where the nodes name none', async () => {
  const { clock, described, kafkaIdAsked } = watch({}, { kafkaId: 'ours' });
  await clock.advance(0);
  expect([described, kafkaIdAsked()]).toEqual([['0 team'], 0]);
});

it('ends with its signal while a broker hangs, and tells of nothing', async () => {
  const { clock, groups, life, looked, failed, running } = watch({ describe: silent });
  await clock.advance(500);
  life.abort(new Error('over'));
  await running;
  expect(groups.status).toEqual({ kind: 'untried' });
  expect([looked, failed, clock.pendingTimers]).toEqual([[], [], 0]);
});
