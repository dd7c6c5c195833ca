import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicateIds } from '../../../../src/recovery/repair/duplicate-ids.ts';
import { FilteredSnapshot } from '../../../../src/recovery/repair/filtered-snapshot.ts';
import { findUnparsable } from '../../../../src/recovery/repair/find-unparsable.ts';
import { giveNewIds } from '../../../../src/recovery/repair/give-new-id.ts';
import { chooseLeftOut } from '../../../../src/recovery/repair/left-out.ts';
import { reKey } from '../../../../src/recovery/repair/re-key.ts';
import { referenceOrder } from '../../../../src/recovery/repair/reference-order.ts';
import { tombstoneEmpty } from '../../../../src/recovery/repair/tombstone-empty.ts';
import type { RegistryState, ReplayVendor } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { DAMAGES } from '../../../support/recovery/damages.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { differenceOf, MemorySnapshot, recordsOf } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { asLog } from '../../../support/recovery/record-bytes.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';
import { afterRepair, bothStates, compacted } from './planned-log.ts';

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
      return new MemorySnapshot(await recordsOf(await FilteredSnapshot.open(hurt, leftOut.reasons)));
    }
    case 're-key':
      return afterRepair(hurt, await reKey({ snapshot: hurt, state: (await bothStates(hurt))[vendor] }));
    case 'tombstone-empty':
      return afterRepair(hurt, await tombstoneEmpty(hurt));
    case 'reference-order':
      return afterRepair(hurt, await referenceOrder(hurt));
    case 'duplicate-ids': {
      const states = await bothStates(hurt);
      const duplicates = await duplicateIds(hurt, states);
      const chosen = [{ subject: 'damaged', version: 1 }];
      return afterRepair(hurt, await giveNewIds({ snapshot: hurt, states, duplicates, chosen }));
    }
    default:
      throw new Error(`no repair ${repair}`);
  }
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
          const findings = await verifySnapshot(mended);
          expect(findings.filter(({ name, severity }) => severity === 'error' || name === finding)).toEqual([]);
          const before = await replay(whole, vendor);
          const after = await replay(mended, vendor);
          expect(differenceOf(undamaged(after), undamaged(before))).toBeUndefined();
          const later = await replay(compacted(mended), vendor);
          const laterUnhurt = await replay(compacted(whole), vendor);
          expect(differenceOf(undamaged(later), undamaged(laterUnhurt)), 'once compacted').toBeUndefined();
          for (const context of before.contexts()) {
            expect(after.maxId(context)).toBeGreaterThanOrEqual(before.maxId(context));
            for (const id of before.ids(context))
              expect(after.byId(context, id)?.content, `id ${id}`).toBe(before.byId(context, id)?.content);
          }
        }),
        { numRuns: runs(8) },
      );
    },
  );
});
