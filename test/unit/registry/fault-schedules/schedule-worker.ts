/** The registry layer as a worker has it, in virtual time: one coordinator, task hosts that talk to it in cloned messages, and tasks. */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../../src/foundation/clock.ts';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { GateBook } from '../../../../src/registry/gate-book.ts';
import type { HttpTransport } from '../../../../src/registry/http-transport.ts';
import { RegistryCoordinator } from '../../../../src/registry/registry-coordinator.ts';
import type { RegistryEvent } from '../../../../src/registry/registry-events.ts';
import { RegistryHost } from '../../../../src/registry/registry-host.ts';
import { type ConnectError, errorFromWire, errorToWire } from '../../../../src/sdk/errors/index.ts';
import type { SchemaAnswer, SchemaQuestion, SchemaView } from '../../../../src/sdk/schema-view.ts';
import type { ScriptedRegistry } from '../../../../src/testing/index.ts';

export type FinalAnswer = Extract<SchemaAnswer, { kind: 'known' | 'refused' }>;

export interface ScheduleWorkerOptions {
  readonly registry: ScriptedRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hosts: number;
  readonly latencyMs: number;
}

export class ScheduleWorker {
  readonly events: RegistryEvent[] = [];
  readonly log = recordingLogger();
  readonly hosts: readonly RegistryHost[];
  readonly transport: HttpTransport;
  /** How often the hosts were told that an id is contradicted; `all`: everything of the registry. */
  readonly contradicted = new Map<number | 'all', number>();
  private readonly coordinator: RegistryCoordinator;
  private readonly clock: Clock;
  private readonly urls: string;

  constructor({ registry, clock, random, hosts, latencyMs }: ScheduleWorkerOptions) {
    this.clock = clock;
    this.urls = registry.urls.join(',');
    this.transport = registry.transport({ latencyMs });
    const gates = new GateBook({ clock, random });
    this.coordinator = new RegistryCoordinator({
      clock,
      logger: this.log.logger,
      gates,
      store: null,
      random,
      transport: () => this.transport,
      listener: (_id, event) => this.events.push(event),
      notify: (notice) => {
        if (notice.kind === 'contradicted') this.count(notice.id);
        if (notice.kind === 'distrusted') this.count('all');
        for (const host of this.hosts) host.notice(structuredClone(notice));
      },
      groups: { describe: async () => registry.describeGroup() },
    });
    this.hosts = Array.from(
      { length: hosts },
      () =>
        new RegistryHost({
          clock,
          random,
          ask: async (message) => {
            try {
              return structuredClone(await this.coordinator.serve(structuredClone(message)));
            } catch (error) {
              throw errorFromWire(structuredClone(errorToWire(error)));
            }
          },
        }),
    );
    gates.onSnapshot((snapshot) => {
      for (const host of this.hosts) host.gateChanged(structuredClone(snapshot));
    });
  }

  private count(what: number | 'all'): void {
    this.contradicted.set(what, (this.contradicted.get(what) ?? 0) + 1);
  }

  task(host: number, question: SchemaQuestion): ScheduleTask {
    const at = this.hosts[host % this.hosts.length];
    if (at === undefined) throw new RangeError('A worker has a host.');
    return new ScheduleTask({ clock: this.clock, host: at, question, urls: this.urls });
  }

  probeNow(): void {
    for (const id of this.coordinator.registryIds) this.coordinator.probeNow(id);
  }

  close(): Promise<void> {
    return this.coordinator.close();
  }
}

/** Asks as the runtime does: resolves, and waits at the gate that the answer names, until there is an answer for good. */
export class ScheduleTask {
  readonly question: SchemaQuestion;
  answer: FinalAnswer | undefined;
  /** Clock.monotonic(). */
  readonly beganAt: number;
  answeredAt: number | undefined;
  /** Why it waits now; undefined: it doesn't. */
  waitsFor: string | undefined;
  rounds = 0;
  /** Why the host stopped it. */
  stopped: ConnectError | undefined;
  private readonly clock: Clock;
  private readonly host: RegistryHost;
  private readonly view: SchemaView;
  private readonly life = new AbortController();

  constructor(options: {
    readonly clock: Clock;
    readonly host: RegistryHost;
    readonly question: SchemaQuestion;
    readonly urls: string;
  }) {
    this.clock = options.clock;
    this.host = options.host;
    this.question = options.question;
    this.beganAt = options.clock.monotonic();
    this.view = options.host.schemaView({ 'schema.registry.url': options.urls }, undefined, {
      recall: () => {},
      stop: (error) => {
        this.stopped = error;
      },
    });
    setMaxListeners(0, this.life.signal);
  }

  get hasLeft(): boolean {
    return this.life.signal.aborted;
  }

  /** Resolves when it is answered or has left. `answered` is told of each answer at once. Rejects never. */
  async run(answered: (answer: FinalAnswer) => void): Promise<void> {
    try {
      await this.untilAnswered(answered);
    } catch (error) {
      if (!this.hasLeft) throw error;
    }
  }

  /**
   * Goes on as a source does: every second a record, with the id that the view tells then. Ends when it is refused, stopped or left.
   * Rejects never.
   */
  async keepWriting(written: (answer: FinalAnswer) => void): Promise<void> {
    try {
      while (this.answer?.kind === 'known' && this.stopped === undefined) {
        await this.clock.sleep(1_000, this.life.signal);
        this.answer = undefined;
        await this.untilAnswered((answer) => {
          if (answer.kind === 'known' && this.stopped === undefined) written(answer);
        });
      }
    } catch (error) {
      if (!this.hasLeft) throw error;
    }
  }

  leave(): void {
    this.life.abort(new Error('the task is stopped'));
    this.view.close();
  }

  private async untilAnswered(answered: (answer: FinalAnswer) => void): Promise<void> {
    const { signal } = this.life;
    for (;;) {
      this.rounds++;
      const askedAt = this.clock.monotonic();
      await this.view.resolve([this.question], signal);
      const answer = this.view.peek(this.question);
      if (answer.kind === 'known' || answer.kind === 'refused') {
        this.answer = answer;
        this.answeredAt = this.clock.monotonic();
        this.waitsFor = undefined;
        answered(answer);
        return;
      }
      const error = answer.kind === 'waiting' ? answer.error : undefined;
      const gateId = (error as { gateId?: string } | undefined)?.gateId;
      this.waitsFor = error?.message ?? 'unasked';
      const gate = gateId === undefined ? undefined : this.host.gates.get(gateId);
      if (gate === undefined) await this.clock.sleep(100, signal);
      else await gate.opened(signal, askedAt);
    }
  }
}
