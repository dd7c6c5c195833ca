import { describe, expect, it } from 'vitest';
import { RegistryEventStream } from '../../../src/cli/registry-event-stream.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import { sampleEpoch, sampleGate } from './registry-samples.ts';

interface Heard {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

class Listener {
  text = '';
  readonly end: () => void;

  constructor(stream: RegistryEventStream, options: { readonly lastEventId?: string; readonly all?: boolean } = {}) {
    const { lastEventId, all = false } = options;
    const opened = stream.open({ lastEventId, all });
    expect(opened.type).toBe('text/event-stream');
    this.end = opened.open({
      send: (text) => {
        this.text += text;
      },
    });
  }

  get events(): Heard[] {
    const blocks = this.text.split('\n\n').map((block) => block.split('\n'));
    return blocks.flatMap((lines) => {
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field('data');
      return data === undefined ? [] : [{ id: field('id'), event: field('event') ?? '', data: JSON.parse(data) }];
    });
  }
}

const nodeAway: RegistryEvent = { type: 'node', node: 'http://sr-1:8081', alive: false, reason: 'ECONNREFUSED' };
const miss: RegistryEvent = { type: 'cache', outcome: 'miss' };

function open(maxKept?: number) {
  const clock = new ManualClock();
  return { clock, stream: new RegistryEventStream({ clock, ...(maxKept === undefined ? {} : { maxKept }) }) };
}

describe('the stream of events', () => {
  it('tells each change once, with id, name and data', () => {
    const { stream } = open();
    const client = new Listener(stream);
    stream.listener('r', nodeAway);
    stream.listener('s', { type: 'gate', gate: sampleGate('write', { state: 'closed' }), closedForMs: 0 });
    expect(client.events).toHaveLength(2);
    const [first, second] = client.events;
    expect(first).toEqual({
      id: expect.stringMatching(/^\w+-1$/),
      event: 'node',
      data: {
        registry: 'r',
        type: 'node',
        time: '2023-11-14T22:13:20.000Z',
        node: 'http://sr-1:8081',
        alive: false,
        reason: 'ECONNREFUSED',
      },
    });
    expect(second).toMatchObject({
      event: 'gate',
      data: { registry: 's', gate: { state: 'closed' }, closed_for_ms: 0 },
    });
  });

  it.each<[RegistryEvent, object]>([
    [
      { type: 'node-readiness', node: 'n', ready: false, lag: 3 },
      { node: 'n', ready: false, lag: 3 },
    ],
    [
      { type: 'epoch', epoch: sampleEpoch(), previous: null },
      { epoch: { number: 2, started: '2023-11-14T22:13:08.000Z', usable_after_ms: 12_000 }, previous: null },
    ],
    [
      { type: 'detection', vendor: 'confluent', rung: 'health', reason: 'no ACL' },
      { vendor: 'confluent', rung: 'health', reason: 'no ACL' },
    ],
    [
      { type: 'parked', question: 'by-id', gateId: 'g' },
      { question: 'by-id', gate: 'g' },
    ],
    [
      { type: 'resumed', question: 'register', gateId: 'g', waitedMs: 7 },
      { question: 'register', gate: 'g', waited_ms: 7 },
    ],
    [
      { type: 'revalidated', id: 5, outcome: 'equal' },
      { id: 5, outcome: 'equal' },
    ],
    [
      { type: 'barrier', id: 5, waitedMs: 9, outcome: 'met' },
      { id: 5, outcome: 'met', waited_ms: 9 },
    ],
    [
      { type: 'integrity', error: new RegistryIntegrityError('schema id 5 changed', { cause: new Error('inner') }) },
      { code: 'holdfast.registry.content-changed', message: 'schema id 5 changed' },
    ],
    [
      { type: 'id-from-future', id: 99, reason: 'lost data' },
      { id: 99, reason: 'lost data' },
    ],
  ])('says what an event is about: $type', (event, data) => {
    const { stream } = open();
    const client = new Listener(stream);
    stream.listener('r', event);
    expect(client.events[0]).toMatchObject({ event: event.type, data: { type: event.type, ...data } });
    expect(client.text).not.toContain('inner');
  });

  it('leaves out what happens per request, unless told so', () => {
    const { stream } = open();
    const [some, all] = [new Listener(stream), new Listener(stream, { all: true })];
    stream.listener('r', miss);
    stream.listener('r', { type: 'request', node: 'n', operation: 'by-id', status: null, ms: 1.26 });
    stream.listener('r', nodeAway);
    expect(some.events.map(({ event }) => event)).toEqual(['node']);
    expect(all.events.map(({ id, event }) => [id === undefined, event])).toEqual([
      [true, 'cache'],
      [true, 'request'],
      [false, 'node'],
    ]);
    expect(all.events[1]?.data).toMatchObject({ operation: 'by-id', status: null, ms: 1.3 });
  });

  it('sends a client that comes back what it missed', () => {
    const { stream } = open();
    const first = new Listener(stream);
    stream.listener('r', nodeAway);
    first.end();
    stream.listener('r', { ...nodeAway, node: 'http://sr-2:8081' });
    const again = new Listener(stream, { lastEventId: first.events[0]?.id ?? '' });
    stream.listener('r', { ...nodeAway, node: 'http://sr-3:8081' });
    expect(again.events.map(({ data }) => data['node'])).toEqual(['http://sr-2:8081', 'http://sr-3:8081']);
    expect(first.events).toHaveLength(1);
    expect(new Listener(stream, { lastEventId: again.events.at(-1)?.id ?? '' }).events).toEqual([]);
  });

  it('says when it missed more than is kept, or comes from another life of the worker', () => {
    const { clock, stream } = open(2);
    const first = new Listener(stream);
    for (let n = 0; n < 5; n++) stream.listener('r', nodeAway);
    const [one, , three] = first.events.map(({ id = '' }) => id);
    const names = (lastEventId: string) => new Listener(stream, { lastEventId }).events.map(({ event }) => event);
    expect(names(one ?? '')).toEqual(['gap', 'node', 'node']);
    expect(names(three ?? '')).toEqual(['node', 'node']);
    expect(names('elsewhere-4')).toEqual(['gap', 'node', 'node']);
    expect(names('nonsense')).toEqual(['gap', 'node', 'node']);
    expect(clock.pendingTimers).toBe(1);
  });

  it('beats every 15 s while somebody listens', async () => {
    const { clock, stream } = open();
    const [one, other] = [new Listener(stream), new Listener(stream)];
    await clock.advance(15_000);
    expect(one.text).toBe('retry: 2000\n\n: heartbeat\n\n');
    one.end();
    await clock.advance(15_000);
    expect(one.text.match(/heartbeat/g)).toHaveLength(1);
    expect(other.text.match(/heartbeat/g)).toHaveLength(2);
    other.end();
    expect(stream.clientCount).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
