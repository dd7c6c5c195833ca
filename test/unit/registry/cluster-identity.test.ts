import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/foundation/deferred.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { formatEntry, nodeKey } from '../../../src/registry/stored-entries.ts';

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

describe('a node that does not tell', () => {
  it('is no other cluster’s than the rest of the list', async () => {
    const kept = await store();
    kept.bind(B, 'sr=d');
    const identity = identityOf(kept, [A, B]);
    identity.met(B, undefined);
    expect([identity.current(), kept.clusterAt(B)]).toEqual(['sr=d', 'sr=d']);
    // Bound while another list was in use.
    kept.bind(A, 'sr=c');
    expect(refused(() => identity.met(A, undefined))).toContain(
      `${A} leads to the registry cluster sr=d, but led to sr=c before.`,
    );
    expect(kept.clusterAt(A)).toBe('sr=c');
  });

  it('is bound under the name of the list, and never without the name that it told', async () => {
    const kept = await store();
    const identity = identityOf(kept, [A, B]);
    identity.met(A, undefined);
    // Another worker heard who it is.
    kept.bind(A, 'sr=c');
    identity.met(A, undefined);
    expect(kept.clusterAt(A)).toBe('sr=c');
  });
});

describe('a store that is read late', () => {
  /** `entries` are read once `met` has named the nodes. */
  async function late(nodes: readonly string[], entries: Readonly<Record<string, string>>, met: [string, string?][]) {
    const log = new MemoryCompactedLog();
    await log.append(
      Object.entries(entries).map(([node, clusterId]) => ({ key: nodeKey(node), value: formatEntry({ clusterId }) })),
    );
    const load = log.load.bind(log);
    const begun = new Deferred();
    log.load = () => begun.promise.then(load);
    const { store: kept, loaded } = SchemaStore.begin({ log, logger: silentLogger });
    const identity = identityOf(kept, nodes);
    for (const [node, said] of met) identity.met(node, said);
    begun.resolve();
    await loaded;
    const error = identity.storeLoaded();
    return { identity, error, kept };
  }

  it('changes nothing when no node was met, or it knows none of them, or all by the same name', async () => {
    const cases: [Readonly<Record<string, string>>, [string, string?][], string][] = [
      [{ [A]: 'sr=c' }, [], 'sr=c'],
      [{ 'http://z': 'sr=d' }, [[A, 'sr=c']], 'sr=c'],
      [{ [A]: 'sr=c' }, [[A, 'sr=c']], 'sr=c'],
      [{ [B]: `unidentified:${B}` }, [[A, 'sr=c']], 'sr=c'],
    ];
    for (const [entries, met, name] of cases) {
      const { identity, error } = await late([A, B], entries, met);
      expect([error, identity.current()]).toEqual([undefined, name]);
    }
  });

  it('has all URLs of the list bound to the name that it knows, and every part that was told counts on', async () => {
    const { identity, error, kept } = await late([A, B], { [B]: 'sr=c' }, [[A, 'kafka=k;sr=c']]);
    expect([error, identity.current(), kept.clusterAt(A), kept.clusterAt(B)]).toEqual([
      undefined,
      ...Array(3).fill('sr=c'),
    ]);
    expect(refused(() => identity.met(B, 'kafka=other'))).toContain('lead to sr=c;kafka=k.');
    expect(identityOf(kept, [A, B]).current()).toBe('sr=c');
  });

  type Late = readonly [Readonly<Record<string, string>>, [string, string?][], string];
  it.each<Late>([
    [
      { [B]: 'sr=d' },
      [[A, 'sr=c']],
      `${A} leads to the registry cluster sr=c, the other URLs of the list lead to sr=d.`,
    ],
    [{ [A]: 'sr=d' }, [[A, 'sr=c']], `${A} leads to the registry cluster sr=c, but led to sr=d before.`],
    // The name of this run has not all that was told.
    [
      { [B]: 'kafka=l' },
      [
        [A, 'sr=c'],
        [A, 'kafka=k;sr=c'],
      ],
      `${A} leads to the registry cluster kafka=k;sr=c, the other URLs of the list lead to kafka=l.`,
    ],
    // One that tells nothing is taken for what the others are.
    [
      { [B]: 'sr=d' },
      [[A, 'sr=c'], [B]],
      `${A} leads to the registry cluster sr=c, the other URLs of the list lead to sr=d.`,
    ],
  ])('is of another cluster when it knows any of the URLs as that: %j, %j', async (entries, met, words) => {
    const { identity, error, kept } = await late([A, B], entries, met);
    expect(error?.message).toContain(words);
    expect(identity.current()).toBe('sr=c');
    // Whatever a node says next, in this run and in the next one.
    const [node, said] = met.findLast(([, each]) => each !== undefined) ?? [A];
    for (const each of [identity, identityOf(kept, [A, B])])
      expect(refused(() => each.met(node, said))).toBe(error?.message);
    expect(refused(() => identity.met(node, undefined))).toContain(`${node} leads to the registry cluster sr=c`);
    for (const [url, name] of Object.entries(entries)) expect(kept.clusterAt(url)).toBe(name);
  });
});

it('goes by a name that a node told rather than by one that was given to it', async () => {
  const kept = await store();
  kept.bind(A, `unidentified:${A}`);
  kept.bind(B, 'sr=c');
  expect(identityOf(kept, [A, B]).current()).toBe('sr=c');
});
