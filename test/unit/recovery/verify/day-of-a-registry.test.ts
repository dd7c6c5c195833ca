import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { compareWitness } from '../../../../src/recovery/verify/compare-witnesses.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog } from '../../../support/recovery/record-bytes.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const SUBJECTS = ['orders-value', 'orders-key', 'ünï/cödé', ':.ctx:orders-value', 'a "b"'];

type Request = readonly [method: string, path: string, body?: object];

const subject = fc.constantFrom(...SUBJECTS).map(encodeURIComponent);
const version = fc.integer({ min: 1, max: 4 });
const permanent = fc.constantFrom('', '?permanent=true');
const body = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 8 }).map((n) => ({ schema: avro(n) })) },
  fc.nat({ max: 3 }).map((n) => ({ schema: `{"type":"object","title":"T${n}"}`, schemaType: 'JSON' })),
  // Of a subject that nothing is deleted of.
  fc.integer({ min: 1, max: 3 }).map((version) => ({
    schema: '{"type":"record","name":"Holder","fields":[{"name":"r","type":"Base"}]}',
    references: [{ name: 'Base', subject: 'base', version }],
  })),
);
const level = fc.constantFrom('NONE', 'BACKWARD', 'FULL').map((compatibility) => ({ compatibility }));
const requests: fc.Arbitrary<Request> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(subject, body).map(([s, b]): Request => ['POST', `/subjects/${s}/versions`, b]) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(subject, version, permanent)
      .map(([s, v, p]): Request => ['DELETE', `/subjects/${s}/versions/${v}${p}`]),
  },
  fc.tuple(subject, permanent).map(([s, p]): Request => ['DELETE', `/subjects/${s}${p}`]),
  fc.tuple(subject, level).map(([s, l]): Request => ['PUT', `/config/${s}`, l]),
  subject.map((s): Request => ['DELETE', `/config/${s}`]),
  level.map((l): Request => ['PUT', '/config', l]),
);

function avro(n: number): string {
  return JSON.stringify({ type: 'record', name: 'R', fields: [{ name: `f${n}`, type: 'int', default: n }] });
}

it.each(['confluent', 'karapace'] as const)(
  'a day of requests to a node of %s leaves a topic that is sound and equal to what the node tells',
  async (vendor) => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(requests, { minLength: 20, maxLength: 80 }), async (day) => {
        const node = new RegistryInMemory({ vendor });
        node.registry.register('base', { type: 'fixed', name: 'Base', size: 1 });
        for (const [method, path, json] of day) node.registry.request(method, path, json);
        const headers =
          vendor === 'karapace' ? [{ key: 'X-Registry-Version', value: Buffer.from('karapace-6.2.0') }] : [];
        const snapshot = new MemorySnapshot(asLog(node.registry.log.map((each) => ({ ...each, headers }))));
        written += snapshot.facts.records;
        const { signal } = new AbortController();
        const witness = await witnessNode({ api: node.node(), clock: systemClock, folder: tempDir('told'), signal });
        const findings = [
          ...(await verifySnapshot(snapshot)),
          ...(await compareWitness({ snapshot, state: await replay(snapshot, vendor) }, witness)),
        ];
        expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
      }),
      { numRuns: 25 },
    );
    expect(written).toBeGreaterThan(100);
  },
);
