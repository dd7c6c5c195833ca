import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEmbeddedBroker, type EmbeddedBroker } from '../../src/broker/embedded/embedded-broker.ts';
import { createEmbeddedRegistry, type EmbeddedRegistry } from '../../src/embedded-registry/embedded-registry.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { framed, range, sequenceSchema } from '../support/avro-pipelines.ts';
import {
  type ChaosEvidence,
  type RegisteredSchema,
  schemasInLog,
  verifyScenario,
} from '../support/chaos-verification.ts';
import { registerAt } from '../support/registry-outage-story.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, produce } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';

let broker: EmbeddedBroker;
let registry: EmbeddedRegistry;
let url = '';
const [a, b] = [sequenceSchema('A'), sequenceSchema('B')];
let acknowledged: readonly RegisteredSchema[] = [];
const idOf = (schema: string): number => acknowledged.find((one) => one.schema === schema)?.id ?? -1;

beforeAll(async () => {
  broker = await createEmbeddedBroker({ dir: tempDir('verification'), logger: silentLogger });
  const network = { host: '127.0.0.1', ports: [] };
  registry = await createEmbeddedRegistry({ broker, nodes: 1, ...network, clock: systemClock, logger: silentLogger });
  url = registry.nodes[0]?.url ?? '';
  acknowledged = [
    { id: await registerAt(url, 'a', a), subject: 'a', schema: a },
    { id: await registerAt(url, 'b', b), subject: 'b', schema: b },
  ];
});
afterAll(async () => {
  await registry.stop();
  await broker.close();
});

/** Numbers with the schema A, but for what is told. */
async function topicOf(numbers: readonly number[], idsOf: (seq: number) => number = () => idOf(a)): Promise<string> {
  const topic = uniqueName('verified');
  await createTopic(broker, topic);
  await produce(
    broker,
    topic,
    0,
    numbers.map((seq) => framed(idsOf(seq), a, { seq, text: '' })),
  );
  return topic;
}

async function evidence(numbers: readonly number[] = range(0, 5), more: Partial<ChaosEvidence> = {}) {
  const topic = await topicOf(numbers);
  const expected = { topic, sequence: range(0, 5), schemaName: () => 'A', delivered: range(0, 5) };
  const log = await schemasInLog(broker);
  return { broker, topics: [expected], nodes: [url], failures: [], deadLetters: ['none'], acknowledged, log, ...more };
}

it('finds nothing where all is well', async () => {
  expect(await verifyScenario(await evidence())).toEqual({ records: 5, ids: 2, nodes: 1, unanswered: 0 });
});

it.each([
  ['a record that is missing', [0, 1, 3, 4], /lacks 1: 2/],
  ['a record that is there twice', [0, 1, 1, 2, 3, 4], /number 1 is there twice/],
  ['records out of order', [0, 2, 1, 3, 4], /number 1 comes too late/],
  ['a record that nobody sent', [0, 1, 2, 3, 4, 9], /1 that nobody sent: 9/],
] as const)('finds %s', async (_what, numbers, message) => {
  await expect(verifyScenario(await evidence(numbers))).rejects.toThrow(message);
});

it('finds records with the id of another schema, or of none', async () => {
  const topics = async (id: number) => [
    { topic: await topicOf(range(0, 2), () => id), sequence: range(0, 2), schemaName: () => 'A' },
  ];
  await expect(verifyScenario(await evidence([0], { topics: await topics(idOf(b)) }))).rejects.toThrow(
    /is B and not A/,
  );
  const unknown = verifyScenario(await evidence([0], { topics: await topics(7777), patienceMs: 500 }));
  await expect(unknown).rejects.toThrow(/id 7777 does not read it/);
});

it('finds what a sink left out, repeated or mixed up', async () => {
  const good = await evidence();
  for (const delivered of [
    [0, 1, 3, 4],
    [0, 1, 1, 2, 3, 4],
    [1, 0, 2, 3, 4],
  ]) {
    const topics = good.topics.map((topic) => ({ ...topic, delivered }));
    await expect(verifyScenario({ ...good, topics })).rejects.toThrow(/the sink of/);
  }
});

it('finds failures and dead letters', async () => {
  const deadLetters = [await topicOf([0])];
  const found = verifyScenario(await evidence(range(0, 5), { failures: ['task 0: trace'], deadLetters }));
  await expect(found).rejects.toThrow(/FAILED: task 0: trace\n1 records in the dead letter queue/);
});

it('finds a log and acknowledgements that do not agree', async () => {
  const good = await evidence();
  const other = { id: idOf(a), subject: 'c', schema: b };
  await expect(verifyScenario({ ...good, log: [...good.log, other] })).rejects.toThrow(/for two schemas/);
  await expect(verifyScenario({ ...good, acknowledged: [...acknowledged, other] })).rejects.toThrow(/for two schemas/);
  const untold = { id: 99, subject: 'c', schema: b };
  await expect(verifyScenario({ ...good, log: [...good.log, untold] })).rejects.toThrow(/nobody was told of id 99/);
  const verified = await verifyScenario({ ...good, log: [...good.log, untold], unanswered: [untold] });
  expect(verified.unanswered).toBe(1);
  await expect(verifyScenario({ ...good, log: good.log.slice(1) })).rejects.toThrow(/is not in the log/);
});
