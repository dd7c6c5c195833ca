/** What verify says of references. */
import { describe, expect, it } from 'vitest';
import { replay } from '../../../../src/recovery/state/replay.ts';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import {
  asLog,
  bytesOf,
  confluent,
  karapace,
  legacySchemaKey,
  type WrittenRecord,
} from '../../../support/recovery/record-bytes.ts';

const schema = (subject: string, version: number, id: number, text: string, more: object = {}): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: text, ...more });
const refers = (subject: string, version = 1): object => ({ references: [{ name: subject, subject, version }] });
const bad = async (...written: readonly WrittenRecord[]): Promise<readonly Finding[]> =>
  (await verifySnapshot(new MemorySnapshot(asLog(written)))).filter(({ severity }) => severity !== 'note');

describe('verify', () => {
  it('names the offset of what no order of records mends, as it has to be left out by it', async () => {
    const [dangling] = await bad(confluent.noop(), schema('a', 1, 1, '"int"', refers('gone')));
    expect(dangling?.message).toBe('a version 1 (offset 1) refers to gone version 1, which is not there.');
    const circle = await bad(schema('a', 1, 1, '"int"', refers('b')), schema('b', 1, 2, '"long"', refers('a')));
    expect(circle.find(({ name }) => name === 'cyclic-reference')?.message).toMatch(
      /version 1 \(offset 0\).*version 1 \(offset 1\)/,
    );
  });

  it.each([1, -1])(
    'tells where Karapace finds what Confluent looks for in the context: version %i',
    async (version) => {
      const target = schema('r', 1, 1, '"int"');
      const by = schema(':.x:a', 1, 2, '"long"', refers('r', version));
      const what = version === 1 ? 'r version 1' : 'the latest version of r';
      const wanted = {
        ...{ name: 'dangling-reference', severity: 'error', subject: ':.x:a' },
        message: `:.x:a version 1 (offset 1) refers to ${what}, which Confluent's registry takes for :.x:r and does not find; Karapace takes the name as it is, and finds it: leave it where only Karapace reads this topic.`,
      };
      expect(await bad(target, by)).toEqual([expect.objectContaining(wanted)]);
      expect((await replay(new MemorySnapshot(asLog([target, by])), 'karapace')).byId('x', 2)).toBeDefined();
      // Karapace passes over those that are soft-deleted.
      const deleted = confluent.schema({ subject: 'r', version: 1, id: 1, schema: '"int"', deleted: true });
      expect((await bad(target, by, deleted))[0]?.message).toBe(
        `:.x:a version 1 (offset 1) refers to ${what}, which is not there.`,
      );
    },
  );

  it.each([1, -1])(
    "tells where only Confluent finds a reference, as it looks in the schema's context: version %i",
    async (version) => {
      const target = schema(':.x:r', 1, 1, '"int"');
      const by = schema(':.x:a', 1, 2, '"long"', refers('r', version));
      const all = async (...written: readonly WrittenRecord[]) =>
        (await verifySnapshot(new MemorySnapshot(asLog(written)))).filter(({ name }) => name.includes('reference'));
      const what = version === 1 ? 'r version 1' : 'the latest version of r';
      const told = {
        ...{ name: 'reference-in-context', severity: 'note', subject: ':.x:a', version: 1, offsets: [1] },
        message: `:.x:a version 1 (offset 1) refers to ${what}, which Confluent's registry takes for :.x:r; Karapace takes the name as it is, finds nothing, and passes the schema over.`,
      };
      expect(await all(target, by)).toEqual([expect.objectContaining(told)]);
      expect((await replay(new MemorySnapshot(asLog([target, by])), 'karapace')).byId('x', 2)).toBeUndefined();
      expect((await replay(new MemorySnapshot(asLog([target, by])), 'confluent')).byId('x', 2)).toBeDefined();
      // It is read by the one that finds nothing.
      expect(await all(target, by, karapace.noop())).toEqual([
        expect.objectContaining({ ...told, severity: 'warning' }),
      ]);
      expect(await all(target, schema('r', 1, 1, '"int"'), by)).toEqual([]);
      expect(await all(target, schema(':.x:a', 1, 2, '"long"', refers(':.x:r', version)))).toEqual([]);
    },
  );

  it('says of what only a soft-deleted version refers to that it will hurt, as registries let people delete it', async () => {
    const target = schema('r', 1, 1, '"int"');
    const by = (deleted: boolean) => schema('a', 1, 2, '"long"', { ...refers('r'), deleted });
    const found = async (...written: readonly WrittenRecord[]) =>
      (await bad(...written)).map(({ name, severity }) => `${name} ${severity}`);
    expect(await found(target, by(true), confluent.gone('r', 1))).toEqual(['deleted-but-referred warning']);
    expect(await found(by(true))).toEqual(['dangling-reference warning']);
    expect(await found(target, by(false), confluent.gone('r', 1))).toEqual(['deleted-but-referred error']);
    expect(await found(by(false))).toEqual(['dangling-reference error']);
  });

  describe('of a target that was written again behind what refers to it', () => {
    const target = schema('r', 1, 1, '"int"');
    const by = schema('a', 1, 2, '"long"', refers('r'));
    const byLatest = schema('a', 1, 2, '"long"', refers('r', -1));

    it.each([
      ['its version', by],
      ['the latest one, which is the only one', byLatest],
    ])('says that it lies behind once compacted: %s', async (_, referring) => {
      expect(await bad(target, referring, target)).toEqual([
        expect.objectContaining({
          ...{ name: 'reference-before-target', severity: 'warning', subject: 'a', offsets: [1] },
          message:
            'a version 1 lies before what it refers to once the log is compacted: r version 1 was written again at 2.',
        }),
      ]);
    });

    it('says so of one that was purged in between, too', async () => {
      const [found] = await bad(target, by, confluent.gone('r', 1), target);
      expect(found?.name).toBe('reference-before-target');
    });

    it.each([by, byLatest])('says nothing where another encoding of its key stays before', async (referring) => {
      const old = (written: WrittenRecord) => ({ ...written, key: bytesOf(legacySchemaKey('r', 1)) });
      const found = async (...written: readonly WrittenRecord[]) => (await bad(...written)).map(({ name }) => name);
      expect(await found(old(target), referring, target)).toEqual(['two-keys']);
      expect(await found(target, referring, old(target))).toEqual(['two-keys']);
      // Compaction takes the older one of the same encoding, or one that was deleted under it.
      const early = ['two-keys', 'reference-before-target'];
      expect(await found(target, referring, old(target), target)).toEqual(early);
      expect(await found(old(target), referring, target, old(confluent.gone('r', 1)), target)).toEqual(early.slice(1));
    });

    it('says nothing where what refers to it came again as well, or another version is the latest one before it', async () => {
      expect(await bad(target, by, target, by)).toEqual([]);
      const second = schema('r', 2, 3, '"string"');
      expect(await bad(target, second, byLatest, second)).toEqual([]);
    });
  });
});
