/** The control plane's end of a task host: what comes from it, handed to the task it is about. */
import { setMaxListeners } from 'node:events';
import type { ClientFigures } from '../../broker/client-figures.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { errorFromWire } from '../../sdk/errors/error-wire.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { BlockedLoop, TaskHostConnection } from '../host/host-connection.ts';
import { OF_CONNECTOR } from '../host/host-pulse.ts';
import type { Placement } from '../host/isolation.ts';
import { Link } from '../host/link.ts';
import type { ControlRequest, FromHost, HostRequest, PluginCall, TaskId, ToHost } from '../host/protocol.ts';
import type { PluginFigure } from '../metrics/plugin-figures.ts';

type FromHostNotice = Exclude<FromHost, { type: 'answer' | 'request' | 'cancel' }>;
type ToHostNotice = Exclude<ToHost, { type: 'answer' | 'request' | 'cancel' }>;

/** What a task's messages are handed to. */
export interface TaskMessages {
  onState(state: 'RUNNING' | 'PAUSED'): void;
  onFailed(error: Error): void;
  onParked(parked: (FromHost & { type: 'task.parked' })['parked']): void;
  onEnded(): void;
  onTopics(topics: readonly string[]): void;
  onCalling(call: (FromHost & { type: 'task.calling' })['call']): void;
  /** The loop of its host; null: it turns again. */
  onBlocked(blocked: BlockedLoop | null): void;
  onCounters(counters: Readonly<Record<string, number>>, plugins: readonly PluginFigure[]): void;
  onClients(clients: readonly ClientFigures[]): void;
  onCommittable(committable: (ControlRequest & { type: 'task.committable' })['committable']): Promise<void>;
}

/** Requests of hosts that belong to no task. */
export interface HostServices {
  readOffsets(
    connector: string,
    partitions: (ControlRequest & { type: 'offsets.read' })['partitions'],
  ): Promise<unknown>;
  service(name: string, body: unknown): Promise<unknown>;
}

/** What a host is for. */
export interface HostUse extends Placement {
  /** The one connector that it is for; null: any. */
  readonly connector: string | null;
  /** Whether it runs tasks, instances of connectors, or single calls of others of those: none can then block another. */
  readonly role: 'tasks' | 'connectors' | 'calls';
}

/** What a connector in a host is handed. */
export interface ConnectorMessages {
  readonly name: string;
  onReconfigure(): void;
  onError(error: Error): void;
  onFigures(figures: readonly PluginFigure[]): void;
  /** A method of it begins. */
  onCalling(call: PluginCall): void;
  /** The loop of its host; null: it turns again. */
  onBlocked(blocked: BlockedLoop | null): void;
}

export const TASK_HOST_BLOCKED = defineErrorCode('holdfast.task-host.blocked', {
  what: 'The event loop of a worker thread stands still, because a plugin in it computes or waits without giving way. Its tasks get nothing done; all else goes on.',
  mend: 'Report it to the author of the plugin. A restart of its tasks abandons the thread at the stop deadline. Give the connector task.isolation=own, so that no other one has to wait for it.',
});

export class HostClient {
  readonly use: HostUse;
  private readonly connection: TaskHostConnection;
  private readonly services: HostServices;
  private readonly tasks = new Map<string, TaskMessages>();
  private readonly connectors = new Map<number, ConnectorMessages>();
  private readonly abandoned = new Set<string>();
  private readonly life = new AbortController();
  private readonly link: Link<ToHostNotice, HostRequest, FromHostNotice, ControlRequest>;

  private readonly logger: Logger;
  private isEnded = false;

  constructor(options: {
    readonly connection: TaskHostConnection;
    readonly services: HostServices;
    readonly use: HostUse;
    readonly logger: Logger;
    /** It ended by itself. All its tasks have been told. */
    readonly onEnd: () => void;
  }) {
    this.use = options.use;
    this.logger = options.logger;
    // Everything of the host that a service keeps listens to its end.
    setMaxListeners(0, this.life.signal);
    this.connection = options.connection;
    this.services = options.services;
    this.link = new Link({
      port: options.connection,
      onNotice: (notice) => this.dispatch(notice),
      onRequest: (body) => this.serve(body),
    });
    options.connection.onBlocked?.((blocked) => this.blocked(blocked));
    options.connection.onEnd?.((error) => {
      this.died(error);
      options.onEnd();
    });
  }

  /** False once it has ended by itself, or was closed. */
  get isAlive(): boolean {
    return !this.isEnded;
  }

  get taskCount(): number {
    return this.tasks.size + this.connectors.size;
  }

  attachConnector(instance: number, messages: ConnectorMessages): void {
    this.connectors.set(instance, messages);
  }

  detachConnector(instance: number): void {
    this.connectors.delete(instance);
  }

  /** Aborted when the host is closed: nothing comes from it any more. */
  get ends(): AbortSignal {
    return this.life.signal;
  }

  /** True while this host still has, or may have, a task of that id. */
  has(id: TaskId): boolean {
    return this.tasks.has(keyOf(id));
  }

  attach(id: TaskId, messages: TaskMessages): void {
    if (this.has(id)) throw new IllegalStateError(`The task host already runs task ${keyOf(id)}.`);
    this.tasks.set(keyOf(id), messages);
  }

  /** The task is not waited for any more. Its id stays taken here: what it still asks for must not pass for another run's. */
  abandon(id: TaskId): void {
    if (this.has(id)) this.abandoned.add(keyOf(id));
  }

  /** True when nothing but abandoned tasks is left in it. */
  get isSpent(): boolean {
    return this.abandoned.size > 0 && this.abandoned.size === this.tasks.size && this.connectors.size === 0;
  }

  post(notice: ToHostNotice): void {
    this.link.post(notice);
  }

  ask(body: HostRequest): Promise<unknown> {
    return this.link.request(body);
  }

  /** `isStuck`: nobody waits for what still runs in it. */
  async close(isStuck = this.isSpent): Promise<void> {
    this.isEnded = true;
    this.end();
    await this.connection.close(isStuck);
  }

  private end(error?: Error): void {
    this.link.close(error);
    this.life.abort(new IllegalStateError('The task host has ended.'));
    this.tasks.clear();
    this.connectors.clear();
  }

  /** A thread that is gone takes all its tasks with it. */
  private died(error: Error): void {
    this.isEnded = true;
    const tasks = [...this.tasks];
    if (this.names().length > 0)
      this.logger.error('A task host has ended by itself.', { tasks: this.names(), err: error });
    // Nothing is blocked any more: what waited for it failed.
    for (const each of [...this.tasks.values(), ...this.connectors.values()]) each.onBlocked(null);
    for (const [key, task] of tasks) {
      if (!this.abandoned.has(key)) task.onFailed(error);
      task.onEnded();
    }
    for (const connector of this.connectors.values()) connector.onError(error);
    this.end(error);
  }

  private blocked(blocked: BlockedLoop | null): void {
    const call = blocked?.call ?? null;
    if (blocked === null) {
      this.logger.info('The loop of a task host turns again.', { tasks: this.names() });
    } else {
      this.logger.warn('The loop of a task host is blocked by a plugin. Its tasks wait; all else goes on.', {
        code: TASK_HOST_BLOCKED,
        tasks: this.names(),
        ...(call === null ? {} : callFields(call)),
        since: new Date(blocked.since).toISOString(),
      });
    }
    for (const task of this.tasks.values()) task.onBlocked(blocked);
    for (const connector of this.connectors.values()) connector.onBlocked(blocked);
  }

  private names(): readonly string[] {
    return [...this.tasks.keys(), ...[...this.connectors.values()].map(({ name }) => `connector ${name}`)];
  }

  private dispatch(notice: FromHostNotice): void {
    if (notice.type === 'connector.event') {
      const connector = this.connectors.get(notice.instance);
      if (notice.event === 'reconfigure') connector?.onReconfigure();
      else if (notice.event === 'calling') connector?.onCalling(notice.call);
      else if (notice.event === 'figures') connector?.onFigures(notice.figures);
      else connector?.onError(errorFromWire(notice.error));
      return;
    }
    const key = keyOf(notice.id);
    const task = this.tasks.get(key);
    if (task === undefined) return;
    switch (notice.type) {
      case 'task.state':
        task.onState(notice.state);
        break;
      case 'task.failed':
        task.onFailed(errorFromWire(notice.error));
        break;
      case 'task.parked':
        task.onParked(notice.parked);
        break;
      case 'task.topics':
        task.onTopics(notice.topics);
        break;
      case 'task.calling':
        task.onCalling(notice.call);
        break;
      case 'task.counters':
        task.onCounters(notice.counters, notice.plugins);
        break;
      case 'task.clients':
        task.onClients(notice.clients);
        break;
      case 'task.ended':
        this.tasks.delete(key);
        this.abandoned.delete(key);
        task.onEnded();
        break;
    }
  }

  private async serve(body: ControlRequest): Promise<unknown> {
    switch (body.type) {
      case 'task.committable': {
        const task = this.tasks.get(keyOf(body.id));
        if (task === undefined) throw new IllegalStateError(`No task ${keyOf(body.id)} runs here.`);
        return task.onCommittable(body.committable);
      }
      case 'offsets.read':
        return this.services.readOffsets(body.connector, body.partitions);
      case 'service':
        return this.services.service(body.service, body.body);
    }
  }
}

function keyOf(id: TaskId): string {
  return `${id.connector}-${id.task}`;
}

function callFields({ connector, task, method }: TaskId & { readonly method: string }): Record<string, string> {
  return task === OF_CONNECTOR ? { connector, method } : { task: keyOf({ connector, task }), method };
}
