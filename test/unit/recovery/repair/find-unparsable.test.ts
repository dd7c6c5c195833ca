import { expect, it } from 'vitest';
import { findUnparsable } from '../../../../src/recovery/repair/find-unparsable.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';

const bad = '{"type":"recrod"}';

it('finds every version whose text is no schema, under whatever subject, and none that was mended since', async () => {
  const schemas = [
    { subject: 'a', version: 1, id: 1, schema: bad },
    { subject: 'b', version: 1, id: 1, schema: bad },
    { subject: 'c', version: 1, id: 2, schema: '"int"' },
    { subject: 'd', version: 1, id: 3, schema: bad },
  ];
  const log = [
    ...schemas.map(confluent.schema),
    confluent.gone('d', 1),
    confluent.schema({ subject: 'd', version: 1, id: 4, schema: '"long"' }),
  ];
  const found = await findUnparsable(new MemorySnapshot(asLog(log)), new AbortController().signal);
  expect([...found.keys()]).toEqual([0, 1]);
  expect(found.get(0)).toContain('no AVRO schema');
});

it('finds more than a report would list', async () => {
  const log = Array.from({ length: 60 }, (_, n) =>
    confluent.schema({ subject: `s${n}`, version: 1, id: n + 1, schema: `{"type":"x${n}"}` }),
  );
  const found = await findUnparsable(new MemorySnapshot(asLog(log)), new AbortController().signal);
  expect(found.size).toBe(60);
});
