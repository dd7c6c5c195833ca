import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { compareSnapshots } from '../../../../src/recovery/verify/compare-snapshots.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { stateInWords } from '../../../support/recovery/state-in-words.ts';

const damage = fc.record({
  record: fc.nat(),
  part: fc.constantFrom('key' as const, 'value' as const),
  at: fc.nat(),
  // Printable ones leave JSON whole more often.
  byte: fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0, max: 255 })),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(log: readonly RawRecord[], { record, part, at, byte }: Damage): readonly RawRecord[] {
  const n = record % Math.max(1, log.length);
  return log.map((raw, index) => {
    const bytes = raw[part];
    if (index !== n || bytes === null || bytes.length === 0) return raw;
    const changed = Uint8Array.from(bytes);
    changed[at % bytes.length] = byte;
    return { ...raw, [part]: changed };
  });
}

it('whatever byte is changed: what a registry of either vendor makes of it is told beside a backup', async () => {
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(generatedRegistry(), fc.array(damage, { minLength: 1, maxLength: 3 }), async (lived, damages) => {
      const whole = new MemorySnapshot(lived.log);
      const hurt = new MemorySnapshot(damages.reduce(damaged, lived.log));
      for (const vendor of ['confluent', 'karapace'] as const) {
        const [before, after] = [await replay(whole, vendor), await replay(hurt, vendor)];
        if (JSON.stringify(stateInWords(before)) === JSON.stringify(stateInWords(after))) continue;
        changed++;
        const told = new Set((await verifySnapshot(whole)).map(({ name, message }) => `${name} ${message}`));
        const anew = (await verifySnapshot(hurt)).filter(({ name, message }) => !told.has(`${name} ${message}`));
        const named = [
          ...anew.filter(({ severity }) => severity !== 'note'),
          ...(await compareSnapshots(whole, hurt)),
          ...(await compareSnapshots(whole, hurt, { vendor })),
        ];
        expect(named, stateInWords(after).join('\n')).not.toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
  expect(changed).toBeGreaterThan(0);
});
