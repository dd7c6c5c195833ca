/** The control plane's end of a task host, whatever thread it is in. */
import type { MessagePort } from '../../foundation/message-link.ts';
import type { FromHost, PluginCall, TaskId, ToHost } from './protocol.ts';

/** What a host that sends nothing does. */
export interface BlockedLoop {
  /** ms since the epoch. */
  readonly since: number;
  /** The plugin call that does not return; null when it is none that is known of, such as a timer of a plugin. */
  readonly call: (TaskId & Pick<PluginCall, 'method'>) | null;
}

export interface TaskHostConnection extends MessagePort<ToHost, FromHost> {
  /** Ends the host and what runs in it, without commits. `isStuck`: without waiting for it. */
  close(isStuck?: boolean): Promise<void>;
  /** The host has ended by itself, and all its tasks with it. Once; never for one that never ends by itself. */
  onEnd?(listener: (error: Error) => void): void;
  /** The loop of the host does not turn; null: it does again. */
  onBlocked?(listener: (blocked: BlockedLoop | null) => void): void;
}
