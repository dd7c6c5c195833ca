/**
 * Shapes that make a registry's records slow to look at, or overflow a stack, when something in it is done once for each pair of them. Tried
 * with ten times as many by hand.
 */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, type WrittenRecord } from '../../../support/recovery/record-bytes.ts';

const MANY = 3_000;

const refersTo = (name: string, subject: string, version = 1): object => ({ references: [{ name, subject, version }] });
const many = (make: (n: number) => readonly WrittenRecord[]): readonly WrittenRecord[] =>
  Array.from({ length: MANY }, (_, n) => make(n)).flat();
const schema = (subject: string, version: number, id: number, more: object = {}): WrittenRecord =>
  confluent.schema({ subject, version, id, schema: `{"type":"fixed","name":"F${id}","size":1}`, ...more });
const chained = (n: number): WrittenRecord => {
  const text = JSON.stringify({
    ...{ type: 'record', name: `R${n}` },
    fields: n === 0 ? [] : [{ name: 'before', type: `R${n - 1}` }],
  });
  return schema(`s${n}`, 1, n + 1, { schema: text, ...(n === 0 ? {} : refersTo(`R${n - 1}`, `s${n - 1}`)) });
};

const verified = async (written: readonly WrittenRecord[]): Promise<readonly Finding[]> => {
  const log = asLog(written);
  const snapshot = new MemorySnapshot(log, { batch: 1000 });
  snapshot.at = (offsets) => Promise.resolve(offsets.map((offset) => log[offset]));
  const findings = await verifySnapshot(snapshot);
  return findings.filter(({ severity }) => severity !== 'note');
};
const counted = (findings: readonly Finding[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { name, more = 0 } of findings) counts[name] = (counts[name] ?? 0) + 1 + more;
  return counts;
};

describe('verify of a registry with very many', () => {
  it.each<[what: string, written: () => readonly WrittenRecord[], expected: Record<string, number>]>([
    ['versions of one subject', () => many((n) => [schema('a', n + 1, n + 1)]), {}],
    [
      'versions of one subject that is deleted behind each of them',
      () => many((n) => [schema('a', n + 1, n + 1), confluent.deleteSubject('a', n + 1)]),
      {},
    ],
    ['versions with one id and one content', () => many((n) => [schema(`s${n}`, 1, 1)]), {}],
    [
      'versions with one id and one content that are purged from the last one on',
      () => [...many((n) => [schema(`s${n}`, 1, 1)]), ...many((n) => [confluent.gone(`s${MANY - 1 - n}`, 1)])],
      {},
    ],
    [
      'versions with one id and as many contents',
      () => many((n) => [schema(`s${n}`, 1, 1, { schema: `{"type":"fixed","name":"F${n}","size":1}` })]),
      { 'duplicate-id': 1 },
    ],
    [
      'references to the latest version of a subject that has very many',
      () => [
        ...many((n) => [schema('a', n + 1, n + 1)]),
        ...many((n) => [schema(`s${n}`, 1, MANY + n + 1, refersTo('F', 'a', -1))]),
      ],
      {},
    ],
    ['references one behind the other', () => many((n) => [chained(n)]), {}],
    [
      'references in one circle, each with a shorter one in it',
      () =>
        many((n) => [
          schema(`s${n}`, 1, n + 1, {
            references: [n === 0 ? MANY - 1 : n - 1, ...(n > 1 ? [0] : [])].map((to) => ({
              ...{ name: `F${to}`, subject: `s${to}`, version: 1 },
            })),
          }),
        ]),
      { 'cyclic-reference': MANY - 1, 'reference-before-target': 1 },
    ],
    [
      'subjects, and a registry that is cleared again and again',
      () => many((n) => [schema(`s${n}`, 1, n + 1), confluent.clearSubject(null)]),
      {},
    ],
  ])('%s', async (_what, written, expected) => {
    expect(counted(await verified(written()))).toEqual(expected);
  });

  it('names what is wrong with the text at the end of references one behind the other', async () => {
    const log = Array.from({ length: 200 }, (_, n) => chained(n));
    const wrong = schema('x', 1, 999, { schema: '{"type":"array","items":"R"}', ...refersTo('R199', 's199') });
    expect(await verified([...log, wrong])).toMatchObject([{ name: 'unparsable-schema', subject: 'x' }]);
  });
});
