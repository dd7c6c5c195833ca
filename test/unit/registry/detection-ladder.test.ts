import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { DetectionLadder } from '../../../src/registry/detection-ladder.ts';
import type { CallResult } from '../../../src/registry/endpoints.ts';
import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { groupDescriber } from './group-describers.ts';

const A = 'http://a:8081';
const B = 'http://b:8081';
const ELSEWHERE = 'http://elsewhere:8081';
const full = await groupDescriber({ urls: [A, B] })();
const UNCLEAR = { kind: 'unclear', isElecting: false };

/** What the node at this URL says of itself: the primary's URL, and whether it is that. */
const word = (primaryUrl: string | null, isPrimary: boolean) => ({
  schema_registry_ready: true,
  schema_registry_is_primary: isPrimary,
  schema_registry_primary_url: primaryUrl,
});

interface SetUp {
  readonly settings?: Readonly<Record<string, string>>;
  readonly describe?: (() => Promise<DescribedGroup>) | null;
  /** By node; none: it has no health resource. */
  readonly words?: Record<string, object | 'silent'>;
}

function ladderOf(setUp: SetUp = {}) {
  const clock = new ManualClock();
  const state = {
    describe: setUp.describe ?? (() => Promise.resolve(full)),
    words: setUp.words ?? {},
    isUrgent: false,
  };
  const described: number[] = [];
  const asked: string[] = [];
  const life = new AbortController();
  let looks = 0;
  const ladder = new DetectionLadder({
    nodes: [A, B],
    values: REGISTRY_CONFIG.parse({
      'schema.registry.url': `${A},${B}`,
      'registry.group.id': 'team',
      ...setUp.settings,
    }),
    ask: async (node, { path, timeoutMs = 5000 }, signal) => {
      if (path === '/_health') asked.push(`${clock.monotonic()} ${node}`);
      const said = path === '/_health' ? state.words[node] : undefined;
      if (said === 'silent') await clock.sleep(timeoutMs, signal);
      return (said === 'silent' ? {} : { status: said === undefined ? 404 : 200, json: said }) as CallResult;
    },
    groups:
      setUp.describe === null
        ? null
        : {
            describe: () => {
              described.push(clock.monotonic());
              return state.describe();
            },
          },
    clusterId: () => null,
    clock,
    isUrgent: () => state.isUrgent,
    looked: () => {
      looks += 1;
    },
    emit: () => {},
    failed: () => {},
  });
  const run = (): Promise<void> => ladder.run(life.signal);
  const begin = async (ms = 0): Promise<void> => {
    run().catch(() => {});
    await clock.advance(ms);
  };
  return { clock, state, described, asked, life, ladder, run, begin, looks: () => looks };
}

const away = (): Promise<never> => Promise.reject(new Error('no broker'));
const refused = (): Promise<never> => Promise.reject(new ConfigError('not allowed'));

it('says nothing before the highest rung was tried', async () => {
  const { ladder, begin, looks } = ladderOf();
  expect(ladder.stand()).toBeUndefined();
  await begin();
  expect(ladder.stand()).toEqual({
    rung: 'group',
    reason: '',
    found: { kind: 'primary', identity: { memberId: 'sr-1-node-0-1', url: A } },
  });
  expect(looks()).toBeGreaterThan(1);
});

it('hands on that the group elects, or has nobody', async () => {
  const electing = ladderOf({ describe: () => Promise.resolve({ ...full, state: 'PreparingRebalance' }) });
  await electing.begin();
  expect(electing.ladder.stand()).toMatchObject({ rung: 'group', found: { kind: 'unclear', isElecting: true } });
  const none = ladderOf({
    describe: () => {
      const assignment = new TextEncoder().encode('{"error":1,"master":null}');
      return Promise.resolve({ ...full, members: full.members.map((member) => ({ ...member, assignment })) });
    },
  });
  await none.begin();
  expect(none.ladder.stand()).toMatchObject({
    rung: 'group',
    found: { kind: 'none', reason: expect.stringContaining('DUPLICATE_URLS') },
  });
});

it('steps down to the health of the nodes, and says why', async () => {
  const { ladder, begin } = ladderOf({ describe: refused, words: { [A]: word(A, true), [B]: word(A, false) } });
  await begin();
  expect(ladder.stand()).toEqual({
    rung: 'health',
    reason: 'group team: not allowed',
    found: { kind: 'primary', identity: { memberId: null, url: A } },
  });
});

it('hands on that the nodes know of no primary, or contradict each other', async () => {
  const none = ladderOf({ describe: refused, words: { [A]: word(null, false), [B]: word(null, false) } });
  await none.begin();
  expect(none.ladder.stand()?.found).toMatchObject({ kind: 'none', reason: 'no node knows of a primary' });
  const electing = ladderOf({ describe: refused, words: { [A]: word(B, false), [B]: word(A, false) } });
  await electing.begin();
  expect(electing.ladder.stand()?.found).toEqual({ kind: 'unclear', isElecting: true });
});

it('says nothing while a node may still tell of its health', async () => {
  const { clock, ladder, begin } = ladderOf({ describe: refused, words: { [A]: 'silent' } });
  await begin(1999);
  expect(ladder.stand()).toBeUndefined();
  await clock.advance(1);
  expect(ladder.stand()).toEqual({
    rung: 'inference',
    reason: 'group team: not allowed; no node answers for its health',
    found: UNCLEAR,
  });
});

it('stays on a group that told for five seconds after it stopped to, and steps down then', async () => {
  const { clock, state, ladder, begin } = ladderOf({ words: { [A]: word(A, true) } });
  await begin();
  state.describe = away;
  await clock.advance(1500);
  expect(ladder.stand()).toEqual({ rung: 'group', reason: '', found: UNCLEAR });
  await clock.advance(4999);
  expect(ladder.stand()).toEqual({ rung: 'group', reason: '', found: UNCLEAR });
  await clock.advance(1);
  expect(ladder.stand()).toMatchObject({ rung: 'health', reason: 'group team: no broker' });
  state.describe = () => Promise.resolve(full);
  await clock.advance(1500);
  expect(ladder.stand()).toMatchObject({ rung: 'group' });
});

it('does not wait for a group that never told', async () => {
  const { ladder, begin } = ladderOf({ describe: away, words: { [A]: word(A, true) } });
  await begin();
  expect(ladder.stand()).toMatchObject({ rung: 'health', reason: 'group team: no broker' });
});

it('does not take the group of other nodes for theirs', async () => {
  const { ladder, begin } = ladderOf({ words: { [A]: word(ELSEWHERE, true), [B]: word(ELSEWHERE, false) } });
  await begin();
  expect(ladder.stand()).toMatchObject({
    rung: 'health',
    reason: 'group team: another registry elects in it',
    found: { kind: 'primary', identity: { url: ELSEWHERE } },
  });
});

it.each<[string, Record<string, object>]>([
  ['name another member, as the group is about to', { [A]: word(B, false), [B]: word(B, true) }],
  ['name somebody of whom none of them says so itself', { [A]: word(ELSEWHERE, false), [B]: word(ELSEWHERE, false) }],
  ['name nobody', { [A]: word(null, false), [B]: word(null, false) }],
])('believes the group when the nodes %s', async (_name, words) => {
  const { ladder, begin } = ladderOf({ words });
  await begin();
  expect(ladder.stand()).toMatchObject({ rung: 'group', found: { identity: { url: A } } });
});

it('believes a group that elects, whatever the nodes say', async () => {
  const { ladder, begin } = ladderOf({
    describe: () => Promise.resolve({ ...full, state: 'CompletingRebalance' }),
    words: { [A]: word(ELSEWHERE, true) },
  });
  await begin();
  expect(ladder.stand()).toMatchObject({ rung: 'group', found: { isElecting: true } });
});

it('finds no primary where there is none to be found', async () => {
  const { clock, ladder, described, begin } = ladderOf({ settings: { 'registry.vendor': 'redpanda' } });
  await begin();
  await clock.advance(100_000);
  expect(ladder.stand()).toEqual({
    rung: 'none',
    reason: 'redpanda has no primary: every node takes writes',
    found: UNCLEAR,
  });
  expect(described).toEqual([]);
});

it.each<[string, string, string]>([
  ['group', 'inference', 'group team: not allowed; registry.detection leaves out health resources'],
  ['health', 'health', 'registry.detection leaves out the group'],
  ['inference', 'inference', 'registry.detection leaves out the group; registry.detection leaves out health resources'],
])('uses no more than registry.detection=%s allows', async (detection, rung, reason) => {
  const { ladder, described, begin } = ladderOf({
    settings: { 'registry.detection': detection },
    describe: refused,
    words: { [A]: word(A, true) },
  });
  await begin();
  expect(ladder.stand()).toMatchObject({ rung, reason });
  expect(described).toHaveLength(detection === 'group' ? 1 : 0);
});

it('has no group to look at without a broker that has groups', async () => {
  const { ladder, begin } = ladderOf({ describe: null, words: { [A]: word(A, true) } });
  await begin();
  expect(ladder.stand()).toMatchObject({ rung: 'health', reason: expect.stringContaining('no groups of registries') });
});

it('looks often while something is the matter, and seldom otherwise', async () => {
  const { clock, state, described, asked, begin } = ladderOf({ words: { [A]: word(A, true), [B]: word(A, false) } });
  await begin(2900);
  expect([described, asked.length]).toEqual([[0, 1500], 4]);
  state.isUrgent = true;
  await clock.advance(1000);
  expect(described.slice(2)).toEqual([3000, 3250, 3500, 3750]);
  expect(asked).toHaveLength(12);
});

it('looks at group and nodes at once when it is told to, but not for what is known not to be there', async () => {
  const { clock, ladder, described, asked, begin } = ladderOf({ words: { [A]: word(A, true) } });
  await begin(100);
  ladder.lookNow();
  await clock.advance(0);
  expect([described, asked]).toEqual([
    [0, 100],
    [`0 ${A}`, `0 ${B}`, `100 ${A}`],
  ]);
  await clock.advance(100);
  ladder.lookAgain();
  await clock.advance(0);
  expect([described, asked.slice(3)]).toEqual([
    [0, 100, 200],
    [`200 ${A}`, `200 ${B}`],
  ]);
});

it('ends with its signal', async () => {
  const { clock, life, run } = ladderOf({ words: { [A]: 'silent' }, describe: () => new Promise(() => {}) });
  const running = run();
  await clock.advance(500);
  life.abort(new Error('over'));
  await running;
  expect(clock.pendingTimers).toBe(0);
});
