import { expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { type Missing, MissingThings } from '../../../src/registry/missing-things.ts';
import { ParkedQuestions } from '../../../src/registry/parked-questions.ts';
import { RegistryUnavailableError } from '../../../src/registry/registry-errors.ts';
import type { RegistryAnswer } from '../../../src/registry/registry-messages.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';

const START = 1_700_000_000_000;
const NOT_SEEN = 'holdfast.registry.id.not-seen';
const FROM_FUTURE = 'holdfast.registry.id.from-future';

const byId = (id: number): SchemaQuestion => ({ kind: 'by-id', key: `id ${id}`, id });
const missing = (id: number, change: Partial<Missing> = {}): Missing => ({
  gate: `id:${id}`,
  dependency: `schema id ${id}`,
  reason: 'nobody has it',
  code: NOT_SEEN,
  fromFuture: false,
  ...change,
});
const known = (id: number): RegistryAnswer => ({
  kind: 'known',
  schema: { id, schemaType: 'AVRO', schema: '"string"', references: [] },
  acknowledgement: { epoch: '', at: 0 },
});
const waitingAt = (gateId: string): RegistryAnswer => ({
  kind: 'waiting',
  gateId,
  error: new RegistryUnavailableError('not there', { gateId }),
  fromFuture: false,
});

/** With 0.5 for chance: a thing is asked for after 250 ms, and 500, 1000, 2000 ms later. */
function things() {
  const clock = new ManualClock();
  const log = recordingLogger();
  const gates = new GateBook({ clock, random: () => 0.5 });
  const parked = new ParkedQuestions({ maxEntries: 10 });
  const life = new AbortController();
  const heard: string[] = [];
  const state = {
    mayAsk: true,
    answer: (id: number): RegistryAnswer => waitingAt(`registry:x:id:${id}`),
  };
  const things = new MissingThings({
    registryId: 'x',
    clock,
    logger: log.logger,
    gates,
    parked,
    signal: life.signal,
    mayAsk: () => state.mayAsk,
    ask: async (key) => {
      heard.push(`${clock.monotonic()} ask ${key}`);
      return state.answer(Number(key.slice(3)));
    },
    onOpened: (gateId) => heard.push(`${clock.monotonic()} opened ${gateId}`),
    emit: (event) => {
      if (event.type === 'gate')
        heard.push(`${clock.monotonic()} event ${event.gate.id} ${event.gate.state} ${event.closedForMs}`);
      else heard.push(`${clock.monotonic()} event ${event.type} ${JSON.stringify(event)}`);
    },
    random: () => 0.5,
  });
  const park = (id: number, change: Partial<Missing> = {}, question = byId(id)): void => {
    const gateId = `registry:x:id:${id}`;
    parked.add({ key: `id ${id}`, question, gateId, since: clock.monotonic(), views: new Set(['v']) });
    things.wait(question, missing(id, change));
  };
  const asked = (): string[] => heard.filter((one) => one.includes(' ask '));
  return { clock, log, gates, parked, life, heard, state, things, park, asked };
}

it('have a closed gate each that says what is missing and when it is asked for again', async () => {
  const { clock, gates, heard, log, things: all, park } = things();
  park(7);
  await clock.advance(0);
  expect(gates.get('registry:x:id:7')?.snapshot()).toMatchObject({
    state: 'closed',
    dependency: 'schema id 7',
    reason: 'nobody has it',
    nextProbeAt: START + 250,
  });
  expect(heard).toEqual(['0 event registry:x:id:7 closed 0']);
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'The schema registry lacks something; what needs it waits',
      fields: { code: NOT_SEEN, gate: 'registry:x:id:7', reason: 'nobody has it' },
    },
  ]);
  expect(all.at('registry:x:id:7')).toEqual(missing(7));
  expect(all.at('registry:x:id:8')).toBeUndefined();
  expect(all.gateIdOf(missing(8))).toBe('registry:x:id:8');
});

it('are asked for at growing intervals until they are there; then the gate opens', async () => {
  const { clock, gates, heard, log, state, things: all, park, asked } = things();
  await clock.advance(1000);
  park(7);
  await clock.advance(800);
  expect(asked()).toEqual(['1250 ask id 7', '1750 ask id 7']);
  expect(gates.get('registry:x:id:7')?.snapshot()).toMatchObject({ state: 'closed', attempts: 3 });
  state.answer = known;
  heard.length = 0;
  await clock.advance(60_000);
  expect(heard).toEqual(['2750 ask id 7', '2750 event registry:x:id:7 open 1750', '2750 opened registry:x:id:7']);
  expect(log.lines.at(-1)).toEqual({
    level: 'info',
    message: 'What waited for the schema registry goes on',
    fields: { code: NOT_SEEN, gate: 'registry:x:id:7', closedForMs: 1750 },
  });
  expect([gates.get('registry:x:id:7'), all.at('registry:x:id:7'), clock.pendingTimers]).toEqual([
    undefined,
    undefined,
    0,
  ]);
});

it.each<[string, RegistryAnswer]>([
  ['refused', { kind: 'refused', error: new RegistryUnavailableError('no', {}) }],
  ['waiting elsewhere', waitingAt('registry:x:read')],
])('are settled by an answer that is %s', async (_name, answer) => {
  const { clock, gates, state, park, asked } = things();
  state.answer = () => answer;
  park(7);
  await clock.advance(10_000);
  expect(asked()).toEqual(['250 ask id 7']);
  expect(gates.snapshots()).toEqual([]);
});

it('are worked on once, however many wait, and told of again only when it is another kind of missing', async () => {
  const { clock, gates, heard, park, asked, things: all } = things();
  park(7);
  await clock.advance(100);
  park(7, { reason: 'still nobody has it' });
  expect(heard).toEqual(['0 event registry:x:id:7 closed 0']);
  expect(gates.get('registry:x:id:7')?.snapshot().reason).toBe('still nobody has it');
  park(7, { code: FROM_FUTURE, reason: 'above all', fromFuture: true });
  expect(heard.slice(1)).toEqual([
    '100 event registry:x:id:7 closed 0',
    '100 event id-from-future {"type":"id-from-future","id":7,"reason":"above all"}',
  ]);
  expect(all.at('registry:x:id:7')?.fromFuture).toBe(true);
  await clock.advance(700);
  expect(asked()).toEqual(['250 ask id 7', '750 ask id 7']);
});

it('are told of as from the future for ids only', () => {
  const { heard, park } = things();
  park(7, { fromFuture: true }, { kind: 'version', key: 'id 7', subject: 's', version: 1 });
  expect(heard).toEqual(['0 event registry:x:id:7 closed 0']);
});

it('are not asked for while it would be in vain, and wait on', async () => {
  const { clock, gates, state, park, asked } = things();
  state.mayAsk = false;
  park(7);
  await clock.advance(800);
  expect(asked()).toEqual([]);
  expect(gates.get('registry:x:id:7')?.snapshot().state).toBe('closed');
  state.mayAsk = true;
  await clock.advance(1000);
  expect(asked()).toEqual(['1750 ask id 7']);
});

it('are asked for at once when somebody says so, and when another one turned up', async () => {
  const { clock, state, park, asked, things: all } = things();
  park(7);
  await clock.advance(1800);
  expect(asked().at(-1)).toBe('1750 ask id 7');
  all.askNow();
  await clock.advance(0);
  expect(asked().at(-1)).toBe('1800 ask id 7');
  state.answer = (id) => (id === 8 ? known(8) : waitingAt(`registry:x:id:${id}`));
  park(8);
  await clock.advance(250);
  expect(asked().slice(-2)).toEqual(['2050 ask id 8', '2050 ask id 7']);
});

it('are asked for the more seldom the more of them there are', async () => {
  const { clock, asked, park } = things();
  for (let id = 1; id <= 10; id++) park(id);
  await clock.advance(500);
  expect(asked()[0]).toBe('250 ask id 1');
  // The tenth: 10 * 50 ms, less half of the jitter.
  expect(asked().filter((one) => one.endsWith('id 10'))).toEqual(['425 ask id 10']);
});

it('are forgotten when nobody waits there any more', async () => {
  const { clock, gates, heard, things: all, park, asked } = things();
  park(7);
  all.abandon('registry:x:id:7');
  expect(gates.get('registry:x:id:7')).toBeUndefined();
  all.abandon('registry:x:id:8');
  expect(gates.get('registry:x:id:8')).toBeUndefined();
  await clock.advance(10_000);
  expect(asked()).toEqual([]);
  expect(heard.at(-1)).toBe('0 opened registry:x:id:7');
  expect(all.at('registry:x:id:7')).toBeUndefined();
});

it('are asked for no more, and their gate opens, when the last question is gone', async () => {
  const { clock, gates, parked, park, asked } = things();
  park(7);
  await clock.advance(300);
  parked.delete('id 7');
  await clock.advance(10_000);
  expect(asked()).toEqual(['250 ask id 7']);
  expect(gates.snapshots()).toEqual([]);
});

it('end with the client: every gate opens', async () => {
  const { clock, gates, life, park, asked } = things();
  park(7);
  park(8);
  await clock.advance(100);
  life.abort(new Error('over'));
  await clock.advance(10_000);
  expect(gates.snapshots()).toEqual([]);
  expect(asked()).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

it('tell at their gate when they turn out to be lost', () => {
  const { gates, park } = things();
  park(7);
  expect(gates.get('registry:x:id:7')?.snapshot()).toMatchObject({ code: NOT_SEEN });
  park(7, { code: FROM_FUTURE, fromFuture: true });
  expect(gates.get('registry:x:id:7')?.snapshot()).toMatchObject({ code: FROM_FUTURE });
});
