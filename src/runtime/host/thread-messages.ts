/** What a task host in a thread and the one that opened it tell each other beside the contract of the tasks. */
import type { MessagePort as ThreadMessagePort } from 'node:worker_threads';
import type { LogLevel } from '../../foundation/logger.ts';
import type { SteadyReference } from '../../foundation/steady-time.ts';
import type { WireError } from '../../sdk/errors/error-wire.ts';
import type { TaskId } from './protocol.ts';

/** `workerData` of the thread; structured-cloneable. */
export interface ThreadHostData {
  /** The embedded log of the thread that opened it, or the servers of a Kafka. */
  readonly broker:
    | { readonly kind: 'embedded'; readonly port: ThreadMessagePort }
    | { readonly kind: 'kafka'; readonly bootstrapServers: string };
  readonly registryDefaults: Readonly<Record<string, string>>;
  /** What is compared with times of the control plane is of its time. */
  readonly steadyTime: SteadyReference;
  /** Of a HostPulse. */
  readonly pulse: SharedArrayBuffer;
  readonly level: LogLevel | 'off';
}

/** A line; errors among the fields are in their wire form. */
export interface WireLogLine {
  readonly level: LogLevel;
  /** Of the logger; empty for the root. */
  readonly name: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type ThreadNotice =
  | { readonly type: 'host.log'; readonly line: WireLogLine }
  /** A logger of that name is used for the first time: the thread wants to know its level. */
  | { readonly type: 'host.logger'; readonly name: string }
  /** Something was thrown that belongs to no task: the thread ends. */
  | { readonly type: 'host.uncaught'; readonly error: WireError }
  /** A plugin called process.exit: the thread ends. */
  | { readonly type: 'host.exit'; readonly code: number; readonly by: (TaskId & { readonly method: string }) | null };

export type ThreadOrder =
  | { readonly type: 'host.level'; readonly name: string; readonly level: LogLevel | 'off' }
  /** Ends the thread, as soon as it can. */
  | { readonly type: 'host.close' };

export function isThreadMessage(message: { readonly type: string }): message is ThreadNotice | ThreadOrder {
  return message.type.startsWith('host.');
}
