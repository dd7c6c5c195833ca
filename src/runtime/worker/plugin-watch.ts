/** Tells of a task whose plugin does not return: in the log, once per call, and to whoever shows it. */
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import type { BlockedLoop } from '../host/host-connection.ts';
import type { PluginCall } from '../host/protocol.ts';

export const PLUGIN_CALL_LONG = defineErrorCode('holdfast.plugin.call-long', {
  what: 'A method of a plugin has not returned for task.call.warn.ms. Its task waits for it; nothing is lost.',
  mend: 'Look at what the plugin talks to. If it never returns, restart the task: the call is abandoned at the stop deadline. A plugin that blocks its loop needs task.isolation=own or shared.',
});

/** Why a task gets nothing done, as `/status` shows it. */
export interface StuckInfo {
  /** The plugin's method that has not returned; null: none that is known of. */
  readonly method: string | null;
  /** ms since the epoch. */
  readonly since: number;
  /** The loop of the thread is blocked too, and with it all tasks in it. */
  readonly loopBlocked: boolean;
}

export class PluginWatch {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly warnAfterMs: number;
  private readonly onStuck: (stuck: StuckInfo | null) => void;
  private call: PluginCall | null = null;
  private blocked: BlockedLoop | null = null;
  private timer: Timer | null = null;
  private warned = false;

  constructor(options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly warnAfterMs: number;
    readonly onStuck: (stuck: StuckInfo | null) => void;
  }) {
    this.clock = options.clock;
    this.logger = options.logger;
    this.warnAfterMs = options.warnAfterMs;
    this.onStuck = options.onStuck;
  }

  /** What the task waits for now, for messages: `put`, or a call that blocks the loop. */
  get method(): string | null {
    return this.blocked?.call?.method ?? this.call?.method ?? null;
  }

  /** null: in no call any more. */
  calling(call: PluginCall | null): void {
    this.timer?.cancel();
    if (this.warned) {
      this.warned = false;
      this.logger.info('A plugin call that took long has returned.', { method: this.call?.method });
      this.onStuck(null);
    }
    this.call = call;
    // Waiting for records is what a poll is for.
    if (call === null || call.method === 'poll') return;
    const leftMs = Math.max(0, this.warnAfterMs - (this.clock.now() - call.since));
    this.timer = this.clock.setTimer(() => this.warn(call), leftMs, { unref: true });
  }

  /** The host's loop; the log has it already. `own` is whether it is this task's call. */
  loop(blocked: BlockedLoop | null, own: boolean): void {
    this.blocked = blocked;
    if (blocked === null) this.onStuck(null);
    else this.onStuck({ method: own ? (blocked.call?.method ?? null) : null, since: blocked.since, loopBlocked: true });
  }

  close(): void {
    this.timer?.cancel();
    this.warned = false;
  }

  private warn(call: PluginCall): void {
    this.warned = true;
    this.logger.warn('A plugin call has not returned. The task waits for it.', {
      code: PLUGIN_CALL_LONG,
      method: call.method,
      since: new Date(call.since).toISOString(),
    });
    this.onStuck({ method: call.method, since: call.since, loopBlocked: false });
  }
}
