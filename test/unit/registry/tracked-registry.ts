import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import { RegistryCoordinator } from '../../../src/registry/registry-coordinator.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import { RegistryHost, type ViewSignals } from '../../../src/registry/registry-host.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import type { PrimaryEpoch, RegistrySnapshot } from '../../../src/registry/registry-snapshot.ts';
import type { SchemaView } from '../../../src/sdk/schema-view.ts';
import { type RegistryTimeline, ScriptedRegistry, type ScriptedRegistryOptions } from '../../../src/testing/index.ts';
import { avro, register } from './worker-of-registries.ts';

export interface TrackedRegistryOptions extends ScriptedRegistryOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** In place of the script's group; null: no broker. */
  readonly describe?: ((signal: AbortSignal, groupId: string) => Promise<DescribedGroup>) | null;
  /** Of the worker's Kafka; not told unless given. */
  readonly kafkaIdOfWorker?: string;
  /** Other URLs than the nodes' own, by index. */
  readonly urls?: (registry: ScriptedRegistry) => readonly string[];
}

/** A worker's registry client that finds out the primary of a scripted registry, in virtual time. */
export class TrackedRegistry {
  readonly clock: ManualClock;
  readonly registry: ScriptedRegistry;
  readonly coordinator: RegistryCoordinator;
  readonly events: { readonly at: number; readonly event: RegistryEvent }[] = [];
  readonly notices: RegistryNotice[] = [];
  readonly log = recordingLogger();
  /** When the group was described, ms from the start. */
  readonly described: number[] = [];
  private readonly host: RegistryHost;
  private readonly life = new AbortController();
  private readonly startedAt: number;
  private serial = 0;
  private readonly urls: readonly string[];
  private readonly settings: Readonly<Record<string, string>>;

  private constructor(registry: ScriptedRegistry, clock: ManualClock, options: TrackedRegistryOptions) {
    this.registry = registry;
    this.clock = clock;
    this.startedAt = clock.now();
    this.urls = options.urls?.(registry) ?? registry.urls;
    this.settings = options.settings ?? {};
    const describe = options.describe === undefined ? async () => registry.describeGroup() : options.describe;
    this.coordinator = new RegistryCoordinator({
      clock,
      logger: this.log.logger,
      gates: new GateBook({ clock, random: () => 0.5 }),
      store: null,
      transport: () => registry.transport(),
      groups:
        describe === null
          ? null
          : {
              describe: (groupId, signal) => {
                this.described.push(this.now);
                return describe(signal, groupId);
              },
              clusterId: async () => options.kafkaIdOfWorker ?? null,
            },
      listener: (_id, event) => this.events.push({ at: this.now, event }),
      notify: (notice) => {
        this.notices.push(notice);
        this.host.notice(structuredClone(notice));
      },
      random: () => 0.5,
    });
    this.host = new RegistryHost({ clock, random: () => 0.5, ask: (message) => this.coordinator.serve(message) });
  }

  static async start(options: TrackedRegistryOptions = {}): Promise<TrackedRegistry> {
    const clock = new ManualClock();
    const registry = await ScriptedRegistry.start({ nodes: 2, vendor: 'karapace', clock, listen: false, ...options });
    const tracked = new TrackedRegistry(registry, clock, options);
    return tracked;
  }

  /** ms from the start. */
  get now(): number {
    return this.clock.now() - this.startedAt;
  }

  get snapshot(): RegistrySnapshot {
    const [snapshot] = this.coordinator.snapshots();
    if (snapshot === undefined) throw new Error('No registry is in use.');
    return snapshot;
  }

  /** What hosts were told of changes of primary. */
  get changes(): RegistryNotice[] {
    return this.notices.filter(({ kind }) => kind === 'changed');
  }

  /** As `cause rung url` with the time it was named and when it was usable, the first one first. */
  get epochs(): string[] {
    return this.snapshot.epochs.toReversed().map((epoch) => this.words(epoch));
  }

  view(signals: ViewSignals = {}): SchemaView {
    return this.host.schemaView({ 'schema.registry.url': this.urls.join(','), ...this.settings }, undefined, signals);
  }

  /** Asks for something new, and does not wait for the answer. */
  write(): void {
    const question = register(`s${this.serial}`, avro(`R${this.serial}`));
    this.serial += 1;
    const view = this.view();
    void Promise.resolve(view.resolve([question], this.life.signal)).catch(() => {});
  }

  /** One new schema each `everyMs`; 0: none. */
  async pass(ms: number, everyMs = 100): Promise<void> {
    if (everyMs === 0) {
      await this.clock.advance(ms);
      return;
    }
    for (let passed = 0; passed < ms; passed += everyMs) {
      this.write();
      await this.clock.advance(everyMs);
    }
  }

  /** From now on, time 0 is now. */
  async play(
    timeline: RegistryTimeline,
    ms: number,
    options: { readonly everyMs?: number; readonly hurt?: number } = {},
  ) {
    const begun = this.now;
    this.registry.play(timeline, options.hurt === undefined ? {} : { hurt: options.hurt });
    await this.pass(ms, options.everyMs);
    return begun;
  }

  /** Ends everything. Throws when the log told of a mistake of ours. */
  async close(): Promise<void> {
    if (this.life.signal.aborted) return;
    this.life.abort(new Error('the test is over'));
    const closed = this.coordinator.close();
    await this.clock.advance(0);
    await closed;
    await this.registry.stop();
    const mistakes = this.log.lines.filter(({ level }) => level === 'error' || level === 'fatal');
    if (mistakes.length > 0) throw new Error('errors in the log', { cause: mistakes });
  }

  private words({ cause, rung, url, startedAt, usableAt }: PrimaryEpoch): string {
    const node = url === null ? 'nobody' : `node ${this.registry.urls.indexOf(url)}`;
    const at = (ms: number): string => ((ms - this.startedAt) / 1000).toFixed(1);
    return `${at(startedAt)} ${cause} ${rung} ${node}${usableAt === null ? '' : `, usable ${at(usableAt)}`}`;
  }
}
