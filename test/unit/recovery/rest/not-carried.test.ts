import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { describePlan } from '../../../../src/recovery/plan/describe-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { planned, run, signal, stepsOf } from './restore-into-memory.ts';

const bytes = (json: object): Uint8Array => Buffer.from(JSON.stringify(json));
const other = (keytype: string, value: object | null) => ({
  key: bytes({ keytype, tenant: 'default', magic: 0 }),
  value: value === null ? null : bytes(value),
  headers: [],
});

const backup = new MemorySnapshot(
  asLog([
    other('CONTEXT', { tenant: 'default', context: '.dev' }),
    other('CONTEXT', null),
    other('ASSOC', { subject: 'a' }),
    { key: Buffer.from('no JSON'), value: Buffer.from('{}'), headers: [] },
    confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' }),
    // Only the record that counts is one that loses something.
    confluent.schema({ subject: 'b', version: 1, id: 2, schema: '"long"', metadata: { properties: { owner: 'me' } } }),
    confluent.schema({ subject: 'b', version: 1, id: 2, schema: '"long"', metadata: { properties: { owner: 'me' } } }),
    {
      ...confluent.schema({
        subject: 'c',
        version: 1,
        id: 3,
        schema: '"string"',
        ruleSet: { domainRules: [{ name: 'r' }] },
      }),
      headers: [{ key: 'by', value: Buffer.from('hand') }],
    },
  ]),
);

it('names by kind what no request brings back, and counts it for --json', async () => {
  const served = new RegistryInMemory();
  const api = served.node();
  const folder = tempDir('plan');
  const witness = await witnessNode({ api, clock: systemClock, folder, signal });
  const path = join(folder, 'plan.ndjson');
  const written = await writeRegistryPlan(
    { snapshot: backup, nodes: [api], witness, path, source: 'a test', now: 0, folder },
    signal,
  );
  const { dropped, summary } = await describePlan(written.plan);
  expect(dropped).toEqual({ timestamps: 3, CONTEXT: 1, ASSOC: 1, unreadable: 1, headers: 1 });
  expect(summary).toContain(
    'Not brought back, as no request to this registry carries it: 3 times of registration, 1 record CONTEXT, 1 record ASSOC, ' +
      '1 record that can not be read, 1 record with headers.',
  );
  expect((await describePlan(written.undo)).dropped).toEqual({});
});

it('has metadata and rules among it where the registry keeps none, and finds such schemas done afterwards', async () => {
  const served = new RegistryInMemory();
  served.interfere = ({ method, path, body }) => {
    if (path === '/_health') return { status: 200, body: '{"status":{"schema_registry_is_primary":true}}' };
    if (method !== 'POST' || body === undefined) return undefined;
    const { metadata: _, ruleSet: __, ...kept } = JSON.parse(String(body));
    const answer = served.registry.request(method, path, kept);
    return { status: answer.status, body: JSON.stringify(answer.body) };
  };
  const plan = await planned(backup, served);
  expect(plan.dropped).toMatchObject({ metadata: 1, ruleSet: 1 });
  await run(await stepsOf(plan), served);
  const again = await planned(backup, served);
  expect(await stepsOf(again)).toEqual([]);
  expect(again.dropped).toEqual({ CONTEXT: 1, ASSOC: 1, unreadable: 1 });
});

it('brings back what Confluent reads of a record that vendors read differently, and names what Karapace does', async () => {
  const served = new RegistryInMemory();
  const differently = new MemorySnapshot(
    asLog([
      confluent.schema({ subject: 'a', version: 1, id: 1, schema: '"int"' }),
      { ...confluent.schema({ subject: 'other', version: 7, id: 2, schema: '"long"' }), key: bytes(keyOf('a', 2, 1)) },
      { ...confluent.schema({ subject: 'a', version: 3, id: 3, schema: '"bytes"' }), key: bytes(keyOf('a', 3, 9)) },
    ]),
  );
  const plan = await planned(differently, served);
  expect(plan.dropped).toMatchObject({ 'unsupported-magic': 1, 'key-value-mismatch': 1 });
  expect(plan.summary.join('\n')).toMatch(/Not brought back.* of another version than .* an unknown magic byte/);
  await run(await stepsOf(plan), served);
  expect(served.registry.get('/subjects/a/versions').body).toEqual([1, 2]);
  expect(served.registry.get('/subjects/a/versions/2').body).toMatchObject({ id: 2, schema: '"long"' });
  expect(await stepsOf(await planned(differently, served))).toEqual([]);
});

function keyOf(subject: string, version: number, magic: number): object {
  return { keytype: 'SCHEMA', subject, version, magic };
}
