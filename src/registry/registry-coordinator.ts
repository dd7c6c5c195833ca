/** The control plane's side of all registries: one per worker, contributed as the service `registry`. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { IllegalStateError } from '../sdk/errors/index.ts';
import type { GateBook } from './gate-book.ts';
import type { GroupDescriber } from './group-describer.ts';
import type { HttpTransport } from './http-transport.ts';
import { openCredentials } from './open-credentials.ts';
import { RegistryCluster } from './registry-cluster.ts';
import { REGISTRY_BAD_REQUEST } from './registry-errors.ts';
import type { RegistryListener } from './registry-events.ts';
import { keysWithoutEffect } from './registry-keys.ts';
import type { EpochListener, RegistryKnowledge } from './registry-knowledge.ts';
import { answerToWire, parseRegistryMessage, type RegistryReply } from './registry-messages.ts';
import type { RegistryNotice } from './registry-notices.ts';
import { parseRegistrySettings, type RegistrySettings } from './registry-settings.ts';
import type { RegistrySnapshot } from './registry-snapshot.ts';
import type { SchemaStore } from './schema-store.ts';
import { UndiciTransport } from './undici-transport.ts';

export interface RegistryCoordinatorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gates: GateBook;
  /** null: nothing is kept over a restart. */
  readonly store: SchemaStore | null;
  /** Over sockets by default. */
  readonly transport?: (settings: RegistrySettings) => HttpTransport;
  /** What is known of a registry's primary; found out by default. */
  readonly knowledge?: (settings: RegistrySettings, changed: EpochListener) => RegistryKnowledge;
  readonly listener?: RegistryListener;
  /** Tells every task host; bodies are structured-cloneable. */
  readonly notify?: (notice: RegistryNotice) => void;
  /** Describes the groups in which registries elect; null: no broker can. */
  readonly groups?: GroupDescriber | null;
  readonly random?: () => number;
}

const PROBE_NOW_EVERY_MS = 1000;

export class RegistryCoordinator {
  private readonly options: RegistryCoordinatorOptions;
  private readonly clusters = new Map<string, RegistryCluster>();
  /** By the text of the settings, so that they are parsed once. */
  private readonly byConfig = new Map<string, RegistryCluster>();
  /** By registry: Clock.monotonic() of the last probe that was asked for. */
  private readonly probedAt = new Map<string, number>();
  private closed = false;

  constructor(options: RegistryCoordinatorOptions) {
    this.options = options;
  }

  /**
   * Answers the body of a `service` request, a `RegistryMessage`. Rejects with ConfigError for settings that name no registry;
   * what goes wrong with a registry is an answer.
   */
  async serve(body: unknown): Promise<RegistryReply | undefined> {
    const message = parseRegistryMessage(body);
    if (message === undefined) {
      throw new IllegalStateError('The registry coordinator does not understand this message.', {
        code: REGISTRY_BAD_REQUEST,
      });
    }
    const cluster = this.clusterOf(message.config);
    if (message.kind === 'withdraw') {
      cluster.withdraw(message.view);
      return undefined;
    }
    const answers = await cluster.ask(message.questions, message.view);
    return { answers: answers.map(answerToWire) };
  }

  /** The registries in use. */
  get registryIds(): readonly string[] {
    return [...this.clusters.keys()];
  }

  /** What is known of every registry in use, at this moment. */
  snapshots(): RegistrySnapshot[] {
    return [...this.clusters.values()].map((cluster) => cluster.snapshot());
  }

  /**
   * Probes at once; false: there is no such registry. Invariant 9: what comes within a second of the last time is served by that one,
   * so that a script that asks without end puts no load on the registry.
   */
  probeNow(registryId: string): boolean {
    const cluster = this.clusters.get(registryId);
    if (cluster === undefined) return false;
    const now = this.options.clock.monotonic();
    if (now - (this.probedAt.get(registryId) ?? Number.NEGATIVE_INFINITY) < PROBE_NOW_EVERY_MS) return true;
    this.probedAt.set(registryId, now);
    cluster.probeNow();
    return true;
  }

  /** Whoever waits is let go; nothing is asked any more. The store stays open: it is its owner's. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.clusters.values()].map((cluster) => cluster.close()));
    this.clusters.clear();
    this.byConfig.clear();
  }

  private clusterOf(config: Readonly<Record<string, string>>): RegistryCluster {
    const key = JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.byConfig.get(key);
    if (known !== undefined) return known;
    if (this.closed) throw new IllegalStateError('The registry coordinator is closed.', { code: REGISTRY_BAD_REQUEST });
    const settings = parseRegistrySettings(config);
    let cluster = this.clusters.get(settings.registryId);
    if (cluster === undefined) {
      cluster = this.open(settings, config);
      this.clusters.set(settings.registryId, cluster);
    }
    this.byConfig.set(key, cluster);
    return cluster;
  }

  private open(settings: RegistrySettings, config: Readonly<Record<string, string>>): RegistryCluster {
    const { clock, logger, gates, store, knowledge, listener, groups, notify, random } = this.options;
    const child = logger.child({ registry: settings.registryId });
    const reasons = keysWithoutEffect(config);
    if (Object.keys(reasons).length > 0) {
      child.info('Settings of Confluent’s registry clients have no effect here.', { keys: reasons });
    }
    const transports = this.transports(settings);
    const draw = random === undefined ? {} : { random };
    const cluster: RegistryCluster = new RegistryCluster({
      settings,
      clock,
      gates,
      store,
      logger: child,
      transport: transports.toNodes,
      credentials: openCredentials({ settings, clock, direct: transports.direct, ...draw }),
      ...(knowledge === undefined ? {} : { knowledge: knowledge(settings, (change) => cluster.epochChanged(change)) }),
      groups: groups ?? null,
      ...(listener === undefined ? {} : { emit: (event) => listener(settings.registryId, event) }),
      ...(notify === undefined ? {} : { notify }),
      ...draw,
    });
    return cluster;
  }

  /** `direct` goes past the proxy; it is only used for single requests, and so needs no end of its own. */
  private transports(settings: RegistrySettings): { readonly toNodes: HttpTransport; readonly direct: HttpTransport } {
    const scripted = this.options.transport?.(settings);
    if (scripted !== undefined) return { toNodes: scripted, direct: scripted };
    const { tls, proxy, values } = settings;
    const options = {
      clock: this.options.clock,
      connectTimeoutMs: values['http.connect.timeout.ms'],
      connections: values['registry.max.in.flight'],
      tls,
    };
    const direct = new UndiciTransport(options);
    return { toNodes: proxy === null ? direct : new UndiciTransport({ ...options, proxy }), direct };
  }
}
