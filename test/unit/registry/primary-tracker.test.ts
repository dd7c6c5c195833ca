import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/sdk/errors/index.ts';
import { errorAnswer } from '../../../src/testing/index.ts';
import { groupDescriber } from './group-describers.ts';
import { TrackedRegistry, type TrackedRegistryOptions } from './tracked-registry.ts';

let tracked: TrackedRegistry;
afterEach(() => tracked.close());

async function start(options: TrackedRegistryOptions = {}, ms = 5_000): Promise<void> {
  tracked = await TrackedRegistry.start(options);
  await tracked.pass(ms, 500);
}

const codes = () => tracked.log.lines.map(({ fields }) => fields['code']).filter((code) => typeof code === 'string');
const times = (code: string) => codes().filter((other) => other === code).length;
const causes = () => tracked.snapshot.epochs.map(({ cause }) => cause).toReversed();
const refused = () => Promise.reject(new ConfigError('Not authorized to access group.'));
const silent = () => new Promise<never>(() => {});

describe('the ladder', () => {
  it('stands on the group first', async () => {
    await start();
    expect(tracked.snapshot).toMatchObject({ rung: 'group', rungReason: '', vendor: 'karapace' });
    expect(tracked.snapshot.epoch).toMatchObject({ memberId: 'sr-1-node-0-1', cause: 'first-seen', rung: 'group' });
    expect(tracked.snapshot.nodes.map(({ role, ready }) => [role, ready])).toEqual([
      ['primary', true],
      ['replica', true],
    ]);
  });

  it('without the permission to describe it: on health resources, said once, and tried again in a minute', async () => {
    await start({ describe: refused }, 30_000);
    expect(tracked.snapshot).toMatchObject({ rung: 'health', vendor: 'karapace' });
    expect(tracked.snapshot.rungReason).toContain('Not authorized to access group.');
    expect(tracked.snapshot.epoch).toMatchObject({ memberId: null, url: tracked.registry.urls[0], rung: 'health' });
    expect(tracked.described).toHaveLength(1);
    expect(times('holdfast.registry.detection.rung')).toBe(1);
    await tracked.pass(100_000, 1_000);
    expect(tracked.described).toHaveLength(3);
    expect(times('holdfast.registry.detection.rung')).toBe(1);
    await tracked.registry.setPrimary(1);
    await tracked.pass(3_000, 500);
    expect(causes()).toEqual(['first-seen', 'health-changed']);
    expect(tracked.snapshot.epoch?.url).toBe(tracked.registry.urls[1]);
  });

  it('climbs up again when the permission was given, and takes the same primary for the same', async () => {
    let isAllowed = false;
    await start({ describe: () => (isAllowed ? groupDescriber(tracked.registry)() : refused()) });
    expect(tracked.snapshot.rung).toBe('health');
    isAllowed = true;
    await tracked.pass(60_000, 0);
    expect(tracked.snapshot.rung).toBe('group');
    expect(tracked.snapshot.epoch).toMatchObject({ memberId: 'sr-1-node-0-1', cause: 'first-seen', number: 1 });
    expect(tracked.changes).toEqual([]);
  });

  it('without a broker that has groups: on health resources', async () => {
    await start({ describe: null });
    expect(tracked.snapshot.rung).toBe('health');
  });

  it.each(['confluent'] as const)('without group and health resources: on what requests do (%s)', async (vendor) => {
    await start({ describe: null, vendor });
    expect(tracked.snapshot).toMatchObject({ rung: 'inference', vendor: 'confluent' });
    expect(tracked.snapshot.rungReason).toContain('no health resource');
    expect(causes()).toEqual(['first-seen']);
    expect(tracked.snapshot.epoch).toMatchObject({ url: null, rung: 'inference' });
    tracked.registry.script({ stage: 'write', untilMs: 5_000, fault: errorAnswer(500, 50004) });
    await tracked.pass(10_000, 500);
    expect(causes()).toEqual(['first-seen', 'outage-ended']);
    expect(tracked.changes).toHaveLength(1);
  });

  it('gives up a group that a broker stopped telling of after five seconds, and keeps the primary', async () => {
    let isAway = false;
    await start({ describe: () => (isAway ? silent() : groupDescriber(tracked.registry)()) });
    isAway = true;
    await tracked.pass(3_000, 500);
    expect(tracked.snapshot.rung).toBe('group');
    await tracked.pass(10_000, 500);
    expect(tracked.snapshot).toMatchObject({ rung: 'health', rungReason: expect.stringContaining('within 2000 ms') });
    expect(causes()).toEqual(['first-seen']);
    // Nothing piles up behind a broker that hangs: one question is under way, whatever the number of looks.
    expect(tracked.described.filter((at) => at > 5_000)).toHaveLength(1);
  });

  it('is one look at a time, once in 1.5 s while all is well and four times a second in an outage', async () => {
    await start({}, 10_000);
    const calm = tracked.described.filter((at) => at > 1_000 && at <= 10_000);
    expect(calm.length).toBe(6);
    tracked.registry.script({ stage: 'write', fault: errorAnswer(500, 50003) });
    await tracked.pass(500, 100);
    const before = tracked.described.length;
    await tracked.pass(5_000, 500);
    expect(tracked.described.length - before).toBe(20);
    tracked.registry.clearScript();
    await tracked.pass(3_000, 500);
    const after = tracked.described.length;
    await tracked.pass(15_000, 500);
    expect(tracked.described.length - after).toBe(10);
  });

  it('finds no primary where every node writes, and looks at no group', async () => {
    await start({ settings: { 'registry.vendor': 'apicurio' } }, 10_000);
    expect(tracked.snapshot).toMatchObject({ vendor: 'apicurio', rung: 'none', epoch: null });
    expect(tracked.described).toEqual([]);
    expect(tracked.registry.requests.list({ operation: 'health' })).toEqual([]);
    tracked.registry.script({ untilMs: 5_000, fault: errorAnswer(503, 50003) });
    await tracked.pass(10_000, 500);
    // Several nodes may have given out ids over the outage all the same.
    expect(causes()).toEqual(['outage-ended']);
    expect(tracked.snapshot.epoch?.usableAt).not.toBeNull();
    expect(tracked.changes).toHaveLength(1);
  });

  it.each(['group', 'health', 'inference'])('is cut to one rung: %s', async (rung) => {
    await start({ settings: { 'registry.detection': rung } });
    expect(tracked.snapshot.rung).toBe(rung);
  });

  it('off: looks for nothing', async () => {
    await start({ settings: { 'registry.detection': 'off' } });
    expect(tracked.snapshot).toMatchObject({ rung: 'none', epoch: null });
    expect(tracked.registry.requests.list({ operation: 'health' })).toEqual([]);
    expect(tracked.described).toEqual([]);
  });

  it('looks at the group that the nodes name', async () => {
    const asked: string[] = [];
    await start({
      groupId: 'registry-of-the-team',
      describe: (_signal, groupId) => {
        asked.push(groupId);
        return groupDescriber(tracked.registry)();
      },
    });
    expect(new Set(asked)).toEqual(new Set(['registry-of-the-team']));
    expect(tracked.snapshot.rung).toBe('group');
  });

  it('is not misled by the group of a registry in another Kafka cluster', async () => {
    await start({ kafkaClusterId: 'theirs', kafkaIdOfWorker: 'ours' });
    expect(tracked.snapshot).toMatchObject({ rung: 'health', rungReason: expect.stringContaining('theirs') });
    expect(tracked.described).toEqual([]);
  });

  it('is not misled by the group of another registry in the same cluster', async () => {
    await start({ describe: groupDescriber({ urls: ['http://other:8081'] }) });
    expect(tracked.snapshot).toMatchObject({
      rung: 'health',
      rungReason: expect.stringContaining('another registry elects in it'),
      epoch: { url: tracked.registry.urls[0] },
    });
  });
});

describe('an advertised address', () => {
  it('that leads nowhere names the primary, and is said once; health tells which node it is', async () => {
    await start({
      describe: groupDescriber({ urls: ['http://pod-0.internal:9081', 'http://pod-1.internal:9081'] }),
      vendor: 'confluent',
    });
    expect(tracked.snapshot.epoch).toMatchObject({ url: 'http://pod-0.internal:9081', memberId: 'sr-1-node-0-1' });
    expect(tracked.snapshot.nodes.map(({ role }) => role)).toEqual(['unknown', 'unknown']);
    await tracked.pass(30_000, 500);
    expect(times('holdfast.registry.detection.address')).toBe(1);
  });
});

describe('a primary', () => {
  it('that the group lost is none, and the log says so once', async () => {
    await start({ vendor: 'confluent' });
    await tracked.registry.setPrimary(null);
    await tracked.pass(10_000, 500);
    expect(causes()).toEqual(['first-seen', 'primary-lost']);
    expect(tracked.snapshot.epoch).toMatchObject({ url: null, memberId: null });
    expect(times('holdfast.registry.primary.none')).toBe(1);
    // The group says it later than the first write that goes through.
    await tracked.registry.setPrimary(1);
    tracked.registry.group.follow(null);
    await tracked.pass(2_000, 500);
    tracked.registry.group.follow(1);
    await tracked.pass(3_000, 500);
    expect(causes()).toEqual(['first-seen', 'primary-lost', 'outage-ended']);
    expect(tracked.snapshot.epoch).toMatchObject({ url: tracked.registry.urls[1], rung: 'group' });
    expect(times('holdfast.registry.primary.changed')).toBe(2);
    expect(times('holdfast.registry.primary.known')).toBe(1);
    expect(times('holdfast.registry.primary.usable')).toBe(1);
    const told = tracked.events.flatMap(({ event }) => (event.type === 'epoch' ? [event.epoch] : []));
    expect(told.filter(({ number, url }) => number === 3 && url === tracked.registry.urls[1])).toHaveLength(1);
  });

  it('is there for whoever sees it write, whatever the group says', async () => {
    await start({ vendor: 'confluent' });
    tracked.registry.group.follow(null);
    await tracked.pass(20_000, 1_000);
    expect(causes()).toEqual(['first-seen']);
    await tracked.pass(10_000, 0);
    expect(causes()).toEqual(['first-seen', 'primary-lost']);
  });

  it('that comes back as another member at the same URL is another one', async () => {
    await start({ vendor: 'confluent' });
    tracked.registry.group.rejoin(0);
    tracked.registry.group.follow(0);
    await tracked.pass(3_000, 500);
    expect(tracked.snapshot.epochs.map(({ memberId }) => memberId)).toEqual(['sr-1-node-0-2', 'sr-1-node-0-1']);
  });

  it('stays the same over a rebalance that changes nothing', async () => {
    await start();
    tracked.registry.group.show('PreparingRebalance', null);
    await tracked.pass(2_000, 500);
    tracked.registry.group.follow(0);
    await tracked.pass(5_000, 500);
    expect(causes()).toEqual(['first-seen']);
    expect(tracked.changes).toEqual([]);
  });

  it('is asked for by writes first, and counts as usable by its own word when nobody writes', async () => {
    await start();
    await tracked.registry.setPrimary(1);
    await tracked.pass(3_000, 0);
    expect(tracked.snapshot.epoch).toMatchObject({ url: tracked.registry.urls[1] });
    expect(tracked.snapshot.epoch?.usableAt).not.toBeNull();
    await tracked.pass(2_000, 500);
    const writes = tracked.registry.requests.list({ operation: 'register' });
    expect(writes.slice(-3).map(({ node }) => node)).toEqual([1, 1, 1]);
  });

  it('is usable at the first new id when it has no word of its own', async () => {
    await start({ vendor: 'confluent' });
    await tracked.registry.setPrimary(1);
    await tracked.pass(5_000, 0);
    expect(tracked.snapshot.epoch?.usableAt).toBeNull();
    await tracked.pass(500, 500);
    expect(tracked.snapshot.epoch?.usableAt).not.toBeNull();
  });

  it('is usable when it is named, if somebody has just written', async () => {
    await start({ vendor: 'confluent' }, 500);
    await tracked.pass(1_000, 0);
    expect(tracked.registry.requests.list({ operation: 'register' })).toHaveLength(1);
    expect(tracked.snapshot.epoch).toMatchObject({ cause: 'first-seen', usableAt: expect.any(Number) });
  });

  it('is told of in events: named, then usable', async () => {
    await start({ vendor: 'confluent' });
    await tracked.registry.setPrimary(1);
    await tracked.pass(3_000, 500);
    const epochs = tracked.events.flatMap(({ event }) => (event.type === 'epoch' ? [event] : []));
    expect(epochs.map(({ epoch }) => [epoch.number, epoch.usableAt === null])).toEqual([
      [1, true],
      [1, false],
      [2, true],
      [2, false],
    ]);
    expect(epochs.at(-1)?.previous?.number).toBe(1);
    const detections = tracked.events.flatMap(({ event }) => (event.type === 'detection' ? [event] : []));
    expect(detections.at(-1)).toMatchObject({ vendor: 'confluent', rung: 'group' });
  });

  it('tells of nodes that stop being ready', async () => {
    await start();
    tracked.registry.node(1).pauseReading();
    await tracked.registry.register('behind', '{"type":"record","name":"Behind","fields":[]}');
    await tracked.pass(3_000, 0);
    const told = tracked.events.flatMap(({ event }) => (event.type === 'node-readiness' ? [event] : []));
    expect(told.at(-1)).toMatchObject({ node: tracked.registry.urls[1], ready: false, lag: expect.any(Number) });
    expect(tracked.snapshot.nodes[1]).toMatchObject({ ready: false, lag: 1 });
    tracked.registry.node(1).resumeReading();
    await tracked.pass(3_000, 0);
    expect(tracked.snapshot.nodes[1]).toMatchObject({ ready: true, lag: 0 });
  });
});

describe('the client', () => {
  it('is closed while a broker hangs', async () => {
    await start({ describe: silent }, 500);
    await tracked.close();
    const before = tracked.described.length;
    await tracked.clock.advance(60_000);
    expect(tracked.described).toHaveLength(before);
    expect(tracked.clock.pendingTimers).toBe(0);
  });
});
