import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { DAMAGES } from '../../../support/recovery/damages.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { asLog, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';

/** A log with more behind its end, as a tool would have produced it. */
function after(log: readonly RawRecord[], more: readonly WrittenRecord[]): readonly RawRecord[] {
  return [...log, ...asLog(more, (log.at(-1)?.offset ?? -1) + 1)];
}

describe('verify of a generated registry', () => {
  it('finds nothing wrong with one that nobody has hurt', async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), async ({ log }) => {
        const findings = await verifySnapshot(new MemorySnapshot(log));
        expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      }),
      { numRuns: runs(40) },
    );
  });

  it.each(DAMAGES)('names $what as $finding', async ({ inject, finding }) => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry(), async (lived) => {
        const more = inject(lived);
        fc.pre(more !== undefined);
        const log = after(lived.log, more);
        const findings = await verifySnapshot(new MemorySnapshot(log));
        const named = findings.filter(({ name }) => name === finding);
        expect(named.length, findings.map(({ name }) => name).join()).toBeGreaterThan(0);
        const injected = log.slice(lived.log.length).map(({ offset }) => offset);
        expect(named.some(({ offsets = [] }) => offsets.some((offset) => injected.includes(offset)))).toBe(true);
        for (const { message, mend } of named) expect(message.length * mend.length).toBeGreaterThan(0);
      }),
      { numRuns: runs(10) },
    );
  });
});
