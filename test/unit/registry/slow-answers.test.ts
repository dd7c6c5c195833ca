import { expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import type { RegistryAnswer } from '../../../src/registry/registry-messages.ts';
import { SlowAnswers } from '../../../src/registry/slow-answers.ts';
import { avro } from './worker-of-registries.ts';

const known = (id: number): RegistryAnswer => ({
  kind: 'known',
  schema: { id, ...avro('s') },
  acknowledgement: { epoch: '', at: 0 },
});

interface Flight {
  readonly promise: Promise<RegistryAnswer>;
  readonly land: (answer: RegistryAnswer) => void;
  readonly crash: (error: Error) => void;
}

function flightOf(): Flight {
  let land: (answer: RegistryAnswer) => void = () => {};
  let crash: (error: Error) => void = () => {};
  const promise = new Promise<RegistryAnswer>((resolve, reject) => {
    land = resolve;
    crash = reject;
  });
  return { promise, land, crash };
}

function slowAnswers() {
  const clock = new ManualClock();
  const log = recordingLogger();
  const gates = new GateBook({ clock });
  const slow = new SlowAnswers({
    registryId: 'x',
    clock,
    logger: log.logger,
    gates,
    nodes: () => ['http://a:8081', 'http://b:8081'],
    timeoutMs: 30_000,
  });
  const words: string[] = [];
  const ask = ({ promise }: Flight, answered: Promise<RegistryAnswer> = promise): void => {
    slow.patiently(promise, answered).then(
      (answer) => words.push(`${clock.monotonic()} ${answer.kind === 'waiting' ? answer.gateId : answer.kind}`),
      (error: unknown) => words.push(`${clock.monotonic()} ${String(error)}`),
    );
  };
  return { clock, log, gates, slow, words, ask };
}

it('hands on an answer that comes within a second, and shuts no gate', async () => {
  const { clock, log, gates, words, ask } = slowAnswers();
  const flight = flightOf();
  ask(flight);
  await clock.advance(999);
  flight.land(known(1));
  await clock.advance(5000);
  expect(words).toEqual(['999 known']);
  expect([gates.snapshots(), log.lines, clock.pendingTimers]).toEqual([[], [], 0]);
});

it('hands on what the asker makes of the answer, not the answer itself', async () => {
  const { clock, words, ask } = slowAnswers();
  const flight = flightOf();
  flight.land(known(1));
  ask(flight, Promise.resolve({ kind: 'refused', error: new Error('no') as never }));
  await clock.advance(0);
  expect(words).toEqual(['0 refused']);
});

it('has whoever asks wait, after a second, at a gate that says who does not answer and opens with the answer', async () => {
  const { clock, gates, slow, words, ask } = slowAnswers();
  const flight = flightOf();
  ask(flight);
  const answering = slow.patiently(flight.promise, flight.promise);
  await clock.advance(1000);
  expect(words).toEqual(['1000 registry:x:slow:1']);
  const answer = await answering;
  const { error } = answer as Extract<RegistryAnswer, { kind: 'waiting' }>;
  expect(answer).toMatchObject({ kind: 'waiting', gateId: 'registry:x:slow:1', fromFuture: false });
  expect(error).toMatchObject({ code: 'holdfast.registry.slow', gateId: 'registry:x:slow:1' });
  expect(error.message).toContain(
    'Waiting for schema registry (answer): no settled answer of http://a:8081, http://b:8081 for a second',
  );
  expect(error.message).toContain('given up after 30 s');
  expect(gates.get('registry:x:slow:1')?.snapshot().state).toBe('closed');
  flight.land(known(1));
  await clock.advance(0);
  expect(gates.snapshots()).toEqual([]);
});

it('has those who ask later wait at the same gate, at once', async () => {
  const { clock, gates, words, ask } = slowAnswers();
  const flight = flightOf();
  ask(flight);
  await clock.advance(500);
  ask(flight);
  await clock.advance(700);
  ask(flight);
  await clock.advance(1000);
  expect(words).toEqual(['1000 registry:x:slow:1', '1200 registry:x:slow:1', '1500 registry:x:slow:1']);
  expect(gates.snapshots()).toHaveLength(1);
});

it('opens the gate of a question that fails, too', async () => {
  const { clock, gates, ask } = slowAnswers();
  const flight = flightOf();
  ask(flight);
  await clock.advance(1000);
  flight.crash(new Error('over'));
  await clock.advance(0);
  expect(gates.snapshots()).toEqual([]);
});

it('tells once that nobody answers, and once that all has come to an end, however many questions there are', async () => {
  const { clock, log, words, ask } = slowAnswers();
  const flights = [flightOf(), flightOf()];
  for (const flight of flights) ask(flight);
  await clock.advance(3000);
  expect(words).toEqual(['1000 registry:x:slow:1', '1000 registry:x:slow:2']);
  flights[0]?.land(known(1));
  await clock.advance(500);
  expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  flights[1]?.land(known(2));
  await clock.advance(0);
  expect(log.lines.map(({ level, fields }) => [level, fields['code'], fields['waitedMs']])).toEqual([
    ['warn', 'holdfast.registry.slow', undefined],
    ['info', 'holdfast.registry.slow', 2500],
  ]);
  const again = flightOf();
  ask(again);
  await clock.advance(1000);
  expect(log.lines).toHaveLength(3);
  expect(words.at(-1)).toBe('4500 registry:x:slow:3');
});
