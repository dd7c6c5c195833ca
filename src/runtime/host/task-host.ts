/**
 * A task host: the data plane of some tasks, behind messages. Knows no globals, so that it runs in any thread.
 *
 * After a task has ended, or its stop has passed the deadline, nothing more comes from it.
 */
import type { Broker, TopicPartition } from '../../broker/ports.ts';
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { errorToWire } from '../../sdk/errors/error-wire.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { MirroredGates } from '../parking/mirrored-gates.ts';
import { refused } from '../sink/skipped-record.ts';
import { WorkerSinkTask } from '../sink/worker-sink-task.ts';
import { Link, type MessagePort } from './link.ts';
import type { PluginLoader } from './plugin-loader.ts';
import type { ControlRequest, FromHost, HostRequest, SinkRevoked, TaskId, TaskSpec, ToHost } from './protocol.ts';
import { buildTask, type SchemaViews } from './task-builder.ts';
import type { HostedTask, TaskLink, TaskOutcome } from './task-link.ts';

/** `task.counters` come at most this often. */
const COUNTERS_EVERY_MS = 500;

type FromHostNotice = Exclude<FromHost, { type: 'answer' | 'request' | 'cancel' }>;
type ToHostNotice = Exclude<ToHost, { type: 'answer' | 'request' | 'cancel' }>;
type ForTask = Exclude<ToHostNotice, { type: 'task.start' | 'gate.changed' | 'service.notice' }>;

interface Running {
  readonly id: TaskId;
  /** null while it is being built. */
  task: HostedTask | null;
  /** Messages that came while it was being built. */
  readonly waiting: ForTask[];
  deadline: Timer | null;
  isSilent: boolean;
  lastCounters: string;
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
}

export class TaskHost {
  private readonly options: TaskHostOptions;
  private readonly clock: Clock;
  private readonly link: Link<FromHostNotice, ControlRequest, ToHostNotice, HostRequest>;
  private readonly running = new Map<string, Running>();
  private countersTimer: Timer | null = null;

  constructor(options: TaskHostOptions) {
    this.options = options;
    this.clock = options.clock;
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
    this.countersTimer?.cancel();
    this.countersTimer = null;
    this.link.close();
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

  private async serve(body: HostRequest): Promise<SinkRevoked | undefined> {
    const task = this.running.get(keyOf(body.id))?.task;
    if (body.type === 'sink.skip') {
      if (!(task instanceof WorkerSinkTask)) throw refused(body.at, 'the task is no sink task that runs');
      await task.skip(body.at);
      return undefined;
    }
    if (!(task instanceof WorkerSinkTask)) return { offsets: [] };
    return { offsets: await task.revoke(body.partitions as readonly TopicPartition[], body.lost) };
  }

  private async start(spec: TaskSpec): Promise<void> {
    const running: Running = {
      id: spec.id,
      task: null,
      waiting: [],
      deadline: null,
      isSilent: false,
      lastCounters: '',
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
      const task = await buildTask({ spec, broker, plugins, schemaViews, gates, clock, logger, link, ask });
      running.task = task;
      for (const notice of running.waiting.splice(0)) this.forward(task, notice);
      this.scheduleCounters();
      return await task.run();
    } catch (error) {
      // A task that was stopped while it was being built has ended, and not failed.
      const isStopped = running.waiting.some(({ type }) => type === 'task.stop');
      return { failure: isStopped ? null : (error as Error) };
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

  private scheduleCounters(): void {
    if (this.countersTimer !== null) return;
    this.countersTimer = this.clock.setTimer(
      () => {
        this.countersTimer = null;
        for (const running of this.running.values()) this.sendCounters(running);
        if (this.running.size > 0) this.scheduleCounters();
      },
      COUNTERS_EVERY_MS,
      { unref: true },
    );
  }

  private sendCounters(running: Running): void {
    if (running.task === null) return;
    const counters = running.task.counterSnapshot();
    const text = JSON.stringify(counters);
    if (text === running.lastCounters) return;
    running.lastCounters = text;
    this.post(running, { type: 'task.counters', id: running.id, counters });
  }
}

function keyOf({ connector, task }: TaskId): string {
  return `${connector}-${task}`;
}
