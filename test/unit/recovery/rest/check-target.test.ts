import { expect, it } from 'vitest';
import { refuseOtherRegistry } from '../../../../src/recovery/rest/check-target.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { signal } from './restore-into-memory.ts';

const target = { kind: 'registry', nodes: ['http://one:8081'] } as const;
const code = 'holdfast.recovery.other-registry';

it('refuses a plan at nodes that it was not made for, and names them, before anything is asked', async () => {
  const served = new RegistryInMemory();
  const other = served.node({}, 'http://other:8081');
  const refused = refuseOtherRegistry({ target }, [served.node(), other], signal);
  await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining('http://other:8081') });
  expect(served.requests).toEqual([]);
});

it('refuses another registry under the same URL, by its vendor and its cluster', async () => {
  const api = new RegistryInMemory().node();
  const cluster = JSON.stringify(await api.read('/v1/metadata/id', signal));
  const refused = (fingerprint: object): Promise<void> =>
    refuseOtherRegistry({ target: { ...target, ...fingerprint } }, [api], signal);
  await refused({});
  await refused({ clusterId: cluster });
  await expect(refused({ vendor: 'apicurio' })).rejects.toMatchObject({ code });
  await expect(refused({ clusterId: '"another"' })).rejects.toMatchObject({ code });
});
