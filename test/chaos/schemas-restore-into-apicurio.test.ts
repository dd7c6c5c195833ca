import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SnapshotWriter } from '../../src/recovery/backup/snapshot-writer.ts';
import { type Apicurio, startApicurio } from '../support/apicurio.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { LiveRegistry } from '../support/recovery/moved-registry.ts';
import { schemasCommandEnds } from '../support/recovery/schemas-command.ts';
import { tempDir } from '../support/temp-dir.ts';
import { uniqueName } from '../support/unique-name.ts';
import { InMemoryRegistry } from '../unit/embedded-registry/in-memory-registry.ts';
import { snapshotOf } from '../unit/recovery/rest/restore-into-memory.ts';

const record = (name: string, ...fields: string[]): object => ({
  type: 'record',
  name,
  fields: fields.map((field) => ({ name: field, type: 'string', default: '' })),
});

/** Ids far apart, gaps of versions, soft deletes, references, all types, one schema under two ids, an id that is gone. */
function source(): InMemoryRegistry {
  const registry = new InMemoryRegistry();
  registry.put('/mode', { mode: 'IMPORT' });
  const put = (subject: string, version: number, id: number, schema: unknown, more: object = {}): void => {
    registry.register(subject, schema, { version, id, ...more });
  };
  put('a', 1, 100, record('A'));
  put('a', 4, 4711, record('A', 'one'));
  put('b/ä b', 2, 300, record('B'));
  put(
    'user',
    1,
    200,
    { type: 'record', name: 'User', fields: [{ name: 'a', type: 'A' }] },
    {
      references: [{ name: 'A', subject: 'a', version: 4 }],
    },
  );
  put('same', 1, 101, record('A'));
  // Without $schema, Apicurio answers 400 for it by id: "Failed to discover artifact type".
  const draft = 'http://json-schema.org/draft-07/schema#';
  put('json', 1, 301, { $schema: draft, type: 'object' }, { schemaType: 'JSON' });
  registry.post('/subjects/proto/versions', {
    ...{ schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message P { int32 a = 1; }', id: 302, version: 3 },
  });
  put('top', 1, 5000, record('Top'));
  registry.put('/mode', { mode: 'READWRITE' });
  registry.delete('/subjects/a/versions/1');
  registry.delete('/subjects/top');
  registry.delete('/subjects/top?permanent=true');
  registry.put('/config', { compatibility: 'FULL' });
  registry.put('/config/a', { compatibility: 'BACKWARD' });
  registry.put('/config/user', { compatibility: 'NONE' });
  return registry;
}

describeWithKafka('schemas in Apicurio', (kafka) => {
  let apicurio: Apicurio;
  let live: LiveRegistry;
  const { signal } = new AbortController();
  beforeAll(async () => {
    const { bootstrapServers } = kafka();
    apicurio = await startApicurio({ bootstrapServers, journalTopic: uniqueName('kafkasql-journal') });
    live = new LiveRegistry(apicurio.url);
  }, 240_000);
  afterAll(() => apicurio?.stop());

  it('are restored under their ids by commands, found done when it is run again, backed up from it, and taken back', async () => {
    const folder = tempDir('apicurio-commands');
    const backup = join(folder, 'source');
    const writer = await SnapshotWriter.create({ folder: backup });
    for await (const batch of snapshotOf(source()).records()) await writer.append(batch);
    await writer.finish({ source: 'derived', takenAt: 0, topic: undefined });
    const node = ['--registry', apicurio.url, '--quiet'];
    const plan = join(folder, 'plan.ndjson');
    const restore = (file: string): readonly string[] => [
      'restore',
      backup,
      '--into',
      'registry',
      ...node,
      '--plan',
      file,
    ];

    const { stdout } = await schemasCommandEnds(0, [...restore(plan), '--yes']);
    expect(stdout).toContain('Apicurio keeps no level NONE of a subject: user.');
    expect(await live.versions(signal)).toEqual([
      'a 1 100 deleted',
      'a 4 4711',
      'b/ä b 2 300',
      'holdfast-reserved-ids 1 5000 deleted',
      'json 1 301',
      'proto 3 302',
      'same 1 101',
      'user 1 200',
    ]);
    const wrong = (await live.check(snapshotOf(source()), signal)).filter(({ severity }) => severity === 'error');
    // The level NONE of a subject, which Apicurio does not keep.
    expect(wrong.map(({ name, subject }) => [name, subject])).toEqual([['config-differs', 'user']]);
    await schemasCommandEnds(0, ['apply', plan, '--yes', ...node]);
    const again = await schemasCommandEnds(0, [...restore(join(folder, 'again.ndjson')), '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ steps: 0 });

    const backups = join(folder, 'backups');
    await schemasCommandEnds(0, ['backup', '--from', 'registry', ...node, '--to', backups]);
    await schemasCommandEnds(0, ['verify', backups, '--quiet']);
    // What was backed up from it is what it has: nothing is left to restore.
    const back = ['restore', backups, '--into', 'registry', ...node, '--plan', join(folder, 'back.ndjson'), '--json'];
    expect(JSON.parse((await schemasCommandEnds(0, back)).stdout)).toMatchObject({ steps: 0 });

    // Its own ids go on above; the same schema once more has its old one.
    const register = async (subject: string, schema: object): Promise<unknown> => {
      const response = await fetch(`${apicurio.url}/subjects/${subject}/versions`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify({ schema: JSON.stringify(schema) }),
      });
      return response.json();
    };
    expect(await register('a', record('A', 'one'))).toEqual({ id: 4711 });
    expect(await register('new', record('New'))).toEqual({ id: 5001 });

    await schemasCommandEnds(0, ['apply', join(folder, 'plan.undo.ndjson'), '--yes', ...node]);
    expect(await live.versions(signal)).toEqual(['holdfast-reserved-ids 1 5000 deleted', 'new 1 5001']);
  }, 400_000);
});
