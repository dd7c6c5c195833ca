import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { RegistryRecord } from '../../../src/embedded-registry/registry-record.ts';
import { ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema, tolerating } from '../../support/avro-pipelines.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const WRONG = sequenceSchema('Wrong');
const RIGHT = sequenceSchema('Right');
const INTRUDER = sequenceSchema('Intruder');
const PARTITIONS = 3;

/** What became of an id that was given out twice. */
const outcomes = {
  /** The last record wins by id; both subjects keep their own. */
  karapace: async (registry: ScriptedRegistry, id: number): Promise<void> => {
    await registry.append(intruder(id));
  },
  /** The first record wins, and the second is dropped: the log is made such that the other one's came first. */
  confluent: async (registry: ScriptedRegistry, id: number): Promise<void> => {
    const ours = registry.records().findIndex(({ value }) => {
      return value !== null && JSON.parse(Buffer.from(value).toString()).id === id;
    });
    await registry.restoreTo(ours);
    await registry.append(intruder(id));
  },
};

function intruder(id: number): RegistryRecord {
  const value = {
    subject: 'intruder',
    version: 1,
    id,
    schemaType: 'AVRO',
    references: [],
    schema: INTRUDER,
    deleted: false,
  } as const;
  return { keytype: 'SCHEMA', subject: 'intruder', version: 1, value };
}

function failure(bench: AvroBench, connector: string): Promise<string> {
  return bench.connect.waitFor(
    `${connector} failed`,
    async () => {
      const { tasks } = await bench.status(connector);
      return tasks[0]?.state === 'FAILED' && (tasks[0].trace ?? '');
    },
    30_000,
  );
}

/** `partition first-last` of the records in the topic that carry the id. */
async function carrying(bench: AvroBench, topic: string, id: number): Promise<readonly string[]> {
  const ranges: string[] = [];
  for (const [partition, records] of (await bench.topic(topic)).entries()) {
    let first: number | null = null;
    let last = -1;
    const end = (): void => {
      if (first !== null) ranges.push(`${partition} ${first}-${last}`);
      first = null;
    };
    for (const { offset, value } of records) {
      const carries = value !== null && Buffer.from(value).readInt32BE(1) === id;
      if (!carries || (first !== null && offset !== last + 1)) end();
      if (!carries) continue;
      first ??= offset;
      last = offset;
    }
    end();
  }
  return ranges;
}

function named(trace: string, topic: string): readonly string[] {
  return [...trace.matchAll(new RegExp(`${topic}-(\\d+) offsets? (\\d+)(?: to (\\d+))?`, 'g'))].map(
    ([, partition, first, last]) => `${partition} ${first}-${last ?? first}`,
  );
}

describe.each(['karapace', 'confluent'] as const)('with the outcome of %s', (vendor) => {
  it('invariants 5 and 6: an id that turns out to mean another schema stops the tasks that used it and names the records', async () => {
    const registry = await ScriptedRegistry.start({ vendor, nodes: 2 });
    closers.push(() => registry.stop());
    const bench = await AvroBench.start({
      registryUrls: registry.urls,
      settings: { 'registry.second.look.ms': '4000' },
    });
    closers.push(() => bench.stop());
    const tolerant = tolerating('all', 'dlq');

    bench.feed('right', range(0, 5));
    await bench.source('right', 'right', RIGHT, tolerating('all'));
    await bench.sink('right-sink', 'right', tolerant);
    await bench.expectDelivered('right-sink', range(0, 5));
    const rightId = registry.acknowledged()[0]?.id ?? 0;

    await createTopic(bench.broker, 'wrong', PARTITIONS);
    bench.feed('wrong', range(0, 1));
    await bench.source('wrong', 'wrong', WRONG, tolerating('all'));
    await bench.sink('wrong-sink', 'wrong', tolerant);
    await bench.connect.waitFor('the first record', async () => bench.delivered('wrong-sink').length > 0);
    const wrongId = registry.acknowledged().find(({ id }) => id !== rightId)?.id ?? 0;
    expect(wrongId).toBeGreaterThan(0);

    // Records with the other id in between, so that there is more than one range.
    let fed = 1;
    const feeding = new AbortController();
    const flow = (async (): Promise<void> => {
      while (!feeding.signal.aborted) {
        bench.feed('wrong', range(fed, fed + 3));
        fed += 3;
        await delay(50);
        if (fed % 2 === 0 && fed < 60) {
          const other = framed(rightId, RIGHT, { seq: -1, text: 'of somebody else' });
          for (const partition of range(0, PARTITIONS)) await produce(bench.broker, 'wrong', partition, [other]);
        }
      }
    })();
    await outcomes[vendor](registry, wrongId);
    const trace = await failure(bench, 'wrong');
    feeding.abort();
    await flow;

    expect(trace).toMatch(/holdfast\.registry\./);
    expect(trace).toContain(`${wrongId}`);
    expect(await failure(bench, 'wrong-sink')).toContain(`${wrongId}`);
    const ranges = await carrying(bench, 'wrong', wrongId);
    expect(ranges.length).toBeGreaterThan(2);
    expect(named(trace, 'wrong')).toEqual(ranges);
    expect(trace).not.toMatch(/on their way/);

    // Others go on, nothing is dead-lettered, and nothing that is tolerated was used up for it.
    bench.feed('right', range(5, 10));
    await bench.expectDelivered('right-sink', range(0, 10));
    expect((await bench.topic('dlq')).flat()).toEqual([]);
    expect((await bench.failures()).map((each) => each.split(':')[0]).sort()).toEqual(['wrong', 'wrong-sink']);
  }, 120_000);
});
