/** Statuses of connectors and tasks, in memory. */
import type { ParkedInfo, TaskId } from '../host/protocol.ts';
import type { StuckInfo } from '../worker/plugin-watch.ts';
import { type ConnectorState, type ConnectorStatus, type TaskState, type TaskStatus, traceOf } from './status.ts';

export class StatusBook {
  private readonly workerIdOf: () => string;
  private readonly mask: (text: string) => string;
  private readonly connectors = new Map<string, ConnectorStatus>();
  private readonly tasks = new Map<string, Map<number, TaskStatus>>();

  constructor(options: {
    readonly workerId: () => string;
    /** Invariant 8: strikes secrets out of what is kept. */
    readonly mask?: (text: string) => string;
  }) {
    this.workerIdOf = options.workerId;
    this.mask = options.mask ?? ((text) => text);
  }

  connector(name: string): ConnectorStatus | undefined {
    return this.connectors.get(name);
  }

  task(id: TaskId): TaskStatus | undefined {
    return this.tasks.get(id.connector)?.get(id.task);
  }

  /** Sorted by id. */
  tasksOf(name: string): readonly (TaskStatus & { readonly id: number })[] {
    return [...(this.tasks.get(name) ?? [])].sort(([a], [b]) => a - b).map(([id, status]) => ({ id, ...status }));
  }

  setConnector(name: string, state: ConnectorState, version: string | null): void {
    this.connectors.set(name, { state, workerId: this.workerId, version, trace: '' });
  }

  failConnector(name: string, error: unknown, version: string | null): void {
    const trace = this.mask(traceOf(error));
    this.connectors.set(name, { state: 'FAILED', workerId: this.workerId, version, trace });
  }

  setTask(id: TaskId, state: TaskState, version: string | null): void {
    // What is parked stays so until the task says that it goes on.
    const parked = state === 'RUNNING' || state === 'PAUSED' ? (this.task(id)?.parked ?? null) : null;
    this.putTask(id, { state, workerId: this.workerId, version, trace: '', parked });
  }

  failTask(id: TaskId, error: unknown, version: string | null): void {
    const trace = this.mask(traceOf(error));
    this.putTask(id, { state: 'FAILED', workerId: this.workerId, version, trace, parked: null });
  }

  parkTask(id: TaskId, parked: ParkedInfo | null): void {
    const status = this.task(id);
    if (status === undefined || status.state === 'FAILED') return;
    // A task that waits before its start, for its dead letter queue say, is as well as any other parked one.
    const state = parked !== null && status.state === 'UNASSIGNED' ? 'RUNNING' : status.state;
    const shown =
      parked === null
        ? null
        : { ...parked, dependency: this.mask(parked.dependency), reason: this.mask(parked.reason) };
    this.putTask(id, { ...status, state, parked: shown });
  }

  stickConnector(name: string, stuck: StuckInfo | null): void {
    const status = this.connectors.get(name);
    if (status !== undefined && status.state !== 'FAILED') this.connectors.set(name, { ...status, stuck });
  }

  stickTask(id: TaskId, stuck: StuckInfo | null): void {
    const status = this.task(id);
    if (status !== undefined && status.state !== 'FAILED') this.putTask(id, { ...status, stuck });
  }

  removeTasks(name: string): void {
    this.tasks.delete(name);
  }

  remove(name: string): void {
    this.connectors.delete(name);
    this.tasks.delete(name);
  }

  private get workerId(): string {
    return this.workerIdOf();
  }

  private putTask(id: TaskId, status: TaskStatus): void {
    const tasks = this.tasks.get(id.connector) ?? new Map<number, TaskStatus>();
    tasks.set(id.task, status);
    this.tasks.set(id.connector, tasks);
  }
}
