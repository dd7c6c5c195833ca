import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { IdsInUse } from '../../../src/registry/ids-in-use.ts';
import { RegistryIntegrityError, RegistryUnavailableError } from '../../../src/registry/registry-errors.ts';
import { YoungIds } from '../../../src/registry/young-ids.ts';
import { type ConnectError, errorToWire } from '../../../src/sdk/errors/index.ts';
import type { RegisteredSchema } from '../../../src/sdk/schema-view.ts';

const schema = (id: number, text: string, schemaType: RegisteredSchema['schemaType'] = 'AVRO'): RegisteredSchema => ({
  id,
  schemaType,
  schema: text,
  references: [],
});

function inUse() {
  const clock = new ManualClock();
  const stopped: string[] = [];
  const ids = new IdsInUse({
    young: new YoungIds({ clock, secondLookMs: 60_000 }),
    stop: ({ message }: ConnectError) => stopped.push(message),
  });
  const given = (context: string, what: RegisteredSchema) => ids.given(context, what, { at: clock.now(), epoch: 'e' });
  return { ids, stopped, given };
}
const contradicted = (id: number, context = '', message = 'other content') =>
  ({
    kind: 'contradicted',
    registryId: 'r',
    context,
    id,
    error: errorToWire(new RegistryIntegrityError(message, { details: { id } })),
  }) as const;
const distrusted = {
  kind: 'distrusted',
  registryId: 'r',
  error: errorToWire(new RegistryIntegrityError('all')),
} as const;

describe('an id that a view was given', () => {
  it('invariant 6: stops who used it as something else, in its own context', () => {
    const { stopped, given } = inUse();
    expect(given('', schema(1, '"int"'))).toBeNull();
    expect(given('', schema(1, '{"type":"int"}'))).toBeNull();
    expect(given('x', schema(1, '"long"'))).toBeNull();
    const error = given('', schema(1, '"long"'));
    expect(error).toBeInstanceOf(RegistryIntegrityError);
    expect(error?.message).toContain('Schema id 1 resolves to other content than this task was given before');
    given('', schema(1, '"long"'));
    expect(stopped).toEqual([error?.message]);
    expect(given('', schema(1, '"int"'))).toBeNull();
  });

  it('is compared as Avro only: of other kinds a registry gives more than one form', () => {
    const { stopped, given } = inUse();
    for (const kind of ['JSON', 'PROTOBUF'] as const) {
      given(kind, schema(1, '{"a":1}', kind));
      expect(given(kind, schema(1, '{"b":1}', kind))).toBeNull();
    }
    expect(given('JSON', schema(1, '"int"'))).toBeNull();
    expect(given('JSON', schema(1, '{}', 'JSON'))).toBeInstanceOf(RegistryIntegrityError);
    expect(stopped).toHaveLength(1);
  });

  it('is young, unless it was refused', () => {
    const { ids, given } = inUse();
    given('', schema(1, '"int"'));
    expect(ids.young.any).toBe(true);
    ids.young.confirmed('', [1]);
    given('', schema(1, '"long"'));
    expect(ids.young.any).toBe(false);
  });
});

describe('a contradiction', () => {
  it('stops who used the id, once, and nobody else', () => {
    const { ids, stopped, given } = inUse();
    expect(ids.contradicted(contradicted(1)).message).toBe('other content');
    expect(ids.contradicted(distrusted).message).toBe('all');
    expect(stopped).toEqual([]);
    given('', schema(1, '"int"'));
    ids.contradicted(contradicted(2));
    ids.contradicted(contradicted(1, 'x'));
    expect(stopped).toEqual([]);
    ids.contradicted(contradicted(1));
    ids.contradicted(contradicted(1));
    expect(stopped).toEqual(['other content']);
    ids.contradicted(distrusted);
    expect(stopped).toEqual(['other content', 'all']);
  });

  it('is one, whatever the error was that told of it', () => {
    const { ids } = inUse();
    const told = { ...distrusted, error: errorToWire(new RegistryUnavailableError('away')) };
    expect(ids.contradicted(told)).toBeInstanceOf(RegistryIntegrityError);
    expect(ids.contradicted(told).message).toBe('away');
  });

  it('needs nobody to stop', () => {
    const ids = new IdsInUse({ young: new YoungIds({ clock: new ManualClock(), secondLookMs: 1 }), stop: undefined });
    ids.given('', schema(1, '"int"'), { at: 0, epoch: 'e' });
    expect(ids.contradicted(contradicted(1)).message).toBe('other content');
  });

  it('names the records that carry the id, or any id when it is the whole registry', () => {
    const { ids, given } = inUse();
    for (const id of [1, 2]) {
      given('', schema(id, '"int"'));
      ids.carried(id, `t${id}`, 0, 7);
    }
    const records = (error: ConnectError) => ids.recordsOf(error).map(({ topic }) => topic);
    expect(records(ids.contradicted(contradicted(1)))).toEqual(['t1']);
    expect(records(ids.contradicted(distrusted))).toEqual(['t1', 't2']);
    // Not told before: by what the error itself names.
    expect(records(new RegistryIntegrityError('new', { details: { id: 2 } }))).toEqual(['t2']);
    expect(records(new RegistryIntegrityError('new'))).toEqual([]);
    expect(records(new RegistryIntegrityError('new', { details: { id: '2' } }))).toEqual([]);
    expect(records(new RegistryUnavailableError('new'))).toEqual([]);
  });

  it('names the records of the id in its own context', () => {
    const { ids, given } = inUse();
    given('', schema(1, '"int"'));
    ids.carried(1, 't', 0, 7);
    given('.europe', schema(2, '"int"'));
    ids.carried(2, 't', 0, 8);
    ids.carried(3, 't', 0, 9);
    const elsewhere = new RegistryIntegrityError('new', { details: { id: 1, context: '.europe' } });
    const there = new RegistryIntegrityError('newer', { details: { id: 2, context: '.europe' } });
    expect(ids.recordsOf(elsewhere)).toEqual([]);
    expect(ids.recordsOf(there)).toEqual([{ topic: 't', partition: 0, first: 8, last: 8 }]);
  });

  it('names the records of an id that was given in two contexts for each of them, and says that not all may carry it', () => {
    const { ids, given } = inUse();
    given('', schema(1, '"int"'));
    ids.carried(1, 't', 0, 5);
    given('.europe', schema(1, '"long"'));
    for (const offset of [7, 8]) ids.carried(1, 't', 0, offset);
    const shared = { topic: 't', partition: 0, first: 7, last: 8, isCoarse: true };
    const error = given('.europe', schema(1, '"string"')) as ConnectError;
    expect(ids.recordsOf(error)).toEqual([shared]);
    ids.young.confirmed('.europe', [1]);
    expect(ids.recordsOf(error)).toEqual([]);
    expect(ids.recordsOf(ids.contradicted(contradicted(1)))).toEqual([
      { topic: 't', partition: 0, first: 5, last: 5 },
      shared,
    ]);
  });
});
