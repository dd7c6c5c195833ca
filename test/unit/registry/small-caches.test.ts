import { expect, it } from 'vitest';
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { NODE_A, never, WorkerOfRegistries } from './worker-of-registries.ts';

it.each(['1', '2'])('a cache of %s is enough to read a record whose schema has a reference', async (size) => {
  const worker = new WorkerOfRegistries();
  const fields = [{ name: 'f', type: 'string' }];
  worker.registry.put('r', { schema: JSON.stringify({ type: 'record', name: 'R', fields }) });
  const id = worker.registry.put('s', {
    schema: JSON.stringify({ type: 'record', name: 'S', fields: [{ name: 'r', type: 'R' }] }),
    references: [{ name: 'R', subject: 'r', version: 1 }],
  });
  const host = worker.host();
  const converter = new AvroConverter();
  const context = {
    converterType: 'value',
    logger: silentLogger,
    clock: worker.clock,
    gates: host.gates,
    schemaView: (config: Record<string, string>) => host.schemaView(config),
  } as const;
  converter.configure({ 'schema.registry.url': NODE_A, 'max.schemas.per.subject': size }, context as never);
  const value = Buffer.from([0, 0, 0, 0, id, 2, 0x61]);
  await converter.prepareToConnectData([{ topic: 't', key: null, value, headers: [] } as never], never);
  expect(converter.toConnectData('t', value).value).toMatchObject({ schema: { name: 'S' } });
});
