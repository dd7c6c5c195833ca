/** The tracker over nodes that answer what a test says. */
import { afterEach, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { CallResult } from '../../../src/registry/endpoints.ts';
import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import { PrimaryTracker } from '../../../src/registry/primary-tracker.ts';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import { groupDescriber } from './group-describers.ts';

const A = 'http://a:8081';
const B = 'http://b:8081';
const never = new AbortController().signal;

type Answer = { readonly status: number; readonly json?: unknown } | 'silent';

const health = (more: object = {}): Answer => ({
  status: 200,
  json: {
    healthy: true,
    status: {
      schema_registry_ready: true,
      schema_registry_is_primary: false,
      schema_registry_primary_url: A,
      schema_registry_reader_current_offset: 9,
      schema_registry_reader_highest_offset: 9,
      schema_registry_coordinator_generation_id: 1,
      ...more,
    },
  },
});
const PRIMARY = health({ schema_registry_is_primary: true });
const NOT_FOUND: Answer = { status: 404, json: { error_code: 404 } };
const CONFLUENT: Answer = { status: 200, json: { scope: { clusters: { 'schema-registry-cluster': 'sr' } }, id: '' } };

let clock: ManualClock;
let tracker: PrimaryTracker;
/** By `node path`; not found unless told. */
let answers: Record<string, Answer>;
let asked: string[];
/** Since when, of each change. */
let suspect: number[];
afterEach(() => tracker.close());

async function start(options: {
  readonly settings?: Record<string, string>;
  readonly describe?: () => Promise<DescribedGroup>;
  readonly addresses?: Record<string, readonly string[]>;
}): Promise<void> {
  clock = new ManualClock();
  asked = [];
  suspect = [];
  const { describe } = options;
  tracker = new PrimaryTracker({
    nodes: [A, B],
    values: REGISTRY_CONFIG.parse({ 'schema.registry.url': `${A},${B}`, ...options.settings }),
    ask: async (node, { path, timeoutMs = 5000 }, signal) => {
      asked.push(`${node}${path}`);
      const answer = answers[`${node}${path}`] ?? NOT_FOUND;
      if (answer !== 'silent') return answer as unknown as CallResult;
      await clock.sleep(timeoutMs, signal);
      return { status: undefined } as CallResult;
    },
    groups: describe === undefined ? null : { describe },
    clusterId: () => null,
    clock,
    logger: recordingLogger().logger,
    emit: () => {},
    onChange: ({ suspectSince }) => suspect.push(suspectSince),
    onSuspect: () => {},
    onReady: () => {},
    resolveHost: async (host) => options.addresses?.[host] ?? [],
  });
  await clock.advance(3_000);
}

const progress = async () => {
  const probed = [A, B].map((node) => ({ node, ready: true, highestId: 7 }));
  const asking = tracker.progress(probed, never);
  await clock.advance(2_000);
  return (await asking).map(({ ready }) => ready);
};

it('vouches for no node that says it has not read everything', async () => {
  answers = { [`${A}/_health`]: PRIMARY, [`${B}/_health`]: health() };
  await start({});
  expect(await progress()).toEqual([true, true]);
  answers[`${B}/_health`] = health({ schema_registry_reader_current_offset: 8 });
  expect(await progress()).toEqual([true, false]);
  answers[`${B}/_health`] = health({ schema_registry_ready: false });
  expect(await progress()).toEqual([true, false]);
});

it('vouches for no node that says nothing of itself, as it hangs without its broker', async () => {
  answers = { [`${A}/_health`]: PRIMARY, [`${B}/_health`]: 'silent' };
  await start({});
  await clock.advance(10_000);
  expect(await progress()).toEqual([true, false]);
});

it('believes what was probed where there are no health resources, and one ready node stays one', async () => {
  answers = { [`${A}/v1/metadata/id`]: CONFLUENT, [`${B}/v1/metadata/id`]: CONFLUENT };
  await start({});
  expect(tracker.snapshot().vendor).toBe('confluent');
  expect(await progress()).toEqual([true, true]);
});

it('recognizes the vendor once, and again when an outage ended or a node came back', async () => {
  answers = { [`${A}/v1/metadata/id`]: CONFLUENT, [`${B}/v1/metadata/id`]: CONFLUENT };
  await start({});
  await clock.advance(600_000);
  expect(asked).toHaveLength(4);
  // Another registry takes the place.
  answers = { [`${A}/_health`]: PRIMARY, [`${B}/_health`]: health() };
  tracker.observe({ kind: 'outage-began', access: 'read', reason: '' });
  await clock.advance(1_000);
  expect(tracker.snapshot().vendor).toBe('confluent');
  tracker.observe({ kind: 'outage-ended', access: 'read', beganAt: clock.now() - 1_000 });
  await clock.advance(0);
  expect(tracker.snapshot().vendor).toBe('karapace');
});

it('asks nothing to recognize a vendor that is told', async () => {
  answers = {};
  await start({ settings: { 'registry.vendor': 'confluent' } });
  await clock.advance(100_000);
  tracker.observe({ kind: 'node-changed', node: A, alive: true });
  await clock.advance(100_000);
  expect(asked).toEqual([]);
  expect(tracker.snapshot()).toMatchObject({ vendor: 'confluent', rung: 'inference' });
});

it.each(['apicurio', 'confluent'])(
  '%s: takes it for an outage when every node was away, though nobody asked for a schema',
  async (vendor) => {
    answers = {};
    await start({ settings: { 'registry.vendor': vendor } });
    const change = (node: string, alive: boolean): void => tracker.observe({ kind: 'node-changed', node, alive });
    tracker.observe({ kind: 'written', node: A });
    const writtenAt = clock.now();
    await clock.advance(10_000);
    change(A, false);
    change(A, true);
    change(B, false);
    expect(suspect).toEqual([]);
    change(A, false);
    await clock.advance(20_000);
    change(B, true);
    change(A, true);
    expect(suspect).toEqual([writtenAt - 30_000]);
    expect(tracker.isSuspect({ at: writtenAt, epoch: 'unknown' })).toBe(true);
    // Who has a primary is good for writes again when one went through.
    expect(tracker.snapshot().epochs[0]).toMatchObject({
      cause: 'outage-ended',
      usableAt: vendor === 'apicurio' ? clock.now() : null,
    });
  },
);

it.each(['read', 'write'] as const)(
  'leaves it to the gate of %ss to end an outage that it is closed for',
  async (access) => {
    answers = {};
    await start({ settings: { 'registry.vendor': 'apicurio' } });
    for (const node of [A, B]) tracker.observe({ kind: 'node-changed', node, alive: false });
    tracker.observe({ kind: 'outage-began', access, reason: '' });
    for (const node of [A, B]) tracker.observe({ kind: 'node-changed', node, alive: true });
    expect(suspect).toEqual([]);
    tracker.observe({ kind: 'outage-ended', access, beganAt: clock.now() });
    expect(suspect).toHaveLength(1);
  },
);

it('leaves it to health resources to tell of a change, where there are some', async () => {
  answers = { [`${A}/_health`]: PRIMARY, [`${B}/_health`]: health() };
  await start({});
  for (const alive of [false, true]) for (const node of [A, B]) tracker.observe({ kind: 'node-changed', node, alive });
  expect(tracker.snapshot().rung).toBe('health');
  expect(suspect).toEqual([]);
});

it('finds the node behind an address by what both names resolve to', async () => {
  answers = {};
  await start({
    describe: groupDescriber({ urls: ['http://pod-1:8081', 'http://pod-0:8081'] }),
    addresses: { 'pod-1': ['10.0.0.2'], a: ['10.0.0.1'], b: ['10.0.0.2'] },
  });
  expect(tracker.primary()).toBe(B);
  expect(tracker.snapshot().nodes.get(B)?.role).toBe('primary');
});

it('uses the node that calls itself primary when the address leads nowhere', async () => {
  const url = 'http://pod-1:9999';
  const named = { schema_registry_primary_url: url };
  answers = {
    [`${A}/_health`]: health(named),
    [`${B}/_health`]: health({ ...named, schema_registry_is_primary: true }),
  };
  await start({ describe: groupDescriber({ urls: [url] }) });
  expect(tracker.snapshot()).toMatchObject({ rung: 'group' });
  expect(tracker.snapshot().epochs[0]).toMatchObject({ url, usableAt: expect.any(Number) });
  expect(tracker.primary()).toBe(B);
});

it('takes a group whose members are all gone for one without a primary, and one that never was for none', async () => {
  answers = {};
  let members: DescribedGroup['members'] | undefined;
  const full = await groupDescriber({ urls: [A, B] })();
  await start({
    describe: async () => (members === undefined ? { ...full, state: 'Empty', members: [] } : { ...full, members }),
  });
  expect(tracker.snapshot()).toMatchObject({ rung: 'inference', epochs: [] });
  members = full.members;
  await clock.advance(60_000);
  expect(tracker.snapshot()).toMatchObject({ rung: 'group', epochs: [{ cause: 'first-seen', url: A }] });
  members = undefined;
  await clock.advance(3_000);
  expect(tracker.snapshot()).toMatchObject({ rung: 'group', epochs: [{ cause: 'primary-lost', url: null }, {}] });
  expect(tracker.primary()).toBeNull();
});

it('sees writes move to another node where nothing else tells', async () => {
  answers = {};
  await start({});
  tracker.observe({ kind: 'written', node: A });
  tracker.observe({ kind: 'written', node: A });
  await clock.advance(5_000);
  const acknowledgement = { at: clock.now(), epoch: tracker.epoch() };
  await clock.advance(5_000);
  tracker.observe({ kind: 'written', node: B });
  expect(tracker.snapshot().epochs.map(({ cause }) => cause)).toEqual(['write-moved', 'first-seen']);
  expect(tracker.isSuspect(acknowledgement)).toBe(true);
  expect(tracker.isSuspect({ at: clock.now(), epoch: tracker.epoch() })).toBe(false);
  expect(tracker.lastChangeAt()).toBe(clock.monotonic());
});

it('takes the ends of both outages for one change', async () => {
  answers = {};
  await start({});
  tracker.observe({ kind: 'written', node: A });
  for (const access of ['read', 'write'] as const) tracker.observe({ kind: 'outage-began', access, reason: 'refused' });
  await clock.advance(10_000);
  const beganAt = clock.now() - 10_000;
  tracker.observe({ kind: 'outage-ended', access: 'read', beganAt });
  expect(tracker.snapshot().epochs[0]).toMatchObject({ cause: 'outage-ended', usableAt: null, changeBeganAt: beganAt });
  await clock.advance(1_000);
  tracker.observe({ kind: 'outage-ended', access: 'write', beganAt });
  expect(tracker.snapshot().epochs.map(({ cause }) => cause)).toEqual(['outage-ended', 'first-seen']);
  expect(tracker.snapshot().epochs[0]?.usableAt).toBe(clock.now());
  // Who hears of it twice makes nothing of it.
  tracker.observe({ kind: 'outage-ended', access: 'write', beganAt });
  expect(tracker.snapshot().epochs).toHaveLength(2);
});

it('counts no word of a node that was given before it was named', async () => {
  answers = { [`${A}/_health`]: PRIMARY, [`${B}/_health`]: health() };
  const full = await groupDescriber({ urls: [A, B] })();
  const other = await groupDescriber({ urls: [A, B], starts: 2 })();
  let described = full;
  await start({ describe: async () => described });
  expect(tracker.snapshot().epochs[0]?.usableAt).not.toBeNull();
  // It was restarted, and says nothing yet.
  answers[`${A}/_health`] = 'silent';
  described = other;
  await clock.advance(2_000);
  expect(tracker.snapshot().epochs[0]).toMatchObject({ number: 2, usableAt: null });
  answers[`${A}/_health`] = PRIMARY;
  await clock.advance(3_000);
  expect(tracker.snapshot().epochs[0]?.usableAt).not.toBeNull();
});

it('does not take a primary for good that the group names while requests fail', async () => {
  answers = {};
  let urls = [A, B];
  await start({ describe: async () => (await groupDescriber({ urls }))() });
  await clock.advance(60_000);
  tracker.observe({ kind: 'outage-began', access: 'write', reason: 'refused' });
  const beganAt = clock.now();
  await clock.advance(20_000);
  urls = [B, A];
  await clock.advance(2_000);
  expect(suspect).toHaveLength(1);
  expect(suspect[0]).toBeLessThanOrEqual(beganAt - 30_000);
  expect(suspect[0]).toBeGreaterThanOrEqual(beganAt - 32_000);
});

it('forgets what a node said that has fallen silent', async () => {
  answers = { [`${A}/_health`]: PRIMARY, [`${B}/_health`]: health() };
  await start({});
  expect(tracker.snapshot().rung).toBe('health');
  answers = { [`${A}/_health`]: 'silent', [`${B}/_health`]: 'silent' };
  await clock.advance(20_000);
  expect(tracker.snapshot().rung).toBe('inference');
  expect(tracker.snapshot().nodes.get(B)?.progress).toBeNull();
  expect(await progress()).toEqual([false, false]);
});

it('asks a node once at a time, whoever wants to know', async () => {
  answers = { [`${A}/_health`]: PRIMARY, [`${B}/_health`]: 'silent' };
  await start({ settings: { 'registry.health.timeout.ms': '2000' } });
  asked = [];
  const probed = [{ node: B, ready: true, highestId: 7 }];
  const many = [1, 2, 3].map(() => tracker.progress(probed, never));
  expect(asked.length).toBeLessThanOrEqual(1);
  await clock.advance(3_000);
  await Promise.all(many);
});
