/** A task host's side of all registries: the mirrored gates, and the schema views of its converters. */
import type { Clock } from '../foundation/clock.ts';
import { newId } from '../foundation/id.ts';
import type { GateSnapshot } from '../sdk/dependency-gate.ts';
import { type ConnectError, IllegalStateError } from '../sdk/errors/index.ts';
import type { SchemaView } from '../sdk/schema-view.ts';
import { createSchemaView } from './coordinated-schema-view.ts';
import { GateMirror } from './gate-mirror.ts';
import { RELEASE_CONFIG } from './registry-config.ts';
import { withWorkerDefaults } from './registry-keys.ts';
import type { RegistryMessage } from './registry-messages.ts';
import { parseRegistryNotice, type RegistryNotice } from './registry-notices.ts';
import { YoungIdsOfTasks } from './young-ids.ts';

export type AskRegistry = (message: RegistryMessage) => Promise<unknown>;

/** What a view tells the task that uses it, and whose it is. */
export interface ViewSignals {
  /** The same in every run of the task, and for this converter only: what is to be kept from run to run is kept under it. */
  readonly owner?: string;
  /** Invariant 5: what was made with its answers and is not written yet has to be made again. */
  readonly recall?: () => void;
  /** Invariant 6: the task has to stop. */
  readonly stop?: (error: ConnectError) => void;
}

export interface RegistryHostOptions {
  readonly clock: Clock;
  /** Sends a body to the control plane's service `registry` and resolves with its answer; unless each view brings its own. */
  readonly ask?: AskRegistry;
  /** The worker's own registry settings: defaults for the converters', and `registry.release.*` for this host. */
  readonly defaults?: Readonly<Record<string, string>>;
  readonly random?: () => number;
}

export class RegistryHost {
  /** For `ConverterContext.gates` and the task's own parking. */
  readonly gates: GateMirror;
  private readonly options: RegistryHostOptions;
  private readonly young: YoungIdsOfTasks;
  private readonly listeners = new Set<(notice: RegistryNotice) => void>();

  /** Throws ConfigError for a default of `registry.release.*` that is not allowed. */
  constructor(options: RegistryHostOptions) {
    this.options = options;
    this.young = new YoungIdsOfTasks(options);
    const release = RELEASE_CONFIG.parse(options.defaults ?? {});
    this.gates = new GateMirror({
      clock: options.clock,
      releaseConcurrency: release['registry.release.concurrency'],
      releaseJitterMs: release['registry.release.jitter.ms'],
      ...(options.random === undefined ? {} : { random: options.random }),
    });
  }

  /** Takes the snapshot of a `gate.changed` message; a new host is sent all of `GateBook.snapshots()` first. */
  gateChanged(snapshot: GateSnapshot): void {
    this.gates.apply(snapshot);
  }

  /** Takes the body of a `service.notice` message named `registry`. */
  notice(body: unknown): void {
    const notice = parseRegistryNotice(body);
    if (notice === undefined) return;
    if (notice.kind === 'closed') this.gates.drop(notice.registryId);
    if (notice.kind === 'confirmed') this.young.confirmed(notice.registryId, notice.context, notice.ids);
    for (const listener of [...this.listeners]) listener(notice);
  }

  /** For `ConverterContext.schemaView`. Throws ConfigError for settings that name no registry. */
  schemaView(config: Readonly<Record<string, string>>, ask = this.options.ask, signals: ViewSignals = {}): SchemaView {
    const { clock, defaults } = this.options;
    if (ask === undefined) throw new IllegalStateError('A schema view needs a way to the registry coordinator.');
    const { owner, recall, stop } = signals;
    let leave = (): void => {};
    return createSchemaView({
      ...(recall === undefined ? {} : { recall }),
      ...(stop === undefined ? {} : { stop }),
      young:
        owner === undefined
          ? undefined
          : (id, secondLookMs) => {
              const { young, close } = this.young.open(owner, id, secondLookMs);
              leave = close;
              return young;
            },
      clock,
      ask,
      gates: this.gates,
      config: withWorkerDefaults(defaults ?? {}, config),
      name: newId<'view'>(),
      onNotice: (listener) => {
        this.listeners.add(listener);
        return () => {
          this.listeners.delete(listener);
          leave();
        };
      },
    });
  }
}
