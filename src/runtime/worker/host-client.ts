/** The control plane's end of a task host: posts messages, correlates requests with answers, dispatches what comes by task. */
import { Deferred } from '../../foundation/deferred.ts';
import { errorFromWire, errorToWire } from '../../sdk/errors/error-wire.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { ControlRequest, FromHost, HostRequest, TaskId, ToHost } from '../host/protocol.ts';

/** One direction each; messages arrive in order. */
export interface HostConnection {
  post(message: ToHost): void;
  onMessage(listener: (message: FromHost) => void): void;
  /** Ends the host and what runs in it. */
  close(): Promise<void>;
}

/** What a task's messages are handed to. */
export interface TaskMessages {
  onState(state: 'RUNNING' | 'PAUSED'): void;
  onFailed(error: Error): void;
  onParked(parked: (FromHost & { type: 'task.parked' })['parked']): void;
  onEnded(): void;
  onTopics(topics: readonly string[]): void;
  onCounters(counters: Readonly<Record<string, number>>): void;
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

export class HostClient {
  private readonly connection: HostConnection;
  private readonly services: HostServices;
  private readonly tasks = new Map<string, TaskMessages>();
  private readonly open = new Map<number, Deferred<unknown>>();
  private lastSeq = 0;
  private closed = false;

  constructor(options: { readonly connection: HostConnection; readonly services: HostServices }) {
    this.connection = options.connection;
    this.services = options.services;
    this.connection.onMessage((message) => this.receive(message));
  }

  /** True while this host still has, or may have, a task of that id. */
  has(id: TaskId): boolean {
    return this.tasks.has(keyOf(id));
  }

  get taskCount(): number {
    return this.tasks.size;
  }

  attach(id: TaskId, messages: TaskMessages): void {
    if (this.has(id)) throw new IllegalStateError(`The task host already runs task ${id.connector}-${id.task}.`);
    this.tasks.set(keyOf(id), messages);
  }

  post(message: ToHost): void {
    if (!this.closed) this.connection.post(message);
  }

  ask(body: HostRequest): Promise<unknown> {
    if (this.closed) return Promise.reject(new IllegalStateError('The task host has ended.'));
    const answer = new Deferred<unknown>();
    this.lastSeq += 1;
    this.open.set(this.lastSeq, answer);
    this.connection.post({ type: 'request', seq: this.lastSeq, body });
    return answer.promise;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const answer of this.open.values()) answer.reject(new IllegalStateError('The task host has ended.'));
    this.open.clear();
    this.tasks.clear();
    await this.connection.close();
  }

  private receive(message: FromHost): void {
    if (this.closed) return;
    switch (message.type) {
      case 'answer': {
        const answer = this.open.get(message.to);
        this.open.delete(message.to);
        if (message.ok) answer?.resolve(message.value);
        else answer?.reject(errorFromWire(message.error));
        return;
      }
      case 'request':
        void this.answer(message.seq, message.body);
        return;
      default:
        this.dispatch(message);
    }
  }

  private dispatch(message: Exclude<FromHost, { type: 'answer' | 'request' }>): void {
    const key = keyOf(message.id);
    const task = this.tasks.get(key);
    if (task === undefined) return;
    switch (message.type) {
      case 'task.state':
        task.onState(message.state);
        break;
      case 'task.failed':
        task.onFailed(errorFromWire(message.error));
        break;
      case 'task.parked':
        task.onParked(message.parked);
        break;
      case 'task.topics':
        task.onTopics(message.topics);
        break;
      case 'task.counters':
        task.onCounters(message.counters);
        break;
      case 'task.ended':
        this.tasks.delete(key);
        task.onEnded();
        break;
    }
  }

  private async answer(seq: number, body: ControlRequest): Promise<void> {
    try {
      const value = await this.serve(body);
      this.post({ type: 'answer', to: seq, ok: true, value });
    } catch (error) {
      this.post({ type: 'answer', to: seq, ok: false, error: errorToWire(error) });
    }
  }

  private serve(body: ControlRequest): Promise<unknown> {
    switch (body.type) {
      case 'task.committable': {
        const task = this.tasks.get(keyOf(body.id));
        if (task === undefined) throw new IllegalStateError(`No task ${body.id.connector}-${body.id.task} runs here.`);
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
