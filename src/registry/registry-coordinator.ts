/** The control plane's side of all registries: one per worker, contributed as the service `registry`. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { IllegalStateError } from '../sdk/errors/index.ts';
import type { GateBook } from './gate-book.ts';
import type { GroupDescriber } from './group-describer.ts';
import type { HttpTransport } from './http-transport.ts';
import { openCredentials } from './open-credentials.ts';
import { RegistryCluster } from './registry-cluster.ts';
import { REGISTRY_BAD_REQUEST, REGISTRY_FAULT, REGISTRY_UNUSED } from './registry-errors.ts';
import type { RegistryListener } from './registry-events.ts';
import { keysWithoutEffect } from './registry-keys.ts';
import type { EpochListener, RegistryKnowledge } from './registry-knowledge.ts';
import { answerToWire, parseRegistryMessage, type RegistryReply } from './registry-messages.ts';
import type { RegistryNotice } from './registry-notices.ts';
import { parseRegistrySettings, type RegistrySettings } from './registry-settings.ts';
import type { RegistrySnapshot } from './registry-snapshot.ts';
import { RegistryUse, UNUSED_MS } from './registry-use.ts';
import type { SchemaStore } from './schema-store.ts';
import { ServedSettings } from './served-settings.ts';
import { SharedSettings } from './shared-settings.ts';
import { UndiciTransport } from './undici-transport.ts';
import { type UsedRegistry, ViewLives } from './view-lives.ts';

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
  /** A registry that no view has used for so long is closed; 60 s unless told. */
  readonly unusedMs?: number;
}

interface OpenRegistry extends UsedRegistry {
  /** Texts of settings that name it, the one used longest ago first. */
  readonly configs: Set<string>;
  readonly shared: SharedSettings;
}

const PROBE_NOW_EVERY_MS = 1000;
/** Texts of settings per registry that are not parsed again. */
const MAX_CONFIGS = 1000;

export class RegistryCoordinator {
  private readonly options: RegistryCoordinatorOptions;
  private readonly registries = new Map<string, OpenRegistry>();
  /** By the text of the settings, so that they are parsed once. */
  private readonly byConfig = new Map<string, OpenRegistry>();
  private readonly views = new ViewLives();
  private readonly closing = new Set<Promise<void>>();
  /** By registry: Clock.monotonic() of the last probe that was asked for. */
  private readonly probedAt = new Map<string, number>();
  private closed = false;

  constructor(options: RegistryCoordinatorOptions) {
    this.options = options;
  }

  /**
   * Answers the body of a `service` request, a `RegistryMessage`. Rejects with ConfigError for settings that name no registry;
   * what goes wrong with a registry is an answer. `hostEnds` is aborted when the task host that asks is gone, and its views with it.
   */
  async serve(body: unknown, hostEnds?: AbortSignal): Promise<RegistryReply | undefined> {
    const message = parseRegistryMessage(body);
    if (message === undefined) {
      throw new IllegalStateError('The registry coordinator does not understand this message.', {
        code: REGISTRY_BAD_REQUEST,
      });
    }
    if (message.kind === 'withdraw') {
      const { view, questions } = message;
      if (questions === undefined) this.views.leave(view);
      else this.views.registryOf(view)?.cluster.withdrawQuestions(view, questions);
      return undefined;
    }
    const registry = this.registryOf(message.config);
    this.views.enter(message.view, registry, hostEnds);
    const answers = await registry.cluster.ask(message.questions, message.view);
    return { answers: answers.map(answerToWire) };
  }

  /** The registries in use. */
  get registryIds(): readonly string[] {
    return [...this.registries.keys()];
  }

  /** What is known of every registry in use, at this moment. */
  snapshots(): RegistrySnapshot[] {
    return [...this.registries.values()].map(({ cluster }) => cluster.snapshot());
  }

  /**
   * Probes at once; false: there is no such registry. Invariant 9: what comes within a second of the last time is served by that one,
   * so that a script that asks without end puts no load on the registry.
   */
  probeNow(registryId: string): boolean {
    const registry = this.registries.get(registryId);
    if (registry === undefined) return false;
    const now = this.options.clock.monotonic();
    if (now - (this.probedAt.get(registryId) ?? Number.NEGATIVE_INFINITY) < PROBE_NOW_EVERY_MS) return true;
    this.probedAt.set(registryId, now);
    registry.cluster.probeNow();
    return true;
  }

  /** Whoever waits is let go; nothing is asked any more. The store stays open: it is its owner's. */
  async close(): Promise<void> {
    this.closed = true;
    const registries = [...this.registries.values()];
    for (const { use } of registries) use.stop();
    await Promise.all([...registries.map(({ cluster }) => cluster.close()), ...this.closing]);
    this.registries.clear();
    this.byConfig.clear();
  }

  private registryOf(config: Readonly<Record<string, string>>): OpenRegistry {
    const key = JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.byConfig.get(key);
    if (known !== undefined) return known;
    if (this.closed) throw new IllegalStateError('The registry coordinator is closed.', { code: REGISTRY_BAD_REQUEST });
    const settings = parseRegistrySettings(config);
    let registry = this.registries.get(settings.registryId);
    if (registry === undefined) {
      registry = this.open(settings, config);
      this.registries.set(settings.registryId, registry);
    } else registry.shared.compare(settings.values);
    registry.configs.add(key);
    this.byConfig.set(key, registry);
    const [oldest] = registry.configs;
    if (registry.configs.size > MAX_CONFIGS && oldest !== undefined) {
      registry.configs.delete(oldest);
      this.byConfig.delete(oldest);
    }
    return registry;
  }

  private open(settings: RegistrySettings, config: Readonly<Record<string, string>>): OpenRegistry {
    const { clock, logger, gates, store, knowledge, groups, notify, random } = this.options;
    const { registryId } = settings;
    const child = logger.child({ registry: settings.registryId });
    const reasons = keysWithoutEffect(config);
    if (Object.keys(reasons).length > 0) {
      child.info('Settings of Confluent’s registry clients have no effect here.', { keys: reasons });
    }
    const transports = this.transports(settings, child);
    const served = new ServedSettings({ settings, store, logger: child });
    const draw = random === undefined ? {} : { random };
    const cluster: RegistryCluster = new RegistryCluster({
      settings,
      clock,
      gates,
      store,
      logger: child,
      transport: transports.toNodes,
      served,
      credentials: openCredentials({ settings, served, clock, direct: transports.direct, ...draw }),
      ...(knowledge === undefined ? {} : { knowledge: knowledge(settings, (change) => cluster.epochChanged(change)) }),
      groups: groups ?? null,
      // What still comes to an end when it is closed is not told: nobody would forget the figures again.
      emit: (event) => {
        if (this.registries.get(registryId)?.cluster === cluster) this.options.listener?.(registryId, event);
      },
      ...(notify === undefined ? {} : { notify }),
      ...draw,
    });
    const use = new RegistryUse({
      clock,
      unusedMs: this.options.unusedMs ?? UNUSED_MS,
      snapshot: () => cluster.snapshot(),
      onUnused: () => this.closeUnused(cluster, child),
    });
    return { cluster, use, configs: new Set(), shared: new SharedSettings({ values: settings.values, logger: child }) };
  }

  /** A question that comes later opens it anew. */
  private closeUnused(cluster: RegistryCluster, logger: Logger): void {
    const { gates, listener, notify } = this.options;
    const { registryId } = cluster;
    logger.info('Nobody uses this schema registry any more; it is not asked for anything now', {
      code: REGISTRY_UNUSED,
    });
    listener?.(registryId, { type: 'closed' });
    for (const config of this.registries.get(registryId)?.configs ?? []) this.byConfig.delete(config);
    this.registries.delete(registryId);
    this.probedAt.delete(registryId);
    const closing = cluster.close().catch((err: unknown) => {
      logger.warn('The client of a schema registry could not be closed.', { code: REGISTRY_FAULT, err });
    });
    this.closing.add(closing);
    void closing.finally(() => this.closing.delete(closing));
    gates.drop(`registry:${registryId}:`);
    notify?.({ kind: 'closed', registryId });
  }

  /** `direct` goes past the proxy; it is only used for single requests, and so needs no end of its own. */
  private transports(
    settings: RegistrySettings,
    logger: Logger,
  ): { readonly toNodes: HttpTransport; readonly direct: HttpTransport } {
    const scripted = this.options.transport?.(settings);
    if (scripted !== undefined) return { toNodes: scripted, direct: scripted };
    const { tls, proxy, values } = settings;
    const options = {
      clock: this.options.clock,
      connectTimeoutMs: values['http.connect.timeout.ms'],
      connections: values['registry.max.in.flight'],
      tls,
    };
    if (proxy === null) {
      const only = new UndiciTransport({ ...options, logger });
      return { toNodes: only, direct: only };
    }
    // Both read the same TLS files; one of them tells.
    return { toNodes: new UndiciTransport({ ...options, proxy, logger }), direct: new UndiciTransport(options) };
  }
}
