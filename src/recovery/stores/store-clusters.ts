/**
 * Which registry an entry of a store belongs to. A worker names a cluster by what its nodes told, adds `;context=name` when its URLs lead
 * into a context, and keeps what it had under an earlier name under that as well.
 */
import { counted } from '../../foundation/counted.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import type { StoreContents } from './store-contents.ts';
import { STORES_CLUSTER } from './stores-errors.ts';

export interface ClusterName {
  /** Without a context. */
  readonly cluster: string;
  /** Where its URLs lead; '' is the default one. */
  readonly context: string;
}

const CONTEXT = ';context=';

export function clusterNameOf(clusterId: string): ClusterName {
  const at = clusterId.lastIndexOf(CONTEXT);
  return at < 0
    ? { cluster: clusterId, context: '' }
    : { cluster: clusterId.slice(0, at), context: clusterId.slice(at + CONTEXT.length) };
}

interface KnownCluster {
  readonly nodes: Set<string>;
  /** Context, id and content of every schema. */
  readonly schemas: Set<string>;
}

/**
 * The one whose schemas are rebuilt: `wanted`, or the only one. An earlier name of a cluster, all of whose schemas another one has with
 * equal content, does not count.
 *
 * @throws ConfigError `holdfast.recovery.stores-cluster`
 */
export function chosenCluster(stores: readonly StoreContents[], wanted: string | undefined): string {
  const clusters = clustersIn(stores);
  if (wanted !== undefined) {
    const { cluster } = clusterNameOf(wanted);
    if (clusters.has(cluster)) return cluster;
    throw new ConfigError(`No store knows a registry '${wanted}'. ${listed(clusters)}`, { code: STORES_CLUSTER });
  }
  const names = [...clusters.keys()];
  const left = names.filter(
    (name, index) => !names.some((other, at) => isWithin(clusters, { name, index, other, at })),
  );
  const [only, second] = left;
  if (only !== undefined && second === undefined) return only;
  const what =
    only === undefined ? 'The stores hold no schemas at all.' : `The stores hold schemas of ${left.length} registries.`;
  throw new ConfigError(`${what} ${listed(clusters)}`.trim(), { code: STORES_CLUSTER });
}

function clustersIn(stores: readonly StoreContents[]): ReadonlyMap<string, KnownCluster> {
  const clusters = new Map<string, KnownCluster>();
  const named = (clusterId: string): KnownCluster => {
    const { cluster } = clusterNameOf(clusterId);
    const known = clusters.get(cluster) ?? { nodes: new Set(), schemas: new Set() };
    clusters.set(cluster, known);
    return known;
  };
  for (const { schemas, nodes } of stores) {
    for (const { clusterId, context, id, fingerprint } of schemas) {
      const own = context === '' ? clusterNameOf(clusterId).context : context;
      named(clusterId).schemas.add(JSON.stringify([own, id, fingerprint]));
    }
    for (const [node, clusterId] of nodes) {
      // A node alone, without a schema, is nothing to rebuild.
      if (clusters.has(clusterNameOf(clusterId).cluster)) named(clusterId).nodes.add(node);
    }
  }
  return clusters;
}

/** All that the one knows the other knows too; of two that know the same, the one with nodes stays, or the first. */
function isWithin(
  clusters: ReadonlyMap<string, KnownCluster>,
  pair: { readonly name: string; readonly index: number; readonly other: string; readonly at: number },
): boolean {
  const one = clusters.get(pair.name);
  const other = clusters.get(pair.other);
  if (one === undefined || other === undefined || pair.name === pair.other) return false;
  if (one.schemas.size > other.schemas.size) return false;
  for (const schema of one.schemas) if (!other.schemas.has(schema)) return false;
  if (one.schemas.size < other.schemas.size) return one.nodes.size === 0 || other.nodes.size > 0;
  if (one.nodes.size !== other.nodes.size) return one.nodes.size < other.nodes.size;
  return pair.at < pair.index;
}

function listed(clusters: ReadonlyMap<string, KnownCluster>): string {
  const each = [...clusters].map(([name, { nodes, schemas }]) => {
    const at = nodes.size === 0 ? '' : ` at ${[...nodes].join(', ')}`;
    return `--cluster '${name}' (${counted(schemas.size, 'schema')}${at})`;
  });
  return each.length === 0 ? '' : `Known are: ${each.join('; ')}.`;
}
