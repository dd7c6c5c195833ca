import { setMaxListeners } from 'node:events';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import type { CompactedLog } from '../../../src/registry/compacted-log.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { RegistryCoordinator } from '../../../src/registry/registry-coordinator.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import { RegistryHost } from '../../../src/registry/registry-host.ts';
import {
  type EpochListener,
  NoPrimaryKnowledge,
  type RegistryKnowledge,
} from '../../../src/registry/registry-knowledge.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { errorFromWire, errorToWire } from '../../../src/sdk/errors/index.ts';
import type { SchemaAnswer, SchemaQuestion, SchemaText, SchemaView } from '../../../src/sdk/schema-view.ts';
import { ScriptedTransport, SmallRegistry } from './scripted-transport.ts';

export const NODE_A = 'http://a:8081';
export const NODE_B = 'http://b:8081';

export const never: AbortSignal = new AbortController().signal;

/** A coordinator and task hosts in one process, every message cloned between them, in virtual time. */
export class WorkerOfRegistries {
  readonly clock: ManualClock;
  readonly transport: ScriptedTransport;
  readonly registry = new SmallRegistry();
  readonly gates: GateBook;
  readonly coordinator: RegistryCoordinator;
  readonly events: RegistryEvent[] = [];
  readonly notices: RegistryNotice[] = [];
  /** Tells the cluster of a change of primary, as detection does. */
  changed: EpochListener = () => {};
  readonly log = recordingLogger();
  readonly store: SchemaStore | null;
  private readonly hosts: RegistryHost[] = [];

  constructor(
    options: {
      readonly store?: SchemaStore;
      readonly knowledge?: RegistryKnowledge;
      readonly clock?: ManualClock;
      readonly nodes?: readonly string[];
      /** The primary is found out, by polling; otherwise none is known. */
      readonly detects?: boolean;
    } = {},
  ) {
    this.clock = options.clock ?? new ManualClock();
    this.transport = new ScriptedTransport(this.clock);
    for (const node of options.nodes ?? [NODE_A]) this.transport.nodes.set(node, this.registry.handle);
    // 0.5 instead of chance: waits are half their bound.
    const random = (): number => 0.5;
    this.gates = new GateBook({ clock: this.clock, random });
    this.store = options.store ?? null;
    this.coordinator = new RegistryCoordinator({
      clock: this.clock,
      logger: this.log.logger,
      gates: this.gates,
      store: this.store,
      transport: () => this.transport,
      listener: (_id, event) => this.events.push(event),
      random,
      notify: (notice) => {
        this.notices.push(notice);
        for (const host of this.hosts) host.notice(structuredClone(notice));
      },
      ...(options.detects === true
        ? {}
        : {
            knowledge: (_settings, changed) => {
              this.changed = changed;
              return options.knowledge ?? new NoPrimaryKnowledge();
            },
          }),
    });
  }

  static async open(
    log: CompactedLog,
    options: { readonly nodes?: readonly string[] } = {},
  ): Promise<WorkerOfRegistries> {
    const store = await SchemaStore.open({ log, logger: recordingLogger().logger });
    return new WorkerOfRegistries({ store, ...options });
  }

  /** `ends`: aborted when it is gone. */
  host(ends?: AbortSignal): RegistryHost {
    const host = new RegistryHost({
      clock: this.clock,
      random: () => 0.5,
      ask: async (message) => {
        try {
          return structuredClone(await this.coordinator.serve(structuredClone(message), ends));
        } catch (error) {
          throw errorFromWire(structuredClone(errorToWire(error)));
        }
      },
    });
    this.hosts.push(host);
    for (const snapshot of this.gates.snapshots()) host.gateChanged(structuredClone(snapshot));
    this.gates.onSnapshot((snapshot) => host.gateChanged(structuredClone(snapshot)));
    return host;
  }

  /** Everything that is due now has run. */
  settled(): Promise<void> {
    return this.clock.advance(0);
  }

  gateState(suffix: string): string | undefined {
    return this.gates.snapshots().find(({ id }) => id.endsWith(suffix))?.state;
  }
}

/** A task as the runtime runs one: resolves, and waits at the gate that the answer names, until it has an answer for good. */
export class Task {
  readonly view: SchemaView;
  answer: SchemaAnswer | undefined;
  /** How often it was let through a gate. */
  letThrough = 0;
  parkedAt: string | undefined;
  private readonly worker: WorkerOfRegistries;
  private readonly host: RegistryHost;
  private readonly life = new AbortController();

  constructor(worker: WorkerOfRegistries, host: RegistryHost, config: Record<string, string> = {}) {
    this.worker = worker;
    this.host = host;
    setMaxListeners(0, this.life.signal);
    this.view = host.schemaView({ 'schema.registry.url': NODE_A, ...config });
  }

  /** Starts; `answer` is set when there is one. */
  begin(question: SchemaQuestion): void {
    this.start(question).catch(() => {});
  }

  start(question: SchemaQuestion): Promise<SchemaAnswer> {
    const run = async (): Promise<SchemaAnswer> => {
      for (;;) {
        const askedAt = this.worker.clock.monotonic();
        await this.view.resolve([question], this.life.signal);
        const answer = this.view.peek(question);
        if (answer.kind === 'known' || answer.kind === 'refused') {
          this.answer = answer;
          this.parkedAt = undefined;
          return answer;
        }
        if (answer.kind === 'unasked') throw new Error('resolve left a question unasked');
        const gateId = (answer.error as { gateId?: string }).gateId;
        this.parkedAt = gateId;
        const gate = gateId === undefined ? undefined : this.host.gates.get(gateId);
        if (gate === undefined) await this.worker.clock.sleep(100, this.life.signal);
        else await gate.opened(this.life.signal, askedAt);
        this.letThrough += 1;
      }
    };
    const running = run();
    running.catch(() => {});
    return running;
  }

  stop(): void {
    this.life.abort(new Error('stopped'));
    this.view.close();
  }
}

export const avro = (name: string): SchemaText => ({
  schemaType: 'AVRO',
  schema: JSON.stringify({ type: 'record', name, fields: [{ name: 'f', type: 'string' }] }),
  references: [],
});

export const byId = (id: number): SchemaQuestion => ({ kind: 'by-id', key: `id ${id}`, id });
export const register = (subject: string, schema: SchemaText = avro(subject.replace(/\W/g, '_'))): SchemaQuestion => ({
  kind: 'register',
  key: `register ${subject} ${schema.schema}`,
  subject,
  schema,
  normalize: false,
});
export const lookup = (subject: string, schema: SchemaText = avro(subject.replace(/\W/g, '_'))): SchemaQuestion => ({
  kind: 'lookup',
  key: `lookup ${subject} ${schema.schema}`,
  subject,
  schema,
  normalize: false,
});
export const latest = (subject: string): SchemaQuestion => ({
  kind: 'version',
  key: `latest ${subject}`,
  subject,
  version: -1,
});

/** The answer as a few words: `known 7`, `refused holdfast.…`, `waiting …gate`. */
export function wordsOf(answer: SchemaAnswer | undefined): string {
  if (answer === undefined) return 'none';
  if (answer.kind === 'known') return `known ${answer.schema.id}`;
  if (answer.kind === 'unasked') return 'unasked';
  if (answer.kind === 'refused') return `refused ${answer.error.code}`;
  return `waiting ${String((answer.error as { gateId?: string }).gateId).replace(/^registry:[^:]+:/, '')}`;
}
