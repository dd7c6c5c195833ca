import { describe, expect, it } from 'vitest';
import { checkUsable, defectOf, isTooDeep } from '../../../src/registry/unusable-schemas.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';
import type { SchemaQuestion, SchemaText } from '../../../src/sdk/schema-view.ts';
import { byId, latest, lookup, NODE_A, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const UNUSABLE = 'refused holdfast.registry.schema.unusable';
const HALF = 'bad\ud83d';
const nested = (depth: number, schemaType: SchemaText['schemaType'] = 'AVRO'): SchemaText => ({
  schemaType,
  schema: `${'{"type":"array","items":'.repeat(depth)}"int"${'}'.repeat(depth)}`,
  references: [],
});
const text = (schema: string): SchemaText => ({ schemaType: 'AVRO', schema, references: [] });

describe('a schema that nests too deep', () => {
  it('does so from 1001 levels on, of objects and arrays', () => {
    expect(isTooDeep(nested(1000))).toBe(false);
    expect(isTooDeep(nested(1001))).toBe(true);
    expect(isTooDeep(nested(1001, 'JSON'))).toBe(true);
    expect(isTooDeep(text(`${'['.repeat(1001)}${']'.repeat(1001)}`))).toBe(true);
    expect(isTooDeep(nested(1001, 'PROTOBUF'))).toBe(false);
  });

  it('does not do so for what lies side by side, or within strings', () => {
    expect(isTooDeep(text(`[${'{"a":[]},'.repeat(2000)}{}]`))).toBe(false);
    expect(isTooDeep(text(`{"doc":"${'[{'.repeat(2000)}"}`))).toBe(false);
    expect(isTooDeep(text(`{"doc":"\\"${'[{'.repeat(2000)}"}`))).toBe(false);
    expect(isTooDeep(text(`{"doc":"\\\\","x":${'['.repeat(2000)}`))).toBe(true);
  });

  it('is told by its id or its subject', () => {
    expect(() => checkUsable(7, nested(1001))).toThrow('The schema with id 7 nests more than 1000 deep.');
    expect(() => checkUsable(7, nested(10))).not.toThrow();
    expect(defectOf(lookup('s', nested(1001)))?.message).toContain(
      'The schema for subject s nests more than 1000 deep.',
    );
    expect(defectOf(lookup('s', nested(10)))).toBeUndefined();
  });
});

describe('a subject', () => {
  it('may have any character, but no half of one', () => {
    expect(defectOf(latest('café 😀 \u0000'))).toBeUndefined();
    expect(defectOf(latest(HALF))?.message).toContain('The subject "bad\\ud83d" is no text');
    expect(defectOf({ kind: 'by-id', key: 'k', id: 1, subject: `:.${HALF}:` })).toBeDefined();
    expect(defectOf(byId(1))).toBeUndefined();
  });
});

describe('what no registry can be asked, or nobody can use', () => {
  const metadata: SchemaQuestion = { kind: 'with-metadata', key: 'm', subject: HALF, metadata: { a: 'b' } };

  it.each<[string, SchemaQuestion]>([
    ['a reference to such a subject', latest(HALF)],
    ['a registration under it', register(HALF)],
    ['a version of it by its metadata', metadata],
    ['a registration of a schema that nests too deep', register('deep', nested(20_000))],
    ['a look-up of one', lookup('deep', nested(20_000))],
  ])('is bad data at once, though the registry is away: %s', async (_name, question) => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = () => 'refused';
    const host = worker.host();
    const other = new Task(worker, host);
    other.begin(register('s'));
    await worker.clock.advance(3000);
    worker.transport.take();
    const task = new Task(worker, host);
    task.begin(question);
    await worker.settled();
    expect(wordsOf(task.answer)).toBe(UNUSABLE);
    expect(task.answer).toMatchObject({ error: expect.any(DataError) });
    expect(worker.transport.take()).toEqual([]);
    expect(worker.gateState(':write')).toBe('closed');
    expect(worker.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each([
    ['by its id', byId(1)],
    ['as the latest of its subject', latest('deep')],
  ])('is bad data when the registry gives it: %s', async (_name, question) => {
    const worker = new WorkerOfRegistries();
    worker.registry.put('deep', nested(20_000));
    worker.registry.put('other', nested(2));
    const task = new Task(worker, worker.host());
    task.begin(question);
    await worker.settled();
    expect(wordsOf(task.answer)).toBe(UNUSABLE);
    expect(wordsOf(await task.start(byId(2)))).toBe('known 2');
    expect(worker.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(worker.gates.snapshots().map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('is no word of the registry about its own contents: an id that came back so deep is contradicted', async () => {
    const worker = new WorkerOfRegistries({ detects: false });
    const task = new Task(worker, worker.host(), { 'schema.registry.url': NODE_A });
    expect(wordsOf(await task.start(register('s', nested(2))))).toBe('known 1');
    worker.registry.schemas.set(1, { schema: nested(20_000).schema });
    await worker.clock.advance(70_000);
    expect(worker.notices.map(({ kind }) => kind)).toContain('contradicted');
  });
});
