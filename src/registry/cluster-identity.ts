/** Which cluster stands behind the URLs, so that what the store knows is never used on another one. */
import { areOtherClusters, contextOfUrl, isUnidentified, UNIDENTIFIED, withParts } from './cluster-names.ts';
import { REGISTRY_OTHER_CLUSTER, RegistryIntegrityError } from './registry-errors.ts';
import type { SchemaStore } from './schema-store.ts';

export interface ClusterIdentityOptions {
  readonly nodes: readonly string[];
  readonly store: SchemaStore | null;
  /** What {@link ClusterIdentity.current} said before, and says now: of the same cluster. */
  readonly onRenamed?: (from: string, to: string) => void;
}

export class ClusterIdentity {
  private readonly nodes: readonly string[];
  private readonly store: SchemaStore | null;
  /** The context that all URLs lead to. */
  private readonly context: string;
  private clusterId: string | undefined;
  /** Every part that any node told, in this run. */
  private parts: string | undefined;
  /** As which cluster each node was met last, in this run. */
  private readonly taken = new Map<string, string>();
  private readonly onRenamed: (from: string, to: string) => void;

  constructor(options: ClusterIdentityOptions) {
    this.nodes = options.nodes;
    this.store = options.store;
    this.onRenamed = options.onRenamed ?? (() => {});
    this.context = contextOfUrl(options.nodes[0] ?? '');
  }

  /**
   * What ids belong to: the cluster as far as it is known (what a node said, what one said in an earlier run, or a name for these URLs), and
   * the context that the URLs lead to. The default context is left out of the name.
   */
  current(): string {
    const clusterId = this.known() ?? this.unidentified();
    return this.context === '' || isUnidentified(clusterId) ? clusterId : `${clusterId};context=${this.context}`;
  }

  /** What a node said of the cluster, in this run or an earlier one; null: none ever told. */
  told(): string | null {
    const clusterId = this.known();
    return clusterId === undefined || isUnidentified(clusterId) ? null : clusterId;
  }

  /** This node named its cluster in this run or an earlier one. */
  hasNamed(node: string): boolean {
    const before = this.store?.clusterAt(node);
    return before !== undefined && !isUnidentified(before);
  }

  /**
   * A node said who it is; undefined: it doesn't tell.
   *
   * Throws RegistryIntegrityError when it said something else before, or when another URL of the list leads to another cluster: then nothing
   * is changed. One that doesn't tell is taken for the cluster that this run knows, and must not have been another one's before.
   */
  met(node: string, said: string | undefined): void {
    const known = this.known();
    const name = said ?? this.parts ?? known ?? this.current();
    if (!isUnidentified(name)) {
      const error = this.contradictionOf(node, name);
      if (error !== undefined) throw error;
      this.taken.set(node, name);
    }
    // The first name stays, whatever parts others add to it: what is kept is found under it.
    const first = known === undefined || (said !== undefined && isUnidentified(known)) ? name : known;
    if (said !== undefined) this.parts = withParts(this.parts ?? first, said);
    this.rename(first);
    const before = this.store?.clusterAt(node);
    if (before === undefined || isUnidentified(before)) this.store?.bind(node, first);
  }

  /**
   * The store could be read only now, after nodes were met: its own name of the cluster is the first one, and stays. Returns the error if it
   * knows one of the URLs as another cluster's: nothing is changed then, and {@link met} throws for whichever node answers next.
   */
  storeLoaded(): RegistryIntegrityError | undefined {
    const own = this.clusterId;
    if (own === undefined) return undefined;
    for (const [node, name] of this.taken) {
      const error = this.contradictionOf(node, name);
      if (error !== undefined) return error;
    }
    const isNamed = !isUnidentified(own);
    const [first] = this.names().filter((name) => name !== own && !(isNamed && isUnidentified(name)));
    if (first === undefined) {
      // In an earlier run nobody told.
      if (isNamed) this.onRenamed(this.unidentified(), this.current());
      return undefined;
    }
    this.parts = isNamed ? withParts(first, this.parts ?? own) : undefined;
    // What was bound while the store was read would name the cluster otherwise in the next run.
    for (const node of this.nodes) if (this.store?.clusterAt(node) === own) this.store.bind(node, first);
    this.rename(first);
    return undefined;
  }

  /** The name of a cluster that doesn't tell, whatever the order of the URLs. */
  private unidentified(): string {
    return UNIDENTIFIED + ([...this.nodes].sort()[0] ?? '');
  }

  private rename(clusterId: string): void {
    const from = this.current();
    this.clusterId = clusterId;
    const to = this.current();
    if (from !== to) this.onRenamed(from, to);
  }

  /** Why a node can't belong to the cluster of this name, if it can't. */
  private contradictionOf(node: string, name: string): RegistryIntegrityError | undefined {
    const before = this.store?.clusterAt(node);
    if (before !== undefined && areOtherClusters(before, name)) {
      return otherCluster(`${node} leads to the registry cluster ${name}, but led to ${before} before.`);
    }
    const other = [this.parts ?? this.known(), ...this.names()].find(
      (each) => each !== undefined && areOtherClusters(each, name),
    );
    if (other === undefined) return undefined;
    return otherCluster(`${node} leads to the registry cluster ${name}, the other URLs of the list lead to ${other}.`);
  }

  private known(): string | undefined {
    return this.clusterId ?? this.names()[0];
  }

  /** Under which the store knows the nodes; those that a node told come first. */
  private names(): string[] {
    const names = this.nodes.map((node) => this.store?.clusterAt(node)).filter((name) => name !== undefined);
    return [...names.filter((name) => !isUnidentified(name)), ...names.filter(isUnidentified)];
  }
}

function otherCluster(what: string): RegistryIntegrityError {
  return new RegistryIntegrityError(
    `${what} Schema ids of one cluster mean nothing in another. Correct schema.registry.url, or, if the change is wanted, ` +
      'remove the schema store and restart the worker.',
    { code: REGISTRY_OTHER_CLUSTER, details: { registry: true } },
  );
}
