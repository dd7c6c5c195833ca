/**
 * A task host: the data plane of some tasks, behind messages. Knows no globals, so that it runs in any thread.
 *
 * After a task has ended, or its stop has passed the deadline, nothing more comes from it.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Broker, TopicPartition } from '../../broker/ports.ts';
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { errorToWire } from '../../sdk/errors/error-wire.ts';
import { readableError } from '../../sdk/errors/readable-error.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { MirroredGates } from '../parking/mirrored-gates.ts';
import { TaskSignals } from '../pipeline/task-signals.ts';
import { refused } from '../sink/skipped-record.ts';
import { WorkerSinkTask } from '../sink/worker-sink-task.ts';
import { ConnectorHost } from './connector-host.ts';
import { type HostPulse, OF_CONNECTOR } from './host-pulse.ts';
import { Link, type MessagePort } from './link.ts';
import { PluginCalls, type PluginScope } from './plugin-calls.ts';
import type { PluginLoader } from './plugin-loader.ts';
import type {
  ControlRequest,
  FromHost,
  HostRequest,
  PluginCall,
  SinkRevoked,
  TaskId,
  TaskSpec,
  ToHost,
} from './protocol.ts';
import { type BuiltTask, buildTask, type SchemaViews } from './task-builder.ts';
import type { HostedTask, TaskLink, TaskOutcome } from './task-link.ts';

export const PLUGIN_UNCAUGHT = defineErrorCode('holdfast.plugin.uncaught', {
  what: 'A plugin threw an error outside of its calls, such as in a timer or an unhandled promise; its task failed, the others go on.',
  mend: 'Report the stack trace in the status to the author of the plugin, and restart the task.',
});

/** `task.counters` and `task.calling` come at most this often. */
const REPORT_EVERY_MS = 500;

/** Every how many reports clients tell what they measure, which changes all the time. */
const CLIENTS_EVERY = 4;

/** What lasts less is no news. */
const LONG_CALL_MS = 1_000;

type FromHostNotice = Exclude<FromHost, { type: 'answer' | 'request' | 'cancel' }>;
type ToHostNotice = Exclude<ToHost, { type: 'answer' | 'request' | 'cancel' }>;
type ForTask = Exclude<ToHostNotice, { type: 'task.start' | 'gate.changed' | 'service.notice' | 'connector.cancel' }>;

interface Running {
  readonly id: TaskId;
  /** null while it is being built. */
  task: HostedTask | null;
  clientFigures: BuiltTask['clientFigures'];
  /** Messages that came while it was being built. */
  readonly waiting: ForTask[];
  readonly calls: PluginCalls;
  readonly signals: TaskSignals;
  deadline: Timer | null;
  isSilent: boolean;
  lastCounters: string;
  lastCall: PluginCall | null;
}

/** The host's side of a contributed service hears what its control plane's side tells all hosts. */
export type ServiceNoticeListener = (service: string, body: unknown) => void;

export interface TaskHostOptions {
  readonly port: MessagePort<FromHost, ToHost>;
  readonly broker: Broker;
  readonly plugins: PluginLoader;
  /** Makes the registry views of converters. */
  readonly schemaViews: SchemaViews;
  /** Mirrored from the control plane by this host's `gate.changed` messages. */
  readonly gates: MirroredGates;
  /** Takes this host's `service.notice` messages, in order with its gates; none by default. */
  readonly onNotice?: ServiceNoticeListener;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of a thread of its own. */
  readonly pulse?: HostPulse;
  /** Knows whose code runs. */
  readonly scope?: AsyncLocalStorage<PluginScope>;
}

export class TaskHost {
  private readonly options: TaskHostOptions;
  private readonly clock: Clock;
  private readonly link: Link<FromHostNotice, ControlRequest, ToHostNotice, HostRequest>;
  private readonly connectors: ConnectorHost;
  private readonly running = new Map<string, Running>();
  private reportTimer: Timer | null = null;
  private reports = 0;

  constructor(options: TaskHostOptions) {
    this.options = options;
    this.clock = options.clock;
    this.connectors = new ConnectorHost({
      plugins: options.plugins,
      clock: options.clock,
      logger: options.logger,
      calls: (connector) => this.callsOf({ connector, task: OF_CONNECTOR }),
      readOffsets: async (connector, partitions) =>
        (await this.link.request({ type: 'offsets.read', connector, partitions })) as (OffsetMap | null)[],
      post: (event) => this.link.post(event),
    });
    // What has come already is heard at once.
    this.link = new Link({
      port: options.port,
      onNotice: (notice) => this.receive(notice),
      onRequest: (body) => this.serve(body),
    });
  }

  /** Gives up all tasks at once, without commits. A control plane that wants them stops its tasks first. */
  close(): void {
    for (const running of this.running.values()) {
      running.isSilent = true;
      running.deadline?.cancel();
      running.task?.abandon();
    }
    this.running.clear();
    this.reportTimer?.cancel();
    this.reportTimer = null;
    this.link.close();
  }

  /**
   * Fails the task, or the connector, whose code threw where nobody could catch it, such as in a timer; the others go on. False when there is no such task
   * any more.
   */
  fail({ id, method }: PluginScope, thrown: unknown): boolean {
    const { connector, task } = id;
    const whose = task === OF_CONNECTOR ? `connector ${connector}` : `task ${connector}-${task}`;
    const error = new ConnectError(
      `What the ${method} method of ${whose} started threw an error that its plugin did not catch.`,
      { code: PLUGIN_UNCAUGHT, cause: thrown },
    );
    if (task === OF_CONNECTOR) return this.connectors.fail(connector, error);
    const running = this.running.get(keyOf(id));
    if (running === undefined) return false;
    // At once: the task itself may hang.
    this.post(running, { type: 'task.failed', id, error: errorToWire(error) });
    running.signals.stop(error);
    return true;
  }

  private callsOf(id: TaskId): PluginCalls {
    const { clock, pulse, scope } = this.options;
    return new PluginCalls({
      id,
      clock,
      ...(pulse === undefined ? {} : { pulse }),
      ...(scope === undefined ? {} : { scope }),
    });
  }

  private receive(notice: ToHostNotice): void {
    if (notice.type === 'task.start') {
      void this.start(notice.spec);
      return;
    }
    if (notice.type === 'gate.changed') {
      this.options.gates.apply(notice.gate);
      return;
    }
    if (notice.type === 'connector.cancel') {
      this.connectors.cancel(notice.instance);
      return;
    }
    if (notice.type === 'service.notice') {
      this.options.onNotice?.(notice.service, notice.body);
      return;
    }
    const running = this.running.get(keyOf(notice.id));
    if (running === undefined) return;
    if (notice.type === 'task.stop') this.setDeadline(running, notice.timeoutMs);
    if (running.task === null) running.waiting.push(notice);
    else this.forward(running.task, notice);
  }

  private forward(task: HostedTask, notice: ForTask): void {
    switch (notice.type) {
      case 'task.target':
        task.setTarget(notice.state);
        break;
      case 'task.commit':
        task.requestCommit();
        break;
      case 'task.topics.forget':
        task.forgetTopics();
        break;
      case 'task.stop':
        task.stop();
        break;
      case 'sink.assign':
        if (task instanceof WorkerSinkTask) task.assign(notice.partitions);
        break;
    }
  }

  private async serve(body: HostRequest): Promise<unknown> {
    if (body.type === 'connector') {
      this.scheduleReports();
      return this.connectors.serve(body);
    }
    const task = this.running.get(keyOf(body.id))?.task;
    if (body.type === 'sink.skip') {
      if (!(task instanceof WorkerSinkTask)) throw refused(body.at, 'the task is no sink task that runs');
      await task.skip(body.at);
      return undefined;
    }
    if (!(task instanceof WorkerSinkTask)) return { offsets: [] } satisfies SinkRevoked;
    const offsets = await task.revoke(body.partitions as readonly TopicPartition[], body.lost);
    return { offsets } satisfies SinkRevoked;
  }

  private async start(spec: TaskSpec): Promise<void> {
    const running: Running = {
      id: spec.id,
      task: null,
      clientFigures: () => [],
      waiting: [],
      calls: this.callsOf(spec.id),
      signals: new TaskSignals(),
      deadline: null,
      isSilent: false,
      lastCounters: '',
      lastCall: null,
    };
    this.running.set(keyOf(spec.id), running);
    const outcome = await this.run(running, spec);
    running.deadline?.cancel();
    if (running.isSilent) return;
    this.sendCounters(running);
    if (outcome.failure !== null) {
      this.post(running, { type: 'task.failed', id: spec.id, error: errorToWire(outcome.failure) });
    }
    this.post(running, { type: 'task.ended', id: spec.id });
    this.forget(running);
  }

  private async run(running: Running, spec: TaskSpec): Promise<TaskOutcome> {
    try {
      const { broker, plugins, schemaViews, gates, clock } = this.options;
      const logger = this.options.logger.child({ connector: spec.id.connector, task: spec.id.task });
      const link = this.linkOf(running);
      const ask = (body: unknown, signal?: AbortSignal): Promise<unknown> =>
        this.link.request({ type: 'service', service: 'registry', body }, signal);
      const { calls, signals } = running;
      this.scheduleReports();
      const { task, clientFigures } = await buildTask({
        spec,
        broker,
        plugins,
        schemaViews,
        gates,
        clock,
        logger,
        link,
        ask,
        calls,
        signals,
      });
      running.task = task;
      running.clientFigures = clientFigures;
      for (const notice of running.waiting.splice(0)) this.forward(task, notice);
      return await task.run();
    } catch (error) {
      // A task that was stopped while it was being built has ended, and not failed.
      const isStopped = running.waiting.some(({ type }) => type === 'task.stop');
      return { failure: isStopped ? null : failureOf(error) };
    }
  }

  private linkOf(running: Running): TaskLink {
    const { id } = running;
    const { connector } = id;
    return {
      state: (state) => this.post(running, { type: 'task.state', id, state }),
      parked: (parked) => this.post(running, { type: 'task.parked', id, parked }),
      topics: (topics) => this.post(running, { type: 'task.topics', id, topics }),
      commit: async (committable) => {
        await this.link.request({ type: 'task.committable', id, committable });
      },
      readOffsets: async (partitions) =>
        (await this.link.request({ type: 'offsets.read', connector, partitions })) as (OffsetMap | null)[],
    };
  }

  private post(running: Running, notice: FromHostNotice): void {
    if (!running.isSilent) this.link.post(notice);
  }

  private setDeadline(running: Running, timeoutMs: number): void {
    running.deadline?.cancel();
    running.deadline = this.clock.setTimer(() => {
      running.task?.abandon();
      running.isSilent = true;
      this.forget(running);
    }, timeoutMs);
  }

  private forget(running: Running): void {
    if (this.running.get(keyOf(running.id)) === running) this.running.delete(keyOf(running.id));
  }

  private scheduleReports(): void {
    if (this.reportTimer !== null) return;
    this.reportTimer = this.clock.setTimer(
      () => {
        this.reportTimer = null;
        this.reports++;
        for (const running of this.running.values()) this.report(running);
        this.connectors.report();
        if (this.running.size > 0 || !this.connectors.isEmpty) this.scheduleReports();
      },
      REPORT_EVERY_MS,
      { unref: true },
    );
  }

  private report(running: Running): void {
    this.sendCounters(running);
    if (this.reports % CLIENTS_EVERY === 1) this.sendClients(running);
    const { oldest } = running.calls;
    // While the task is being stopped every pending call is reported, so that the worker can name it before the deadline.
    const leastMs = running.deadline === null ? LONG_CALL_MS : 0;
    const call = oldest !== null && this.clock.now() - oldest.since >= leastMs ? oldest : null;
    if (call === running.lastCall) return;
    running.lastCall = call;
    this.post(running, { type: 'task.calling', id: running.id, call });
  }

  private sendClients({ id, clientFigures, ...running }: Running): void {
    const clients = clientFigures();
    if (clients.length > 0 && !running.isSilent) this.link.post({ type: 'task.clients', id, clients });
  }

  private sendCounters(running: Running): void {
    if (running.task === null) return;
    const counters = running.task.counterSnapshot();
    const plugins = running.task.pluginFigures();
    const text = JSON.stringify([counters, plugins]);
    if (text === running.lastCounters) return;
    running.lastCounters = text;
    this.post(running, { type: 'task.counters', id: running.id, counters, plugins });
  }
}

/** A null that was thrown is a failure too. */
function failureOf(thrown: unknown): Error {
  const error = readableError(thrown);
  return error instanceof Error ? error : new ConnectError(`The task failed with ${String(error)}.`);
}

function keyOf({ connector, task }: TaskId): string {
  return `${connector}-${task}`;
}
