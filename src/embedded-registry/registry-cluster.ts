/** The nodes of one registry with their ports, over one log and one election. What can happen to a node happens here. */
import type { Clock } from '../foundation/clock.ts';
import { Deferred } from '../foundation/deferred.ts';
import type { Logger } from '../foundation/logger.ts';
import { HttpListener, type HttpReply } from './http-listener.ts';
import type { PrimaryElection } from './primary-election.ts';
import type { RegistryCoreOptions } from './registry-core.ts';
import { RegistryNode } from './registry-node.ts';
import type { RegistryRequest } from './routes.ts';
import { abortable, type SchemasLog } from './schemas-log.ts';
import type { RegistryTimings, RegistryVendor, VendorProfile } from './vendor-profile.ts';

/** What stands between a node's port and the node. */
export type Interceptor = (
  node: number,
  request: RegistryRequest,
  signal: AbortSignal,
  next: () => Promise<HttpReply>,
) => Promise<HttpReply>;

export interface RegistryClusterOptions {
  readonly host: string;
  /** One per node; 0: any free one. */
  readonly ports: readonly number[];
  /** false: the nodes get URLs, and nothing listens on them. */
  readonly listen: boolean;
  readonly core: RegistryCoreOptions;
  readonly profile: VendorProfile;
  readonly log: SchemasLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: RegistryTimings;
  /** Called once the URLs are known. */
  readonly election: (urls: readonly string[]) => PrimaryElection;
  readonly intercept?: Interceptor;
}

export class RegistryCluster {
  readonly nodes: readonly RegistryNode[];
  readonly election: PrimaryElection;
  private readonly options: RegistryClusterOptions;
  private readonly listeners: readonly HttpListener[];
  private readonly closedPorts = new Set<number>();
  /** Aborted when the port closes, and new when it opens: without sockets, connections are lost all the same. */
  private readonly portLives = new Map<number, AbortController>();

  private constructor(options: RegistryClusterOptions, listeners: readonly HttpListener[]) {
    this.options = options;
    this.listeners = listeners;
    const urls = listeners.map(({ port }) => `http://${hostInUrl(options.host)}:${port}`);
    this.election = options.election(urls);
    const peer = (url: string): RegistryNode | undefined => this.nodes.find((node) => node.url === url);
    const { core, log, clock, timings } = options;
    this.nodes = urls.map((url) => {
      const logger = options.logger.child({ node: url });
      return new RegistryNode({ url, core, log, clock, logger, timings, election: this.election, peer });
    });
  }

  /** Opens the ports and has every node read the topic; rejects, with nothing left open, when a port is taken. */
  static async open(options: RegistryClusterOptions, signal: AbortSignal): Promise<RegistryCluster> {
    const made = new Deferred<RegistryCluster>();
    const listeners = options.ports.map(
      (port, index) =>
        new HttpListener({
          host: options.host,
          port,
          handle: async (request, gone) => (await made.promise).serve(index, request, gone),
        }),
    );
    let cluster: RegistryCluster | undefined;
    try {
      if (options.listen) for (const listener of listeners) await listener.open();
      cluster = new RegistryCluster(options, listeners);
      for (const node of cluster.nodes) node.start({ replayMs: 0 });
      await Promise.all(cluster.nodes.map((node) => node.replayed(signal)));
      for (const node of cluster.nodes) node.joinElection();
      made.resolve(cluster);
      return cluster;
    } catch (error) {
      for (const node of cluster?.nodes ?? []) node.stop();
      await Promise.all(listeners.map((listener) => listener.close()));
      throw error;
    }
  }

  get vendor(): RegistryVendor {
    return this.options.profile.vendor;
  }

  node(index: number): RegistryNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`There is no node ${index}; there are ${this.nodes.length}.`);
    return node;
  }

  /** A request at a node's port, with or without the port. Never rejects: what breaks a connection is a cut. */
  async serve(index: number, request: RegistryRequest, signal: AbortSignal): Promise<HttpReply> {
    const portLife = this.portLives.get(index) ?? new AbortController();
    this.portLives.set(index, portLife);
    const either = AbortSignal.any([signal, portLife.signal]);
    const next = async (): Promise<HttpReply> => ({
      kind: 'answer',
      answer: await this.node(index).handle(request, either),
    });
    try {
      return await abortable(this.options.intercept?.(index, request, either, next) ?? next(), either);
    } catch {
      return { kind: 'cut' };
    }
  }

  /** Whether a client's connection would be accepted. */
  isListening(index: number): boolean {
    if (this.options.listen) return this.listeners[index]?.isOpen === true;
    return this.node(index).condition !== 'down' && !this.closedPorts.has(index);
  }

  /** `isGraceful`: as SIGTERM, otherwise as SIGKILL. Resolves when the port refuses. */
  async stopNode(index: number, { isGraceful }: { readonly isGraceful: boolean }): Promise<void> {
    const node = this.node(index);
    node.stop();
    if (isGraceful && this.options.profile.leavesGroup) this.election.leave(node.url);
    else this.election.vanish(node.url);
    await this.closePort(index);
  }

  /** Resolves when the port answers, which for Karapace is before it knows anything. */
  async startNode(index: number, signal: AbortSignal): Promise<void> {
    const node = this.node(index);
    if (node.condition !== 'down') return;
    const { profile, timings, clock, listen } = this.options;
    const listener = this.listeners[index];
    node.start({ replayMs: timings.replayMs });
    if (!profile.listensBeforeReplay) {
      if (timings.replayMs > 0) await clock.sleep(timings.replayMs, signal);
      await node.replayed(signal);
    }
    if (listen && !this.closedPorts.has(index)) await listener?.open();
    node.joinElection();
  }

  freezeNode(index: number): void {
    const node = this.node(index);
    node.freeze();
    this.election.vanish(node.url);
  }

  thawNode(index: number): void {
    const node = this.node(index);
    node.thaw();
    this.election.reappear(node.url);
  }

  /** Closes one port, or opens it again, and lets the node live. */
  async setListening(index: number, isListening: boolean): Promise<void> {
    if (!isListening) {
      this.closedPorts.add(index);
      await this.closePort(index);
      return;
    }
    this.closedPorts.delete(index);
    if (this.options.listen && this.node(index).condition !== 'down') await this.listeners[index]?.open();
  }

  private async closePort(index: number): Promise<void> {
    this.portLives.get(index)?.abort(new Error('the port is closed'));
    this.portLives.delete(index);
    await this.listeners[index]?.close();
  }

  async close(): Promise<void> {
    this.election.close();
    for (const node of this.nodes) node.stop();
    await Promise.all(this.listeners.map((_, index) => this.closePort(index)));
    await this.options.log.close();
  }
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
