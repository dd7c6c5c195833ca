import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistryCore } from '../../../src/embedded-registry/registry-core.ts';
import { decodeRecord } from '../../../src/embedded-registry/registry-record.ts';
import { generatedRegistry, purgedRegistry } from '../../support/recovery/generated-registry.ts';
import { runs } from '../../support/recovery/property-runs.ts';
import {
  contextOf,
  type LivedRegistry,
  type LivedVersion,
  livedContent,
  RegistryLife,
} from '../../support/recovery/registry-life.ts';

/** The registry that the tests measure others by has to be one that a registry can have written. */
describe('a generated registry', () => {
  it('is read by a registry of its vendor as it was meant, without a contradiction', () => {
    fc.assert(
      fc.property(generatedRegistry(), (lived) => {
        const { state } = played(lived);
        const versions = state.schemas({ deleted: true, subjectPrefix: '' });
        const seen = versions.map(({ subject, version, id, schema, deleted }) => ({
          subject,
          version,
          id,
          schema,
          deleted,
        }));
        expect(sorted(seen)).toEqual(
          sorted(
            lived.versions.map(({ subject, version, id, schema, deleted }) => ({
              subject,
              version,
              id,
              schema,
              deleted,
            })),
          ),
        );
        for (const [context, id] of lived.maxIds) expect(state.maxId(context)).toBe(id);
        for (const [scope, value] of lived.configs) expect(state.config(scope)).toEqual(value);
        for (const [scope, { mode }] of lived.modes as Map<string | null, { mode: string }>) {
          expect(state.mode(scope)).toBe(mode);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  it('has everything that a registry can have, sooner or later', () => {
    const found = {
      deleted: 0,
      references: 0,
      contexts: 0,
      gone: 0,
      imports: 0,
      json: 0,
      protobuf: 0,
      gaps: 0,
      legacy: 0,
    };
    for (const lived of fc.sample(generatedRegistry(), { numRuns: 150, seed: 6 })) {
      const texts = lived.log.map(({ key }) => Buffer.from(key ?? []).toString());
      if (lived.versions.some(({ deleted }) => deleted)) found.deleted++;
      if (lived.versions.some(({ references }) => references.length > 0)) found.references++;
      if (new Set(lived.versions.map(({ subject }) => contextOf(subject))).size > 1) found.contexts++;
      if (lived.log.some(({ value }, n) => (value?.length ?? 0) === 0 && texts[n]?.includes('SCHEMA'))) found.gone++;
      if (texts.some((text) => text.includes('CLEAR_SUBJECT'))) found.imports++;
      if (lived.versions.some(({ schemaType }) => schemaType === 'JSON')) found.json++;
      if (lived.versions.some(({ schemaType }) => schemaType === 'PROTOBUF')) found.protobuf++;
      if (lived.log.some(({ offset }, n) => offset !== n)) found.gaps++;
      if (texts.some((text) => text.startsWith('{"subject"'))) found.legacy++;
    }
    for (const count of Object.values(found)) expect(count, JSON.stringify(found)).toBeGreaterThan(2);
  });
});

it('a generated registry that is plain has no schema alive twice in a subject, as no REST API would restore it', () => {
  fc.assert(
    fc.property(purgedRegistry({ vendor: 'karapace', isPlain: true, isWritable: true }), ({ versions }) => {
      expect(hasOneTwice(versions)).toBe(false);
    }),
    // One with which the first registry had one.
    { numRuns: runs(60), seed: -489445580 },
  );
});

describe('a life whose log is compacted', () => {
  it('brings back what only a deletion of the subject deleted that a nearer-reaching one has replaced', () => {
    const told = (compacted: boolean) => {
      const life = new RegistryLife({ vendor: 'confluent' });
      const first = life.register('CON.', 0);
      life.register('CON.', 1);
      life.softDeleteSubject('CON.');
      if (first !== undefined) life.undelete({ ...first, deleted: true });
      life.softDeleteSubject('CON.');
      for (let n = 0; n < 5; n++) life.noop();
      const lived = life.end({ compacted });
      const versions = played(lived).state.schemas({ deleted: true, subjectPrefix: '' });
      expect(sorted(versions).map(({ version, deleted }) => [version, deleted])).toEqual(
        sorted(lived.versions).map(({ version, deleted }) => [version, deleted]),
      );
      return sorted(lived.versions).map(({ deleted }) => deleted);
    };
    expect(told(false)).toEqual([true, true]);
    expect(told(true)).toEqual([true, false]);
  });
});

function hasOneTwice(versions: readonly LivedVersion[]): boolean {
  const alive = versions.filter(({ deleted }) => !deleted).map((each) => `${each.subject} ${livedContent(each)}`);
  return new Set(alive).size < alive.length;
}

function played({ vendor, log }: LivedRegistry): RegistryCore {
  const core = new RegistryCore({ vendor, kafkaClusterId: 'cluster-1' });
  for (const { key, value } of log) {
    const decoded = decodeRecord(key, value);
    if (decoded.kind === 'unreadable') throw new Error(`${decoded.reason}: ${Buffer.from(key ?? []).toString()}`);
    expect(core.apply(decoded.record)).toBeUndefined();
  }
  return core;
}

function sorted<T extends { readonly subject: string; readonly version: number }>(
  versions: readonly T[],
): readonly T[] {
  const place = ({ subject, version }: T): string => `${subject}\n${version}`;
  return [...versions].sort((a, b) => (place(a) < place(b) ? -1 : 1));
}
