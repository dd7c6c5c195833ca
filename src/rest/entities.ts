/** The JSON of the REST API, fields in the order in which Kafka Connect 4.1.1 emits them; `parked` and `stuck` are ours. */
import type { ConnectorInfo, ConnectorStateInfo, TaskInfo } from '../runtime/herder/herder.ts';
import type { ConnectorStatus, TaskStatus } from '../runtime/herder/status.ts';
import type { PluginDesc } from '../runtime/plugins/plugin-desc.ts';

export function connectorInfoJson(info: ConnectorInfo): object {
  return {
    name: info.name,
    config: info.config,
    tasks: info.tasks.map(({ connector, task }) => ({ connector, task })),
    type: info.type,
  };
}

export function taskInfoJson(info: TaskInfo): object {
  return { id: { connector: info.id.connector, task: info.id.task }, config: info.config };
}

function statusJson(status: ConnectorStatus | TaskStatus): object {
  return {
    state: status.state,
    worker_id: status.workerId,
    version: status.version,
    ...(status.trace === '' ? {} : { trace: status.trace }),
  };
}

/** `showParked` is `status.parked.enable`: strict clients refuse fields that they don't know. */
export function taskStateJson(status: TaskStatus & { readonly id: number }, showParked: boolean): object {
  return {
    id: status.id,
    ...statusJson(status),
    ...(showParked && status.parked !== null ? { parked: parkedJson(status.parked) } : {}),
    ...stuckField(status, showParked),
  };
}

function stuckField({ stuck }: Pick<TaskStatus, 'stuck'>, isShown: boolean): object {
  if (!isShown || stuck === null || stuck === undefined) return {};
  const { method, since, loopBlocked } = stuck;
  return { stuck: { method, since: new Date(since).toISOString(), loop_blocked: loopBlocked } };
}

function parkedJson(parked: NonNullable<TaskStatus['parked']>): object {
  return {
    dependency: parked.dependency,
    reason: parked.reason,
    code: parked.code,
    partitions: parked.partitions,
    ...(parked.waitingAt === undefined ? {} : { waiting_at: parked.waitingAt }),
    since: new Date(parked.since).toISOString(),
    attempts: parked.attempts,
    next_probe: parked.nextProbeAt === null ? null : new Date(parked.nextProbeAt).toISOString(),
  };
}

export function connectorStateJson(info: ConnectorStateInfo, showParked: boolean): object {
  return {
    name: info.name,
    connector: { ...statusJson(info.connector), ...stuckField(info.connector, showParked) },
    tasks: info.tasks.map((task) => taskStateJson(task, showParked)),
    type: info.type,
  };
}

export function pluginInfoJson(desc: PluginDesc): object {
  return { class: desc.className, type: desc.type, version: desc.version };
}
