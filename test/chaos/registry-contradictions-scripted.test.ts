/** A registry that contradicts itself: the tasks that use what is contradicted stop, before or as soon as it can be known, and the others go on. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ScriptedRegistry, type ScriptedRegistryOptions } from '../../src/testing/index.ts';
import { AvroBench, Flow, range, sequenceSchema, tolerating } from '../support/avro-pipelines.ts';
import { scenarioLine } from '../support/chaos-verification.ts';
import { freePorts } from '../support/ports.ts';
import { schemasIn } from './scripted-scenario.ts';

interface World {
  readonly registry: ScriptedRegistry;
  readonly bench: AvroBench;
}

/** A flow of a schema that nothing happens to; it has to go on, once and in order, and nothing may be dead-lettered. */
async function besideAFlow(
  name: string,
  options: ScriptedRegistryOptions,
  story: (world: World) => Promise<void>,
): Promise<void> {
  const registry = await ScriptedRegistry.start({ ...options, ports: await freePorts(options.nodes ?? 1) });
  const bench = await AvroBench.start({ registryUrls: registry.urls });
  let flow: Flow | undefined;
  try {
    await bench.source('known', 'known', sequenceSchema('Known'), tolerating('all'));
    await bench.sink('known-sink', 'known', tolerating('all', 'dlq'));
    flow = new Flow(bench, 'known', 'known-sink');
    await bench.connect.waitFor('the known flow', async () => bench.delivered('known-sink').length > 20, 60_000);
    await story({ registry, bench });
    const before = bench.delivered('known-sink').length;
    await bench.connect.waitFor('the flow to go on', async () => bench.delivered('known-sink').length > before, 30_000);
    await flow.stop();
    await bench.expectDelivered('known-sink', range(0, flow.count), 60_000);
    expect((await bench.topic('dlq')).flat()).toEqual([]);
    const failed = (await bench.failures()).map((failure) => failure.split(':')[0]);
    console.log(scenarioLine(name, { 'stopped tasks': failed.join(' '), 'records of others': flow.count }));
  } finally {
    await flow?.stop();
    await bench.stop();
    await registry.stop();
  }
}

/** Until the task of the connector is FAILED; its trace. */
function failure({ bench }: World, connector: string, timeoutMs: number): Promise<string> {
  return bench.connect.waitFor(
    `${connector} to stop`,
    async () => (await bench.status(connector)).tasks.find(({ state }) => state === 'FAILED')?.trace,
    timeoutMs,
  );
}

const idOf = (registry: ScriptedRegistry, subject: string): number =>
  schemasIn(registry).find((schema) => schema.subject === subject)?.id ?? -1;

describe.concurrent('a registry that contradicts itself', () => {
  it('12 an id that is given to a second schema stops its writer within two looks, and names the records (Karapace: the last wins)', async () => {
    await besideAFlow('12 duplicate id, last wins', { nodes: 2, vendor: 'karapace' }, async (world) => {
      const { bench, registry } = world;
      bench.feed('writer', range(0, 10));
      await bench.source('writer', 'written', sequenceSchema('Written'), tolerating('all'));
      await bench.connect.waitFor('its records', async () => (await bench.topicLength('written')) === 10, 30_000);
      const id = idOf(registry, 'written-value');
      const value = {
        subject: 'other-value',
        version: 1,
        id,
        schemaType: 'AVRO',
        references: [],
        schema: sequenceSchema('Other'),
        deleted: false,
      } as const;
      await registry.append({ keytype: 'SCHEMA', subject: 'other-value', version: 1, value });
      // The second look comes 60 s after the acknowledgement.
      const trace = await failure(world, 'writer', 120_000);
      expect(trace).toContain(`Schema id ${id}`);
      expect(trace).toMatch(/written/);
      expect(await bench.topicLength('written')).toBe(10);
    });
  });

  it('12 an acknowledged id that means another schema is written with by nobody (Confluent: the first wins)', async () => {
    await besideAFlow('12 duplicate id, first wins', { nodes: 2, vendor: 'confluent' }, async (world) => {
      const { bench, registry } = world;
      const taken = await registry.register('winner-value', sequenceSchema('Winner'));
      // The loser's record was dropped from the log after its answer was sent.
      registry.script({
        operation: 'register',
        path: /loser/,
        fault: { kind: 'answer', status: 200, body: { id: taken } },
      });
      bench.feed('loser', range(0, 10));
      await bench.source('loser', 'loser', sequenceSchema('Loser'), tolerating('all'));
      const trace = await failure(world, 'loser', 60_000);
      expect(trace).toContain(`Schema id ${taken}`);
      expect(await bench.topicLength('loser')).toBe(0);
    });
  });

  it('19 an id that is given out again after a restore with a lower highest id stops who uses it', async () => {
    await besideAFlow('19 id reuse after a restore', { nodes: 2, vendor: 'confluent' }, async (world) => {
      const { bench, registry } = world;
      bench.feed('before', range(0, 10));
      await bench.source('before', 'before', sequenceSchema('Before'), tolerating('all'));
      await bench.connect.waitFor('its records', async () => (await bench.topicLength('before')) === 10, 30_000);
      const id = idOf(registry, 'before-value');
      const at = registry.records().length - 1;
      await registry.restoreTo(at);
      await registry.setPrimary(0);
      await delay(2_000);
      bench.feed('after', range(0, 10));
      await bench.source('after', 'after', sequenceSchema('After'), tolerating('all'));
      const trace = await failure(world, 'after', 120_000);
      expect(trace).toMatch(new RegExp(`id ${id}\\b`));
      expect(await bench.topicLength('after')).toBe(0);
    });
  });
});
