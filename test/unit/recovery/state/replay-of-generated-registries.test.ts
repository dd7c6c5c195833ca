import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistryState, ReplayVendor, VersionState } from '../../../../src/recovery/state/registry-state.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { contextOf, type LivedRegistry, livedContent } from '../../../support/recovery/registry-life.ts';

const place = ({ subject, version }: { readonly subject: string; readonly version: number }): string =>
  `${subject}\n${version}`;

function everyVersion(state: RegistryState): readonly VersionState[] {
  return [...state.subjects()].flatMap((subject) => state.versions(subject));
}

async function check(lived: LivedRegistry, vendor: ReplayVendor): Promise<void> {
  const snapshot = new MemorySnapshot(lived.log);
  const state = await replay(snapshot, vendor);
  const replayed = new Map(everyVersion(state).map((version) => [place(version), version]));
  expect([...replayed.keys()].sort()).toEqual(lived.versions.map(place).sort());
  const digests = new Map<string, string>();
  for (const { subject, version, id, schemaType, references, deleted, schema, metadata } of lived.versions) {
    const found = replayed.get(place({ subject, version }));
    expect(found).toMatchObject({ id, schemaType, references, deleted });
    if (found === undefined) throw new Error('unreachable');
    expect(state.version(subject, version)).toEqual(found);
    const content = livedContent({ schemaType, schema, references, metadata });
    expect(digests.get(content) ?? found.content).toBe(found.content);
    digests.set(content, found.content);
    expect(state.byId(contextOf(subject), id)?.content).toBe(found.content);
    const [record] = await snapshot.at([found.offset]);
    expect(JSON.parse(Buffer.from(record?.value ?? []).toString('utf8'))).toMatchObject({
      subject,
      version,
      id,
      schema,
    });
  }
  expect(new Set(digests.values()).size).toBe(digests.size);
  for (const [context, id] of lived.maxIds) expect(state.maxId(context)).toBe(id);
  if (lived.vendor !== vendor) return;
  expect(settings(state.configSubjects(), (scope) => state.config(scope)?.value)).toEqual(new Map(lived.configs));
  expect(settings(state.modeSubjects(), (scope) => state.mode(scope)?.value)).toEqual(new Map(lived.modes));
}

function settings(scopes: Iterable<string | null>, of: (scope: string | null) => unknown): Map<string | null, unknown> {
  return new Map([...scopes].map((scope) => [scope, of(scope)]));
}

describe('a generated registry is replayed to what its life came to', () => {
  it.each(['confluent', 'karapace'] as const)('%s, read as itself', async (vendor) => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry({ vendor }), (lived) => check(lived, vendor)),
      { numRuns: runs(40) },
    );
  });

  it("Confluent's, read by Karapace", async () => {
    await fc.assert(
      fc.asyncProperty(generatedRegistry({ vendor: 'confluent' }), (lived) => check(lived, 'karapace')),
      { numRuns: runs(25) },
    );
  });
});
