import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts';
import type { Broker } from '../../src/broker/ports.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { isReservedSubject } from '../../src/recovery/records/reserved-id.ts';
import { undoPathOf } from '../../src/recovery/restore/open-undo.ts';
import { replay } from '../../src/recovery/state/replay.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { appendTo, largeRegistry, recordsIn, writeTopic } from '../support/recovery/lived-topic.ts';
import { contentInWords, differenceOf, MemorySnapshot } from '../support/recovery/memory-snapshot.ts';
import { confluent, record, schemaKey } from '../support/recovery/record-bytes.ts';
import { contextOf, type LivedRegistry, type LivedVersion } from '../support/recovery/registry-life.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { stateInWords } from '../support/recovery/state-in-words.ts';
import { RegistryProcesses } from '../support/registry-processes.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { contentOf, endOf, goingOn, highestIdIn, KILLS, killAgainAndAgain, UNDO_KILLS } from './killed-recovery.ts';

/** Thirty kills each, on a busy machine. */
vi.setConfig({ testTimeout: 3_600_000 });

const SUBJECTS = 200;
const VERSIONS = 8;

describeWithKafka('Invariant 10: a restore that is killed at any point goes on, and can be undone', (kafka) => {
  const lived = largeRegistry({ subjects: SUBJECTS, versions: VERSIONS });
  const highest = lived.maxIds.get('') ?? 0;
  const dir = tempDir('killed-restore');
  const backups = join(dir, 'backups');
  let broker: Broker;

  beforeAll(async () => {
    const { bootstrapServers } = kafka();
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    const topic = uniqueName('_schemas');
    await writeTopic(broker, topic, lived.log);
    await schemasCommandEnds(0, ['backup', ...at(topic), '--to', backups]);
  });

  afterAll(() => broker.close());

  function at(topic: string): readonly string[] {
    return [
      '--bootstrap-servers',
      kafka().bootstrapServers,
      '--topic',
      topic,
      '--group-id',
      `group-of-${topic}`,
      '--other-group-ok',
      '*',
    ];
  }

  const stateOf = async (topic: string): Promise<readonly string[]> =>
    stateInWords(await replay(new MemorySnapshot(await recordsIn(broker, topic)), 'confluent'));

  it('into a new topic: byte for byte, and no topic is left after the undo', async () => {
    const wanted = lived.log.map(contentInWords);
    await killAgainAndAgain({
      what: 'restore into a new topic',
      round: async (n) => {
        const topic = uniqueName('_schemas');
        const plan = join(dir, `new-${n}.ndjson`);
        const args = ['restore', backups, '--into', 'new-topic', ...at(topic), '--plan', plan, '--yes'];
        return {
          args,
          begun: async () => existsSync(plan) && (await endOf(broker, topic)) >= (n % 4 === 0 ? 0 : 1),
          again: goingOn({ args, plan, at: at(topic), takesBack: false }),
          afterwards: async () => {
            const found = await contentOf(broker, topic);
            expect(differenceOf(found.slice(0, wanted.length), wanted)).toBeUndefined();
            // Behind it come what reserves the purged highest id, and a NOOP; nothing twice.
            expect(found.length - wanted.length).toBeLessThanOrEqual(3);
            expect(await highestIdIn(broker, topic)).toBeGreaterThanOrEqual(highest);
            await schemasCommandEnds(0, ['apply', undoPathOf(plan), ...at(topic), '--yes']);
            expect(await endOf(broker, topic)).toBe(-1);
          },
        };
      },
    });
  });

  it('undo of a restore into a new topic, from where it was killed: no topic is left', async () => {
    await killAgainAndAgain({
      what: 'undo of a restore into a new topic',
      times: UNDO_KILLS,
      undoTimes: UNDO_KILLS,
      round: async (n) => {
        const topic = uniqueName('_schemas');
        const plan = join(dir, `new-undone-${n}.ndjson`);
        const args = ['restore', backups, '--into', 'new-topic', ...at(topic), '--plan', plan, '--yes'];
        return {
          args,
          begun: async () => existsSync(plan) && (await endOf(broker, topic)) >= (n % 4 === 0 ? 0 : 1),
          again: goingOn({ args, plan, at: at(topic), takesBack: true }),
          afterwards: async () => {
            // Once more, if it was taken back already.
            await schemasCommandEnds(0, ['apply', undoPathOf(plan), ...at(topic), '--yes']);
            expect(await endOf(broker, topic)).toBe(-1);
          },
        };
      },
    });
  });

  // One subject in three was lost, or replaced by something else.
  const hurt = lived.versions.filter(
    ({ subject, deleted }) => !deleted && contextOf(subject) === '' && /[147]-value$/.test(subject),
  );
  const damage = hurt.map(({ subject, version, id }, n) =>
    n % 2 === 0
      ? confluent.gone(subject, version)
      : record(schemaKey(subject, version), `{"subject":"${subject}","version":${version},"id":${id},"schema":`),
  );

  it.each([
    { what: 'restore in place', takesBack: false, times: KILLS, undoTimes: 0 },
    { what: 'undo of a restore in place', takesBack: true, times: UNDO_KILLS, undoTimes: UNDO_KILLS },
  ])('$what: what was lost or overwritten is back, and the undo brings back what was there', async (told) => {
    const { what, takesBack, times, undoTimes } = told;
    const wanted = stateInWords(await replay(new MemorySnapshot(lived.log), 'confluent'));
    await killAgainAndAgain({
      what,
      times,
      undoTimes,
      round: async (n) => {
        const topic = uniqueName('_schemas');
        await writeTopic(broker, topic, lived.log);
        await appendTo(broker, topic, damage);
        const before = await stateOf(topic);
        expect(differenceOf(before, wanted)).toBeDefined();
        const end = await endOf(broker, topic);
        const plan = join(dir, `${what.replaceAll(' ', '-')}-${n}.ndjson`);
        const args = ['restore', backups, '--into', 'in-place', ...at(topic), '--plan', plan, '--yes'];
        return {
          args,
          begun: async () => existsSync(plan) && (await endOf(broker, topic)) > end,
          again: goingOn({ args, plan, at: at(topic), takesBack }),
          afterwards: async () => {
            if (!takesBack) expect(differenceOf(await stateOf(topic), wanted)).toBeUndefined();
            expect(await highestIdIn(broker, topic)).toBeGreaterThanOrEqual(highest);
            await schemasCommandEnds(0, ['apply', undoPathOf(plan), ...at(topic), '--yes']);
            expect(differenceOf(await stateOf(topic), before)).toBeUndefined();
            expect(await highestIdIn(broker, topic)).toBeGreaterThanOrEqual(highest);
          },
        };
      },
    });
  });
});

describeWithKafka('Invariant 10: a restore through a registry that is killed at any point', (kafka) => {
  it.each([
    { what: 'restore through a registry', takesBack: false, times: KILLS, undoTimes: 0 },
    { what: 'undo of a restore through a registry', takesBack: true, times: UNDO_KILLS, undoTimes: UNDO_KILLS },
  ])('$what: goes on with the same ids and versions, and its undo leaves none of them', async (told) => {
    const { what, takesBack, times, undoTimes } = told;
    const lived = largeRegistry({ subjects: 20, versions: 5 });
    const dir = tempDir('killed-import');
    const backups = join(dir, 'backups');
    const { bootstrapServers } = kafka();
    const broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    const source = uniqueName('_schemas');
    await writeTopic(broker, source, lived.log);
    await schemasCommandEnds(0, [
      'backup',
      '--bootstrap-servers',
      bootstrapServers,
      '--topic',
      source,
      '--to',
      backups,
    ]);
    const registry = await RegistryProcesses.start({ bootstrapServers, vendor: 'confluent', nodes: 1 });
    try {
      const url = registry.url(0);
      await emptied(url);
      let least = await highestIdIn(broker, registry.topic);
      await killAgainAndAgain({
        what,
        times,
        undoTimes,
        round: async (n) => {
          const plan = join(dir, `registry-${n}.ndjson`);
          const args = ['restore', backups, '--into', 'registry', '--registry', url, '--plan', plan, '--yes'];
          const end = await endOf(broker, registry.topic);
          const aim = 3 + Math.floor((n % 7) * (lived.versions.length / 7));
          return {
            args,
            begun: async () => (await endOf(broker, registry.topic)) >= end + aim,
            again: goingOn({ args, plan, at: ['--registry', url], takesBack }),
            afterwards: async () => {
              if (!takesBack) await expectServed(url, lived);
              const now = await highestIdIn(broker, registry.topic);
              expect(now).toBeGreaterThanOrEqual(takesBack ? least : Math.max(least, lived.maxIds.get('') ?? 0));
              least = now;
              await schemasCommandEnds(0, ['apply', undoPathOf(plan), '--registry', url, '--yes']);
              expect((await fetchJson(`${url}/subjects`)).body).toEqual([]);
              // What keeps the highest ids stays, soft-deleted.
              const left: readonly string[] = (await fetchJson(`${url}/subjects?deleted=true`)).body;
              expect(left.filter((subject) => !isReservedSubject(subject))).toEqual([]);
              expect(await highestIdIn(broker, registry.topic)).toBeGreaterThanOrEqual(least);
            },
          };
        },
      });
    } finally {
      await registry.stop();
      await broker.close();
    }
  });
});

/** The harness registers a probe when it starts a registry: away with it. */
async function emptied(url: string): Promise<void> {
  const { body } = await fetchJson(`${url}/subjects`);
  for (const subject of body as readonly string[]) {
    await fetchJson(`${url}/subjects/${subject}`, { method: 'DELETE' });
    await fetchJson(`${url}/subjects/${subject}?permanent=true`, { method: 'DELETE' });
  }
}

/** Every version, id and text, soft-deleted ones as such. */
async function expectServed(url: string, { versions }: LivedRegistry): Promise<void> {
  const check = async ({ subject, version, id, schema, deleted }: LivedVersion): Promise<void> => {
    const path = `${url}/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const { status, body } = await fetchJson(`${path}?deleted=true`);
    expect({ subject, version, status, id: body.id, schema: body.schema }).toEqual({
      subject,
      version,
      status: 200,
      id,
      schema,
    });
    const live = await fetchJson(path);
    expect({ subject, version, status: live.status }).toEqual({ subject, version, status: deleted ? 404 : 200 });
    const context = contextOf(subject);
    const byId = await fetchJson(`${url}${context === '' ? '' : `/contexts/:.${context}:`}/schemas/ids/${id}`);
    expect({ id, status: byId.status, schema: byId.body.schema }).toEqual({ id, status: 200, schema });
  };
  for (let at = 0; at < versions.length; at += 10) await Promise.all(versions.slice(at, at + 10).map(check));
}
