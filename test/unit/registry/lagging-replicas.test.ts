import { describe, expect, it } from 'vitest';
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { error } from './scripted-transport.ts';
import {
  avro,
  latest,
  lookup,
  NODE_A,
  NODE_B,
  never,
  register,
  Task,
  WorkerOfRegistries,
  wordsOf,
} from './worker-of-registries.ts';

const urls = { 'schema.registry.url': `${NODE_A},${NODE_B}` };
const first = (subject: string): SchemaQuestion => ({ kind: 'version', key: `first ${subject}`, subject, version: 1 });

/** Subject s is there, but one node has not read it yet. */
function lagging(node: string, primary: string | null = null) {
  const knowledge = Object.assign(new NoPrimaryKnowledge(), { primary: () => primary });
  const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B], knowledge });
  const id = worker.registry.put('s', avro('s'));
  worker.transport.nodes.set(node, (request) =>
    request.path.startsWith('/subjects/s')
      ? error(404, request.method === 'POST' ? 40403 : 40401, 'not found')
      : worker.registry.handle(request),
  );
  return { worker, id };
}

const subjectRequests = (worker: WorkerOfRegistries): string[] =>
  worker.transport.take().filter((request) => request.includes('/subjects/'));

describe('Invariant 3: a replica that lags makes no bad data', () => {
  it.each([
    ['a look-up', lookup('s')],
    ['the latest version', latest('s')],
    ['a version', first('s')],
  ])('of %s: the other node is asked', async (_what, question) => {
    const { worker, id } = lagging(NODE_A);
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(question))).toBe(`known ${id}`);
    expect(subjectRequests(worker).map((request) => request.split(' ')[1])).toEqual([NODE_A, NODE_B]);
  });

  it.each([
    ['a look-up', lookup('s')],
    ['the latest version', latest('s')],
  ])('of %s while the other node is away: it is waited for', async (_what, question) => {
    const { worker, id } = lagging(NODE_A);
    const upToDate = worker.registry.handle;
    worker.transport.nodes.set(NODE_B, () => 'refused');
    const task = new Task(worker, worker.host(), urls);
    task.begin(question);
    await worker.clock.advance(10_000);
    expect(wordsOf(task.view.peek(question))).toBe('waiting subject:s');
    expect(worker.gateState(':read')).toBe('open');
    worker.transport.nodes.set(NODE_B, upToDate);
    await worker.clock.advance(15_000);
    expect(wordsOf(task.answer)).toBe(`known ${id}`);
  });

  it('of a reference, which has to exist: what every node denies is waited for, and refused after 30 s', async () => {
    const { worker } = lagging(NODE_A);
    worker.transport.nodes.set(NODE_B, () => error(404, 40401, 'not found'));
    const task = new Task(worker, worker.host(), urls);
    task.begin(first('s'));
    await worker.clock.advance(29_000);
    expect(wordsOf(task.view.peek(first('s')))).toBe('waiting subject:s');
    await worker.clock.advance(30_000);
    expect(wordsOf(task.answer)).toBe('refused holdfast.registry.subject.unknown');
  });

  it('scenario 13: of a record whose schema has references, when it knows neither', async () => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    worker.registry.put('r', avro('R'));
    const id = worker.registry.put('s', {
      schema: JSON.stringify({ type: 'record', name: 'S', fields: [{ name: 'r', type: 'R' }] }),
      references: [{ name: 'R', subject: 'r', version: 1 }],
    });
    worker.transport.nodes.set(NODE_B, (request) => {
      if (request.path.startsWith('/subjects/r')) return error(404, 40401, 'Subject not found');
      if (request.path.startsWith('/schemas/ids/')) return error(404, 40403, 'Schema not found');
      return worker.registry.handle(request);
    });
    const host = worker.host();
    const converter = new AvroConverter();
    const schemaView = (config: Record<string, string>) => host.schemaView(config);
    converter.configure(urls, {
      converterType: 'value',
      logger: silentLogger,
      clock: worker.clock,
      gates: host.gates,
      schemaView,
    });
    const value = Buffer.from([0, 0, 0, 0, id, 2, 0x61]);
    await converter.prepareToConnectData([{ topic: 't', key: null, value, headers: [] }], never);
    expect(converter.toConnectData('t', value).value).toMatchObject({ schema: { name: 'S' } });
  });
});

describe('what is not there', () => {
  it.each([
    ['the primary alone, if it is known', NODE_A, [NODE_A]],
    ['every node otherwise', null, [NODE_A, NODE_B]],
  ])('is denied at once by %s', async (_who, primary, asked) => {
    const { worker } = lagging(NODE_A, primary);
    expect(wordsOf(await new Task(worker, worker.host(), urls).start(lookup('new')))).toBe(
      'refused holdfast.registry.subject.unknown',
    );
    expect(subjectRequests(worker).map((request) => request.split(' ')[1])).toEqual(asked);
  });

  it('is looked up in one pass over the nodes before it is registered: a closed gate for writes costs no patience', async () => {
    const { worker } = lagging(NODE_A);
    worker.registry.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/versions') ? error(500, 50003, 'no primary') : undefined;
    const host = worker.host();
    new Task(worker, host, urls).begin(register('one'));
    await worker.settled();
    worker.transport.take();
    const task = new Task(worker, host, urls);
    task.begin(register('two'));
    await worker.settled();
    expect(wordsOf(task.view.peek(register('two')))).toBe('waiting write');
    expect(subjectRequests(worker).filter((request) => request.endsWith('/subjects/two'))).toHaveLength(2);
  });
});

describe('a registration that names what a node lacks which has just come back', () => {
  it.each([40401, 40402, 40403])('is not refused at once: 404/%d', async (code) => {
    const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
    const host = worker.host();
    await new Task(worker, host, urls).start(register('s', avro('v1')));
    worker.registry.fault = () => 'refused';
    const writer = new Task(worker, host, urls);
    writer.begin(register('s', { ...avro('v2'), references: [{ name: 'x', subject: 's', version: 1 }] }));
    await worker.clock.advance(5_000);
    worker.registry.fault = ({ path }) =>
      path === '/subjects/s/versions' ? error(404, code, 'Version 1 not found') : undefined;
    await worker.clock.advance(3_000);
    expect(writer.answer).toBeUndefined();
    expect(writer.parkedAt).toMatch(/subject:s$/);
    worker.registry.fault = () => undefined;
    await worker.clock.advance(10_000);
    expect(wordsOf(writer.answer)).toBe('known 2');
  });
});

it('a subject that a node finds to exist while it is made is no incompatible schema (Apicurio)', async () => {
  const worker = new WorkerOfRegistries({ nodes: [NODE_A, NODE_B] });
  const exists = error(409, 409, "An artifact with ID 's' in group 'null' already exists.");
  worker.registry.fault = ({ path }) => (path === '/subjects/s/versions' ? exists : undefined);
  const writer = new Task(worker, worker.host(), urls);
  writer.begin(register('s'));
  await worker.clock.advance(10_000);
  expect(writer.answer).toBeUndefined();
  worker.registry.fault = () => undefined;
  await worker.clock.advance(10_000);
  expect(wordsOf(writer.answer)).toBe('known 1');
});
