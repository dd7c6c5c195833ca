import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { type AccessKind, Outages } from '../../../src/registry/outages.ts';
import type { ProbeOutcome } from '../../../src/registry/prober.ts';

const START = 1_700_000_000_000;
const away: ProbeOutcome = { ok: false, reason: 'refused' };

/** The two gates alone: with 0.5 for chance, probes come 500 ms after the closing, then 1, 2 and 2 s later. */
function gatesOf(setUp: { readonly at?: number } = {}) {
  const clock = new ManualClock();
  clock.advanceSync(setUp.at ?? 0);
  const log = recordingLogger();
  const heard: string[] = [];
  const book = new GateBook({ clock, random: () => 0.5 });
  const reply = {
    reads: (): Promise<ProbeOutcome> => Promise.resolve(away),
    read: (): Promise<ProbeOutcome | 'untried'> => Promise.resolve(away),
    write: (): Promise<ProbeOutcome | 'untried'> => Promise.resolve(away),
  };
  const outages = new Outages({
    registryId: 'x',
    book,
    clock,
    logger: log.logger,
    probeInitialMs: 1000,
    probeMaxMs: 4000,
    random: () => 0.5,
    probeReads: () => {
      heard.push(`${clock.monotonic()} probe`);
      return reply.reads();
    },
    tryOne: (kind) => {
      heard.push(`${clock.monotonic()} try${kind === 'read' ? ' a read' : ''}, ${stateOf(kind)}`);
      return kind === 'read' ? reply.read() : reply.write();
    },
    onClosed: (kind, reason) => heard.push(`${clock.monotonic()} closed ${kind}, ${reason}`),
    onOpening: (kind, at) => heard.push(`${clock.monotonic()} opening ${kind} of ${at - START}, ${stateOf(kind)}`),
    onOpened: (kind) => heard.push(`${clock.monotonic()} opened ${kind}, ${stateOf(kind)}`),
    emit: (event) => {
      if (event.type !== 'gate') return;
      heard.push(`${clock.monotonic()} event ${event.gate.id} ${event.gate.state} ${event.closedForMs}`);
    },
  });
  const stateOf = (kind: AccessKind): string => outages.gates[kind].snapshot().state;
  const probes = (): string[] => heard.filter((one) => / (?:probe|try)/.test(one));
  const works = (): void => {
    reply.reads = () => Promise.resolve({ ok: true });
    reply.write = () => Promise.resolve({ ok: true });
  };
  return { clock, log, heard, book, reply, outages, stateOf, probes, works };
}

it('are open and known by the id of the registry', () => {
  const { outages, book } = gatesOf();
  expect(book.snapshots().map(({ id, dependency, state }) => [id, dependency, state])).toEqual([
    ['registry:x:read', 'schema registry (reads)', 'open'],
    ['registry:x:write', 'schema registry (writes)', 'open'],
  ]);
  expect([outages.areOpen, outages.lastEndedAt]).toEqual([true, null]);
});

it('close once, tell of it once, and take over the latest reason', () => {
  const { outages, heard, log } = gatesOf();
  outages.close('read', { reason: 'refused' });
  outages.close('read', { reason: 'reset' });
  expect(heard).toEqual(['0 event registry:x:read closed 0', '0 closed read, refused']);
  expect(outages.gates.read.snapshot()).toMatchObject({ state: 'closed', reason: 'reset' });
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'The schema registry is away; what needs it waits',
      fields: { code: 'holdfast.registry.unavailable', gate: 'registry:x:read', reason: 'refused' },
    },
  ]);
});

it.each(['read', 'write'] as const)('are not both open while %s is closed', (kind) => {
  const { outages, reply } = gatesOf();
  reply.reads = () => Promise.resolve({ ok: true });
  outages.close(kind, { reason: 'refused' });
  expect(outages.areOpen).toBe(false);
  expect([outages.isOpen('read'), outages.isOpen('write')]).toEqual([kind === 'write', kind === 'read']);
});

it('have one prober each, which says why it failed and when it comes again', async () => {
  const { outages, clock, probes } = gatesOf();
  outages.close('read', { reason: 'refused' });
  await clock.advance(400);
  outages.close('read', { reason: 'reset' });
  expect(outages.gates.read.snapshot()).toMatchObject({ reason: 'reset', attempts: 0, nextProbeAt: null });
  await clock.advance(1200);
  expect(probes()).toEqual(['500 probe', '1500 probe']);
  expect(outages.gates.read.snapshot()).toMatchObject({
    state: 'closed',
    reason: 'refused',
    attempts: 2,
    nextProbeAt: START + 3500,
  });
});

it('are first probed when the registry said that they may be', async () => {
  const { outages, clock, probes } = gatesOf();
  outages.close('read', { reason: 'HTTP 429', retryAfterMs: 9000 });
  await clock.advance(9000);
  expect(probes()).toEqual(['9000 probe']);
});

it('open when a read works again: before anybody is let go somebody is told, and somebody after', async () => {
  const { outages, clock, heard, works, log } = gatesOf({ at: 10_000 });
  outages.close('read', { reason: 'refused' });
  works();
  heard.length = 0;
  await clock.advance(60_000);
  expect(heard).toEqual([
    '10500 probe',
    '10500 opening read of 10000, closed',
    '10500 event registry:x:read open 500',
    '10500 opened read, open',
  ]);
  expect(log.lines.at(-1)).toEqual({
    level: 'info',
    message: 'The schema registry is back; what waited goes on',
    fields: { code: 'holdfast.registry.unavailable', gate: 'registry:x:read', closedForMs: 500 },
  });
  expect([outages.lastEndedAt, outages.areOpen]).toEqual([10_500, true]);
  outages.open('read');
  expect(heard).toHaveLength(4);
  expect(clock.pendingTimers).toBe(0);
});

it('count the time of an outage from the first closing, and each outage by itself', async () => {
  const { outages, clock, heard, works } = gatesOf();
  outages.close('read', { reason: 'refused' });
  await clock.advance(1600);
  outages.close('read', { reason: 'reset' });
  outages.open('read');
  await clock.advance(1000);
  outages.close('read', { reason: 'refused' });
  works();
  await clock.advance(10_000);
  expect(heard.filter((one) => one.includes('open '))).toEqual([
    '1600 event registry:x:read open 1600',
    expect.stringMatching(/event registry:x:read open (?:900|500)$/),
  ]);
});

it('know when the latest outage of the two ended', async () => {
  for (const [first, second] of [
    ['read', 'write'],
    ['write', 'read'],
  ] as const) {
    const { outages, clock } = gatesOf();
    outages.close(first, { reason: 'refused' });
    outages.close(second, { reason: 'refused' });
    await clock.advance(100);
    outages.open(first);
    expect(outages.lastEndedAt).toBe(100);
    await clock.advance(100);
    outages.open(second);
    expect(outages.lastEndedAt).toBe(200);
  }
});

it('know whether one opened since, which tells what was begun before from what is asked now', async () => {
  const { outages, clock } = gatesOf();
  expect(outages.hasOpenedSince('read', -1)).toBe(false);
  outages.close('read', { reason: 'refused' });
  await clock.advance(100);
  outages.open('read');
  expect([99, 100].map((at) => outages.hasOpenedSince('read', at))).toEqual([true, false]);
  expect(outages.hasOpenedSince('write', -1)).toBe(false);
  outages.close('read', { reason: 'refused' });
  expect(outages.hasOpenedSince('read', 99)).toBe(false);
});

it('of writes looks at once whether reads work, and closes theirs if not', async () => {
  const { outages, clock, probes, heard, stateOf } = gatesOf();
  outages.close('write', { reason: 'no primary' });
  await clock.advance(0);
  expect(probes()).toEqual(['0 probe']);
  expect(stateOf('read')).toBe('closed');
  expect(heard.at(-1)).toBe('0 closed read, refused');
});

it('of writes leaves the one of reads open when reads work, or nobody knows', async () => {
  const answers = [() => Promise.resolve<ProbeOutcome>({ ok: true }), () => Promise.reject(new Error('over'))];
  for (const answer of answers) {
    const { outages, clock, reply, probes, stateOf } = gatesOf();
    reply.reads = answer;
    outages.close('write', { reason: 'no primary' });
    await clock.advance(0);
    expect(probes()).toEqual(['0 probe']);
    expect([stateOf('read'), stateOf('write')]).toEqual(['open', 'closed']);
  }
});

it('of writes does not look at reads that are known not to work', async () => {
  const { outages, clock, probes } = gatesOf();
  outages.close('read', { reason: 'refused' });
  outages.close('write', { reason: 'refused' });
  await clock.advance(499);
  expect(probes()).toEqual([]);
});

it('of writes lets one registration through at a time, half-open, while reads work', async () => {
  const { outages, clock, reply, probes, stateOf, works } = gatesOf();
  reply.reads = () => Promise.resolve({ ok: true });
  outages.close('write', { reason: 'no primary' });
  await clock.advance(1600);
  expect(probes()).toEqual(['0 probe', '500 try, half-open', '1500 try, half-open']);
  expect(outages.gates.write.snapshot()).toMatchObject({ state: 'closed', reason: 'refused', attempts: 2 });
  works();
  await clock.advance(2000);
  expect(stateOf('write')).toBe('open');
});

it('of writes rests while reads do not work, says what they meet, and is tried as soon as they do', async () => {
  const { outages, clock, probes, works, stateOf } = gatesOf();
  outages.close('read', { reason: 'refused' });
  outages.close('write', { reason: 'no primary' });
  await clock.advance(1600);
  expect(probes()).toEqual(['500 probe', '1500 probe']);
  expect(outages.gates.write.snapshot()).toMatchObject({ state: 'closed', reason: 'refused', attempts: 2 });
  await clock.advance(1000);
  works();
  outages.open('read');
  await clock.advance(0);
  expect(probes().at(-1)).toBe('2600 try, half-open');
  expect(stateOf('write')).toBe('open');
});

it('of reads is not probed any sooner because writes work', async () => {
  const { outages, clock, probes } = gatesOf();
  outages.close('read', { reason: 'refused' });
  outages.close('write', { reason: 'refused' });
  await clock.advance(100);
  outages.open('write');
  await clock.advance(300);
  expect(probes()).toEqual([]);
});

it('of writes stays half-open, and is worked on no more, until somebody has a registration to try', async () => {
  const { outages, clock, reply, probes, stateOf, works } = gatesOf();
  reply.reads = () => Promise.resolve({ ok: true });
  reply.write = () => Promise.resolve('untried');
  outages.close('write', { reason: 'no primary' });
  await clock.advance(60_000);
  expect(probes()).toEqual(['0 probe', '500 try, half-open']);
  expect([stateOf('write'), clock.pendingTimers]).toEqual(['half-open', 0]);
  works();
  outages.attend('write');
  outages.attend('write');
  await clock.advance(500);
  expect(probes().slice(2)).toEqual(['60500 try, half-open']);
  expect(stateOf('write')).toBe('open');
});

it('need no attention while they are open', async () => {
  const { outages, clock, probes } = gatesOf();
  outages.attend('read');
  outages.attend('write');
  await clock.advance(10_000);
  expect(probes()).toEqual([]);
});

it('are both probed at once when somebody says so', async () => {
  for (const [kind, probed] of [
    ['read', '100 probe'],
    ['write', '100 try, half-open'],
  ] as const) {
    const { outages, clock, reply, probes } = gatesOf();
    outages.probeNow();
    if (kind === 'write') reply.reads = () => Promise.resolve({ ok: true });
    outages.close(kind, { reason: 'refused' });
    await clock.advance(100);
    expect(probes()).not.toContain(probed);
    outages.probeNow();
    await clock.advance(0);
    expect(probes()).toContain(probed);
  }
});

it('get another prober, after the longest wait, when theirs fails itself', async () => {
  const { outages, clock, reply, probes, log, works, stateOf } = gatesOf();
  outages.close('read', { reason: 'refused' });
  reply.reads = () => Promise.reject(new TypeError('a mistake'));
  await clock.advance(1500);
  expect(log.lines.at(-1)).toEqual({
    level: 'error',
    message: 'The prober of the schema registry failed; it is started again',
    fields: { code: 'holdfast.registry.fault', err: new TypeError('a mistake') },
  });
  expect(stateOf('read')).toBe('closed');
  works();
  await clock.advance(3999);
  expect(probes()).toEqual(['500 probe']);
  await clock.advance(1);
  expect(probes()).toEqual(['500 probe', '5500 probe']);
  expect(stateOf('read')).toBe('open');
});

it('open when the client is closed, and are worked on no more', async () => {
  const { outages, clock, probes, log, stateOf } = gatesOf();
  outages.close('read', { reason: 'refused' });
  outages.close('write', { reason: 'refused' });
  await clock.advance(100);
  outages.shutDown();
  expect([stateOf('read'), stateOf('write')]).toEqual(['open', 'open']);
  outages.close('read', { reason: 'refused' });
  expect(stateOf('read')).toBe('open');
  outages.gates.write.close('somebody else');
  outages.attend('write');
  await clock.advance(60_000);
  expect(probes()).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

describe('a probe of reads that can not tell', () => {
  const unsure = (): Promise<ProbeOutcome> => Promise.resolve({ ok: true, isUnsure: true });

  it('has one who waits try, and nobody hears of the gate until that one is served', async () => {
    const { clock, outages, heard, reply, stateOf } = gatesOf();
    reply.reads = unsure;
    outages.close('read', { reason: 'forbidden' });
    await clock.advance(20_000);
    const tries = heard.filter((one) => one.includes(' try '));
    expect(new Set(tries.map((one) => one.replace(/^\d+ /, '')))).toEqual(new Set(['try a read, half-open']));
    // As far apart as probes are.
    expect(tries.length).toBeGreaterThan(3);
    expect(tries).toHaveLength(heard.filter((one) => one.endsWith('probe')).length);
    expect(heard.filter((one) => !/ (?:probe|try)/.test(one))).toEqual([
      '0 event registry:x:read closed 0',
      '0 closed read, forbidden',
    ]);
    expect([stateOf('read'), outages.lastEndedAt]).toEqual(['closed', null]);
    reply.read = () => Promise.resolve({ ok: true });
    await clock.advance(4000);
    expect(stateOf('read')).toBe('open');
  });

  it('opens when nobody waits, for who writes waits behind it', async () => {
    const { clock, outages, reply, stateOf } = gatesOf();
    reply.reads = unsure;
    reply.read = () => Promise.resolve('untried');
    outages.close('read', { reason: 'forbidden' });
    await clock.advance(4000);
    expect(stateOf('read')).toBe('open');
  });
});
