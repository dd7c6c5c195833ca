import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../../src/recovery/plan/open-plan.ts';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import { referenceOrder } from '../../../../src/recovery/repair/reference-order.ts';
import { normalizedSnapshot } from '../../../../src/recovery/restore/normalized-snapshot.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { StateReplay } from '../../../../src/recovery/state/state-replay.ts';
import { contextOf } from '../../../../src/registry/subject-context.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { contentInWords, differenceOf, MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { nextId } from '../../../support/recovery/next-id.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { asLog, confluent, record, schemaKey, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import type { LivedRegistry } from '../../../support/recovery/registry-life.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { afterPlan, afterRepair, compacted } from '../repair/planned-log.ts';

const folder = tempDir('read-differently');
const ABSENT = { clusterId: 'c', brokers: 1, hasAuthorizer: false, facts: undefined };
let plans = 0;

const planned = (snapshot: MemorySnapshot): Promise<Plan> =>
  planNewTopic({
    ...{ snapshot, present: ABSENT, topic: '_schemas', groupId: 'schema-registry', source: 'a test', now: 0 },
    path: join(folder, `${++plans}.ndjson`),
  });

interface Place {
  readonly subject: string;
  readonly version: number;
}

/** Of a registry with these versions: one of its places, or one that it has not. */
const placeIn = (places: readonly Place[]): fc.Arbitrary<Place> =>
  fc.constantFrom(
    ...places.map(({ subject, version }) => ({ subject, version })),
    ...[
      { subject: 'damaged', version: 1 },
      { subject: ':.x:damaged', version: 2 },
    ],
    { subject: 'holdfast-reserved-ids', version: 1 },
  );

const otherMagic = ({ subject, version }: Place): string =>
  `{"keytype":"SCHEMA","subject":${JSON.stringify(subject)},"version":${version},"magic":7}`;

/** A record that one vendor reads, or each otherwise, as somebody may have produced it to that registry's topic. */
function damageOf({
  versions,
  maxIds,
}: LivedRegistry): fc.Arbitrary<{ readonly at: number; readonly more: WrittenRecord }> {
  const highest = Math.max(1, ...maxIds.values());
  const place = placeIn(versions);
  const known = versions.map(({ id, schema, schemaType, references }) => ({ id, schema, schemaType, references }));
  const made = fc.integer({ min: 1, max: highest + 3 }).map((id) => ({ id, schema: '"bytes"' }));
  const content = known.length === 0 ? made : fc.oneof(made, fc.constantFrom(...known));
  const to = fc.option(place, { nil: undefined });
  return fc
    .record({ at: fc.nat(), key: place, value: place, content, to, deleted: fc.boolean(), kind: fc.nat({ max: 5 }) })
    .filter(({ key, value }) => key.subject !== value.subject || key.version !== value.version)
    .map(({ at, key, value, content: own, to: other, deleted, kind }) => {
      const references = other === undefined ? {} : { references: [{ name: 'r', ...other }] };
      const text = JSON.stringify({ ...(kind > 2 ? value : key), ...own, ...references, deleted });
      if (kind === 0) return { at, more: record(otherMagic(key), null) };
      if (kind === 1) return { at, more: { ...record(otherMagic(key), null), value: new Uint8Array(0) } };
      return {
        at,
        more: record(kind === 2 || kind === 5 ? otherMagic(key) : schemaKey(key.subject, key.version), text),
      };
    });
}

const damaged = generatedRegistry().chain((lived) =>
  fc.array(damageOf(lived), { minLength: 1, maxLength: 4 }).map((damages) => {
    const log: Omit<RawRecord, 'offset'>[] = [...lived.log];
    for (const { at, more } of damages) {
      const timestamp = lived.log[0]?.timestamp ?? 0;
      log.splice(at % (log.length + 1), 0, { ...more, timestamp, timestampType: 'CreateTime' });
    }
    return { lived, damages, hurt: new MemorySnapshot(log.map((each, offset) => ({ ...each, offset }))) };
  }),
);

function dropsAny(log: readonly RawRecord[]): boolean {
  const state = new StateReplay({ vendor: 'karapace', readsOn: true });
  return log.some((raw) => state.apply(raw.offset, readRecord(raw)).kind === 'dangling-reference');
}

const idIn = ({ value }: WrittenRecord): number =>
  Number(/"id":(\d+)/.exec(Buffer.from(value ?? []).toString())?.[1] ?? 0);

describe('records that vendors read differently, restored into a new topic', () => {
  it('are there as they were, and each vendor reads of the topic what it read before', async () => {
    await fc.assert(
      fc.asyncProperty(damaged, async ({ damages, hurt }) => {
        const plan = await planned(hurt);
        const restored = await afterPlan(plan, []);
        const words = restored.raw.map((raw) => contentInWords({ ...raw, timestamp: 0 }));
        for (const { more } of damages) {
          expect(words).toContain(contentInWords({ ...more, offset: 0, timestamp: 0, timestampType: 'CreateTime' }));
        }
        for (const vendor of ['confluent', 'karapace'] as const) {
          // What Karapace dropped and reads from now on is the difference that is wanted.
          if (vendor === 'karapace' && plan.header.summary.some((line) => line.includes('written again'))) continue;
          const before = await replay(normalizedSnapshot(hurt), vendor);
          const after = await replay(restored, vendor);
          expect(differenceOf(stateInWords(after), stateInWords(before)), vendor).toBeUndefined();
          for (const context of before.contexts()) {
            for (const id of before.ids(context)) {
              const holder = before.byId(context, id);
              if (holder === undefined || before.version(holder.subject, holder.version)?.id !== id) continue;
              expect(after.byId(context, id)?.content, `${vendor}, id ${id}`).toBe(holder.content);
            }
          }
        }
      }),
      { numRuns: runs(50) },
    );
  });

  it('keep their ids from being given out again, now and once the topic is compacted', async () => {
    await fc.assert(
      fc.asyncProperty(damaged, async ({ lived, damages, hurt }) => {
        const restored = await afterPlan(await planned(hurt), []);
        const above = new Map(lived.maxIds);
        for (const { more } of damages) {
          const { subject } = JSON.parse(Buffer.from(more.key ?? []).toString()) as Place;
          above.set(contextOf(subject), Math.max(above.get(contextOf(subject)) ?? 0, idIn(more)));
        }
        for (const { raw } of [restored, compacted(restored)]) {
          for (const vendor of ['confluent', 'karapace'] as const) {
            // Karapace counts no id of what it drops, damaged or not.
            if (vendor === 'karapace' && dropsAny(raw)) continue;
            for (const [context, id] of above)
              expect(nextId(raw, vendor, context), `${vendor} ${context}`).toBeGreaterThan(id);
          }
        }
      }),
      { numRuns: runs(50) },
    );
  });

  it('are named as kept, apart from those that no registry reads', async () => {
    const { header } = await planned(
      new MemorySnapshot(
        asLog([
          confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' }),
          record(otherMagic({ subject: 'a', version: 2 }), '{"subject":"a","version":2,"id":2,"schema":"\\"long\\""}'),
          record(schemaKey('a', 3), '{"subject":"b","version":1,"id":3,"schema":"\\"bytes\\""}'),
          record('no JSON', '{}'),
        ]),
      ),
    );
    const summary = header.summary.join('\n');
    expect(summary).toContain('1 damaged record that no registry reads is left out:\n  offset 3: ');
    expect(summary).toMatch(
      /2 damaged records that vendors read differently stay as they are:\n {2}offset 1: .*\n {2}offset 2: /,
    );
  });

  it('leave the id that only Karapace reads to it, and have the next one reserved', async () => {
    const log = asLog([
      confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' }),
      record(otherMagic({ subject: 'a', version: 2 }), '{"subject":"a","version":2,"id":7,"schema":"\\"long\\""}'),
    ]);
    const plan = await planned(new MemorySnapshot(log));
    expect(plan.header.summary.join('\n')).toContain('reserves 8');
    const restored = await afterPlan(plan, []);
    expect((await replay(restored, 'karapace')).byId('', 7)).toMatchObject({ subject: 'a', version: 2 });
    expect(nextId(restored.raw, 'confluent', '')).toBe(9);
  });
});

describe('a schema before what it refers to, to whose version or id such a record has come since', () => {
  const refers = [{ name: 'T', subject: 't', version: 1 }];
  const early = confluent.schema({
    subject: 'x',
    version: 1,
    id: 5,
    schema: '{"type":"array","items":"T"}',
    references: refers,
  });
  const target = confluent.schema({ subject: 't', version: 1, id: 4, schema: '{"type":"fixed","name":"T","size":1}' });

  it.each([
    ['version, by its value', record(schemaKey('y', 1), '{"subject":"x","version":1,"id":6,"schema":"\\"int\\""}')],
    ['id', record(schemaKey('y', 1), '{"subject":"z","version":1,"id":5,"schema":"\\"int\\""}')],
  ])('stays where it is, and is named: %s', async (_, other) => {
    const hurt = new MemorySnapshot(asLog([early, target, other]));
    const plan = await planned(hurt);
    expect(plan.header.summary.join('\n')).toMatch(/lies 1 schema, .*not written again.*:\n {2}x version 1/);
    const repair = await referenceOrder(hurt);
    expect(repair.writes).toBe(0);
    for (const log of [await afterPlan(plan, []), await afterRepair(hurt, repair)]) {
      for (const vendor of ['confluent', 'karapace'] as const) {
        const [before, after] = [await replay(hurt, vendor), await replay(log, vendor)];
        expect(stateInWords(after)).toEqual(stateInWords(before));
        expect(after.byId('', 5)?.content).toBe(before.byId('', 5)?.content);
      }
    }
  });

  it('is written again where the record says the same of its id, or was written before', async () => {
    const before = record(schemaKey('x', 1), '{"subject":"y","version":1,"id":6,"schema":"\\"int\\""}');
    const { value } = confluent.schema({
      subject: 'z',
      version: 1,
      id: 5,
      schema: '{"type":"array","items":"T"}',
      references: refers,
    });
    const same = { ...record(schemaKey('y', 2), null), value };
    const plan = await planned(new MemorySnapshot(asLog([before, early, target, same])));
    const after = await replay(await afterPlan(plan, []), 'karapace');
    expect(after.version('x', 1)).toMatchObject({ id: 5 });
  });
});
