import { describe, expect, it } from 'vitest';
import { field, record } from '../registry/avro/record-schema.ts';
import { InMemoryRegistry } from './in-memory-registry.ts';

describe('levels', () => {
  const v1 = record('R', field('a', 'string'));
  const v2 = record('R', field('a', 'string'), field('b', 'int', { default: 0 }));
  const needsB = record('R', field('a', 'string'), field('b', 'int'));
  const v3 = record('R', field('b', 'int', { default: 0 }));

  // level, earlier versions, the next one, whether it may follow
  const cases: readonly [string, readonly object[], object, boolean][] = [
    ['NONE', [v1], record('Other'), true],
    ['BACKWARD', [v1], v2, true],
    ['BACKWARD', [v1], needsB, false],
    ['BACKWARD', [v2], v1, true],
    ['BACKWARD', [v1, v2], needsB, true],
    ['BACKWARD_TRANSITIVE', [v1, v2], needsB, false],
    ['FORWARD', [v1], needsB, true],
    ['FORWARD', [v1], record('R'), false],
    ['FORWARD', [v1, v2], v3, false],
    ['FORWARD_TRANSITIVE', [v3, v2], needsB, true],
    ['FORWARD_TRANSITIVE', [v1, v2], v1, true],
    ['FULL', [v1], v2, true],
    ['FULL', [v1], needsB, false],
    ['FULL', [v2, v1], v3, false],
    ['FULL_TRANSITIVE', [v1, v2], v2, true],
  ];
  it.each(cases)('%s after %j: %j is %s', (level, earlier, next, fits) => {
    const registry = new InMemoryRegistry();
    registry.put('/config/s', { compatibility: 'NONE' });
    for (const schema of earlier) registry.register('s', schema);
    registry.put('/config/s', { compatibility: level });
    const body = { schema: JSON.stringify(next) };
    expect(registry.post('/compatibility/subjects/s/versions', body).body).toEqual({ is_compatible: fits });
    const known = registry.post('/subjects/s', body).status === 200;
    expect(registry.post('/subjects/s/versions', body).status).toBe(fits || known ? 200 : 409);
  });

  it('a check names the version, the level and every problem when asked', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', v1);
    const body = { schema: JSON.stringify(needsB) };
    expect(registry.post('/compatibility/subjects/s/versions/1?verbose=true', body).body).toEqual({
      is_compatible: false,
      messages: [
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'b' at path '/fields/1' in the new schema has no default value and is missing in the old schema', additionalInfo:'b'}",
        '{oldSchemaVersion: 1}',
        `{oldSchema: '${JSON.stringify(v1)}'}`,
        "{compatibility: 'BACKWARD'}",
      ],
    });
    expect(registry.post('/compatibility/subjects/s/versions/latest', body).body).toEqual({ is_compatible: false });
    expect(registry.post('/compatibility/subjects/none/versions', body).body).toEqual({ is_compatible: true });
    expect(registry.post('/compatibility/subjects/none/versions/1', body)).toMatchObject({
      body: { error_code: 40401 },
    });
    expect(registry.post('/compatibility/subjects/s/versions/7', body)).toMatchObject({ body: { error_code: 40402 } });
    expect(registry.post('/compatibility/subjects/s/versions/x', body)).toMatchObject({ body: { error_code: 42202 } });
  });

  it('a soft-deleted version is not compared with', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', v1);
    registry.delete('/subjects/s/versions/1');
    expect(registry.register('s', needsB)).toBe(2);
  });

  it('resolves the references of both', () => {
    const registry = new InMemoryRegistry();
    registry.register('in', record('In', field('x', 'int')));
    registry.register('in', record('In', field('x', 'long')));
    registry.put('/config/in', { compatibility: 'NONE' });
    registry.register('in', record('In', field('x', 'string')));
    const outer = (version: number) => ({
      schema: JSON.stringify(record('Out', field('in', 'In'))),
      references: [{ name: 'In', subject: 'in', version }],
    });
    registry.post('/subjects/out/versions', outer(1));
    expect(registry.post('/subjects/out/versions', outer(2)).status).toBe(200);
    expect(registry.post('/subjects/out/versions', outer(3))).toMatchObject({ status: 409 });
  });
});
