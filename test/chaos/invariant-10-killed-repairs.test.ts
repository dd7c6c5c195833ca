/** Invariant 10: a repair that makes the topic anew, and is killed at any point, goes on or is taken back. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { undoPathOf } from '../../src/recovery/restore/open-undo.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { DAMAGES } from '../support/recovery/damages.ts';
import { appendTo, largeRegistry, recordsIn, writeTopic } from '../support/recovery/lived-topic.ts';
import { contentInWords, differenceOf } from '../support/recovery/memory-snapshot.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { RegistryProcesses } from '../support/registry-processes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { contentOf, endOf, goingOn, highestIdIn, killAgainAndAgain, UNDO_KILLS } from './killed-recovery.ts';

vi.setConfig({ testTimeout: 3_600_000 });

/** What is added behind the content: what reserves ids, and a NOOP. */
const MOST_ADDED = 3;

describeWithKafka('Invariant 10: a repair that is killed at any point goes on, or is taken back', (kafka) => {
  const dir = tempDir('killed-repair');
  let broker: Broker;

  beforeAll(() => {
    const { bootstrapServers } = kafka();
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
  });
  afterAll(() => broker.close());

  const at = (topic: string, groupId = `group-of-${topic}`): readonly string[] => [
    ...['--bootstrap-servers', kafka().bootstrapServers, '--topic', topic],
    ...['--group-id', groupId, '--other-group-ok', '*'],
  ];

  interface Anew {
    readonly what: string;
    /** Writes the topic that is repaired. */
    readonly write: (topic: string) => Promise<void>;
    readonly args: (n: number) => Promise<readonly string[]>;
    /** The topic's content afterwards, by content or by what is left of it. */
    readonly wanted: readonly string[];
    readonly shown: (topic: string) => Promise<readonly string[]>;
  }

  async function killAnew({ what, write, args: of, wanted, shown }: Anew): Promise<void> {
    await killAgainAndAgain({
      what,
      undoTimes: UNDO_KILLS,
      round: async (n) => {
        const takesBack = n % 2 === 1;
        const topic = uniqueName('_schemas');
        await write(topic);
        const before = await contentOf(broker, topic);
        const highest = await highestIdIn(broker, topic);
        const idBefore = await topicId(topic);
        const plan = join(dir, `${what.replaceAll(' ', '-')}-${n}.ndjson`);
        const args = ['repair', ...(await of(n)), ...at(topic), '--plan', plan, '--yes'];
        const again = goingOn({ args, plan, at: at(topic), takesBack });
        return {
          args,
          // From the moment on in which the old topic is not there.
          begun: async () => (await topicId(topic)) !== idBefore,
          again,
          afterwards: async () => {
            if (!takesBack) {
              const found = await shown(topic);
              expect(differenceOf(found.slice(0, wanted.length), wanted)).toBeUndefined();
              expect(found.length - wanted.length).toBeLessThanOrEqual(MOST_ADDED);
              expect(await highestIdIn(broker, topic)).toBeGreaterThanOrEqual(highest);
            }
            // Once more, if it was taken back already.
            await schemasCommandEnds(0, ['apply', undoPathOf(plan), ...at(topic), '--yes']);
            const after = await contentOf(broker, topic);
            expect(differenceOf(after.slice(0, before.length), before)).toBeUndefined();
            expect(after.length - before.length).toBeLessThanOrEqual(MOST_ADDED);
            expect(await highestIdIn(broker, topic)).toBeGreaterThanOrEqual(highest);
          },
        };
      },
    });
  }

  async function topicId(topic: string): Promise<string | null | undefined> {
    const admin = broker.admin({ settings: {}, logger: silentLogger });
    try {
      return (await admin.inspectTopic(topic))?.id;
    } finally {
      await admin.close();
    }
  }

  it('corrupt-records: all but the bad records, byte for byte', async () => {
    const lived = largeRegistry({ subjects: 200, versions: 8 });
    const dropped = ['key-not-json', 'value-not-json', 'unknown-keytype', 'incomplete-key', 'incomplete-value'];
    const bad = DAMAGES.filter(({ finding }) => dropped.includes(finding)).flatMap(({ inject }) => inject(lived) ?? []);
    expect(bad.length).toBeGreaterThanOrEqual(dropped.length);
    await killAnew({
      what: 'repair corrupt-records',
      write: async (topic) => {
        await writeTopic(broker, topic, lived.log);
        await appendTo(broker, topic, bad);
      },
      args: async (n) => ['corrupt-records', '--backup', join(dir, `corrupt-${n}`)],
      wanted: lived.log.map(contentInWords),
      shown: (topic) => contentOf(broker, topic),
    });
  });

  it('cannot-write: what the registry told while it ran', async () => {
    const { bootstrapServers } = kafka();
    const { log } = largeRegistry({ subjects: 60, versions: 5 });
    const whole = uniqueName('_schemas');
    await writeTopic(broker, whole, log);
    const told = join(dir, 'told');
    const registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1, topic: whole });
    const now = await recordsIn(broker, whole);
    try {
      const flags = [...at(whole, registry.groupId), '--registry', registry.url(0), '--backup', told];
      await schemasCommandEnds(0, ['repair', 'cannot-write', ...flags]);
    } finally {
      await registry.stop();
    }
    // The topic has lost its first third since.
    const write = (topic: string): Promise<void> => writeTopic(broker, topic, now.slice(now.length / 3));
    const args = async (n: number): Promise<readonly string[]> => {
      const backup = join(dir, `cannot-write-${n}`);
      await cp(join(told, 'registry'), join(backup, 'registry'), { recursive: true });
      return ['cannot-write', '--backup', backup, '--prefer', 'rest'];
    };
    // REST tells no times.
    const shown = async (topic: string): Promise<readonly string[]> =>
      (await recordsIn(broker, topic)).map((record) => contentInWords({ ...record, timestamp: 0 }));
    // One that nobody kills says what has to be there.
    const calm = uniqueName('_schemas');
    await write(calm);
    const plan = join(dir, 'calm.ndjson');
    await schemasCommandEnds(0, ['repair', ...(await args(-1)), ...at(calm), '--plan', plan, '--yes']);
    const wanted = await shown(calm);
    expect(wanted.length).toBeGreaterThan(200);
    expect(await endOf(broker, calm)).toBe(wanted.length);
    await killAnew({ what: 'repair cannot-write', write, args, wanted, shown });
  });
});
