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

it('leaves out no text that some registry or client may read', async () => {
  const log = [
    confluent.schema({
      subject: 'p',
      version: 1,
      id: 1,
      schema: 'edition = "2024"; message A { }',
      schemaType: 'PROTOBUF',
    }),
    confluent.schema({
      subject: 'a',
      version: 1,
      id: 2,
      schema: '{"type":"enum","name":"E","symbols":[],"default":"A"}',
    }),
    confluent.schema({ subject: 'j', version: 1, id: 3, schema: '{"$schema":"urn:my"}', schemaType: 'JSON' }),
    confluent.schema({ subject: 'b', version: 1, id: 4, schema: '{"type":' }),
  ];
  const found = await findUnparsable(new MemorySnapshot(asLog(log)), new AbortController().signal);
  expect([...found.keys()]).toEqual([3]);
});
