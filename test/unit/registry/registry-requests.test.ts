import { describe, expect, it } from 'vitest';
import type { RegistryRequest } from '../../../src/registry/node-exchange.ts';
import {
  byGuidRequest,
  byIdRequest,
  bySubjectRequest,
  clusterIdOf,
  clusterRequest,
  contextOf,
  idOf,
  lookupRequest,
  maxIdOf,
  modeOf,
  modeRequest,
  placeOf,
  registerRequest,
  schemaTextOf,
  subjectsRequest,
  usableIdOf,
  versionRequest,
} from '../../../src/registry/registry-requests.ts';
import type { SchemaText } from '../../../src/sdk/schema-view.ts';

const avro: SchemaText = { schemaType: 'AVRO', schema: '"string"', references: [] };
const reference = { name: 'n', subject: 's', version: 1 };
const wordsOf = ({ method, path, channel, operation }: RegistryRequest): string =>
  `${operation} ${channel}: ${method} ${path}`;

describe('a request', () => {
  it.each<[RegistryRequest, string]>([
    [byIdRequest(7), 'by-id read: GET /schemas/ids/7'],
    [byIdRequest(7, 'plain'), 'by-id read: GET /schemas/ids/7'],
    [byIdRequest(7, ':.ctx:a b'), 'by-id read: GET /schemas/ids/7?subject=%3A.ctx%3Aa+b'],
    [byIdRequest(7, undefined, true), 'by-id read: GET /schemas/ids/7?fetchMaxId=true'],
    [byIdRequest(7, ':.c:', true), 'by-id read: GET /schemas/ids/7?subject=%3A.c%3A&fetchMaxId=true'],
    [byGuidRequest('a/b'), 'by-id read: GET /schemas/guids/a%2Fb'],
    [registerRequest('a/b', avro, false), 'register write: POST /subjects/a%2Fb/versions'],
    [registerRequest('s', avro, true), 'register write: POST /subjects/s/versions?normalize=true'],
    [lookupRequest('s', avro, false), 'lookup read: POST /subjects/s'],
    [lookupRequest('s', avro, true), 'lookup read: POST /subjects/s?normalize=true'],
    [versionRequest('s', 3), 'version read: GET /subjects/s/versions/3'],
    [versionRequest('s', -1), 'version read: GET /subjects/s/versions/latest'],
    [
      bySubjectRequest({ kind: 'with-metadata', key: 'k', subject: 's', metadata: { a: '1', b: 'x y' } }),
      'version read: GET /subjects/s/metadata?key=a&value=1&key=b&value=x+y&deleted=true',
    ],
    [
      bySubjectRequest({ kind: 'version', key: 'k', subject: 's', version: 2 }),
      'version read: GET /subjects/s/versions/2',
    ],
    [
      bySubjectRequest({ kind: 'lookup', key: 'k', subject: 's', schema: avro, normalize: true }),
      'lookup read: POST /subjects/s?normalize=true',
    ],
    [modeRequest('a b'), 'meta read: GET /mode/a%20b?defaultToGlobal=true'],
    [subjectsRequest(), 'meta read: GET /subjects'],
    [clusterRequest(), 'meta read: GET /v1/metadata/id'],
  ])('%#: goes where it should', (request, words) => {
    expect(wordsOf(request)).toBe(words);
  });

  it('names the type of a schema unless it is Avro, and its references when it has any', () => {
    const body = (schema: SchemaText) => JSON.parse(String(registerRequest('s', schema, false).body));
    expect(body(avro)).toEqual({ schema: '"string"' });
    expect(body({ ...avro, schemaType: 'JSON' })).toEqual({ schema: '"string"', schemaType: 'JSON' });
    expect(body({ ...avro, references: [reference] })).toEqual({ schema: '"string"', references: [reference] });
    expect(lookupRequest('s', avro, false).body).toBe('{"schema":"\\"string\\""}');
  });

  it('knows the answer that it expects', () => {
    const text = { schema: '"string"' };
    const answers: readonly unknown[] = [null, [], {}, text, { id: 1 }, { ...text, id: 1 }, { mode: 'READWRITE' }];
    const taken = (request: RegistryRequest): readonly unknown[] => answers.filter((json) => request.expects(json));
    const whole = { ...text, id: 1 };
    for (const request of [byIdRequest(1), byGuidRequest('g')]) expect(taken(request)).toEqual([text, whole]);
    for (const request of [registerRequest('s', avro, false), lookupRequest('s', avro, false)]) {
      expect(taken(request)).toEqual([{ id: 1 }, whole]);
    }
    const withMetadata = bySubjectRequest({ kind: 'with-metadata', key: 'k', subject: 's', metadata: {} });
    for (const request of [versionRequest('s', 1), withMetadata]) expect(taken(request)).toEqual([whole]);
    expect(taken(modeRequest('s'))).toEqual([{ mode: 'READWRITE' }]);
    expect(taken(subjectsRequest())).toEqual([[]]);
    expect(taken(clusterRequest())).toEqual(answers.slice(2));
  });
});

describe('what an answer says', () => {
  it('of ids counts when it is a number, and is asked for when it can be one', () => {
    const values = [1, 0, 2 ** 31 - 1, -1, 1.5, 2 ** 31, '1', null, undefined];
    const ids = [1, 0, 2 ** 31 - 1, ...Array(6).fill(undefined)];
    expect(values.map((id) => idOf({ id }))).toEqual([...values.slice(0, 6), undefined, undefined, undefined]);
    expect(values.map((id) => usableIdOf({ id }))).toEqual(ids);
    expect(values.map((maxId) => maxIdOf({ maxId }))).toEqual(ids);
    expect([idOf(null), idOf('x'), idOf([1]), maxIdOf(undefined)]).toEqual(Array(4).fill(undefined));
  });

  it('of a mode counts when it is a text', () => {
    expect([modeOf({ mode: 'IMPORT' }), modeOf({ mode: 1 }), modeOf(null)]).toEqual(['IMPORT', undefined, undefined]);
  });

  it('of a schema is Avro unless it says otherwise, with the references that are whole', () => {
    expect(schemaTextOf({ schema: 'x' })).toEqual({ schemaType: 'AVRO', schema: 'x', references: [] });
    for (const schemaType of ['AVRO', 'JSON', 'PROTOBUF', 'THRIFT']) {
      expect(schemaTextOf({ schema: 'x', schemaType })).toMatchObject({ schemaType });
    }
    expect(schemaTextOf({ schema: 'x', schemaType: 1 })).toBeUndefined();
    expect([schemaTextOf({}), schemaTextOf({ schema: 1 }), schemaTextOf([]), schemaTextOf(null)]).toEqual(
      Array(4).fill(undefined),
    );
    const references = [{ ...reference, more: 1 }, { name: 'n' }, null];
    expect(schemaTextOf({ schema: 'x', references })?.references).toEqual([reference]);
    expect(schemaTextOf({ schema: 'x', references: 'n' })?.references).toEqual([]);
  });

  it('of its place is taken as far as it goes', () => {
    expect(placeOf({ subject: 's', version: 2, id: 1 })).toEqual({ subject: 's', version: 2 });
    expect(placeOf({ subject: 1, version: '2' })).toEqual({});
    expect(placeOf(null)).toEqual({});
  });

  it('of its cluster is one text, whatever the order', () => {
    const clusters = (all: unknown, id: unknown = '') => clusterIdOf({ scope: { path: [], clusters: all }, id });
    expect(clusters({ 'kafka-cluster': 'k', 'schema-registry-cluster': 's' })).toBe(
      'kafka-cluster=k;schema-registry-cluster=s',
    );
    expect(clusters({ b: '2', a: '1', c: '', d: 4 }, 'x')).toBe('a=1;b=2;id=x');
    expect(clusterIdOf({ id: 'x' })).toBe('id=x');
    expect(clusters({}, 7)).toBeUndefined();
    expect([clusters(null), clusters([]), clusterIdOf({}), clusterIdOf(null), clusterIdOf({ scope: 's' })]).toEqual(
      Array(5).fill(undefined),
    );
  });

  it('of a subject is its context', () => {
    expect([contextOf(':.c:s'), contextOf('s'), contextOf(':.c:')]).toEqual(['c', '', 'c']);
  });
});
