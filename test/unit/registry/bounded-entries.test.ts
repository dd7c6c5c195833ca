import { expect, it } from 'vitest';
import { BoundedEntries } from '../../../src/registry/bounded-entries.ts';
import { nodeKey, proofKey, schemaKey, versionKey } from '../../../src/registry/stored-entries.ts';

const bounded = (maxEntries: number, maxBytes = 1_000_000): BoundedEntries =>
  new BoundedEntries({ maxEntries, maxBytes });
const keysOf = (entries: BoundedEntries): string[] => [...entries.keys()];

const schema1 = schemaKey('c', '', 1);
const schema2 = schemaKey('c', '', 2);
/** Says that a version of a subject is the schema of that id. */
const version = (id: number) => ({ clusterId: 'c', subject: 's', version: 1, id });

it('keeps what it is given, in order of writing, and counts it', () => {
  const entries = bounded(10);
  entries.set('a', { n: 1 }, 5);
  entries.set('bc', { n: 2 }, 7);
  expect([entries.get('a'), entries.get('bc'), entries.get('d')]).toEqual([{ n: 1 }, { n: 2 }, undefined]);
  expect(keysOf(entries)).toEqual(['a', 'bc']);
  expect([...entries.values()]).toEqual([{ n: 1 }, { n: 2 }]);
  expect([entries.size, entries.bytes]).toEqual([2, 15]);
  expect(entries.makeRoom()).toEqual([]);
  expect(entries.size).toBe(2);
});

it('replaces an entry, with its bytes and its turn', () => {
  const entries = bounded(10);
  entries.set('a', { n: 1 }, 5);
  entries.set('b', { n: 2 }, 5);
  entries.set('a', { n: 3 }, 1);
  expect([keysOf(entries), entries.bytes, entries.get('a')]).toEqual([['b', 'a'], 8, { n: 3 }]);
});

it('forgets what is deleted, with its bytes', () => {
  const entries = bounded(10);
  entries.set('a', {}, 5);
  entries.set('b', {}, 7);
  entries.delete('a');
  entries.delete('never there');
  expect([keysOf(entries), entries.bytes, entries.size]).toEqual([['b'], 8, 1]);
});

it('makes room of what was written or used longest ago', () => {
  const entries = bounded(2);
  for (const key of ['a', 'b', 'c', 'd']) entries.set(key, {}, 1);
  expect(entries.use('a')).toEqual({});
  expect(entries.use('never there')).toBeUndefined();
  entries.get('b');
  expect(entries.makeRoom()).toEqual(['b', 'c']);
  expect(keysOf(entries)).toEqual(['d', 'a']);
});

it('makes room when it holds too many bytes, though not too many entries', () => {
  const entries = bounded(10, 100);
  entries.set('a', {}, 49);
  entries.set('b', {}, 49);
  expect(entries.makeRoom()).toEqual([]);
  entries.set('c', {}, 1);
  expect(entries.makeRoom()).toEqual(['a']);
  expect(entries.bytes).toBe(52);
});

it('keeps what says what the others mean', () => {
  const entries = bounded(1);
  entries.set(nodeKey('http://a:8081'), { clusterId: 'c' }, 1);
  entries.set('a', {}, 1);
  expect(entries.makeRoom()).toEqual(['a']);
  expect(keysOf(entries)).toEqual([nodeKey('http://a:8081')]);
});

it('lets what needs a schema go with it, unless that went before', () => {
  const entries = bounded(3);
  const needing = [1, 2, 3].map((n) => versionKey('c', 's', n));
  entries.set(schema1, {}, 1);
  for (const key of needing) entries.set(key, version(1), 1);
  entries.set(schema2, {}, 1);
  entries.delete(needing[1]!);
  entries.use(needing[0]!);
  entries.use(schema2);
  entries.set('a', {}, 1);
  expect(keysOf(entries)).toEqual([schema1, needing[2], needing[0], schema2, 'a']);
  expect(entries.makeRoom()).toEqual([schema1, needing[0], needing[2]]);
  expect(keysOf(entries)).toEqual([schema2, 'a']);
});

it('takes a schema for used when somebody proves something of it', () => {
  const entries = bounded(2);
  entries.set(schema1, {}, 1);
  entries.set(schema2, {}, 1);
  const proof = { text: 't', normalize: false, proof: 'registered', time: 1, epoch: '', ...version(1) };
  entries.set(proofKey('c', 's', 't', false), proof, 1);
  expect(entries.makeRoom()).toEqual([schema2]);
  expect(keysOf(entries)).toEqual([schema1, proofKey('c', 's', 't', false)]);
});

it('lets nothing go with a schema that needs another one now', () => {
  const entries = bounded(2);
  entries.set(schema1, {}, 1);
  entries.set(versionKey('c', 's', 1), version(1), 1);
  entries.set(versionKey('c', 's', 1), version(2), 1);
  entries.set(schema2, {}, 1);
  expect(entries.makeRoom()).toEqual([schema1]);
  expect(keysOf(entries)).toEqual([versionKey('c', 's', 1), schema2]);
});
