/** Karapace deletes by an empty value. specs/registry.md, chapter 5: no tombstone, and to Confluent's registry no JSON. */
import { expect, it } from 'vitest';
import { readRecord } from '../../../src/recovery/records/read-record.ts';
import { StateReplay } from '../../../src/recovery/state/state-replay.ts';
import { confluent, type WrittenRecord } from '../../support/recovery/record-bytes.ts';
import { InMemoryRegistry } from './in-memory-registry.ts';

const EMPTY = new Uint8Array(0);
const LOG: readonly WrittenRecord[] = [
  confluent.schema({ subject: 's', version: 1, id: 1, schema: '"int"' }),
  { ...confluent.gone('s', 1), value: EMPTY },
  confluent.config('s', { compatibilityLevel: 'NONE' }),
  { ...confluent.config('s', null), value: EMPTY },
];

it.each([
  ['confluent', [200, 'NONE']],
  ['karapace', [404, undefined]],
] as const)('%s, and what recovery says that it reads', (vendor, [status, level]) => {
  const registry = new InMemoryRegistry({ vendor });
  const state = new StateReplay({ vendor, readsOn: false });
  for (const [offset, written] of LOG.entries()) {
    registry.apply(written as WrittenRecord & { readonly key: Uint8Array });
    state.apply(offset, readRecord(written));
  }
  expect(registry.get('/subjects/s/versions/1').status).toBe(status);
  expect(registry.get('/config/s').body.compatibilityLevel).toBe(level);
  expect(state.version('s', 1)?.id).toBe(status === 200 ? 1 : undefined);
  expect(state.config('s')?.value['compatibilityLevel']).toBe(level);
});
