import { describe, expect, it } from 'vitest';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent } from '../../../support/recovery/record-bytes.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { answersOf, planned, run, snapshotOf, stepsOf } from './restore-into-memory.ts';

const record = (name: string, ...fields: string[]): object => ({
  type: 'record',
  name,
  fields: fields.map((field) => ({ name: field, type: 'string', default: '' })),
});
const A_USER = [
  { type: 'record', name: 'User', fields: [{ name: 'a', type: 'A' }] },
  { references: [{ name: 'A', subject: 'a', version: 4 }] },
] as const;

/** Gaps, soft deletes, references, contexts, settings, an id that is gone for good. */
function source(): InMemoryRegistry {
  const registry = new InMemoryRegistry();
  registry.register('a', record('A'));
  registry.register('a', record('A', 'one'));
  registry.register('a', record('A', 'one', 'two'));
  registry.delete('/subjects/a/versions/2');
  registry.delete('/subjects/a/versions/2?permanent=true');
  registry.delete('/subjects/a/versions/3');
  // The same schema once more, under its old id.
  registry.register('a', record('A', 'one', 'two'));
  registry.register('user', ...A_USER);
  registry.register('gone', record('Gone'));
  registry.register('gone', record('Gone', 'one'));
  registry.delete('/subjects/gone');
  registry.register(':.dev:a', record('DevA'));
  registry.register(':.dev:b', record('DevB'));
  registry.put('/config', { compatibility: 'FULL' });
  registry.put('/config/a', { compatibility: 'NONE', normalize: true });
  registry.put('/config/:.dev:', { compatibility: 'NONE' });
  registry.put('/mode/user', { mode: 'READONLY' });
  registry.register('top', record('Top'));
  registry.delete('/subjects/top');
  registry.delete('/subjects/top?permanent=true');
  return registry;
}

/** Other subjects, one of them soft-deleted, with ids that are free in the source. */
function occupied(): RegistryInMemory {
  const served = new RegistryInMemory();
  const { registry } = served;
  registry.put('/mode', { mode: 'IMPORT' });
  for (const [subject, id] of [
    ['theirs', 101],
    ['left', 102],
    ['left', 103],
  ] as const) {
    registry.register(subject, record(`T${id}`), { id });
  }
  registry.delete('/subjects/left/versions/1');
  registry.put('/mode', { mode: 'READWRITE' });
  registry.put('/config/theirs', { compatibility: 'FULL' });
  return served;
}

const schemas = (registry: InMemoryRegistry): unknown[] => registry.get('/schemas?deleted=true').body;

describe('a restore through REST', () => {
  it('makes an empty registry the same as the one that was backed up, its highest id included', async () => {
    const from = source();
    const served = new RegistryInMemory();
    const plan = await planned(snapshotOf(from), served);
    await run(await stepsOf(plan), served);
    expect(answersOf(served.registry)).toEqual(answersOf(from));
    expect(plan.maxIds).toEqual({ '': 7, dev: 2 });
    expect(served.registry.register('new', record('New'))).toBe(8);
    expect(served.registry.register(':.dev:new', record('New'))).toBe(3);
  });

  it('leaves alone what a registry has beside it, and what is there already', async () => {
    const from = source();
    const served = occupied();
    const theirs = schemas(served.registry);
    const steps = await stepsOf(await planned(snapshotOf(from), served));
    await run(steps, served);
    expect(schemas(served.registry)).toEqual(expect.arrayContaining([...theirs, ...schemas(from)]));
    expect(served.registry.get('/subjects').body).toEqual([':.dev:a', ':.dev:b', 'a', 'left', 'theirs', 'user']);
    expect(served.registry.get('/mode').body).toEqual({ mode: 'READWRITE' });
    expect(served.registry.get('/config/theirs').body).toEqual({ compatibilityLevel: 'FULL' });
    expect(served.registry.get('/mode/user').body).toEqual({ mode: 'READONLY' });
    expect(served.registry.get('/mode/a').body.error_code).toBe(40409);
    // Once more: nothing is left to do.
    expect(await stepsOf(await planned(snapshotOf(from), served))).toEqual([]);
  });

  it.each([
    ['an empty registry', () => new RegistryInMemory()],
    ['one with other subjects', occupied],
  ])('goes on wherever it was killed, in %s', async (_, target) => {
    const from = source();
    const whole = target();
    const steps = await stepsOf(await planned(snapshotOf(from), whole));
    await run(steps, whole);
    for (let killedAfter = 0; killedAfter <= steps.length; killedAfter++) {
      const served = target();
      await run(steps.slice(0, killedAfter), served);
      await run(steps, served);
      expect(answersOf(served.registry), `killed after ${killedAfter}`).toEqual(answersOf(whole.registry));
      if (killedAfter === steps.length) expect(await run(steps, served)).toBe(0);
    }
  });

  it.each([
    ['an empty registry', () => new RegistryInMemory()],
    ['one with other subjects', occupied],
  ])('is taken back from wherever it got to, but for its ids, in %s', async (_, target) => {
    const from = source();
    const before = target();
    const plan = await planned(snapshotOf(from), before);
    const steps = await stepsOf(plan);
    const undo = await stepsOf(plan.undo);
    for (let killedAfter = 0; killedAfter <= steps.length; killedAfter++) {
      const served = target();
      await run(steps.slice(0, killedAfter), served);
      await run(undo, served);
      expect(answersOf(served.registry), `undone after ${killedAfter}`).toEqual(answersOf(before.registry));
      if (killedAfter < steps.length) continue;
      // Invariant 10, also for a node that is started anew and knows only what the topic has.
      const restarted = new InMemoryRegistry();
      for (const each of served.registry.log) restarted.apply(each);
      expect(restarted.register('new', record('New'))).toBeGreaterThan(7);
      expect(restarted.register(':.dev:new', record('New'))).toBeGreaterThan(2);
    }
  });

  it('gives out no id again that is known from elsewhere, in contexts that nothing is restored into as well', async () => {
    const served = new RegistryInMemory();
    const plan = await planned(snapshotOf(source()), served, { '': 900, new: 5 });
    await run(await stepsOf(plan), served);
    expect(plan.maxIds).toEqual({ '': 900, dev: 2, new: 5 });
    expect(served.registry.register('next', record('Next'))).toBe(901);
    expect(served.registry.register(':.new:next', record('Next'))).toBe(6);
  });

  it('names what configs of the registry say beside those of the backup, as it stays', async () => {
    const source = new InMemoryRegistry();
    source.register('a', record('A'));
    source.put('/config/a', { compatibility: 'FULL' });
    const served = new RegistryInMemory();
    served.registry.register('a', record('A'));
    served.registry.put('/config/a', { compatibility: 'FULL', compatibilityGroup: 'version' });
    const told = 'What configs of the registry say beside those of the backup stays: a (compatibilityGroup).';
    expect((await planned(snapshotOf(source), served)).summary).toContain(told);
    served.registry.delete('/config/a');
    expect((await planned(snapshotOf(source), served)).summary.join()).not.toContain('beside those of the backup');
  });

  it('leaves nothing of a config of the backup when it is taken back', async () => {
    const from = new InMemoryRegistry();
    from.register('a', record('A'));
    from.put('/config/a', { compatibility: 'FULL', normalize: true });
    const served = new RegistryInMemory();
    served.registry.register('a', record('A'));
    served.registry.put('/config/a', { compatibility: 'NONE' });
    const plan = await planned(snapshotOf(from), served);
    await run(await stepsOf(plan), served);
    expect(served.registry.get('/config/a').body).toEqual({ compatibilityLevel: 'FULL', normalize: true });
    const undo = await stepsOf(plan.undo);
    await run(undo, served);
    expect(served.registry.get('/config/a').body).toEqual({ compatibilityLevel: 'NONE' });
    expect(await run(undo, served)).toBe(0);
  });

  it('makes a version live or soft-deleted as it was', async () => {
    const from = source();
    const served = new RegistryInMemory();
    await run(await stepsOf(await planned(snapshotOf(from), served)), served);
    served.registry.delete('/subjects/:.dev:a');
    served.registry.register('gone', record('Back'));
    const plan = await planned(snapshotOf(from), served);
    expect(plan.summary).toContainEqual('1 soft-deleted version lives again.');
    const changed = answersOf(served.registry);
    await run(await stepsOf(plan), served);
    const gone = { subject: 'gone', version: 3 };
    expect(schemas(served.registry)).toEqual(expect.arrayContaining([...schemas(from), expect.objectContaining(gone)]));
    expect(served.registry.get('/subjects/:.dev:a/versions').body).toEqual([1]);
    await run(await stepsOf(plan.undo), served);
    expect(answersOf(served.registry)).toEqual(changed);
  });

  it('is refused before anything is sent when an id or a version is another schema there, and says which', async () => {
    const from = source();
    const served = new RegistryInMemory();
    served.registry.register('theirs', record('Theirs'));
    served.registry.register('user', record('Other'));
    const writes = served.writes.length;
    const error = await planned(snapshotOf(from), served).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'holdfast.recovery.rest-conflict' });
    expect((error as Error).message).toContain(
      'version 1 of subject a (id 1): the registry has id 1 for version 1 of subject theirs',
    );
    expect((error as Error).message).toContain('version 1 of subject user (id 4): the registry has id 2 there');
    expect(served.writes.length).toBe(writes);
  });

  it('names schemas that refer to each other in a circle', async () => {
    const from = new InMemoryRegistry();
    const needs = (subject: string): object => ({ references: [{ name: 'X', subject, version: 1 }] });
    for (const [subject, id, other] of [
      ['one', 1, 'two'],
      ['two', 2, 'one'],
    ] as const) {
      const value = { subject, version: 1, id, ...needs(other), schema: '"int"', deleted: false };
      const bytes = (json: object): Uint8Array => Buffer.from(JSON.stringify(json));
      from.apply({ key: bytes({ keytype: 'SCHEMA', subject, version: 1, magic: 1 }), value: bytes(value) });
    }
    await expect(planned(snapshotOf(from), new RegistryInMemory())).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-reference-cycle',
      message: expect.stringContaining('one version 1 -> two version 1 -> one version 1'),
    });
  });

  it('stops at a request that is refused, with the words of the registry', async () => {
    const served = new RegistryInMemory();
    served.interfere = ({ method, path }) =>
      method === 'PUT' && path.startsWith('/mode')
        ? { status: 422, body: '{"error_code":42205,"message":"Mode changes are not allowed"}' }
        : undefined;
    const steps = await stepsOf(await planned(snapshotOf(source()), served));
    await expect(run(steps, served)).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-denied',
      message: expect.stringMatching(/Mode changes are not allowed.*mode\.mutability=true/),
    });
    expect(served.registry.log).toEqual([]);
  });

  it('takes a request for done whose answer was lost', async () => {
    const served = new RegistryInMemory();
    const steps = await stepsOf(await planned(snapshotOf(source()), served));
    const lost = new Set<string>();
    served.interfere = ({ method, path, body }) => {
      const which = `${path} ${body}`;
      if (method === 'GET' || lost.has(which)) return undefined;
      lost.add(which);
      served.registry.request(method, path, body);
      return { status: 500, body: '{"error_code":50002,"message":"timed out"}' };
    };
    await run(steps, served);
    expect(schemas(served.registry)).toEqual(expect.arrayContaining(schemas(source())));
  });
});

describe('what a registry would refuse', () => {
  const schema = (name: string): string => JSON.stringify(record(name));
  const user = (name: string, of: string): string =>
    JSON.stringify({ type: 'record', name, fields: [{ name: 'x', type: of }] });
  const damaged = new MemorySnapshot(
    asLog([
      confluent.schema({ subject: 'good', version: 1, id: 1, schema: schema('Good') }),
      confluent.schema({ subject: 'bad', version: 1, id: 2, schema: '{"type":"recrod"}' }),
      confluent.schema({
        ...{ subject: 'uses-bad', version: 1, id: 3, schema: user('UsesBad', 'Bad') },
        references: [{ name: 'Bad', subject: 'bad', version: 1 }],
      }),
      confluent.schema({
        ...{ subject: 'dangling', version: 1, id: 4, schema: user('Dangling', 'Gone') },
        references: [{ name: 'Gone', subject: 'gone', version: 1 }],
      }),
    ]),
  );

  it('is left out of the plan by name, with what refers to it, and its ids stay free for it', async () => {
    const served = new RegistryInMemory();
    const plan = await planned(damaged, served);
    await run(await stepsOf(plan), served);
    expect(served.registry.get('/subjects').body).toEqual(['good']);
    expect(served.registry.get('/mode').body).toEqual({ mode: 'READWRITE' });
    expect(plan.summary.filter((line) => line.startsWith('Left out'))).toEqual([
      expect.stringMatching(/: bad version 1 \(id 2\) is no AVRO schema: /),
      expect.stringMatching(/: uses-bad version 1 \(id 3\) refers to bad version 1, which is left out itself\.$/),
      expect.stringMatching(
        /: dangling version 1 \(id 4\) refers to gone version 1, which neither the backup nor the registry has\.$/,
      ),
    ]);
    expect(plan.maxIds).toEqual({ '': 5 });
    expect(served.registry.register('new', record('New'))).toBe(6);
  });

  it('is not left out for what the registry has', async () => {
    const served = new RegistryInMemory();
    served.registry.put('/mode', { mode: 'IMPORT' });
    served.registry.register('gone', record('Gone'), { id: 100 });
    served.registry.put('/mode', { mode: 'READWRITE' });
    await run(await stepsOf(await planned(damaged, served)), served);
    expect(served.registry.get('/subjects').body).toEqual(['dangling', 'gone', 'good']);
  });
});
