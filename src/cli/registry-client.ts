/** Wires the registry client: its coordinator into the control plane, its views and gates into task hosts. */
import type { Broker } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { GateBook } from '../registry/gate-book.ts';
import { RELEASE_CONFIG } from '../registry/registry-config.ts';
import { RegistryCoordinator } from '../registry/registry-coordinator.ts';
import type { RegistryListener } from '../registry/registry-events.ts';
import { REGISTRY_SERVICE } from '../registry/registry-messages.ts';
import type { ControlService, GateSource, NoticeSource } from '../runtime/worker/worker.ts';
import { BrokerGroups } from './broker-groups.ts';
import type { OpenedSchemaStore } from './open-schema-store.ts';
import { openRegistryHostSide, type RegistryHostSide } from './registry-host-side.ts';

export interface RegistryClient {
  readonly services: Readonly<Record<string, ControlService>>;
  readonly gates: GateSource;
  /** One for each task host. */
  readonly notices: NoticeSource;
  /** What is seen of the registries from outside. */
  readonly registries: Pick<RegistryCoordinator, 'snapshots' | 'probeNow'>;
  openHostSide(): RegistryHostSide;
  close(): Promise<void>;
}

export interface RegistryClientOptions {
  readonly openStore: () => Promise<OpenedSchemaStore>;
  /** Worker settings that stand below those of each converter. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Where registries elect; `settings` of an admin client. */
  readonly kafka: { readonly broker: Broker; readonly settings: Readonly<Record<string, string>> };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener?: RegistryListener;
}

/** @throws ConfigError for a default of `registry.release.*` that is not allowed, or what `openStore` throws. */
export async function openRegistryClient(options: RegistryClientOptions): Promise<RegistryClient> {
  const { clock, defaults } = options;
  const logger = options.logger.child({ name: 'registry' });
  // All tasks of a host leave a gate through one queue: these settings are the worker's, not a converter's.
  const release = RELEASE_CONFIG.parse(defaults);
  const gateOptions = {
    clock,
    releaseConcurrency: release['registry.release.concurrency'],
    releaseJitterMs: release['registry.release.jitter.ms'],
  };
  const { store, ready, isReady } = await options.openStore();
  const book = new GateBook(gateOptions);
  const listeners = new Set<(service: string, body: unknown) => void>();
  const { kafka } = options;
  // The embedded broker has groups, but no registry elects in them.
  const groups = kafka.broker.kind === 'kafka' ? new BrokerGroups(kafka) : null;
  const coordinator = new RegistryCoordinator({
    clock,
    logger,
    gates: book,
    store,
    ...(options.listener === undefined ? {} : { listener: options.listener }),
    groups,
    notify: (notice) => {
      for (const listener of [...listeners]) listener(REGISTRY_SERVICE, notice);
    },
  });
  return {
    services: {
      // What the store knows is known before anything is asked: a question that comes earlier waits in its view.
      [REGISTRY_SERVICE]: (body, hostEnds) =>
        isReady() ? coordinator.serve(body, hostEnds) : ready.then(() => coordinator.serve(body, hostEnds)),
    },
    gates: {
      snapshots: () => book.snapshots(),
      onChange: (listener) => book.onSnapshot(listener),
      get: (id) => book.get(id),
    },
    notices: {
      onNotice: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    registries: coordinator,
    openHostSide: () => openRegistryHostSide({ clock, defaults }),
    close: async () => {
      await coordinator.close();
      await groups?.close();
      await store.close();
    },
  };
}
