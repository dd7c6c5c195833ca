import { describe, expect, it } from 'vitest';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import type { CallResult } from '../../../src/registry/endpoints.ts';
import { clusterIdOf } from '../../../src/registry/registry-requests.ts';
import { detectVendor, hasNoPrimary } from '../../../src/registry/registry-vendor.ts';
import { IntegrityError } from '../../../src/sdk/errors/index.ts';

const never = new AbortController().signal;
const NODE = 'http://a:8081';

/** `/v1/metadata/id` as Confluent answers it. */
const idAnswer = (kafka: string, registry: string) => ({
  scope: { path: [], clusters: { 'kafka-cluster': kafka, 'schema-registry-cluster': registry } },
  id: '',
});

/** Status and body by path; undefined: no answer at all. */
function detect(answers: Record<string, [number, unknown?] | undefined>, node = NODE) {
  const asked: string[] = [];
  const vendor = detectVendor(
    node,
    async (_node, { path }) => {
      asked.push(path);
      const [status, json] = answers[path] ?? [undefined];
      return { status, json } as CallResult;
    },
    never,
  );
  return vendor.then((found) => [found, ...asked]);
}

describe('the vendor of a node without health resource', () => {
  it.each<[string, Record<string, [number, unknown?] | undefined>, string]>([
    ['names its registry cluster', { '/v1/metadata/id': [200, idAnswer('k', 'sr')] }, 'confluent'],
    [
      'has no such resource, but one that says that it is ready',
      { '/v1/metadata/id': [404], '/status/ready': [200] },
      'redpanda',
    ],
    ['has neither', { '/v1/metadata/id': [404, { error_code: 404 }], '/status/ready': [404] }, 'other'],
    ['names a cluster of something else', { '/v1/metadata/id': [200, { id: 'x' }], '/status/ready': [404] }, 'other'],
    ['does not answer', {}, 'unknown'],
    ['stops answering', { '/v1/metadata/id': [404] }, 'unknown'],
    ['is being started behind a proxy', { '/v1/metadata/id': [503], '/status/ready': [404] }, 'unknown'],
    ['fails', { '/v1/metadata/id': [500], '/status/ready': [404] }, 'unknown'],
    ['wants other credentials', { '/v1/metadata/id': [401], '/status/ready': [404] }, 'unknown'],
    ['forbids it', { '/v1/metadata/id': [404], '/status/ready': [403] }, 'unknown'],
    ['has too much to do', { '/v1/metadata/id': [429], '/status/ready': [404] }, 'unknown'],
    [
      'names its cluster in an answer that is an error',
      { '/v1/metadata/id': [404, idAnswer('k', 'sr')], '/status/ready': [404] },
      'other',
    ],
  ])('that %s', async (_name, answers, vendor) => {
    expect((await detect(answers))[0]).toBe(vendor);
  });

  it.each(['http://a:8080/apis/ccompat/v7', 'https://proxy/apicurio/apis/ccompat'])(
    'is Apicurio by its path, without a request: %s',
    async (node) => {
      expect(await detect({}, node)).toEqual(['apicurio']);
    },
  );

  it('is not Apicurio for a path that looks like it', async () => {
    expect((await detect({ '/v1/metadata/id': [404], '/status/ready': [404] }, `${NODE}/apis/ccompatible`))[0]).toBe(
      'other',
    );
  });

  it('decides whether there is a primary to look for', () => {
    expect((['apicurio', 'redpanda'] as const).map(hasNoPrimary)).toEqual([true, true]);
    expect((['confluent', 'karapace', 'other', 'unknown'] as const).map(hasNoPrimary)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('one cluster behind all URLs', () => {
  const meet = (first: unknown, second: unknown) => {
    const identity = new ClusterIdentity({ nodes: [NODE, 'http://b:8081'], store: null });
    identity.met(NODE, first === undefined ? undefined : clusterIdOf(first));
    return () => identity.met('http://b:8081', second === undefined ? undefined : clusterIdOf(second));
  };

  it('is told by the id of Kafka and the name of the registry, both', () => {
    expect(meet(idAnswer('k', 'sr'), idAnswer('k', 'sr'))).not.toThrow();
    expect(meet(idAnswer('k', 'sr'), idAnswer('other', 'sr'))).toThrow(IntegrityError);
    expect(meet(idAnswer('k', 'sr'), idAnswer('k', 'other'))).toThrow(IntegrityError);
  });

  it('is the same one when a node names a part more, or one less', () => {
    const more = { scope: { path: [], clusters: { 'kafka-cluster': 'k', 'schema-registry-cluster': 'sr', x: 'o' } } };
    expect(meet(idAnswer('k', 'sr'), more)).not.toThrow();
    expect(meet(more, idAnswer('k', 'sr'))).not.toThrow();
    expect(meet(more, idAnswer('other', 'sr'))).toThrow(IntegrityError);
    const identity = new ClusterIdentity({ nodes: [NODE, 'http://b:8081'], store: null });
    identity.met(NODE, 'kafka-cluster=k');
    identity.met('http://b:8081', 'kafka-cluster=k;x=1');
    // What is kept is found under the first name; what another node added counts too.
    expect(identity.current()).toBe('kafka-cluster=k');
    expect(() => identity.met(NODE, 'kafka-cluster=k;x=2')).toThrow(IntegrityError);
  });

  it('is taken for granted where nodes do not tell', () => {
    expect(meet(undefined, undefined)).not.toThrow();
    expect(meet(undefined, idAnswer('k', 'sr'))).not.toThrow();
    expect(meet(idAnswer('k', 'sr'), undefined)).not.toThrow();
  });
});
