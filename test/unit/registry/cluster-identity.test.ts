import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';

const [A, B] = ['http://a', 'http://b'] as const;
const store = () => SchemaStore.open({ log: new MemoryCompactedLog(), logger: silentLogger });
const identityOf = (kept: SchemaStore | null, nodes: readonly string[] = [B, A]) =>
  new ClusterIdentity({ nodes, store: kept });
const refused = (act: () => void): string => {
  try {
    act();
    return '';
  } catch (error) {
    if (!(error instanceof RegistryIntegrityError)) throw error;
    expect([error.code, error.details]).toEqual(['holdfast.registry.other-cluster', { registry: true }]);
    return error.message;
  }
};

describe('the cluster behind the URLs', () => {
  it('has a name of its own before any node told, the same whatever the order of the URLs', () => {
    const [one, other] = [identityOf(null), identityOf(null, [A, B])];
    expect([one.current(), one.told()]).toEqual([`unidentified:${A}`, null]);
    expect(other.current()).toBe(one.current());
    expect(identityOf(null, []).current()).toBe('unidentified:');
  });

  it('is what a node told, with or without a store', async () => {
    for (const kept of [null, await store()]) {
      const identity = identityOf(kept);
      identity.met(A, 'sr=c');
      identity.met(B, 'sr=c');
      expect([identity.current(), identity.told()]).toEqual(['sr=c', 'sr=c']);
    }
  });

  it('is remembered by any of its nodes in the next run', async () => {
    const kept = await store();
    identityOf(kept).met(A, 'sr=c');
    expect([identityOf(kept).current(), identityOf(kept).told()]).toEqual(['sr=c', 'sr=c']);
    expect(identityOf(kept, [B]).told()).toBeNull();
  });

  it('that does not tell keeps the name it has', async () => {
    const kept = await store();
    const identity = identityOf(kept);
    identity.met(A, undefined);
    expect([identity.current(), identity.told()]).toEqual([`unidentified:${A}`, null]);
    expect(kept.clusterAt(A)).toBe(`unidentified:${A}`);
    // Other URLs of the same registry know it by that name.
    expect(identityOf(kept, ['http://0', A]).current()).toBe(`unidentified:${A}`);
    identity.met(B, 'sr=c');
    identity.met(A, undefined);
    expect([identity.current(), kept.clusterAt(A)]).toEqual(['sr=c', 'sr=c']);
  });

  it('may tell more at another node, and keeps the name that it had first', async () => {
    const kept = await store();
    const identity = identityOf(kept);
    identity.met(A, 'sr=c');
    identity.met(B, 'kafka=k;sr=c');
    expect([identity.current(), kept.clusterAt(A), kept.clusterAt(B)]).toEqual(['sr=c', 'sr=c', 'sr=c']);
    expect(refused(() => identity.met('http://c', 'kafka=other'))).toContain('lead to sr=c;kafka=k.');
  });

  it('is another one in each context that URLs lead to', async () => {
    const kept = await store();
    const identity = identityOf(kept, ['http://a/contexts/.x']);
    expect(identity.current()).toBe('unidentified:http://a/contexts/.x');
    identity.met('http://a/contexts/.x', 'sr=c');
    expect([identity.current(), identity.told()]).toEqual(['sr=c;context=x', 'sr=c']);
  });

  it('may tell at last', async () => {
    const kept = await store();
    identityOf(kept).met(A, undefined);
    const later = identityOf(kept);
    later.met(A, 'sr=c');
    expect([later.told(), kept.clusterAt(A)]).toEqual(['sr=c', 'sr=c']);
  });
});

describe('another cluster', () => {
  it('behind a URL is refused, also after a restart, and nothing is changed', async () => {
    const kept = await store();
    const identity = identityOf(kept);
    identity.met(A, 'sr=c');
    for (const each of [identity, identityOf(kept)]) {
      expect(refused(() => each.met(A, 'sr=d'))).toContain(
        `${A} leads to the registry cluster sr=d, but led to sr=c before.`,
      );
      expect([each.told(), kept.clusterAt(A)]).toEqual(['sr=c', 'sr=c']);
      each.met(A, 'sr=c');
    }
  });

  it('behind another URL of the list is refused, also after a restart', async () => {
    const kept = await store();
    const identity = identityOf(kept);
    identity.met(A, 'sr=c');
    for (const each of [identity, identityOf(kept)]) {
      expect(refused(() => each.met(B, 'sr=d'))).toContain(
        `${B} leads to the registry cluster sr=d, the other URLs of the list lead to sr=c.`,
      );
      expect(kept.clusterAt(B)).toBeUndefined();
    }
    const memory = identityOf(null);
    memory.met(A, 'sr=c');
    expect(refused(() => memory.met(A, 'sr=d'))).toContain('the other URLs of the list lead to sr=c');
  });
});
