import { afterEach, expect, it } from 'vitest';
import { ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema, tolerating } from '../../support/avro-pipelines.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SCHEMA = sequenceSchema('Known');

it('a partition that waits at an id nobody knows goes on behind that one record when an operator says so', async () => {
  const registry = await ScriptedRegistry.start({ nodes: 2 });
  closers.push(() => registry.stop());
  const id = await registry.register('known-value', SCHEMA);
  const bench = await AvroBench.start({ registryUrls: registry.urls });
  closers.push(() => bench.stop());
  const good = (seq: number): Buffer => framed(id, SCHEMA, { seq, text: `n ${seq}` });
  const unknown = framed(id + 7, SCHEMA, { seq: -1, text: 'of an id that is still to come, or was lost' });
  await createTopic(bench.broker, 'known', 2);
  await produce(bench.broker, 'known', 0, [good(0), good(1), unknown, good(2)]);
  await produce(bench.broker, 'known', 1, [good(3)]);

  // Bad data is not tolerated: that an operator looked at this record is what counts.
  const { 'errors.tolerance': _tolerated, ...deadLetters } = tolerating('all', 'dlq');
  await bench.sink('sink', 'known', deadLetters);
  await bench.connect.waitFor('all but what waits', async () => bench.delivered('sink').length === 3);
  const parked = await bench.connect.waitFor('the wait for the one id', async () => {
    const { tasks } = await bench.status('sink');
    return tasks[0]?.parked?.code === 'holdfast.registry.id.not-seen' && tasks[0].parked;
  });
  expect(parked).toMatchObject({ partitions: ['known-0'], waiting_at: { 'known-0': 2 } });

  const skip = (offset: unknown, task = 0): Promise<{ readonly status: number; readonly body: unknown }> =>
    bench.connect.request('POST', `/connectors/sink/tasks/${task}/parked/skip`, {
      topic: 'known',
      partition: 0,
      offset,
    });
  expect((await skip('2')).status).toBe(400);
  expect((await skip(2, 5)).status).toBe(404);
  expect(await skip(3)).toMatchObject({ status: 409, body: { message: expect.stringContaining('waits at offset 2') } });
  expect((await skip(2)).status).toBe(204);
  await bench.connect.waitFor('the record behind it', async () => bench.delivered('sink').length === 4);
  await bench.notParked('sink');
  expect([...bench.delivered('sink')].sort()).toEqual(range(0, 4));
  expect((await skip(2)).status).toBe(409);

  const [dead] = (await bench.topic('dlq')).flat();
  expect(dead?.value).toEqual(unknown);
  const headers = new Map(dead?.headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()]));
  expect(headers.get('__connect.errors.offset')).toBe('2');
  expect(headers.get('__connect.errors.exception.message')).toMatch(/was skipped on request/);
  expect(bench.lines.some(({ fields }) => fields?.['code'] === 'holdfast.task.record-skipped')).toBe(true);
}, 60_000);
