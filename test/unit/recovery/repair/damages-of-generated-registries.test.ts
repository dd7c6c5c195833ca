import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import { duplicateIds } from '../../../../src/recovery/repair/duplicate-ids.ts';
import { FilteredSnapshot } from '../../../../src/recovery/repair/filtered-snapshot.ts';
import { findUnparsable } from '../../../../src/recovery/repair/find-unparsable.ts';
import { giveNewIds } from '../../../../src/recovery/repair/give-new-id.ts';
import type { InPlaceRepair } from '../../../../src/recovery/repair/in-place-repair.ts';
import { chooseLeftOut } from '../../../../src/recovery/repair/left-out.ts';
import { planRepair } from '../../../../src/recovery/repair/plan-repair.ts';
import { reKey } from '../../../../src/recovery/repair/re-key.ts';
import { referenceOrder } from '../../../../src/recovery/repair/reference-order.ts';
import { tombstoneEmpty } from '../../../../src/recovery/repair/tombstone-empty.ts';
import { undelete } from '../../../../src/recovery/repair/undelete.ts';
import { HighestIds } from '../../../../src/recovery/restore/highest-ids.ts';
import { planInPlace } from '../../../../src/recovery/restore/plan-in-place.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import type { RegistryState, ReplayVendor } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { DAMAGES, QUIET_DAMAGES } from '../../../support/recovery/damages.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { differenceOf, MemorySnapshot, topicFacts } from '../../../support/recovery/memory-snapshot.ts';
import { nextId } from '../../../support/recovery/next-id.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { asLog, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';
import type { LivedRegistry } from '../../../support/recovery/registry-life.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { afterPlan, bothStates, compacted } from './planned-log.ts';

const folder = tempDir('damages');
let plans = 0;
const common = { groupId: 'schema-registry', source: 'a test', now: 0 };
const ABSENT = { clusterId: 'c', brokers: 1, hasAuthorizer: false, facts: undefined };
const newPath = (): string => join(folder, `${++plans}.ndjson`);

async function afterWriting(hurt: MemorySnapshot, repair: InPlaceRepair): Promise<MemorySnapshot> {
  const facts = topicFacts({ endOffset: hurt.facts.endOffset });
  return afterPlan(await planRepair({ repair, snapshot: hurt, facts, path: newPath(), now: 0 }), hurt.raw);
}

/** As the command does it, without a broker. */
async function repaired(
  hurt: MemorySnapshot,
  [repair, ...flags]: readonly string[],
  { vendor, offsets }: { readonly vendor: ReplayVendor; readonly offsets: readonly number[] },
): Promise<MemorySnapshot> {
  switch (repair) {
    case 'corrupt-records': {
      const leftOut = await chooseLeftOut(hurt, {
        offsets: new Set(offsets),
        deletesFrom: undefined,
        doubtful: flags.includes('--drop-doubtful'),
        unparsable: flags.includes('--drop-unparsable')
          ? await findUnparsable(hurt, new AbortController().signal)
          : new Map(),
      });
      const snapshot = await FilteredSnapshot.open(hurt, leftOut.reasons);
      const ids = new HighestIds();
      for (const raw of hurt.raw) ids.saw(readRecord(raw));
      const more = { minIds: ids.highest, topic: '_schemas', present: ABSENT, path: newPath(), asIs: true };
      return afterPlan(await planNewTopic({ ...common, ...more, snapshot }), []);
    }
    case 're-key':
      return afterWriting(hurt, await reKey({ snapshot: hurt, state: (await bothStates(hurt))[vendor] }));
    case 'tombstone-empty':
      return afterWriting(hurt, await tombstoneEmpty(hurt));
    case 'reference-order':
      return afterWriting(hurt, await referenceOrder(hurt));
    case 'duplicate-ids': {
      const states = await bothStates(hurt);
      const duplicates = await duplicateIds(hurt, states);
      const chosen = [{ subject: 'damaged', version: 1 }];
      return afterWriting(hurt, await giveNewIds({ snapshot: hurt, states, duplicates, chosen }));
    }
    default:
      throw new Error(`no repair ${repair}`);
  }
}

/** Of the default context: what the registry has given out, and any id that what was produced beside it carries. */
function highestEver({ maxIds }: Pick<LivedRegistry, 'maxIds'>, injected: readonly WrittenRecord[]): number {
  const told = injected.map(({ value }) => Number(/"id":(\d+)/.exec(Buffer.from(value ?? []).toString())?.[1] ?? 0));
  return Math.max(maxIds.get('') ?? 0, ...told);
}

/** Invariant 10, of either vendor, now and when the log was compacted. */
function expectNewIds(mended: MemorySnapshot, above: ReadonlyMap<string, number>): void {
  for (const { raw } of [mended, compacted(mended)]) {
    for (const vendor of ['confluent', 'karapace'] as const) {
      for (const [context, id] of above)
        expect(nextId(raw, vendor, context), `${vendor} ${context}`).toBeGreaterThan(id);
    }
  }
}

async function errorsIn(snapshot: MemorySnapshot, besides?: string): Promise<readonly Finding[]> {
  const findings = await verifySnapshot(snapshot);
  return findings.filter(({ name, severity }) => severity === 'error' || name === besides);
}

/** Everything but what was injected under a subject of its own. */
function undamaged(state: RegistryState): readonly string[] {
  return stateInWords(state).filter((line) => !line.startsWith('damaged '));
}

describe('a generated registry that was hurt', () => {
  it.each(DAMAGES)(
    'with $what is mended, and says what it said before',
    async ({ inject, finding, repair, dropsOffsets }) => {
      await fc.assert(
        fc.asyncProperty(generatedRegistry(), async ({ log, vendor, ...lived }) => {
          const more = inject({ log, vendor, ...lived });
          fc.pre(more !== undefined);
          const whole = new MemorySnapshot(log);
          const injected = asLog(more, (log.at(-1)?.offset ?? -1) + 1);
          const hurt = new MemorySnapshot([...log, ...injected]);
          const offsets = dropsOffsets ? injected.map(({ offset }) => offset) : [];
          const mended = await repaired(hurt, repair, { vendor, offsets });
          expect(await errorsIn(mended, finding)).toEqual([]);
          expectNewIds(mended, new Map([...lived.maxIds, ['', highestEver(lived, more)]]));
          const before = await replay(whole, vendor);
          const after = await replay(mended, vendor);
          expect(differenceOf(undamaged(after), undamaged(before))).toBeUndefined();
          const later = await replay(compacted(mended), vendor);
          const laterUnhurt = await replay(compacted(whole), vendor);
          expect(differenceOf(undamaged(later), undamaged(laterUnhurt)), 'once compacted').toBeUndefined();
          for (const context of before.contexts()) {
            expect(after.maxId(context)).toBeGreaterThanOrEqual(before.maxId(context));
            for (const id of before.ids(context)) {
              const holder = before.byId(context, id);
              // Karapace still answers for an id whose version is purged, until what reserves the id takes it.
              if (holder === undefined || before.version(holder.subject, holder.version)?.id !== id) continue;
              expect(after.byId(context, id)?.content, `id ${id}`).toBe(holder.content);
            }
          }
        }),
        { numRuns: runs(8) },
      );
    },
  );

  it.each(QUIET_DAMAGES)(
    'with $what is what it was, in its topic and restored, and gives no id out twice',
    async ({ inject }) => {
      await fc.assert(
        fc.asyncProperty(generatedRegistry(), async (lived) => {
          const quiet = inject(lived);
          fc.pre(quiet !== undefined);
          const { records, lost } = quiet;
          const whole = new MemorySnapshot(lived.log);
          const hurt = new MemorySnapshot([...lived.log, ...asLog(records, whole.facts.endOffset)]);
          const above = new Map([...lived.maxIds, ['', highestEver(lived, records)]]);
          const state = await replay(hurt, lived.vendor);
          if (lost !== undefined) expect(state.version(lost.subject, lost.version)).toBeUndefined();
          const mended =
            lost === undefined ? hurt : await afterWriting(hurt, await undelete({ snapshot: hurt, state, ...lost }));
          const restored = await planNewTopic({
            ...{ ...common, snapshot: mended, present: ABSENT, topic: '_schemas', path: newPath() },
          });
          const inPlace = await planInPlace({ ...common, snapshot: whole, present: hurt, path: newPath() });
          const wanted = undamaged(await replay(whole, lived.vendor));
          for (const after of [mended, await afterPlan(restored, []), await afterPlan(inPlace, hurt.raw)]) {
            expect(await errorsIn(after)).toEqual([]);
            expect(differenceOf(undamaged(await replay(after, lived.vendor)), wanted)).toBeUndefined();
            if (after !== hurt) expectNewIds(after, above);
          }
        }),
        { numRuns: runs(8) },
      );
    },
  );
});
