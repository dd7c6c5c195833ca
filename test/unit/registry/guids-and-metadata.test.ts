import { describe, expect, it } from 'vitest';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import type { HttpRequest } from '../../../src/registry/http-transport.ts';
import { NoPrimaryKnowledge } from '../../../src/registry/registry-knowledge.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { error, ok, type Reply } from './scripted-transport.ts';
import { avro, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const GUID = '0d3f7c52-9f0a-4b5e-8a53-6a2f1f1e7c11';
const byGuid = (guid = GUID): SchemaQuestion => ({ kind: 'by-guid', key: `guid:${guid}`, guid });
const withMetadata = (metadata: Readonly<Record<string, string>>): SchemaQuestion => ({
  kind: 'with-metadata',
  key: `metadata:${JSON.stringify(metadata)}`,
  subject: 's',
  metadata,
});

/** Answers for the two resources that the small registry does not have. */
function newer(
  guids: ReadonlyMap<string, string>,
  versions: readonly { readonly id: number; readonly schema: string; readonly owner: string }[] = [],
) {
  return (request: HttpRequest): Reply | undefined => {
    const url = new URL(request.path, 'http://registry');
    const guid = /^\/schemas\/guids\/(.+)$/.exec(url.pathname)?.[1];
    if (guid !== undefined) {
      const schema = guids.get(guid);
      return schema === undefined ? error(404, 40403, 'Schema not found') : ok({ schema, guid });
    }
    if (url.pathname !== '/subjects/s/metadata') return undefined;
    const found = versions.findLast(({ owner }) => owner === url.searchParams.get('value'));
    if (found === undefined) return error(404, 40403, 'Schema not found');
    return ok({ subject: 's', version: versions.indexOf(found) + 1, id: found.id, schema: found.schema });
  };
}

describe('a schema that is named by its GUID', () => {
  const { schema } = avro('named');

  it('is asked for once, and known over a restart while the registry is down', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    worker.registry.fault = newer(new Map([[GUID, schema]]));
    const host = worker.host();
    const answer = await new Task(worker, host).start(byGuid());
    expect(answer).toMatchObject({ kind: 'known', schema: { id: -1, schema, references: [] } });
    await new Task(worker, host).start(byGuid());
    expect(worker.transport.take().filter((line) => line.includes('guids'))).toEqual([
      `GET http://a:8081 /schemas/guids/${GUID}`,
    ]);
    await worker.store?.flushed();
    await worker.coordinator.close();
    const again = await WorkerOfRegistries.open(log);
    again.registry.fault = () => 'refused';
    const task = new Task(again, again.host());
    task.begin(byGuid());
    await again.clock.advance(5000);
    expect(task.answer).toMatchObject({ kind: 'known', schema: { id: -1, schema } });
  });

  it('is never suspect: what a GUID means can not change', async () => {
    class Suspicious extends NoPrimaryKnowledge {
      override isSuspect(): boolean {
        return true;
      }
    }
    const worker = new WorkerOfRegistries({ knowledge: new Suspicious() });
    worker.registry.fault = newer(new Map([[GUID, schema]]));
    const host = worker.host();
    for (let i = 0; i < 3; i++) await new Task(worker, host).start(byGuid());
    expect(worker.transport.take().filter((line) => line.includes('schemas/'))).toHaveLength(1);
  });

  it('does not contradict another: answers by GUID tell no id', async () => {
    const other = '11111111-2222-3333-4444-555555555555';
    const worker = new WorkerOfRegistries();
    worker.registry.fault = newer(
      new Map([
        [GUID, schema],
        [other, avro('other').schema],
      ]),
    );
    const host = worker.host();
    const task = new Task(worker, host);
    expect(wordsOf(await task.start(byGuid()))).toBe('known -1');
    expect(wordsOf(await task.start(byGuid(other)))).toBe('known -1');
  });

  it('waits while nodes deny it, for they may lag, and is refused after a while', async () => {
    const worker = new WorkerOfRegistries();
    const guids = new Map<string, string>();
    worker.registry.fault = newer(guids);
    const [late, missing] = [new Task(worker, worker.host()), new Task(worker, worker.host())];
    late.begin(byGuid());
    missing.begin(byGuid('00000000-0000-0000-0000-000000000000'));
    await worker.clock.advance(10_000);
    expect([late.answer, missing.answer]).toEqual([undefined, undefined]);
    // One record's trouble: an operator may have it skipped.
    expect(late.view.peek(byGuid())).toMatchObject({
      kind: 'waiting',
      error: { code: 'holdfast.registry.id.not-seen', details: { skippable: true } },
    });
    guids.set(GUID, schema);
    await worker.clock.advance(20_000);
    expect(late.answer).toMatchObject({ kind: 'known' });
    await worker.clock.advance(60_000);
    expect(missing.answer).toMatchObject({
      kind: 'refused',
      error: { name: 'SchemaRejectedError', code: 'holdfast.registry.id.unknown' },
    });
  });

  it('fails as a setting, not as bad data, when the registry has no GUIDs', async () => {
    const worker = new WorkerOfRegistries();
    const answer = await new Task(worker, worker.host()).start(byGuid());
    expect(answer).toMatchObject({
      kind: 'refused',
      error: { name: 'RegistryConfigError', code: 'holdfast.registry.not-supported' },
    });
  });
});

describe('the latest version with some metadata', () => {
  const versions = [
    { id: 1, schema: avro('one').schema, owner: 'a' },
    { id: 2, schema: avro('two').schema, owner: 'b' },
  ];

  it('is asked for as Confluent does', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = newer(new Map(), versions);
    const task = new Task(worker, worker.host());
    expect(wordsOf(await task.start(withMetadata({ 'application.owner': 'a', x: 'a&b' })))).toBe('known 1');
    expect(worker.transport.take().at(-1)).toBe(
      'GET http://a:8081 /subjects/s/metadata?key=application.owner&value=a&key=x&value=a%26b&deleted=true',
    );
  });

  it('is believed for a moment only, and never kept over a restart', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    const known = [...versions];
    worker.registry.fault = newer(new Map(), known);
    const question = withMetadata({ owner: 'b' });
    expect(wordsOf(await new Task(worker, worker.host()).start(question))).toBe('known 2');
    known.push({ id: 3, schema: avro('three').schema, owner: 'b' });
    expect(wordsOf(await new Task(worker, worker.host()).start(question))).toBe('known 2');
    await worker.clock.advance(1001);
    expect(wordsOf(await new Task(worker, worker.host()).start(question))).toBe('known 3');
    await worker.store?.flushed();
    await worker.coordinator.close();
    const again = await WorkerOfRegistries.open(log);
    again.registry.fault = () => 'refused';
    const task = new Task(again, again.host());
    task.begin(question);
    await again.clock.advance(5000);
    expect(task.answer).toBeUndefined();
  });

  it('is refused when there is none, and as a setting when the registry can not tell', async () => {
    const worker = new WorkerOfRegistries();
    worker.registry.fault = newer(new Map(), versions);
    const task = new Task(worker, worker.host());
    expect(await task.start(withMetadata({ owner: 'c' }))).toMatchObject({
      kind: 'refused',
      error: { code: 'holdfast.registry.subject.unknown' },
    });
    const old = new WorkerOfRegistries();
    const asking = new Task(old, old.host());
    old.registry.fault = (request) => (request.path.includes('/metadata?') ? error(404, 404, 'Not Found') : undefined);
    expect(await asking.start(withMetadata({ owner: 'a' }))).toMatchObject({
      kind: 'refused',
      error: { name: 'RegistryConfigError', code: 'holdfast.registry.not-supported' },
    });
  });
});
