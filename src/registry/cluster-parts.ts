/** What the client of one registry cluster is made of, below its gates and questions: nodes, detection, memory, trust. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { IntegrityError } from '../sdk/errors/index.ts';
import { ClusterIdentity } from './cluster-identity.ts';
import type { Credentials } from './credentials.ts';
import { RegistryEndpoints } from './endpoints.ts';
import type { StoredContradiction } from './first-known.ts';
import type { GroupDescriber } from './group-describer.ts';
import type { HttpTransport } from './http-transport.ts';
import { KnownSchemas } from './known-schemas.ts';
import { NodeIdentification } from './node-identification.ts';
import type { Outages } from './outages.ts';
import { PacedCalls } from './paced-calls.ts';
import { PrimaryTracker } from './primary-tracker.ts';
import { QuestionFinder } from './question-finder.ts';
import { REGISTRY_NODE } from './registry-errors.ts';
import type { RegistryEvent } from './registry-events.ts';
import { type EpochListener, NoPrimaryKnowledge, type RegistryKnowledge } from './registry-knowledge.ts';
import type { RegistryNotice } from './registry-notices.ts';
import { subjectsRequest } from './registry-requests.ts';
import type { RegistrySettings } from './registry-settings.ts';
import type { PrimaryEpoch } from './registry-snapshot.ts';
import { RegistryTrust } from './registry-trust.ts';
import { RequestBudget } from './request-budget.ts';
import type { SchemaStore } from './schema-store.ts';
import { userInfoSecrets } from './secrets-sent.ts';
import type { ServedSettings } from './served-settings.ts';
import { WriteBarrier } from './write-barrier.ts';

export interface ClusterPartsOptions {
  readonly settings: RegistrySettings;
  /** Ended with the parts. */
  readonly transport: HttpTransport;
  readonly credentials: Credentials;
  readonly served: ServedSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** null: nothing is kept over a restart. */
  readonly store: SchemaStore | null;
  /** In place of the detection that the settings name. */
  readonly knowledge?: RegistryKnowledge;
  /** Describes the group in which the nodes elect; null: no broker can. */
  readonly groups?: GroupDescriber | null;
  readonly random?: () => number;
}

export interface ClusterPartsHooks {
  readonly emit: (event: RegistryEvent) => void;
  readonly notify: (notice: RegistryNotice) => void;
  /** Asked only once the cluster is put together. */
  readonly outages: () => Outages;
  readonly epochChanged: EpochListener;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** Another primary is named, as opposed to a doubt about the one that is known. */
const NAMED: ReadonlySet<PrimaryEpoch['cause']> = new Set(['group-elected', 'health-changed', 'write-moved']);

/** Invariant 9: what is tried because a node is back is not tried more often, however quickly nodes come and go. */
const COMEBACK_MS = 1000;

export class ClusterParts {
  readonly identity: ClusterIdentity;
  readonly endpoints: RegistryEndpoints;
  readonly knowledge: RegistryKnowledge;
  readonly known: KnownSchemas;
  readonly trust: RegistryTrust;
  readonly finder: QuestionFinder;
  readonly barrier: WriteBarrier;
  private readonly options: ClusterPartsOptions;
  private readonly hooks: ClusterPartsHooks;
  private readonly comebacks: PacedCalls;

  constructor(options: ClusterPartsOptions, hooks: ClusterPartsHooks) {
    const { settings, clock, logger, store } = options;
    const { emit, notify, outages, signal } = hooks;
    const { values, registryId } = settings;
    const random = options.random === undefined ? {} : { random: options.random };
    this.options = options;
    this.hooks = hooks;
    this.comebacks = new PacedCalls({ clock, everyMs: COMEBACK_MS, call: () => outages().probeNow() });
    this.identity = new ClusterIdentity({
      nodes: settings.nodes,
      store,
      onRenamed: (from, to) => this.trust.renamed(from, to),
    });
    this.endpoints = this.openEndpoints();
    this.knowledge = options.knowledge ?? this.detection();
    const { identity, endpoints, knowledge } = this;
    this.known = new KnownSchemas({
      clock,
      store,
      identity,
      epoch: () => knowledge.epoch(),
      maxEntries: Math.max(values['registry.cache.size'], values['max.schemas.per.subject']),
      maxLatest: values['latest.cache.size'],
    });
    const { known } = this;
    this.trust = new RegistryTrust({
      registryId,
      values,
      clock,
      logger,
      endpoints,
      known,
      knowledge,
      identity,
      store,
      isSettling: () => this.finder.isSettling(),
      mayRead: () => outages().isOpen('read'),
      mayWrite: () => outages().gates.write.snapshot().state !== 'closed',
      emit,
      notify,
      signal,
    });
    this.finder = new QuestionFinder({
      endpoints,
      known,
      knowledge,
      verifier: this.trust.verifier,
      clock,
      maxGap: values['unknown.id.max.gap'],
      settleWindowMs: values['registry.settle.window.ms'],
      outageEndedAt: () => outages().lastEndedAt,
      contradicted: (error) => this.trust.contradictions.found(error),
    });
    store?.onLoaded((found) => this.storeLoaded(found));
    this.barrier = new WriteBarrier({
      mode: values['registry.barrier'],
      timeoutMs: values['registry.barrier.timeout.ms'],
      action: values['registry.barrier.timeout.action'],
      hits: values['registry.barrier.hits'],
      concurrency: values['registry.max.in.flight'],
      endpoints,
      knowledge,
      contents: known.contents,
      clock,
      logger,
      emit,
      ...random,
    });
  }

  primaryChanged({ cause }: PrimaryEpoch): void {
    this.finder.startOver();
    if (NAMED.has(cause)) this.endpoints.primaryNamed();
    this.trust.changed();
  }

  async close(): Promise<void> {
    this.comebacks.stop();
    this.trust.stop();
    this.endpoints.close();
    await this.knowledge.close();
    await this.options.transport.close();
  }

  /** Invariant 6: what was learned before the store could be read is compared with it, and every node asked once more who it is. */
  private storeLoaded(found: readonly StoredContradiction[]): void {
    const { signal } = this.hooks;
    if (signal.aborted) return;
    const name = this.identity.current();
    this.endpoints.reverify();
    const otherCluster = this.identity.storeLoaded();
    if (otherCluster !== undefined) {
      // Nothing is compared, or kept under the name of this one. It is known for certain, whether its nodes answer now or not.
      this.trust.contradictions.found(otherCluster);
      return;
    }
    this.trust.storeLoaded(found.filter(({ now }) => now.clusterId === name));
    this.endpoints.callEach(subjectsRequest(), signal).catch((error: unknown) => {
      if (error instanceof IntegrityError) this.trust.contradictions.found(error);
    });
  }

  private openEndpoints(): RegistryEndpoints {
    const { settings, transport, credentials, served, clock, random } = this.options;
    const { emit, outages } = this.hooks;
    const { values } = settings;
    const budget = new RequestBudget({
      clock,
      perSecond: values['registry.recovery.max.requests.per.second'],
      applies: () => !outages().areOpen || this.finder.isSettling(),
    });
    const identification = new NodeIdentification({
      identity: this.identity,
      logger: this.options.logger,
      onMet: () => this.trust.met(),
    });
    const proxyUser = settings.proxy?.userInfo ?? null;
    return new RegistryEndpoints({
      nodes: settings.nodes,
      transport,
      credentials,
      clock,
      primary: () => this.knowledge.primary(),
      isReady: (node) => this.knowledge.snapshot().nodes.get(node)?.progress?.ready ?? null,
      requestTimeoutMs: values['http.read.timeout.ms'],
      headers: settings.headers,
      secrets: proxyUser === null ? [] : userInfoSecrets(proxyUser.value()),
      randomize: values['schema.registry.url.randomize'],
      ...(random === undefined ? {} : { random }),
      verify: (node, get) => identification.verify(node, get),
      answeredBefore: () => this.identity.told() !== null,
      servedBefore: () => served.haveServed(),
      onServed: (node) => served.serves(node),
      onWriteHangs: () => this.knowledge.observe({ kind: 'write-hangs' }),
      onNode: (node, alive, reason) => this.nodeChanged(node, alive, reason),
      onExchange: (report) => emit({ type: 'request', ...report }),
      admit: (request, signal) => budget.admit(request.operation === 'meta', signal),
    });
  }

  private nodeChanged(node: string, alive: boolean, reason: string): void {
    const message = alive ? 'A node of the schema registry is back' : 'A node of the schema registry is away';
    this.options.logger.info(message, { code: REGISTRY_NODE, node, reason });
    this.hooks.emit({ type: 'node', node, alive, reason });
    this.knowledge.observe({ kind: 'node-changed', node, alive });
    // It may serve what the gates wait for, however long another one asked to be left alone.
    if (alive) this.comebacks.ask();
  }

  private detection(): RegistryKnowledge {
    const { settings, clock, logger, groups = null } = this.options;
    const { emit, notify, epochChanged, outages } = this.hooks;
    if (settings.values['registry.detection'] === 'off') return new NoPrimaryKnowledge();
    return new PrimaryTracker({
      nodes: settings.nodes,
      values: settings.values,
      ask: (node, request, signal) => this.endpoints.ask(node, request, signal),
      groups,
      clusterId: () => this.identity.told(),
      clock,
      logger,
      emit: (event) => {
        emit(event);
        // What was acknowledged until the new primary took writes is suspect, what was read back before that included.
        if (event.type === 'epoch' && event.epoch.usableAt !== null) this.trust.readBackSuspects();
      },
      onChange: epochChanged,
      onSuspect: (time) => notify({ kind: 'suspect', registryId: settings.registryId, ...time }),
      onReady: () => outages().probeNow(),
    });
  }
}
