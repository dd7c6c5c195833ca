import { describe, expect, it } from 'vitest';
import { checkImport } from '../../../../src/recovery/rest/import-preflight.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { signal } from './restore-into-memory.ts';

const facts = { vendor: 'confluent', serverVersion: '7.9.0' } as const;

describe('before a plan is made, a registry', () => {
  it('that takes ids is let through, and left as it was', async () => {
    const served = new RegistryInMemory();
    await checkImport(served.node(), facts, signal);
    expect(served.registry.log).toEqual([]);
  });

  it('that lets nobody change its mode is named with the setting that is missing', async () => {
    const served = new RegistryInMemory();
    served.interfere = () => ({ status: 422, body: '{"error_code":42205,"message":"Mode changes are not allowed"}' });
    await expect(checkImport(served.node(), facts, signal)).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-no-import',
      message: expect.stringMatching(/Mode changes are not allowed.*Nothing was written.*mode\.mutability=true/),
    });
  });
});
