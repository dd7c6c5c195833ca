/** Tells of a plugin that does not return: in the log, once per call, to metrics, and to whoever shows it. */
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import type { BlockedLoop } from '../host/host-connection.ts';
import type { PluginCall } from '../host/protocol.ts';
import { type CallOwner, StuckCalls } from './stuck-calls.ts';

export const PLUGIN_CALL_LONG = defineErrorCode('holdfast.plugin.call-long', {
  what: 'A method of a plugin has not returned for task.call.warn.ms. Its task, its connector or the request waits for it; nothing is lost.',
  mend: 'Look at what the plugin talks to. If it never returns, restart the task or connector: the call is abandoned at the stop deadline. A plugin that blocks its loop needs task.isolation=own or shared.',
});

/** Why a task or connector gets nothing done, as `/status` shows it. */
export interface StuckInfo {
  /** The plugin's method that has not returned; null: none that is known of. */
  readonly method: string | null;
  /** ms since the epoch. */
  readonly since: number;
  /** The loop of the thread is blocked too, and with it all tasks in it. */
  readonly loopBlocked: boolean;
}

/** What is waited for: a plugin's method, or, with null, the thread that is to call the first one. */
export type WatchedCall = PluginCall | { readonly method: null; readonly since: number };

type StuckListener = (stuck: StuckInfo | null) => void;

/** Opens the watches of a worker. */
export class PluginWatches {
  readonly stuck = new StuckCalls();
  private readonly clock: Clock;
  private readonly warnAfterMs: number;

  /** @param options.warnAfterMs `task.call.warn.ms`; 5,000 by default. */
  constructor(options: { readonly clock: Clock; readonly warnAfterMs?: number }) {
    this.clock = options.clock;
    this.warnAfterMs = options.warnAfterMs ?? 5_000;
  }

  open(of: { readonly owner: CallOwner; readonly logger: Logger; readonly onStuck?: StuckListener }): PluginWatch {
    const { clock, warnAfterMs, stuck } = this;
    return new PluginWatch({ clock, warnAfterMs, stuck, onStuck: () => {}, ...of });
  }

  /** Runs one call of a connector that nobody else watches. */
  async during<T>(connector: string, method: string, logger: Logger, run: () => T | Promise<T>): Promise<T> {
    const watch = this.open({ owner: { connector, task: null }, logger: logger.child({ connector }) });
    watch.calling({ method, since: this.clock.now() });
    try {
      return await run();
    } finally {
      watch.calling(null);
      watch.close();
    }
  }
}

/** Of one task, or of one connector. */
export class PluginWatch {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly owner: CallOwner;
  private readonly warnAfterMs: number;
  private readonly stuck: StuckCalls;
  private readonly onStuck: StuckListener;
  private call: WatchedCall | null = null;
  private blocked: StuckInfo | null = null;
  private timer: Timer | null = null;
  private warned = false;
  private isClosed = false;

  constructor(options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly owner: CallOwner;
    readonly warnAfterMs: number;
    readonly stuck: StuckCalls;
    readonly onStuck: StuckListener;
  }) {
    this.clock = options.clock;
    this.logger = options.logger;
    this.owner = options.owner;
    this.warnAfterMs = options.warnAfterMs;
    this.stuck = options.stuck;
    this.onStuck = options.onStuck;
  }

  /** What is waited for now, for messages: `put`, or a call that blocks the loop. */
  get method(): string | null {
    return this.blocked?.method ?? this.call?.method ?? null;
  }

  /** null: in no call any more. */
  calling(call: WatchedCall | null): void {
    if (this.isClosed) return;
    this.timer?.cancel();
    const { call: before, warned } = this;
    this.call = call;
    this.warned = false;
    if (warned) {
      const method = before?.method ?? null;
      if (method === null) this.logger.info('A thread that took long to start has started, or was given up.');
      else this.logger.info('A plugin call that took long has returned.', { method });
      this.show();
    }
    // Waiting for records is what a poll is for.
    if (call === null || call.method === 'poll') return;
    const leftMs = Math.max(0, this.warnAfterMs - (this.clock.now() - call.since));
    this.timer = this.clock.setTimer(() => this.warn(call), leftMs, { unref: true });
  }

  /** The loop of its thread; the log has it already. `own` is whether it is this one's call. */
  loop(blocked: BlockedLoop | null, own: boolean): void {
    if (this.isClosed) return;
    this.blocked =
      blocked === null
        ? null
        : { method: own ? (blocked.call?.method ?? null) : null, since: blocked.since, loopBlocked: true };
    this.show();
  }

  /** For good: later calls are neither logged nor shown. */
  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.warned = false;
    this.stuck.set(this, null);
  }

  private warn({ method, since: sinceMs }: WatchedCall): void {
    this.warned = true;
    const who = this.owner.task === null ? 'connector' : 'task';
    const since = new Date(sinceMs).toISOString();
    if (method === null) {
      this.logger.warn(
        `The thread of a ${who} still starts, or loads its plugin. The ${who} waits for it; nothing of it was called yet.`,
        { code: PLUGIN_CALL_LONG, since },
      );
    } else {
      this.logger.warn(`A plugin call has not returned. The ${who} waits for it.`, {
        code: PLUGIN_CALL_LONG,
        method,
        since,
      });
    }
    this.show();
  }

  private show(): void {
    const { call, warned } = this;
    const ofCall = warned && call !== null ? { ...call, loopBlocked: false } : null;
    const shown = this.blocked ?? ofCall;
    this.stuck.set(this, shown === null ? null : { ...this.owner, ...shown });
    this.onStuck(shown);
  }
}
