import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { HttpTransport } from '../../../src/registry/http-transport.ts';
import {
  errorAnswer,
  type RegistryTimeline,
  registryTimelines,
  ScriptedRegistry,
  type ScriptedRegistryOptions,
} from '../../../src/testing/index.ts';

let registry: ScriptedRegistry;
let clock: ManualClock;
let transport: HttpTransport;
let serial = 0;
afterEach(() => registry.stop());

async function start(options: ScriptedRegistryOptions = {}): Promise<void> {
  clock = new ManualClock();
  registry = await ScriptedRegistry.start({ nodes: 2, clock, listen: false, ...options });
  await registry.register('s', known.schema);
  transport = registry.transport();
}

const known = { schema: '{"type":"record","name":"Known","fields":[]}' };
const fresh = () => ({ schema: `{"type":"record","name":"R${serial++}","fields":[]}` });

/** The answer, or the transport's code. */
async function ask(node: number, method: 'GET' | 'POST', path: string, body?: unknown, timeoutMs = 5_000) {
  const url = registry.urls[node] ?? 'http://nobody';
  try {
    const answer = await transport.request(
      {
        node: url,
        method,
        path,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        channel: 'read',
        fresh: false,
        timeoutMs,
      },
      new AbortController().signal,
    );
    return `${answer.status} ${JSON.parse(answer.body.startsWith('{') ? answer.body : '{}').error_code ?? answer.body.slice(0, 21)}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const registerNew = (node: number, timeoutMs?: number) =>
  ask(node, 'POST', `/subjects/new-${serial}/versions`, fresh(), timeoutMs);
const registerKnown = (node: number) => ask(node, 'POST', '/subjects/s/versions', known);
const readKnown = (node: number) => ask(node, 'GET', '/schemas/ids/1');

/** What is answered to one request a step, each kind once with the time of its first. */
async function changes(untilMs: number, probe: () => Promise<string>, stepMs = 100): Promise<string[]> {
  const seen: string[] = [];
  const begun = clock.monotonic();
  let last = '';
  for (let at = 0; at < untilMs; at = clock.monotonic() - begun) {
    let answer = 'pending';
    const probing = probe().then((value) => {
      answer = value;
    });
    await clock.advance(10);
    while (answer === 'pending') await clock.advance(10);
    await probing;
    const kind = answer.replace(/"id":\d+/, '"id":N');
    if (kind !== last) seen.push(`${at} ${kind}`);
    last = kind;
    await clock.advance(Math.max(0, at + stepMs - (clock.monotonic() - begun)));
  }
  return seen;
}

describe('without a script', () => {
  it('is a registry of several nodes: replicas forward, ids are one row', async () => {
    await start();
    expect(await registerNew(1)).toBe('200 {"id":2}');
    expect(await registerNew(0)).toBe('200 {"id":3}');
    expect(await ask(1, 'GET', '/schemas/ids/3?fetchMaxId=true')).toContain('200');
    expect(registry.acknowledged().map(({ id, node }) => [id, node])).toEqual([
      [2, 1],
      [3, 0],
    ]);
    expect(
      registry
        .schemas()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([1, 2, 3]);
  });
});

describe('rules', () => {
  it('meet the k-th request, so many times, and are counted', async () => {
    await start();
    const rule = registry.script({ operation: 'register', skip: 1, times: 2, fault: errorAnswer(500, 50002) });
    expect([await registerNew(0), await registerNew(0), await registerNew(0), await registerNew(0)]).toEqual([
      '200 {"id":2}',
      '500 50002',
      '500 50002',
      '200 {"id":3}',
    ]);
    expect(rule).toMatchObject({ hits: 2, active: false });
  });

  it('concern a node, an operation, a path, a time', async () => {
    await start();
    registry.script({
      node: 1,
      operation: ['by-id', 'lookup'],
      path: /ids\/1/,
      fromMs: 100,
      untilMs: 200,
      fault: errorAnswer(503, 1),
    });
    expect(await readKnown(1)).toContain('200');
    await clock.advance(150);
    expect(await readKnown(1)).toBe('503 1');
    expect(await readKnown(0)).toContain('200');
    expect(await ask(1, 'GET', '/schemas/ids/9')).toBe('404 40403');
    await clock.advance(50);
    expect(await readKnown(1)).toContain('200');
  });

  it('of stage write leave alone what a node knows', async () => {
    await start();
    registry.script({ stage: 'write', fault: errorAnswer(500, 50003) });
    expect([await registerNew(0), await registerNew(1), await registerKnown(0), await registerKnown(1)]).toEqual([
      '500 50003',
      '500 50003',
      '200 {"id":1}',
      '200 {"id":1}',
    ]);
  });

  it('the one added last is asked first, and pass shields', async () => {
    await start();
    registry.script({ fault: errorAnswer(500, 1) });
    const shield = registry.script({ node: 0, fault: { kind: 'pass' } });
    expect([await readKnown(0), await readKnown(1)]).toEqual([expect.stringContaining('200'), '500 1']);
    shield.remove();
    expect(await readKnown(0)).toBe('500 1');
    registry.clearScript();
    expect(await readKnown(0)).toContain('200');
  });

  it('a lost answer has taken effect, a cut request has not', async () => {
    await start();
    registry.script({ operation: 'register', times: 1, fault: { kind: 'lose-answer' } });
    expect(await registerNew(0)).toBe('ECONNRESET');
    registry.script({ operation: 'register', times: 1, fault: { kind: 'cut' } });
    expect(await registerNew(0)).toBe('ECONNRESET');
    expect(registry.schemas()).toHaveLength(2);
    expect(registry.acknowledged()).toEqual([]);
    expect(registry.requests.list({ outcome: 'cut' })).toHaveLength(2);
  });

  it('hang until they end, and then do it or answer; delay by their time', async () => {
    await start();
    const hang = registry.script({ times: 1, fault: { kind: 'hang' } });
    const held = readKnown(0);
    await clock.advance(1_000);
    expect(registry.requests.list({ outcome: 'open' })).toHaveLength(1);
    hang.remove();
    expect(await held).toContain('200');
    registry.script({ untilMs: 300, fault: { kind: 'hang', answer: { status: 502, body: '<html>' } } });
    const answered = readKnown(0);
    const late = readKnown(1);
    await clock.advance(300);
    expect([await answered, await late]).toEqual(['502 <html>', '502 <html>']);
    registry.script({ times: 1, fault: { kind: 'delay', ms: 70 } });
    const delayed = readKnown(0);
    await clock.advance(70);
    expect(await delayed).toContain('200');
    expect(registry.requests.list().at(-1)).toMatchObject({ tookMs: 70, outcome: 200 });
  });

  it('time out at the client', async () => {
    await start();
    registry.script({ fault: { kind: 'hang' } });
    const asked = readKnown(0);
    await clock.advance(5_000);
    expect(await asked).toBe('TIMEOUT');
  });
});

describe('nodes', () => {
  it('stopped and refusing ones refuse, frozen ones hang and go on', async () => {
    await start();
    await registry.node(1).stop();
    expect(await readKnown(1)).toBe('ECONNREFUSED');
    await registry.node(1).start();
    expect(await readKnown(1)).toContain('200');
    await registry.node(1).refuse();
    expect(await readKnown(1)).toBe('ECONNREFUSED');
    await registry.node(1).accept();
    registry.node(1).freeze();
    const held = readKnown(1);
    await clock.advance(1_000);
    registry.node(1).thaw();
    expect(await held).toContain('200');
  });

  it('a request in a node that is killed loses its connection', async () => {
    await start();
    registry.script({ node: 0, fault: { kind: 'hang' } });
    const asked = readKnown(0);
    await clock.advance(1);
    await registry.node(0).stop();
    expect(await asked).toBe('ECONNRESET');
  });

  it('lag by their own time, and not at all for what they forwarded', async () => {
    await start();
    registry.node(1).setLag(40);
    expect(await registerNew(1)).toBe('200 {"id":2}');
    expect(await ask(1, 'GET', '/schemas/ids/2')).toBe('404 40403');
    await clock.advance(39);
    expect(await ask(1, 'GET', '/schemas/ids/2')).toBe('404 40403');
    await clock.advance(1);
    expect(await ask(1, 'GET', '/schemas/ids/2')).toContain('200');
  });

  it('without a primary nobody writes; another one goes on with the ids', async () => {
    await start();
    await registry.setPrimary(null);
    expect([await registerNew(0), await registerNew(1)]).toEqual(['500 50004', '500 50004']);
    await registry.setPrimary(1);
    expect([await registerNew(0), await registry.node(1).isPrimary]).toEqual(['200 {"id":2}', true]);
  });

  it('a restore of an old backup gives an id away again', async () => {
    await start();
    const before = registry.records().length;
    expect(await registerNew(0)).toBe('200 {"id":2}');
    await registry.restoreTo(before);
    expect(await ask(1, 'GET', '/schemas/ids/2')).toBe('404 40403');
    expect(await registerNew(0)).toBe('200 {"id":2}');
  });

  it('a duplicate id in the log: each vendor in its way', async () => {
    const value = { version: 1, id: 1, schemaType: 'AVRO', references: [], schema: '"int"', deleted: false } as const;
    const duplicate = { keytype: 'SCHEMA', subject: 't', version: 1, value: { subject: 't', ...value } } as const;
    await start();
    await registry.append(duplicate);
    expect(await readKnown(1)).toContain('{\\"type\\"');
    await registry.stop();
    await start({ vendor: 'karapace' });
    await registry.append(duplicate);
    expect(await readKnown(1)).toContain('int');
  });
});

describe('the request log', () => {
  it('counts, filters and finds the peak of any window', async () => {
    await start();
    for (let i = 0; i < 3; i++) await readKnown(0);
    await clock.advance(950);
    await readKnown(1);
    await clock.advance(100);
    await readKnown(1);
    await registerNew(1);
    expect(registry.requests.count).toBe(6);
    expect(registry.requests.perSecond()).toEqual([4, 2]);
    expect(registry.requests.peak(1000)).toBe(4);
    expect(registry.requests.peak(2000)).toBe(6);
    expect(registry.requests.list({ operation: 'by-id', node: 1, fromMs: 1_000 })).toEqual([
      { at: 1_050, node: 1, method: 'GET', path: '/schemas/ids/1', operation: 'by-id', outcome: 200, tookMs: 0 },
    ]);
  });
});

describe('timelines', () => {
  it('kill -9 of Karapace’s primary: plain text, then 50003, then writes; reads all the time', async () => {
    await start({ vendor: 'karapace' });
    registry.play(registryTimelines.karapaceKill9);
    await clock.advance(0);
    expect(await readKnown(0)).toBe('ECONNREFUSED');
    expect(await changes(17_500, () => registerNew(1))).toEqual([
      '0 500 Internal Server Error',
      '5800 500 50003',
      '16800 200 {"id":N}',
    ]);
    expect([await readKnown(1), await registerKnown(1)]).toEqual([expect.stringContaining('200'), '200 {"id":1}']);
  });

  it('the group names the dead primary for long, and the new one too early', async () => {
    await start({ vendor: 'karapace' });
    const named = () => {
      const { state, members } = registry.describeGroup();
      const text = new TextDecoder().decode(members[0]?.assignment);
      return Promise.resolve(
        `${state} ${text === '' ? '-' : new URL(registry.urls[0]!).port === String(JSON.parse(text).master_identity?.port) ? 0 : 1}`,
      );
    };
    registry.play(registryTimelines.karapaceKill9);
    expect(await changes(13_000, named)).toEqual(['0 Stable 0', '9600 PreparingRebalance -', '11800 Stable 1']);
  });

  it('SIGSTOP: what was forwarded hangs to the end, new requests are taken before, SIGCONT is a second outage', async () => {
    await start({ vendor: 'karapace' });
    registry.play(registryTimelines.karapaceSigstop);
    await clock.advance(0);
    let answer = '';
    const forwarded = registerNew(1, 60_000).then((value) => {
      answer = value;
    });
    await clock.advance(8_000);
    expect(await changes(10_000, () => registerNew(1))).toEqual(['0 500 50003', '7800 200 {"id":N}']);
    expect(answer).toBe('');
    await clock.advance(35_600 - 18_000);
    await forwarded;
    expect(answer).toBe('500 50003');
    expect(await changes(6_000, () => registerNew(1))).toEqual(['0 500 50003', '5500 200 {"id":N}']);
    expect(registry.node(0).isPrimary).toBe(true);
  });

  it('the zombie denies what its replacement acknowledged, and nobody writes', async () => {
    await start({ vendor: 'karapace' });
    const run = registry.play(registryTimelines.karapaceZombie);
    await clock.advance(15_950);
    expect(await registerNew(1)).toBe('200 {"id":2}');
    await clock.advance(1_000);
    expect(await ask(0, 'GET', '/schemas/ids/2')).toBe('404 40403');
    expect(await readKnown(0)).toContain('200');
    const writes = Promise.all([registerNew(0), registerNew(1)]);
    await clock.advance(10);
    expect(await writes).toEqual(['500 50003', '500 50003']);
    expect(await ask(0, 'GET', '/master_available')).toBe('200 {"master_available":f');
    await clock.advance(60_000);
    await run.done;
    expect([await ask(0, 'GET', '/schemas/ids/2'), await registerNew(1)]).toEqual([
      expect.stringContaining('200'),
      '200 {"id":3}',
    ]);
  });

  it('the comeback is a second outage: refused, denied, not elected, well', async () => {
    await start({ vendor: 'karapace', nodes: 1 });
    registry.play(registryTimelines.karapaceRestart);
    await clock.advance(0);
    expect(await changes(21_000, () => readKnown(0), 50)).toEqual([
      '0 ECONNREFUSED',
      '20000 404 40403',
      expect.stringMatching(/^20350 200/),
    ]);
    expect(await changes(8_000, () => registerNew(0))).toEqual(['0 500 50003', '6500 200 {"id":N}']);
  });

  it.each(Object.values<RegistryTimeline>(registryTimelines))(
    '$vendor, $name: writable when it says so',
    async (timeline) => {
      await start({ vendor: timeline.vendor, nodes: timeline.name.includes('only node') ? 1 : 2 });
      const joins = timeline.name.includes('joins');
      if (joins) {
        await registry.setPrimary(1);
        await registry.node(0).stop();
      }
      const writer = timeline.name.includes('only node') ? 0 : 1;
      registry.play(timeline, { hurt: 0 });
      const untilWritable = timeline.writableAtMs ?? 60_000;
      await clock.advance(untilWritable - 100);
      const before = registerNew(writer, 50);
      await clock.advance(60);
      expect(await before).not.toContain('200');
      await clock.advance(60);
      const after = registerNew(writer);
      await clock.advance(10);
      if (timeline.writableAtMs !== null) expect(await after).toContain('200');
      else expect(await after).toBe('500 50004');
    },
  );
});
