import { expect, it } from 'vitest';
import { normalizedSnapshot } from '../../../../src/recovery/restore/normalized-snapshot.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, karapace } from '../../../support/recovery/record-bytes.ts';

it("lets Confluent's reader see what Karapace deleted with an empty value", async () => {
  const schema = karapace.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' });
  const snapshot = new MemorySnapshot(asLog([schema, karapace.gone('a', 1)]));
  expect((await replay(snapshot, 'confluent')).version('a', 1)).toBeDefined();
  const mended = normalizedSnapshot(snapshot);
  expect((await replay(mended, 'confluent')).version('a', 1)).toBeUndefined();
  expect((await mended.at([1]))[0]?.value).toBeNull();
});
