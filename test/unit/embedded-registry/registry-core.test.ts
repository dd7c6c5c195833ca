import { describe, expect, it } from 'vitest';
import { field, record } from '../registry/avro/record-schema.ts';
import { InMemoryRegistry } from './in-memory-registry.ts';

const A = record('R', field('a', 'string'));
const AB = record('R', field('a', 'string'), field('b', 'int', { default: 0 }));
const ABC = record(
  'R',
  field('a', 'string'),
  field('b', 'int', { default: 0 }),
  field('c', ['null', 'long'], { default: null }),
);
const BROKEN = record('R', field('a', 'string'), field('new', 'int'));
const send = (schema: unknown) => ({ schema: JSON.stringify(schema) });
const error = (status: number, code: number) => ({ status, body: expect.objectContaining({ error_code: code }) });

describe('registering', () => {
  it('gives ids from 1 up, one per content and not per subject', () => {
    const registry = new InMemoryRegistry();
    expect([
      registry.register('s', A),
      registry.register('s', AB),
      registry.register('t', A),
      registry.register('u', ABC),
    ]).toEqual([1, 2, 1, 3]);
    expect(registry.get('/subjects/s/versions').body).toEqual([1, 2]);
    expect(registry.get('/schemas/ids/1/versions').body).toEqual([
      { subject: 's', version: 1 },
      { subject: 't', version: 1 },
    ]);
    expect(registry.get('/schemas/ids/1/subjects').body).toEqual(['s', 't']);
  });

  it('is idempotent by content: whitespace and the way a name is written do not count', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', { type: 'record', name: 'R', namespace: 'n', fields: [] });
    const written = registry.log.length;
    const same = { schema: '{ "type" : "record", "fields": [], "name": "n.R" }' };
    expect(registry.post('/subjects/s/versions', same)).toEqual({ status: 200, body: { id: 1 } });
    expect(registry.log.length).toBe(written);
  });

  it('answers what it knows on a replica and forwards the rest', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    const replica = (schema: unknown) =>
      registry.core.evaluate(
        { method: 'POST', path: '/subjects/s/versions', body: JSON.stringify(send(schema)) },
        'replica',
      );
    expect(replica(A)).toMatchObject({ kind: 'answer', answer: { status: 200, body: { id: 1 } } });
    expect(replica(AB)).toEqual({ kind: 'forward', operation: 'register' });
    expect(replica(BROKEN), 'only the primary knows the versions to compare with').toMatchObject({ kind: 'forward' });
  });

  it('never gives an id twice, not even after the highest one was purged', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.register('s', AB);
    registry.delete('/subjects/s/versions/2');
    registry.delete('/subjects/s/versions/2?permanent=true');
    expect(registry.get('/schemas/ids/2')).toEqual(error(404, 40403));
    expect(registry.register('s', ABC)).toBe(3);
  });

  it('gives a soft-deleted schema its old id and a new version', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.register('s', AB);
    registry.delete('/subjects/s/versions/2');
    expect(registry.register('s', AB)).toBe(2);
    expect(registry.get('/subjects/s/versions').body).toEqual([1, 3]);
  });

  it('keeps digits that JavaScript would lose', () => {
    const registry = new InMemoryRegistry();
    const schema =
      '{"type":"record","name":"R","fields":[{"name":"l","type":"long","default":9007199254740993},{"name":"d","type":"double","default":1.0}]}';
    registry.post('/subjects/s/versions', { schema });
    expect(registry.get('/schemas/ids/1').body.schema).toBe(schema);
  });

  it('counts ids per context', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.register('s', AB);
    expect(registry.register(':.ctx:s', ABC)).toBe(1);
    expect(registry.get('/schemas/ids/1?subject=:.ctx:').body.schema).toContain('"c"');
    expect(registry.get('/contexts/.ctx/subjects/s/versions/1').body).toMatchObject({ subject: ':.ctx:s', id: 1 });
    expect(registry.get('/contexts').body).toEqual(['.', '.ctx']);
    expect(registry.get('/schemas/ids/1?fetchMaxId=true&subject=:.ctx:').body.maxId).toBe(1);
    expect(registry.get('/schemas/ids/1?fetchMaxId=true').body.maxId).toBe(2);
    expect(registry.register(':.:s', A), ':.: is the default context').toBe(1);
    expect(registry.get('/subjects').body).toEqual([':.ctx:s', 's']);
  });

  it('stores the text with sorted keys for Karapace', () => {
    const registry = new InMemoryRegistry({ vendor: 'karapace' });
    registry.register('s', A);
    expect(registry.get('/schemas/ids/1').body.schema).toBe(
      '{"fields":[{"name":"a","type":"string"}],"name":"R","type":"record"}',
    );
    expect(registry.register('s', A)).toBe(1);
  });

  it('keeps JSON Schema and Protobuf as they are', () => {
    const registry = new InMemoryRegistry();
    const proto = { schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message M { int32 a = 1; }' };
    const json = { schemaType: 'JSON', schema: '{ "type": "object" }' };
    expect(registry.post('/subjects/p/versions', proto).body).toEqual({ id: 1 });
    expect(registry.post('/subjects/j/versions', json).body).toEqual({ id: 2 });
    expect(registry.get('/schemas/ids/1').body).toEqual(proto);
    expect(registry.get('/subjects/j/versions/latest').body).toEqual({ subject: 'j', version: 1, id: 2, ...json });
    expect(registry.post('/subjects/p/versions', send(A)), 'another type never follows').toEqual(error(409, 40901));
    expect(registry.get('/schemas/types').body).toContain('AVRO');
  });
});

describe('errors of registering', () => {
  const cases: readonly [string, unknown, number, number][] = [
    ['no JSON', { schema: '{"type":' }, 422, 42201],
    ['an empty text', { schema: '' }, 422, 42201],
    ['no text', {}, 422, 42201],
    ['an unknown type name', { schema: '"strin"' }, 422, 42201],
    ['an unknown schemaType', { schema: '"string"', schemaType: 'XML' }, 422, 42201],
    ['a default that is none', send(record('R', field('a', 'int', { default: 'x' }))), 422, 42201],
    ['a field twice', send(record('R', field('a', 'int'), field('a', 'int'))), 422, 42201],
    ['a bad name', send(record('R-1')), 422, 42201],
    ['a union in a union', { schema: '[["int"],"string"]' }, 422, 42201],
    ['a branch twice', { schema: '["int","int"]' }, 422, 42201],
    ['an enum with a symbol twice', send({ type: 'enum', name: 'E', symbols: ['A', 'A'] }), 422, 42201],
    ['a reference to nothing', { ...send(A), references: [{ name: 'X', subject: 'x', version: 1 }] }, 422, 42201],
    ['an incompatible one', send(BROKEN), 409, 40901],
    ['an id outside IMPORT', { ...send(AB), id: 7 }, 422, 42205],
    ['a body that is no object', '[]', 400, 400],
  ];
  it.each(cases)('%s', (_, body, status, code) => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    expect(registry.post('/subjects/s/versions', body)).toEqual(error(status, code));
    expect(registry.log.length).toBe(1);
  });

  it('a subject that may not be, a schema that is too large, a content type that is none of ours', () => {
    const registry = new InMemoryRegistry({ maxSchemaBytes: 100 });
    expect(registry.post('/subjects/__GLOBAL/versions', send(A))).toEqual(error(422, 42208));
    expect(registry.post('/subjects/a%00b/versions', send(A))).toEqual(error(422, 42208));
    expect(registry.post('/subjects/s/versions', send(ABC))).toEqual(error(422, 42209));
    expect(registry.request('POST', '/subjects/s/versions', send(A), 'text/html')).toEqual(error(415, 415));
    expect(registry.request('PATCH', '/subjects')).toEqual(error(405, 405));
    expect(registry.get('/nothing/here')).toEqual(error(404, 404));
  });

  it("Karapace's own: 409 for an incompatible one, an array as message, no modes, no id", () => {
    const registry = new InMemoryRegistry({ vendor: 'karapace' });
    registry.register('s', A);
    expect(registry.post('/subjects/s/versions', send(BROKEN))).toEqual(error(409, 409));
    expect(registry.post('/subjects/s/versions', '[]')).toEqual({
      status: 422,
      body: { error_code: 422, message: [expect.any(String)] },
    });
    expect(registry.put('/mode', { mode: 'READONLY' })).toEqual(error(405, 405));
    expect(registry.post('/subjects/s/versions', { ...send(AB), id: 77777 }).body).toEqual({ id: 2 });
    expect(registry.get('/config/unknown')).toEqual(error(404, 40401));
  });
});

describe('reading', () => {
  const filled = (): InMemoryRegistry => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.register('s', AB);
    registry.register('t', A);
    return registry;
  };

  it('finds versions by number, -1 and latest, and says what is not there', () => {
    const registry = filled();
    const text = '{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}';
    expect(registry.get('/subjects/s/versions/1').body).toEqual({ subject: 's', version: 1, id: 1, schema: text });
    expect(registry.get('/subjects/s/versions/latest').body.id).toBe(2);
    expect(registry.get('/subjects/s/versions/-1').body.id).toBe(2);
    expect(registry.get('/subjects/s/versions/1/schema').body).toEqual(JSON.parse(text));
    expect(registry.get('/subjects/none/versions')).toEqual(error(404, 40401));
    expect(registry.get('/subjects/none/versions/1')).toEqual(error(404, 40401));
    expect(registry.get('/subjects/s/versions/9')).toEqual(error(404, 40402));
    for (const version of ['abc', '0', '-2', '4294967296']) {
      expect(registry.get(`/subjects/s/versions/${version}`), version).toEqual(error(422, 42202));
    }
  });

  it('finds schemas by id, with the highest id when asked', () => {
    const registry = filled();
    expect(registry.get('/schemas/ids/2?fetchMaxId=true').body).toMatchObject({ maxId: 2, schema: expect.any(String) });
    expect(registry.get('/schemas/ids/2').body).not.toHaveProperty('maxId');
    expect(registry.get('/schemas/ids/1/schema').body).toMatchObject({ name: 'R' });
    expect(registry.get('/schemas/ids/3')).toEqual(error(404, 40403));
    expect(registry.get('/schemas/ids/abc')).toEqual(error(404, 404));
  });

  it('looks a schema up', () => {
    const registry = filled();
    expect(registry.post('/subjects/s', send(AB)).body).toMatchObject({ subject: 's', id: 2, version: 2 });
    expect(registry.post('/subjects/s', send(ABC))).toEqual(error(404, 40403));
    expect(registry.post('/subjects/none', send(A))).toEqual(error(404, 40401));
    registry.delete('/subjects/s/versions/2');
    expect(registry.post('/subjects/s', send(AB))).toEqual(error(404, 40403));
    expect(registry.post('/subjects/s?deleted=true', send(AB)).body).toMatchObject({ version: 2 });
  });

  it('compares in normal form when asked, whatever the stored text is', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', { ...A, zeta: 1, alpha: 2 });
    const other = send({ ...A, alpha: 2, zeta: 1 });
    expect(registry.post('/subjects/s', other)).toEqual(error(404, 40403));
    expect(registry.post('/subjects/s?normalize=true', other).body).toMatchObject({ id: 1 });
    expect(registry.post('/subjects/s/versions?normalize=true', other).body).toEqual({ id: 1 });
    registry.put('/config/s', { normalize: true });
    expect(registry.post('/subjects/s/versions', other).body).toEqual({ id: 1 });
  });

  it('lists schemas and subjects by prefix, deleted or not, the latest only', () => {
    const registry = filled();
    registry.delete('/subjects/t');
    const places = (query: string) =>
      registry
        .get(`/schemas?${query}`)
        .body.map((s: { subject: string; version: number }) => `${s.subject}/${s.version}`);
    expect(places('')).toEqual(['s/1', 's/2']);
    expect(places('latestOnly=true')).toEqual(['s/2']);
    expect(places('deleted=true&latestOnly=true')).toEqual(['s/2', 't/1']);
    expect(places('deleted=true&subjectPrefix=t')).toEqual(['t/1']);
    expect(places('offset=1&limit=1')).toEqual(['s/2']);
    expect(registry.get('/subjects').body).toEqual(['s']);
    expect(registry.get('/subjects?deleted=true').body).toEqual(['s', 't']);
    expect(registry.get('/subjects?deletedOnly=true').body).toEqual(['t']);
  });

  it('says which cluster it is', () => {
    const registry = new InMemoryRegistry({ groupId: 'my-group' });
    expect(registry.get('/v1/metadata/id').body).toEqual({
      scope: { path: [], clusters: { 'kafka-cluster': 'kafka-1', 'schema-registry-cluster': 'my-group' } },
    });
    expect(registry.get('/').body).toEqual({});
    expect(registry.get('/v1/metadata/version').body).toHaveProperty('version');
  });
});

describe('deleting', () => {
  it('goes through soft to hard, and says which step is missing', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.register('s', AB);
    expect(registry.delete('/subjects/none')).toEqual(error(404, 40401));
    expect(registry.delete('/subjects/s?permanent=true')).toEqual(error(404, 40405));
    expect(registry.delete('/subjects/s/versions/1?permanent=true')).toEqual(error(404, 40407));
    expect(registry.delete('/subjects/s/versions/9')).toEqual(error(404, 40402));
    expect(registry.delete('/subjects/s/versions/x')).toEqual(error(422, 42202));
    expect(registry.delete('/subjects/s/versions/1')).toEqual({ status: 200, body: 1 });
    expect(registry.delete('/subjects/s/versions/1')).toEqual(error(404, 40406));
    expect(registry.get('/subjects/s/versions/1')).toEqual(error(404, 40402));
    expect(registry.get('/subjects/s/versions/1?deleted=true').status).toBe(200);
    expect(registry.get('/subjects/s/versions?deletedOnly=true').body).toEqual([1]);
    expect(registry.delete('/subjects/s')).toEqual({ status: 200, body: [2] });
    expect(registry.delete('/subjects/s')).toEqual(error(404, 40404));
    expect(registry.get('/schemas/ids/2').status, 'records still have to be read').toBe(200);
    expect(registry.delete('/subjects/s?permanent=true')).toEqual({ status: 200, body: [1, 2] });
    expect(registry.get('/schemas/ids/2')).toEqual(error(404, 40403));
    expect(registry.get('/subjects?deleted=true').body).toEqual([]);
  });

  it('takes the settings of a subject with it', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.put('/config/s', { compatibility: 'NONE' });
    registry.delete('/subjects/s');
    expect(registry.get('/config/s')).toEqual(error(404, 40408));
  });

  it('keeps what others refer to', () => {
    const registry = new InMemoryRegistry();
    registry.register('inner', record('In', field('x', 'int')));
    const references = [{ name: 'In', subject: 'inner', version: 1 }];
    registry.register('outer', record('Out', field('in', 'In')), { references });
    expect(registry.get('/subjects/inner/versions/1/referencedby').body).toEqual([2]);
    expect(registry.get('/schemas/ids/2').body.references).toEqual(references);
    expect(registry.get('/schemas/ids/2').body.schema).toBe(
      '{"type":"record","name":"Out","fields":[{"name":"in","type":"In"}]}',
    );
    expect(registry.delete('/subjects/inner/versions/1')).toEqual(error(422, 42206));
    expect(registry.delete('/subjects/inner')).toEqual(error(422, 42206));
    registry.delete('/subjects/outer');
    expect(registry.delete('/subjects/inner').status).toBe(200);
  });

  it('knows what refers to a version, through deletes, purges and other references in its place', () => {
    const registry = new InMemoryRegistry();
    const referredBy = (): unknown => registry.get('/subjects/inner/versions/1/referencedby').body;
    registry.register('inner', record('In', field('x', 'int')));
    registry.put('/config', { compatibility: 'NONE' });
    registry.register('inner', record('In', field('y', 'int')));
    const references = [{ name: 'In', subject: 'inner', version: 1 }];
    for (const subject of ['b', 'a']) {
      registry.register(subject, record(`Out${subject}`, field('in', 'In')), { references });
    }
    expect(referredBy()).toEqual([3, 4]);
    registry.delete('/subjects/a');
    expect(referredBy()).toEqual([3]);
    registry.delete('/subjects/a?permanent=true');
    registry.register('a', record('Outa', field('in', 'In')), { references });
    expect(referredBy()).toEqual([3, 5]);
    const newer = [{ name: 'In', subject: 'inner', version: 2 }];
    const schema = JSON.stringify(record('Outb', field('in', 'In'), field('z', 'int')));
    registry.delete('/subjects/b/versions/1');
    registry.delete('/subjects/b/versions/1?permanent=true');
    registry.put('/mode/b', { mode: 'IMPORT' });
    registry.post('/subjects/b/versions', { schema, references: newer, id: 9, version: 1 });
    expect(referredBy()).toEqual([5]);
    expect(registry.get('/subjects/inner/versions/2/referencedby').body).toEqual([9]);
  });

  it('still answers a purged id for Karapace', () => {
    const registry = new InMemoryRegistry({ vendor: 'karapace' });
    registry.register('s', A);
    registry.delete('/subjects/s');
    registry.delete('/subjects/s?permanent=true');
    expect(registry.get('/schemas/ids/1').status).toBe(200);
  });
});

describe('settings', () => {
  it('has a level for all and one per subject', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    expect(registry.get('/config').body).toEqual({ compatibilityLevel: 'BACKWARD' });
    expect(registry.get('/config/s')).toEqual(error(404, 40408));
    expect(registry.get('/config/s?defaultToGlobal=true').body).toEqual({ compatibilityLevel: 'BACKWARD' });
    expect(registry.put('/config', { compatibility: 'full' }).body).toEqual({ compatibility: 'FULL' });
    expect(registry.put('/config/s', { compatibility: 'NONE' }).body).toEqual({ compatibility: 'NONE' });
    expect(registry.get('/config').body).toEqual({ compatibilityLevel: 'FULL' });
    expect(registry.get('/config/s').body).toEqual({ compatibilityLevel: 'NONE' });
    expect(registry.post('/subjects/s/versions', send(BROKEN)).status).toBe(200);
    expect(registry.put('/config', { compatibility: 'MAYBE' })).toEqual(error(422, 42203));
    expect(registry.put('/config', {})).toEqual(error(422, 42203));
    expect(registry.delete('/config/s').body).toEqual({ compatibilityLevel: 'NONE' });
    expect(registry.delete('/config/s')).toEqual(error(404, 40401));
    expect(registry.delete('/config').body).toEqual({ compatibilityLevel: 'FULL' });
    expect(registry.get('/config').body).toEqual({ compatibilityLevel: 'BACKWARD' });
  });

  it('refuses writes in READONLY, and nothing that is only asked', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    expect(registry.get('/mode').body).toEqual({ mode: 'READWRITE' });
    expect(registry.get('/mode/s')).toEqual(error(404, 40409));
    expect(registry.put('/mode', { mode: 'WHATEVER' })).toEqual(error(422, 42204));
    expect(registry.put('/mode/s', { mode: 'READONLY' }).body).toEqual({ mode: 'READONLY' });
    expect(registry.get('/mode/s').body).toEqual({ mode: 'READONLY' });
    expect(registry.post('/subjects/s/versions', send(AB))).toEqual(error(422, 42205));
    expect(registry.delete('/subjects/s')).toEqual(error(422, 42205));
    expect(registry.put('/config/s', { compatibility: 'NONE' })).toEqual(error(422, 42205));
    expect(registry.post('/subjects/s/versions', send(A)).body, 'known').toEqual({ id: 1 });
    expect(registry.register('t', AB), 'another subject').toBe(2);
    registry.delete('/mode/s');
    expect(registry.register('s', AB)).toBe(2);
    registry.put('/mode', { mode: 'READONLY_OVERRIDE' });
    registry.put('/mode/s', { mode: 'READWRITE' });
    expect(registry.post('/subjects/s/versions', send(ABC))).toEqual(error(422, 42205));
    expect(registry.delete('/mode/none')).toEqual(error(404, 40409));
  });

  it('imports ids and versions, into an empty scope only', () => {
    const registry = new InMemoryRegistry();
    registry.register('old', A);
    expect(registry.put('/mode', { mode: 'IMPORT' })).toEqual(error(422, 42205));
    expect(registry.put('/mode/s', { mode: 'IMPORT' }).status).toBe(200);
    expect(registry.post('/subjects/s/versions', send(AB)), 'without an id').toEqual(error(422, 42205));
    expect(registry.post('/subjects/s/versions', { ...send(AB), id: 1 }), 'id of another').toEqual(error(422, 42205));
    expect(registry.post('/subjects/s/versions', { ...send(AB), id: 50, version: 7 }).body).toEqual({ id: 50 });
    expect(registry.post('/subjects/s/versions', { ...send(BROKEN), id: 49, version: 9 }).status, 'no check').toBe(200);
    expect(registry.post('/subjects/s/versions', { ...send(AB), id: 51 }), 'known otherwise').toEqual(
      error(422, 42207),
    );
    expect(registry.get('/subjects/s/versions').body).toEqual([7, 9]);
    registry.put('/mode/s', { mode: 'READWRITE' });
    expect(registry.register('u', ABC)).toBe(51);
    expect(registry.put('/mode', { mode: 'IMPORT' })).toEqual(error(422, 42205));
    expect(registry.put('/mode?force=true', { mode: 'IMPORT' }).status).toBe(200);
  });

  it('purges what is soft-deleted before an import', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.delete('/subjects/s');
    registry.put('/mode/s', { mode: 'IMPORT' });
    expect(registry.get('/subjects?deleted=true').body).toEqual([]);
    const keys = registry.log.map(({ key }) => JSON.parse(new TextDecoder().decode(key)).keytype);
    expect(keys).toEqual(['SCHEMA', 'DELETE_SUBJECT', 'SCHEMA', 'CLEAR_SUBJECT', 'MODE']);
  });

  it('purges nothing before an import that is forced, and is refused where something refers to what it would purge', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', A);
    registry.delete('/subjects/s');
    registry.register('user', record('User', field('r', 'R')), {
      references: [{ name: 'R', subject: 's', version: 1 }],
    });
    expect(registry.put('/mode/s', { mode: 'IMPORT' })).toEqual(error(422, 42206));
    expect(registry.put('/mode/s?force=true', { mode: 'IMPORT' }).status).toBe(200);
    expect(registry.get('/subjects/s/versions?deleted=true').body).toEqual([1]);
  });

  it("removes for good what is soft-deleted below a version of its id, in Confluent's alone", () => {
    for (const [vendor, left] of [
      ['confluent', [2, 3]],
      ['karapace', [1, 2, 3]],
    ] as const) {
      const registry = new InMemoryRegistry({ vendor });
      registry.put('/config', { compatibility: 'NONE' });
      registry.register('s', A);
      registry.register('s', AB);
      registry.delete('/subjects/s');
      expect(registry.register('s', A)).toBe(1);
      expect(registry.get('/subjects/s/versions?deleted=true').body, vendor).toEqual(left);
    }
  });
});

describe('records that contradict each other', () => {
  const record = (subject: string, id: number, schema: string, more = '') => ({
    key: new TextEncoder().encode(`{"keytype":"SCHEMA","subject":"${subject}","version":1,"magic":1}`),
    value: new TextEncoder().encode(
      `{"subject":"${subject}","version":1,"id":${id},${more}"schema":${JSON.stringify(schema)},"deleted":false}`,
    ),
  });

  it('one id, two schemas: Confluent keeps the first, Karapace answers the last', () => {
    const confluent = new InMemoryRegistry();
    const karapace = new InMemoryRegistry({ vendor: 'karapace' });
    for (const registry of [confluent, karapace]) {
      registry.apply(record('a', 5, '"int"'));
      registry.apply(record('b', 5, '"string"'));
    }
    expect(confluent.get('/schemas/ids/5').body.schema).toBe('"int"');
    expect(confluent.get('/subjects/b/versions/1')).toEqual(error(404, 40401));
    expect(karapace.get('/schemas/ids/5').body.schema).toBe('"string"');
    expect(karapace.get('/subjects/a/versions/latest').body).toMatchObject({ id: 5, schema: '"int"' });
  });

  it('a reference to nothing: Confluent keeps the schema, Karapace leaves it out', () => {
    const dangling = record('a', 5, '"X"', '"references":[{"name":"X","subject":"x","version":1}],');
    const confluent = new InMemoryRegistry();
    const karapace = new InMemoryRegistry({ vendor: 'karapace' });
    confluent.apply(dangling);
    karapace.apply(dangling);
    expect(confluent.get('/schemas/ids/5').status).toBe(200);
    expect(karapace.get('/schemas/ids/5')).toEqual(error(404, 40403));
    expect(karapace.get('/subjects/a/versions')).toEqual(error(404, 40401));
  });

  it('finds a schema again that another writer spelled otherwise', () => {
    const registry = new InMemoryRegistry();
    registry.apply(record('a', 5, '{ "fields": [], "name": "R", "type": "record" }'));
    expect(registry.register('a', { type: 'record', name: 'R', fields: [] })).toBe(5);
    expect(registry.log.length).toBe(1);
  });

  it('passes over what it can not read', () => {
    const registry = new InMemoryRegistry();
    const bytes = (text: string) => new TextEncoder().encode(text);
    registry.apply({ key: bytes('no json'), value: bytes('{}') });
    registry.apply({ key: bytes('{"keytype":"WHATEVER"}'), value: bytes('{}') });
    registry.apply({ key: bytes('{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}'), value: bytes('{') });
    expect(registry.register('s', A)).toBe(1);
  });
});

describe('a context as a whole', () => {
  const filled = (): InMemoryRegistry => {
    const registry = new InMemoryRegistry();
    registry.register(':.dev:a', { type: 'record', name: 'A', fields: [] });
    registry.register('a', { type: 'record', name: 'A', fields: [] });
    return registry;
  };

  it('has a mode and a level of its own, which hold for its subjects only', () => {
    const registry = filled();
    expect(registry.put('/mode/:.dev:', { mode: 'READONLY' }).status).toBe(200);
    expect(registry.get('/mode/:.dev:').body).toEqual({ mode: 'READONLY' });
    expect(registry.get('/mode/:.dev:a?defaultToGlobal=true').body).toEqual({ mode: 'READONLY' });
    expect(registry.get('/mode/:.dev:a').body.error_code).toBe(40409);
    expect(registry.post('/subjects/:.dev:b/versions', { schema: '"int"' }).body.error_code).toBe(42205);
    expect(registry.post('/subjects/b/versions', { schema: '"int"' }).status).toBe(200);
    registry.delete('/mode/:.dev:');
    registry.put('/config/:.dev:', { compatibility: 'NONE' });
    expect(registry.post('/subjects/:.dev:a/versions', { schema: '"int"' }).status).toBe(200);
    expect(registry.post('/subjects/a/versions', { schema: '"int"' }).status).toBe(409);
  });

  it('is imported into when it is empty, whatever other contexts have, and what is soft-deleted in it goes', () => {
    const registry = filled();
    expect(registry.put('/mode/:.dev:', { mode: 'IMPORT' }).body.error_code).toBe(42205);
    registry.delete('/subjects/:.dev:a');
    expect(registry.put('/mode/:.dev:', { mode: 'IMPORT' }).status).toBe(200);
    expect(registry.get('/subjects?deleted=true').body).toEqual(['a']);
    expect(registry.post('/subjects/:.dev:x/versions', { schema: '"int"', id: 77, version: 5 }).body).toEqual({
      id: 77,
    });
    expect(registry.get('/subjects/:.dev:x/versions').body).toEqual([5]);
  });

  it('is listed with all others for the prefix :*:, by /subjects and by /schemas', () => {
    const registry = filled();
    expect(registry.get('/subjects?subjectPrefix=:*:').body).toEqual([':.dev:a', 'a']);
    expect(registry.get('/schemas?subjectPrefix=:*:').body.map((each: { subject: string }) => each.subject)).toEqual([
      ':.dev:a',
      'a',
    ]);
  });
});
