/** Which cluster stands behind the URLs, so that what the store knows is never used on another one. */
import { REGISTRY_OTHER_CLUSTER, RegistryIntegrityError } from './registry-errors.ts';
import { type SchemaStore, UNIDENTIFIED } from './schema-store.ts';

export class ClusterIdentity {
  private readonly nodes: readonly string[];
  private readonly store: SchemaStore | null;
  private clusterId: string | undefined;

  constructor(options: { readonly nodes: readonly string[]; readonly store: SchemaStore | null }) {
    this.nodes = options.nodes;
    this.store = options.store;
  }

  /** The cluster as far as it is known: what a node said, what one said in an earlier run, or a name for these URLs. */
  current(): string {
    return this.clusterId ?? this.remembered() ?? UNIDENTIFIED + ([...this.nodes].sort()[0] ?? '');
  }

  /** What a node said of the cluster, in this run or an earlier one; null: none ever told. */
  told(): string | null {
    const clusterId = this.clusterId ?? this.remembered();
    return clusterId === undefined || clusterId.startsWith(UNIDENTIFIED) ? null : clusterId;
  }

  /**
   * A node said who it is; undefined: it doesn't tell.
   *
   * Throws RegistryIntegrityError when it said something else before, or when another URL of the list leads to another cluster.
   */
  met(node: string, said: string | undefined): void {
    if (said === undefined) {
      this.clusterId ??= this.current();
      this.store?.bind(node, this.clusterId);
      return;
    }
    const before = this.store?.clusterAt(node);
    if (before !== undefined && !before.startsWith(UNIDENTIFIED) && before !== said) {
      throw otherCluster(`${node} leads to the registry cluster ${said}, but led to ${before} before.`);
    }
    const known = this.clusterId ?? this.remembered();
    if (known !== undefined && !known.startsWith(UNIDENTIFIED) && known !== said) {
      throw otherCluster(`${node} leads to the registry cluster ${said}, the other URLs of the list lead to ${known}.`);
    }
    this.clusterId = said;
    this.store?.bind(node, said);
  }

  private remembered(): string | undefined {
    for (const node of this.nodes) {
      const clusterId = this.store?.clusterAt(node);
      if (clusterId !== undefined) return clusterId;
    }
    return undefined;
  }
}

function otherCluster(what: string): RegistryIntegrityError {
  return new RegistryIntegrityError(
    `${what} Schema ids of one cluster mean nothing in another. Correct schema.registry.url, or, if the change is wanted, ` +
      'remove the schema store and restart the worker.',
    { code: REGISTRY_OTHER_CLUSTER, details: { registry: true } },
  );
}
