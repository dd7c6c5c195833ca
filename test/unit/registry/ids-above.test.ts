import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import { RegistryEndpoints } from '../../../src/registry/endpoints.ts';
import { lookForIdsAbove } from '../../../src/registry/ids-above.ts';
import { error, type Handler, ok, ScriptedTransport, SmallRegistry } from './scripted-transport.ts';
import { NODE_A, never } from './worker-of-registries.ts';

function setUp() {
  const clock = new ManualClock();
  const transport = new ScriptedTransport(clock);
  const registry = new SmallRegistry();
  transport.nodes.set(NODE_A, registry.handle);
  const endpoints = new RegistryEndpoints({
    nodes: [NODE_A],
    transport,
    credentials: new StaticCredentials({}),
    clock,
    primary: () => null,
    requestTimeoutMs: 5000,
    headers: {},
    randomize: false,
  });
  const look = (id: number, context = '', held: readonly number[] = []) =>
    lookForIdsAbove(endpoints, { id, context, held: new Map(held.map((each) => [each, false])) }, never);
  const answer = (handler: Handler): void => {
    transport.nodes.set(NODE_A, handler);
  };
  return { registry, transport, look, answer };
}

const schema = '"string"';
const none = { kind: 'none' };
const unclear = { kind: 'unclear' };

describe('an id above another one', () => {
  it('is found right above it, with one request', async () => {
    const { registry, transport, look } = setUp();
    for (const id of [1, 2, 3]) registry.put(`s${id}`, { schema }, id);
    expect(await look(1)).toEqual({ kind: 'found', id: 2 });
    expect(transport.take()).toEqual([`GET ${NODE_A} /schemas/ids/2`]);
  });

  it('is not looked for above the highest one that there is room for, nor taken for one when it is none', async () => {
    const { transport, look, answer } = setUp();
    const latest = (id: number): Handler => {
      return ({ path }) =>
        path === '/subjects' ? ok(['s']) : path.endsWith('/latest') ? ok({ id, schema }) : 'refused';
    };
    answer(latest(2 ** 33));
    expect(await look(2 ** 31 - 1)).toEqual(unclear);
    answer(latest(1));
    expect(await look(2 ** 31 - 1)).toEqual(none);
    expect(transport.take().filter((request) => request.includes('/schemas/ids/'))).toEqual([]);
  });

  it('is looked for by number up to ten above it, and then by subject', async () => {
    const { registry, transport, look } = setUp();
    registry.put('s', { schema }, 1);
    registry.put('s', { schema }, 11);
    registry.put('s', { schema }, 700);
    expect(await look(1)).toEqual({ kind: 'found', id: 11 });
    expect(transport.take()).toHaveLength(10);
    expect(await look(0, '', [1])).toEqual({ kind: 'found', id: 700 });
    expect(transport.take()).toHaveLength(12);
  });

  it('is found as the latest version of a subject', async () => {
    const { registry, look } = setUp();
    registry.put('s', { schema }, 1);
    registry.put('s', { schema }, 700);
    expect(await look(1)).toEqual({ kind: 'found', id: 700 });
  });

  it('is none when every subject lies below, or waits for the same answer', async () => {
    const { registry, look } = setUp();
    for (const id of [1, 2, 90]) registry.put(`s${id}`, { schema }, id);
    expect(await look(90)).toEqual(none);
    expect(await look(1, '', [2, 90])).toEqual(none);
    expect(await look(1, '', [90])).toEqual({ kind: 'found', id: 2 });
  });

  it('is looked for in its context', async () => {
    const { registry, transport, look } = setUp();
    registry.put(':.x:s', { schema }, 50);
    registry.put('s', { schema }, 90);
    expect(await look(60, 'x')).toEqual(none);
    const asked = transport.take();
    expect(asked.filter((request) => request.includes('/ids/')).every((each) => each.includes('subject='))).toBe(true);
    expect(asked.at(-1)).toBe(`GET ${NODE_A} /subjects/${encodeURIComponent(':.x:s')}/versions/latest`);
    expect(await look(30, 'x')).toEqual({ kind: 'found', id: 50 });
  });

  it('is unclear when there are more subjects than may be asked for', async () => {
    const { registry, transport, look } = setUp();
    for (let id = 1; id <= 51; id++) registry.put(`s${id}`, { schema }, id);
    expect(await look(51)).toEqual(unclear);
    expect(transport.take().filter((request) => request.includes('/versions/'))).toHaveLength(50);
    registry.subjects.delete('s1');
    expect(await look(51)).toEqual(none);
  });

  it('is unclear when the registry can not tell', async () => {
    const { registry, transport, look, answer } = setUp();
    registry.put('s', { schema }, 1);
    answer(() => error(503, 50301, 'starting'));
    expect(await look(1)).toEqual(unclear);
    // One that is away is left alone.
    expect(new Set(transport.take())).toEqual(new Set([`GET ${NODE_A} /schemas/ids/2`]));
    answer(() => 'refused');
    expect(await look(1)).toEqual(unclear);
    answer((request) => (request.path === '/subjects' ? error(500, 50001, 'down') : registry.handle(request)));
    expect(await look(1)).toEqual(unclear);
    answer((request) => (request.path === '/subjects' ? ok(['s', 'gone']) : registry.handle(request)));
    expect(await look(1)).toEqual(unclear);
  });
});
