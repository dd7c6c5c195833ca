import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { createSchemaView } from '../../../src/registry/coordinated-schema-view.ts';
import { GateMirror } from '../../../src/registry/gate-mirror.ts';
import {
  REGISTRY_CONTENT_CHANGED,
  RegistryIntegrityError,
  SchemaRejectedError,
} from '../../../src/registry/registry-errors.ts';
import { RegistryHost } from '../../../src/registry/registry-host.ts';
import type { RegistryMessage, RegistryReply, WireAnswer } from '../../../src/registry/registry-messages.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import { type ConnectError, EnvironmentError, errorToWire } from '../../../src/sdk/errors/index.ts';
import type { SchemaQuestion, SchemaText, SchemaView } from '../../../src/sdk/schema-view.ts';
import { avro, byId, latest, NODE_A, never, register, wordsOf } from './worker-of-registries.ts';

interface Asked {
  readonly questions: readonly SchemaQuestion[];
  readonly reply: (answers: readonly WireAnswer[]) => void;
}

let clock: ManualClock;
let asked: Asked[];
let view: SchemaView;
let hear: (notice: RegistryNotice) => void;
let recalls: number;
let stops: ConnectError[];
let listeners: number;

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  recalls = 0;
  stops = [];
  listeners = 0;
  view = createSchemaView({
    clock,
    gates: new GateMirror({ clock }),
    config: { 'schema.registry.url': NODE_A },
    name: 'v',
    ask: (message: RegistryMessage) =>
      new Promise<RegistryReply | undefined>((resolve) => {
        if (message.kind === 'ask') {
          asked.push({ questions: message.questions, reply: (answers) => resolve({ answers }) });
        } else resolve(undefined);
      }),
    onNotice: (listener) => {
      hear = listener;
      listeners++;
      return () => listeners--;
    },
    recall: () => recalls++,
    stop: (error) => stops.push(error),
  });
});

const known = (id: number, schema: SchemaText, at: number, epoch = 'e1'): WireAnswer => ({
  kind: 'known',
  schema: { id, ...schema },
  acknowledgement: { at, epoch },
});

const changed = (suspectSince: number, epoch = 'e2'): RegistryNotice => ({
  kind: 'changed',
  registryId: view.registryId,
  epoch,
  suspectSince,
});

const contradiction = new RegistryIntegrityError('Schema id 7 resolves to other content at http://b than before.', {
  code: REGISTRY_CONTENT_CHANGED,
  details: { id: 7 },
});

const contradicted = (id: number, context = ''): RegistryNotice => ({
  kind: 'contradicted',
  registryId: view.registryId,
  context,
  id,
  error: errorToWire(contradiction),
});

/** Asks, and has the coordinator answer. */
async function learn(...pairs: readonly (readonly [SchemaQuestion, WireAnswer])[]): Promise<void> {
  const resolved = view.resolve(
    pairs.map(([question]) => question),
    never,
  );
  asked.shift()?.reply(pairs.map(([, answer]) => answer));
  await resolved;
}

const now = (): number => clock.now();

describe('SchemaView, told of a change of primary', () => {
  it('invariant 5: asks again before it writes with what was acknowledged in the window, and only that', async () => {
    const old = now();
    await clock.advance(100_000);
    await learn(
      [register('old'), known(1, avro('old'), old)],
      [register('fresh'), known(2, avro('fresh'), now())],
      [register('under the new one'), known(3, avro('u'), now(), 'e2')],
    );
    hear(changed(now() - 30_000));
    expect(
      [register('old'), register('fresh'), register('under the new one')].map((q) => wordsOf(view.peek(q))),
    ).toEqual(['known 1', 'unasked', 'known 3']);
    expect(recalls).toBe(1);
    await learn([register('fresh'), known(2, avro('fresh'), now(), 'e2')]);
    expect(wordsOf(view.peek(register('fresh')))).toBe('known 2');
  });

  it('invariant 5: does not go on with a suspect id while the registry can not be asked', async () => {
    await learn([register('s'), known(1, avro('s'), now())]);
    hear(changed(now()));
    const away = new EnvironmentError('away', { gateId: 'g' });
    await learn([register('s'), { kind: 'waiting', gateId: 'g', fromFuture: false, error: errorToWire(away) }]);
    expect(wordsOf(view.peek(register('s')))).toBe('waiting g');
  });

  it('reads on with what an id meant before the window, and asks again for what was first seen in it', async () => {
    const old = now();
    await clock.advance(100_000);
    await learn([byId(1), known(1, avro('old'), old)], [byId(2), known(2, avro('new'), now())]);
    hear(changed(now() - 30_000));
    expect([byId(1), byId(2)].map((q) => wordsOf(view.peek(q)))).toEqual(['known 1', 'unasked']);
  });

  it('invariant 5: asks again for what was given before the new primary took writes, under its epoch too', async () => {
    const from = now();
    await learn([register('before'), known(1, avro('b'), from - 1, 'e2')]);
    await learn([register('within'), known(2, avro('w'), from, 'e2')], [latest('s'), known(4, avro('s'), from, 'e2')]);
    await clock.advance(5_000);
    await learn([register('after'), known(3, avro('a'), now(), 'e2')]);
    const resolved = view.resolve([register('on its way')], never);
    hear({ kind: 'suspect', registryId: view.registryId, since: from, until: now() });
    const questions = [register('before'), register('within'), register('after'), latest('s')];
    expect(questions.map((q) => wordsOf(view.peek(q)))).toEqual(['known 1', 'unasked', 'known 3', 'unasked']);
    expect(recalls).toBe(1);
    asked.shift()?.reply([known(5, avro('o'), now() - 1, 'e2')]);
    await clock.advance(0);
    expect(wordsOf(view.peek(register('on its way')))).toBe('unasked');
    asked.shift()?.reply([known(5, avro('o'), now(), 'e2')]);
    await resolved;
    expect(wordsOf(view.peek(register('on its way')))).toBe('known 5');
  });

  it('forgets latest versions and refusals', async () => {
    await learn(
      [latest('s'), known(1, avro('s'), now() - 1)],
      [byId(9), { kind: 'refused', error: errorToWire(new SchemaRejectedError('no such id')) }],
    );
    hear(changed(now()));
    expect([latest('s'), byId(9)].map((q) => wordsOf(view.peek(q)))).toEqual(['unasked', 'unasked']);
  });

  it('takes no answer for good that was given before the change but arrives after it', async () => {
    const resolved = view.resolve([register('s'), register('old')], never);
    hear(changed(now()));
    asked.shift()?.reply([known(1, avro('s'), now()), known(2, avro('old'), now() - 1)]);
    await clock.advance(0);
    // It asked again by itself, only for what is suspect, and the caller waits for that.
    expect(asked.map(({ questions }) => questions.map(({ key }) => key))).toEqual([[register('s').key]]);
    expect([register('s'), register('old')].map((q) => wordsOf(view.peek(q)))).toEqual(['unasked', 'known 2']);
    asked.shift()?.reply([known(1, avro('s'), now(), 'e2')]);
    await resolved;
    expect(wordsOf(view.peek(register('s')))).toBe('known 1');
  });

  it('believes an answer that it asked for after the change, whatever its stamp', async () => {
    hear(changed(now()));
    await learn([register('s'), known(1, avro('s'), now(), 'e1')]);
    expect(wordsOf(view.peek(register('s')))).toBe('known 1');
  });

  it('does not listen for other registries, nor after its end', async () => {
    await learn([register('s'), known(1, avro('s'), now())]);
    hear({ ...changed(0), registryId: 'another' });
    expect(wordsOf(view.peek(register('s')))).toBe('known 1');
    view.close();
    expect(listeners).toBe(0);
  });
});

describe('SchemaView, told of a contradiction', () => {
  it('invariant 6: refuses what rests on the id, for good, and stops the task that used it', async () => {
    await learn([register('s'), known(7, avro('s'), now())], [register('t'), known(8, avro('t'), now())]);
    hear(contradicted(7));
    expect([register('s'), register('t')].map((q) => wordsOf(view.peek(q)))).toEqual([
      `refused ${REGISTRY_CONTENT_CHANGED}`,
      'known 8',
    ]);
    expect(stops.map(({ message }) => message)).toEqual([contradiction.message]);
    hear(contradicted(7));
    hear(changed(0));
    await clock.advance(3_600_000);
    expect(view.resolve([register('s')], never)).toBeUndefined();
    expect(wordsOf(view.peek(register('s')))).toBe(`refused ${REGISTRY_CONTENT_CHANGED}`);
    expect(stops).toHaveLength(1);
  });

  it('leaves those alone that use another id, or the same number of another context', async () => {
    await learn([register(':.ctx:s'), known(7, avro('s'), now())], [byId(8), known(8, avro('t'), now())]);
    hear(contradicted(7));
    expect(stops).toEqual([]);
    hear(contradicted(7, 'ctx'));
    expect(stops).toHaveLength(1);
  });

  it('stops a task whose view has forgotten the answer meanwhile', async () => {
    view.close();
    view = createSchemaView({
      clock,
      gates: new GateMirror({ clock }),
      config: { 'schema.registry.url': NODE_A, 'schemas.cache.size': '1' },
      name: 'small',
      ask: (message: RegistryMessage) =>
        new Promise<RegistryReply>((resolve) => {
          if (message.kind === 'ask')
            asked.push({ questions: message.questions, reply: (answers) => resolve({ answers }) });
        }),
      onNotice: (listener) => {
        hear = listener;
        return () => {};
      },
      stop: (error) => stops.push(error),
    });
    await learn([byId(7), known(7, avro('s'), now())]);
    await clock.advance(10_000);
    await learn([byId(8), known(8, avro('t'), now())]);
    expect(wordsOf(view.peek(byId(7)))).toBe('unasked');
    hear(contradicted(7));
    expect(stops).toHaveLength(1);
  });

  it('hears of it for answers that are on their way', async () => {
    const resolved = view.resolve([register('s')], never);
    hear(contradicted(7));
    asked.shift()?.reply([known(7, avro('s'), now())]);
    await resolved;
    expect(wordsOf(view.peek(register('s')))).toBe(`refused ${REGISTRY_CONTENT_CHANGED}`);
    expect(stops).toHaveLength(1);
  });

  it('refuses everything of a registry that is not trusted any more', async () => {
    await learn([register('s'), known(7, avro('s'), now())], [byId(8), known(8, avro('t'), now())]);
    hear({ kind: 'distrusted', registryId: view.registryId, error: errorToWire(contradiction) });
    expect([register('s'), byId(8)].map((q) => wordsOf(view.peek(q)))).toEqual([
      `refused ${REGISTRY_CONTENT_CHANGED}`,
      `refused ${REGISTRY_CONTENT_CHANGED}`,
    ]);
    expect(stops).toHaveLength(1);
  });

  it('invariant 6: finds out by itself that an id means something else than what it was given before', async () => {
    await learn([byId(7), known(7, avro('one'), now())]);
    hear(changed(now()));
    await learn([byId(7), known(7, avro('two'), now(), 'e2')]);
    expect(wordsOf(view.peek(byId(7)))).toBe(`refused ${REGISTRY_CONTENT_CHANGED}`);
    expect(stops).toHaveLength(1);
  });
});

describe('SchemaView, keeping which records carry an id', () => {
  it('invariant 5: keeps them until the second look confirmed the id', async () => {
    expect(view.tracksRecords?.()).toBe(false);
    await learn([register('s'), known(7, avro('s'), now())], [register('t'), known(8, avro('t'), now() - 60_000)]);
    expect(view.tracksRecords?.()).toBe(true);
    for (const offset of [0, 1, 2, 5]) view.carried?.(7, 'orders', 3, offset);
    view.carried?.(8, 'orders', 3, 9);
    const carried = [
      { topic: 'orders', partition: 3, first: 0, last: 2 },
      { topic: 'orders', partition: 3, first: 5, last: 5 },
    ];
    expect(view.recordsOf?.(contradiction)).toEqual(carried);
    // Asked for again after a change of primary, it is the same id with the same records.
    hear(changed(now()));
    await learn([register('s'), known(7, avro('s'), now(), 'e2')]);
    hear(contradicted(7));
    expect(view.recordsOf?.(stops[0] as ConnectError)).toEqual(carried);
    // Another context has an id 7 of its own.
    hear({ kind: 'confirmed', registryId: view.registryId, context: 'other', ids: [7] });
    expect(view.tracksRecords?.()).toBe(true);
    hear({ kind: 'confirmed', registryId: view.registryId, context: '', ids: [7] });
    expect(view.tracksRecords?.()).toBe(false);
    expect(view.recordsOf?.(contradiction)).toEqual([]);
  });

  it('names all of them when the whole registry is not trusted, and none for an error that is not its own', async () => {
    await learn([register('s'), known(7, avro('s'), now())], [register('t'), known(8, avro('t'), now())]);
    view.carried?.(7, 'a', 0, 1);
    view.carried?.(8, 'a', 0, 2);
    hear({ kind: 'distrusted', registryId: view.registryId, error: errorToWire(contradiction) });
    expect(view.recordsOf?.(stops[0] as ConnectError)).toEqual([{ topic: 'a', partition: 0, first: 1, last: 2 }]);
    expect(view.recordsOf?.(new RegistryIntegrityError('something else'))).toEqual([]);
  });
});

describe('RegistryHost', () => {
  it('keeps for the next run of a task which records carry an id that is still to be confirmed', async () => {
    const host = new RegistryHost({ clock });
    const open = (owner: string): SchemaView =>
      host.schemaView(
        { 'schema.registry.url': NODE_A },
        async (message) =>
          message.kind === 'ask'
            ? { answers: message.questions.map(() => known(7, avro('s'), clock.now())) }
            : undefined,
        { owner, stop: (error) => stops.push(error) },
      );
    const first = open('orders-0 value');
    await first.resolve([register('s')], never);
    first.carried?.(7, 'orders', 0, 3);
    first.close();
    const other = open('payments-0 value');
    await other.resolve([register('s')], never);
    const again = open('orders-0 value');
    await again.resolve([register('s')], never);
    again.carried?.(7, 'orders', 0, 4);
    host.notice({ ...contradicted(7), registryId: again.registryId });
    expect(stops).toHaveLength(2);
    expect(again.recordsOf?.(stops[0] as ConnectError)).toEqual([{ topic: 'orders', partition: 0, first: 3, last: 4 }]);
    expect(other.recordsOf?.(stops[0] as ConnectError)).toEqual([]);
    again.close();
    // Confirmed while no run of it is there.
    host.notice({ kind: 'confirmed', registryId: again.registryId, context: '', ids: [7] });
    expect(open('orders-0 value').recordsOf?.(contradiction)).toEqual([]);
  });
});
