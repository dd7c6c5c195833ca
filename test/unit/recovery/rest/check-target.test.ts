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

it('lets the same registry through under new names, by its vendor and its cluster, and no other node beside it', async () => {
  const served = new RegistryInMemory();
  const renamed = served.node({}, 'http://new:8081');
  const clusterId = JSON.stringify(await renamed.read('/v1/metadata/id', signal));
  const known = { target: { ...target, vendor: 'confluent', clusterId } };
  await refuseOtherRegistry(known, [renamed, served.node()], signal);
  const another = new RegistryInMemory({ kafkaClusterId: 'another' }).node({}, 'http://another:8081');
  await expect(refuseOtherRegistry(known, [renamed, another], signal)).rejects.toMatchObject({
    code,
    message: expect.stringContaining('http://another:8081'),
  });
  for (const untold of [{ target: { ...target, vendor: 'karapace', clusterId: null } }, { target }]) {
    await expect(refuseOtherRegistry(untold, [renamed], signal)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('no cluster by which it could be known'),
    });
  }
});
