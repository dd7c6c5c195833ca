/**
 * What holds between the registry and tasks in the worker's own thread holds in threads of their own: notices, gates, questions and the
 * actions of operators reach them there. The cases themselves are told apart in the other tests of this folder.
 */
import { afterEach, expect, it } from 'vitest';
import { errorAnswer, ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema, tolerating } from '../../support/avro-pipelines.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const OWN = { 'task.isolation': 'own' };
const FLOW = sequenceSchema('Flow');
const INTRUDER = sequenceSchema('Intruder');
/** A thread takes its time to start on a busy machine. */
const STARTS_MS = 30_000;

async function primaryOf(bench: AvroBench): Promise<string | undefined> {
  const [registry] = (await bench.get('/registries')).body as readonly { readonly epoch: { url: string } | null }[];
  return registry?.epoch?.url;
}

it('tasks in threads park, skip what an operator skips, read suspect ids back, and stop for an id that means another schema', async () => {
  const registry = await ScriptedRegistry.start({ vendor: 'karapace', nodes: 2, primary: 0 });
  closers.push(() => registry.stop());
  const bench = await AvroBench.start({
    registryUrls: registry.urls,
    isolation: 'shared',
    settings: { 'registry.second.look.ms': '1000', 'registry.refresh.interval.ms': '0' },
  });
  closers.push(() => bench.stop());

  // Invariant 3 and 4: an outage parks; what waited goes on in its order.
  const outage = registry.script({ operation: ['register', 'lookup'], fault: errorAnswer(500, 50004) });
  bench.feed('flow', range(0, 10));
  await bench.source('flow', 'flow', FLOW, OWN);
  await bench.sink('sink', 'flow', tolerating('none', 'dlq'));
  await bench.parked('flow', STARTS_MS);
  outage.remove();
  await bench.expectDelivered('sink', range(0, 10), STARTS_MS);
  await bench.notParked('flow');

  // Invariant 5: after a change of primary no record carries an id from shortly before it until that was read back.
  const [{ id = 0 } = {}] = registry.acknowledged();
  const denied = registry.script({ path: new RegExp(`/schemas/ids/${id}\\b`), fault: errorAnswer(500, 50001) });
  const after = registry.urls.find((url) => url !== registry.node(0).url);
  await registry.setPrimary(1);
  await bench.connect.waitFor('the new primary', async () => (await primaryOf(bench)) === after);
  bench.feed('flow', range(10, 20));
  expect((await bench.parked('flow')).code).toMatch(/^holdfast\.registry\./);
  expect(await bench.topicLength('flow')).toBe(10);
  denied.remove();
  await bench.expectDelivered('sink', range(0, 20));

  // What an operator says reaches the thread, and the dead letter queue gets that record.
  await createTopic(bench.broker, 'known', 1);
  const good = (seq: number): Buffer => framed(id, FLOW, { seq, text: '' });
  await produce(bench.broker, 'known', 0, [good(0), framed(id + 7, FLOW, { seq: 1, text: '' }), good(2)]);
  const { 'errors.tolerance': _tolerated, ...deadLetters } = tolerating('all', 'dlq');
  await bench.sink('skipping', 'known', { ...deadLetters, ...OWN });
  await bench.parked('skipping', STARTS_MS, 'holdfast.registry.id.not-seen');
  const at = { topic: 'known', partition: 0, offset: 1 };
  const skip = () => bench.connect.request('POST', '/connectors/skipping/tasks/0/parked/skip', at);
  expect((await skip()).status).toBe(204);
  await bench.expectDelivered('skipping', [0, 2]);
  expect((await skip()).status).toBe(409);
  await bench.connect.waitFor('its report', async () => (await bench.topicLength('dlq')) === 1);

  // Invariant 6: who uses a contradicted id stops, and the error names the records that carry it.
  bench.feed('other', range(0, 5));
  await bench.source('other', 'other', sequenceSchema('Other'));
  await bench.connect.waitFor('its records', async () => (await bench.topicLength('other')) === 5, STARTS_MS);
  const young = registry.acknowledged().at(-1)?.id ?? 0;
  const value = { subject: 'intruder', version: 1, id: young, schemaType: 'AVRO', references: [], schema: INTRUDER };
  await registry.append({
    keytype: 'SCHEMA',
    subject: 'intruder',
    version: 1,
    value: { ...value, schemaType: 'AVRO', deleted: false },
  });
  const trace = await bench.connect.waitFor('the writer stopped', async () => {
    const [task] = (await bench.status('other')).tasks;
    return task?.state === 'FAILED' && task.trace;
  });
  expect(trace).toContain(`${young}`);
  expect(trace).toContain('other-0 offsets 0 to 4');
  bench.feed('flow', range(20, 25));
  await bench.expectDelivered('sink', range(0, 25));
  expect((await bench.failures()).map((each) => each.split(':')[0])).toEqual(['other']);
}, 120_000);
