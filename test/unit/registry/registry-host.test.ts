/** A task host's side of all registries, alone: no coordinator answers, so that what it does by itself is seen. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { REGISTRY_CONTENT_CHANGED, RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import { RegistryHost, type RegistryHostOptions, type ViewSignals } from '../../../src/registry/registry-host.ts';
import type { RegistryMessage, RegistryReply } from '../../../src/registry/registry-messages.ts';
import type { GateSnapshot } from '../../../src/sdk/dependency-gate.ts';
import { type ConnectError, errorToWire, IllegalStateError } from '../../../src/sdk/errors/index.ts';
import type { SchemaView } from '../../../src/sdk/schema-view.ts';
import { avro, NODE_A, NODE_B, never, register, wordsOf } from './worker-of-registries.ts';

const config = { 'schema.registry.url': NODE_A };

function setUp(options: Partial<RegistryHostOptions> = {}) {
  const clock = new ManualClock();
  const messages: RegistryMessage[] = [];
  const ask = (message: RegistryMessage): Promise<RegistryReply | undefined> => {
    messages.push(message);
    if (message.kind === 'withdraw') return Promise.resolve(undefined);
    const acknowledgement = { at: clock.now(), epoch: 'one' };
    return Promise.resolve({
      answers: message.questions.map(() => ({ kind: 'known', schema: { id: 7, ...avro('s') }, acknowledgement })),
    });
  };
  const host = new RegistryHost({ clock, ask, random: () => 0.5, ...options });
  const resolve = async (view: SchemaView): Promise<string> => {
    await view.resolve([register('s')], never);
    return wordsOf(view.peek(register('s')));
  };
  const open = (signals: ViewSignals = {}) => host.schemaView(config, ask, signals);
  return { clock, host, ask, messages, resolve, open };
}

const gate = (id: string, state: GateSnapshot['state']): GateSnapshot => ({
  id,
  state,
  dependency: 'schema registry (reads)',
  reason: state === 'open' ? '' : 'refused',
  since: 0,
  attempts: 0,
  nextProbeAt: null,
});

describe('a schema view', () => {
  it('asks over the way of its host, or over one of its own, under a name of its own', async () => {
    const { host, messages, ask, resolve } = setUp();
    const own: RegistryMessage[] = [];
    const views = [
      host.schemaView(config),
      host.schemaView(config, (message) => {
        own.push(message);
        return ask(message);
      }),
    ];
    for (const view of views) expect(await resolve(view)).toBe('known 7');
    expect([messages.length, own.length]).toEqual([2, 1]);
    expect(new Set(messages.map(({ view }) => view)).size).toBe(2);
  });

  it('needs a way to the coordinator', () => {
    const host = new RegistryHost({ clock: new ManualClock() });
    expect(() => host.schemaView(config)).toThrow(IllegalStateError);
  });

  it('takes what it does not set from the worker’s settings', async () => {
    const defaults = { 'schema.registry.url': NODE_B, 'registry.barrier': 'off' };
    const { host, messages, resolve } = setUp({ defaults });
    await resolve(host.schemaView({}));
    await resolve(host.schemaView(config));
    expect(messages.map((message) => message.config)).toEqual([defaults, { ...defaults, ...config }]);
  });

  it('refuses settings that name no registry', () => {
    const { host } = setUp();
    expect(() => host.schemaView({})).toThrow(/schema\.registry\.url/);
  });
});

describe('a notice', () => {
  const error = new RegistryIntegrityError('id 7', { code: REGISTRY_CONTENT_CHANGED, details: { id: 7, context: '' } });
  const contradicted = (registryId: string) => ({
    kind: 'contradicted',
    registryId,
    context: '',
    id: 7,
    error: errorToWire(error),
  });

  it('reaches every open view, which tells its task to stop', async () => {
    const { host, open, resolve } = setUp();
    const stopped: string[] = [];
    const views = ['a', 'b', 'closed'].map((name) =>
      open({ stop: ({ code }: ConnectError) => stopped.push(`${name} ${code}`) }),
    );
    for (const view of views) await resolve(view);
    views[2]?.close();
    host.notice(contradicted(views[0]?.registryId ?? ''));
    expect(stopped).toEqual([`a ${REGISTRY_CONTENT_CHANGED}`, `b ${REGISTRY_CONTENT_CHANGED}`]);
  });

  it('of a change of primary has what was made with a suspect id made again', async () => {
    const { clock, host, open, resolve } = setUp();
    let recalls = 0;
    const view = open({ recall: () => (recalls += 1) });
    await resolve(view);
    host.notice({ kind: 'changed', registryId: view.registryId, epoch: 'two', suspectSince: clock.now() });
    expect(recalls).toBe(1);
    expect(view.peek(register('s')).kind).toBe('unasked');
  });

  it('that is none is passed over', async () => {
    const { host, open, resolve } = setUp();
    const stopped: unknown[] = [];
    const view = open({ stop: (reason) => stopped.push(reason) });
    await resolve(view);
    for (const body of [
      null,
      'contradicted',
      { kind: 'contradicted' },
      { kind: 'other', registryId: view.registryId },
    ]) {
      host.notice(body);
    }
    expect(stopped).toEqual([]);
  });
});

describe('the gates of a host', () => {
  it('are those of the control plane, until their registry is closed', () => {
    const { host } = setUp();
    for (const id of ['registry:x:read', 'registry:y:read']) host.gateChanged(gate(id, 'closed'));
    expect(host.gates.get('registry:x:read')?.snapshot().state).toBe('closed');
    host.notice({ kind: 'closed', registryId: 'x' });
    expect(host.gates.get('registry:x:read')).toBeUndefined();
    expect(host.gates.get('registry:y:read')?.snapshot().state).toBe('closed');
    // Any other notice leaves them.
    host.notice({ kind: 'suspect', registryId: 'y', since: 0, until: 1 });
    expect(host.gates.get('registry:y:read')).toBeDefined();
  });

  it('invariant 9: let those who wait go a few at a time, as the worker’s settings say', async () => {
    const { clock, host } = setUp({
      defaults: { 'registry.release.concurrency': '2', 'registry.release.jitter.ms': '100' },
    });
    host.gateChanged(gate('registry:x:read', 'closed'));
    const through: number[] = [];
    for (let i = 0; i < 5; i++) {
      host.gates
        .get('registry:x:read')
        ?.opened(never)
        .then(
          () => through.push(clock.monotonic()),
          () => {},
        );
    }
    host.gateChanged(gate('registry:x:read', 'open'));
    await clock.advance(10_000);
    // The first at once; with 0.5 for chance the others half of the jitter later, two at a time.
    expect(through).toEqual([0, 50, 50, 100, 100]);
  });

  it('do not begin with a default that is not allowed', () => {
    expect(() => setUp({ defaults: { 'registry.release.concurrency': '0' } })).toThrow(
      /registry\.release\.concurrency/,
    );
  });
});

describe('invariant 5: which records carry an id that is still to be looked at', () => {
  const records = (view: SchemaView): number => {
    const error = new RegistryIntegrityError('x', { code: REGISTRY_CONTENT_CHANGED, details: { id: 7, context: '' } });
    const count = view.recordsOf?.(error).length ?? 0;
    view.close();
    return count;
  };

  it('is remembered from run to run of a task', async () => {
    const { open, resolve } = setUp();
    const first = open({ owner: 'task 0 value' });
    await resolve(first);
    first.carried?.(7, 't', 0, 5);
    first.close();
    expect(records(open({ owner: 'task 0 value' }))).toBe(1);
    expect(records(open({ owner: 'task 1 value' }))).toBe(0);
    expect(records(open())).toBe(0);
  });

  it('is not shared by views that nobody owns', async () => {
    const { open, resolve } = setUp();
    const [one, other] = [open(), open()];
    for (const view of [one, other]) await resolve(view);
    one?.carried?.(7, 't', 0, 5);
    expect([records(other as SchemaView), records(one as SchemaView)]).toEqual([0, 1]);
  });

  it('is kept by every other notice', async () => {
    const { host, open, resolve } = setUp();
    const view = open({ owner: 'task 0 value' });
    await resolve(view);
    view.carried?.(7, 't', 0, 5);
    view.close();
    host.notice({ kind: 'changed', registryId: view.registryId, epoch: 'two', suspectSince: 0 });
    expect(records(open({ owner: 'task 0 value' }))).toBe(1);
  });

  it('is forgotten once the id is confirmed, for its own registry only', async () => {
    const { host, open, resolve } = setUp();
    const first = open({ owner: 'task 0 value' });
    await resolve(first);
    first.carried?.(7, 't', 0, 5);
    first.close();
    host.notice({ kind: 'confirmed', registryId: 'another', context: '', ids: [7] });
    host.notice({ kind: 'confirmed', registryId: first.registryId, context: 'eu', ids: [7] });
    expect(records(open({ owner: 'task 0 value' }))).toBe(1);
    host.notice({ kind: 'confirmed', registryId: first.registryId, context: '', ids: [7] });
    expect(records(open({ owner: 'task 0 value' }))).toBe(0);
  });
});
