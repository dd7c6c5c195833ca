import { expect, it } from 'vitest';
import type { PlannedRecord } from '../../../../src/recovery/plan/plan.ts';
import { tombstoneEmpty } from '../../../../src/recovery/repair/tombstone-empty.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace, schemaKey } from '../../../support/recovery/record-bytes.ts';

const schema = (subject: string, id: number) => ({ subject, version: 1, id, schema: '"string"' });

async function planned(records: AsyncIterable<PlannedRecord>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { key, value } of records) {
    lines.push(`${Buffer.from(key ?? '', 'base64').toString()} ${value === null ? 'null' : value}`);
  }
  return lines;
}

it('writes null for keys whose last value is empty, in the order of those, and for no others', async () => {
  const snapshot = new MemorySnapshot(
    asLog([
      karapace.schema(schema('gone', 1)),
      karapace.schema(schema('back', 2)),
      karapace.schema(schema('nulled', 3)),
      karapace.gone('gone', 1),
      karapace.gone('back', 1),
      karapace.gone('nulled', 1),
      karapace.config('setting', null),
      karapace.schema(schema('back', 2)),
      confluent.gone('nulled', 1),
      karapace.gone('gone', 1),
    ]),
  );
  const repair = await tombstoneEmpty(snapshot);
  const config = '{"keytype":"CONFIG","subject":"setting","magic":0}';
  expect(await planned(repair.records())).toEqual([`${config} null`, `${schemaKey('gone', 1)} null`]);
  expect(repair.writes).toBe(2);
  expect(repair.summary.join('\n')).toContain('2 keys');
});

it('has nothing to do where every deletion is null', async () => {
  const snapshot = new MemorySnapshot(asLog([confluent.schema(schema('a', 1)), confluent.gone('a', 1)]));
  const repair = await tombstoneEmpty(snapshot);
  expect(await planned(repair.records())).toEqual([]);
  expect(repair.writes).toBe(0);
});
