import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { client, DIR, openOn, readAll, textOf, value } from './broker-on-simulated-disk.ts';
import { ioError, SimulatedFileSystem } from './simulated-file-system.ts';

type Step =
  | {
      readonly do: 'send';
      readonly topic: string;
      readonly records: number;
      readonly bytes: number;
      readonly wait: boolean;
    }
  | { readonly do: 'commit'; readonly offset: number }
  | { readonly do: 'delete'; readonly topic: string }
  | { readonly do: 'deleteRecords'; readonly topic: string }
  | { readonly do: 'maintain' };

const topicName = fc.constantFrom('plain', 'compacted');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      topic: topicName,
      records: fc.integer({ min: 1, max: 8 }),
      bytes: fc.integer({ min: 0, max: 700 }),
      wait: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('commit' as const), offset: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteRecords' as const), topic: topicName }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), topic: topicName }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('maintain' as const) }) },
);

/** What must be found again. */
class Acknowledged {
  /** By topic: what is at each offset, and the key. */
  readonly topics = new Map<string, Map<number, { readonly text: string; readonly key: string }>>();
  readonly mayBeGone = new Map<string, number>();
  /** Topics whose deletion was asked for: they are there or not. */
  readonly deleting = new Set<string>();
  committed: number | null = null;
  /** Commits asked for after the last that was acknowledged. */
  committing: number[] = [];
}

const CONFIGS: Record<string, Record<string, string>> = {
  plain: { 'segment.bytes': '2000' },
  compacted: { 'segment.bytes': '1500', 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.1' },
};

type Fail = SimulatedFileSystem['fail'];
const NEVER: Fail = () => null;

async function play(
  disk: SimulatedFileSystem,
  steps: readonly Step[],
  seen: Acknowledged,
  run: number,
  fail: Fail,
): Promise<void> {
  const { broker, clock } = await openOn(disk);
  const admin = broker.admin(client);
  const producer = broker.producer(client);
  if (fail !== NEVER) {
    // The failures are for the log, which repeats; what an admin asks for fails to the caller.
    for (const [name, configs] of Object.entries(CONFIGS)) {
      await admin.createTopics([{ name, partitions: 1, replicationFactor: 1, configs }]);
    }
  }
  disk.fail = fail;
  let over = false;
  void disk.stopped.then(() => {
    over = true;
  });
  void (async () => {
    // Lets the back-off of failed writes pass.
    while (!over && fail !== NEVER) await clock.advance(500);
  })();
  let sent = 0;
  const waiting: Promise<unknown>[] = [];
  for (const each of steps) {
    if (each.do === 'send') {
      if (seen.deleting.has(each.topic)) continue;
      await admin.createTopics([
        { name: each.topic, partitions: 1, replicationFactor: 1, configs: CONFIGS[each.topic] ?? {} },
      ]);
      const records = Array.from({ length: each.records }, () => {
        const text = `${run}/${sent++}/${'x'.repeat(each.bytes)}`;
        return { text, key: `k${sent % 5}` };
      });
      const send = producer.send(records.map(({ text, key }) => value(each.topic, text, key))).then((result) => {
        const topic = seen.topics.get(each.topic) ?? new Map();
        seen.topics.set(each.topic, topic);
        for (const [n, record] of records.entries()) topic.set(result.offsets[n] as number, record);
      });
      if (each.wait) await send;
      else waiting.push(send);
    } else if (each.do === 'commit') {
      if (seen.deleting.has('plain')) continue;
      await admin.createTopics([
        { name: 'plain', partitions: 1, replicationFactor: 1, configs: CONFIGS['plain'] ?? {} },
      ]);
      seen.committing.push(each.offset);
      await admin.alterGroupOffsets('group', [{ topic: 'plain', partition: 0, offset: each.offset }]);
      seen.committed = each.offset;
      seen.committing = [];
    } else if (each.do === 'maintain') {
      await clock.advance(60_000);
      await broker.runMaintenance();
    } else if ((await admin.describeTopics([each.topic])).length > 0) {
      await Promise.all(waiting.splice(0));
      if (each.do === 'deleteRecords') {
        const [end = 0] = await admin.listOffsets([{ topic: each.topic, partition: 0, at: 'latest' }]);
        const below = Math.floor(end / 2);
        seen.mayBeGone.set(each.topic, Math.max(below, seen.mayBeGone.get(each.topic) ?? 0));
        await admin.deleteRecords([{ topic: each.topic, partition: 0, offset: below }]);
      } else {
        // Only committed offsets of the topic go with it.
        seen.deleting.add(each.topic);
        if (each.topic === 'plain') seen.committing.push(-1);
        await admin.deleteTopics([each.topic]);
        seen.topics.delete(each.topic);
        seen.mayBeGone.delete(each.topic);
        if (each.topic === 'plain') {
          seen.committed = null;
          seen.committing = [];
        }
        seen.deleting.delete(each.topic);
      }
    }
  }
  await Promise.all(waiting);
  over = true;
  disk.fail = NEVER;
  await broker.close();
}

async function check(disk: SimulatedFileSystem, seen: Acknowledged): Promise<void> {
  const { broker } = await openOn(disk);
  const admin = broker.admin(client);
  for (const [topic, expected] of seen.topics) {
    if (seen.deleting.has(topic)) continue;
    expect(await admin.listTopics(), `topic ${topic}`).toContain(topic);
    const records = await readAll(broker, topic);
    const offsets = records.map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(new Set(offsets).size).toBe(offsets.length);
    const found = new Map(records.map((record) => [record.offset, textOf(record)]));
    const lastOf = new Map(records.map(({ key, offset }) => [Buffer.from(key ?? []).toString(), offset]));
    for (const [offset, { text, key }] of expected) {
      if (offset < (seen.mayBeGone.get(topic) ?? 0)) continue;
      // Compaction may take a record for which a later one of its key is there.
      if (topic === 'compacted' && !found.has(offset) && (lastOf.get(key) ?? -1) > offset) continue;
      expect(found.get(offset), `${topic} offset ${offset}`).toBe(text);
    }
  }
  const [committed] = await admin.groupOffsets('group');
  const allowed = [seen.committed, ...seen.committing.map((offset) => (offset === -1 ? null : offset))];
  expect(allowed).toContain(committed?.offset ?? null);
  await broker.close();
}

describe('the embedded broker after a power loss', () => {
  it('has every acknowledged record and commit, whatever was not synced', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 400 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (runs, crashAfter, coins) => {
          const random = (): number => coins.next().value ?? 0;
          const seen = new Acknowledged();
          let disk = new SimulatedFileSystem();
          for (const [n, steps] of runs.entries()) {
            disk.callsLeft = crashAfter;
            await Promise.race([play(disk, steps, seen, n, NEVER), disk.stopped]);
            disk = disk.afterPowerLoss(random);
            await check(disk.copy(), seen);
          }
        },
      ),
      { numRuns: Number(process.env['HOLDFAST_FC_RUNS'] ?? 150) },
    );
  }, 120_000);

  it('has them also when writes and syncs failed before, and were repeated', async () => {
    const sends = fc.array(
      step.filter(({ do: what }) => what === 'send' || what === 'maintain'),
      { minLength: 1, maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(
        sends,
        fc.integer({ min: 60, max: 600 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 40, maxLength: 40 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (steps, crashAfter, tosses, coins) => {
          const seen = new Acknowledged();
          const disk = new SimulatedFileSystem();
          disk.callsLeft = crashAfter;
          const left = [...tosses];
          const fail: Fail = (call) => {
            const repeats = call.path.endsWith('.log') && ['write', 'sync', 'truncate'].includes(call.kind);
            return repeats && left.pop() === 0 ? ioError('EIO', call) : null;
          };
          await Promise.race([play(disk, steps, seen, 0, fail), disk.stopped]);
          await check(disk.afterPowerLoss(() => coins.next().value ?? 0).copy(), seen);
        },
      ),
      { numRuns: Number(process.env['HOLDFAST_FC_RUNS'] ?? 150) },
    );
  }, 120_000);

  it('opens with every whole batch, whichever byte its tail is cut at', async () => {
    const { broker, disk } = await openOn();
    const producer = broker.producer(client);
    const ends: number[] = [];
    const log = join(DIR, 'topics', 't-0', '00000000000000000000.log');
    for (let n = 0; n < 6; n++) {
      await producer.send([value('t', `value ${n}`), value('t', 'y'.repeat(n * 10))]);
      ends.push(disk.contentOf(log).length);
    }
    for (const closed of [false, true]) {
      // With the index that a close leaves, and without.
      if (closed) await broker.close();
      const whole = disk.contentOf(log);
      for (let length = 0; length <= whole.length; length++) {
        const cut = disk.copy();
        cut.place(log, whole.subarray(0, length));
        const { broker: reopened } = await openOn(cut);
        const records = await readAll(reopened, 't');
        expect(records.length, `cut at ${length}`).toBe(2 * ends.filter((end) => end <= length).length);
        const again = reopened.producer(client);
        const { offsets } = await again.send([value('t', 'next')]);
        expect([...offsets]).toEqual([records.length]);
        expect((await readAll(reopened, 't')).length).toBe(records.length + 1);
        await reopened.close();
      }
    }
  }, 120_000);

  it('cuts a batch whose bytes were changed, and what follows it', async () => {
    const { broker, disk } = await openOn();
    const producer = broker.producer(client);
    const log = join(DIR, 'topics', 't-0', '00000000000000000000.log');
    await producer.send([value('t', 'first')]);
    const first = disk.contentOf(log).length;
    await producer.send([value('t', 'second')]);
    const bytes = disk.contentOf(log);
    for (let at = first + 8; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x41;
      const copy = disk.copy();
      copy.place(log, damaged);
      const { broker: reopened } = await openOn(copy);
      const texts = (await readAll(reopened, 't')).map(textOf);
      // Of the twelve bytes before the checksum only the leader's epoch may be anything.
      if (at >= first + 12 && at < first + 16) expect(texts).toEqual(['first', 'second']);
      else expect(texts, `byte ${at}`).toEqual(['first']);
      await reopened.close();
    }
  });
});
