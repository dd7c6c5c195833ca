/**
 * Threads for single questions to connectors of which no instance runs: whether a configuration is valid, whether offsets may be altered. Each
 * has one to answer at a time, so that one that does not return holds up no other, and takes at most its thread with it.
 */
import type { Clock, Timer } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { IllegalStateError } from '../../sdk/errors/kinds.ts';
import type { ConnectorCall } from '../host/protocol.ts';
import type { HostClient } from './host-client.ts';

export const CONNECTOR_CALL_TIMEOUT = defineErrorCode('holdfast.connector.call-timeout', {
  what: 'A connector in a thread did not answer whether its configuration is valid, or its offsets may be altered. The thread was ended.',
  mend: 'Look at what the connector talks to while it is asked. If it computes or waits without giving way, report it to its author.',
});

/** As long as a request waits, as with Kafka Connect. */
const TIME_LIMIT_MS = 90_000;
/** One more is opened when none of them has got free for so long: then they hang. */
const FIRST_HOSTS = 2;
const WAIT_MS = 1_000;
/** Somebody who fills in a form asks again soon, and a thread takes its time to start. */
const IDLE_MS = 10_000;

interface Opened {
  readonly host: HostClient;
  isBusy: boolean;
  idle: Timer | null;
}

export class CallHosts {
  private readonly clock: Clock;
  private readonly open: () => HostClient;
  private readonly onClosed: (host: HostClient) => void;
  private readonly opened = new Set<Opened>();
  private readonly waiting: Deferred<Opened>[] = [];
  private stuckTimer: Timer | null = null;
  private isClosed = false;

  constructor(options: {
    readonly clock: Clock;
    readonly open: () => HostClient;
    /** It was closed here. */
    readonly onClosed: (host: HostClient) => void;
  }) {
    this.clock = options.clock;
    this.open = options.open;
    this.onClosed = options.onClosed;
  }

  /** @throws ConnectError `holdfast.connector.call-timeout`; what the connector throws */
  async ask(call: ConnectorCall): Promise<unknown> {
    const opened = await this.free();
    const late = new Deferred<never>();
    const timer = this.clock.setTimer(() => {
      const { connector, method } = call;
      late.reject(
        new ConnectError(
          `The ${method} method of connector ${connector} did not return within ${TIME_LIMIT_MS} ms. Its thread was ended.`,
          { code: CONNECTOR_CALL_TIMEOUT },
        ),
      );
      void this.end(opened);
    }, TIME_LIMIT_MS);
    const answer = opened.host.ask(call);
    answer.catch(() => {});
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      timer.cancel();
      this.release(opened);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.stuckTimer?.cancel();
    for (const turn of this.waiting.splice(0)) turn.reject(stopping());
    await Promise.all([...this.opened].map((opened) => this.end(opened)));
  }

  /** It is busy then. */
  private async free(): Promise<Opened> {
    const found = this.idle() ?? (this.opened.size < FIRST_HOSTS ? this.opening() : null);
    if (found !== null) return taken(found);
    const turn = new Deferred<Opened>();
    this.waiting.push(turn);
    this.stuckTimer ??= this.scheduleOneMore();
    return turn.promise;
  }

  private release(opened: Opened): void {
    this.stuckTimer?.cancel();
    this.stuckTimer = null;
    const next = opened.host.isAlive ? this.waiting.shift() : undefined;
    if (this.waiting.length > 0) this.stuckTimer = this.scheduleOneMore();
    if (next !== undefined) {
      next.resolve(opened);
      return;
    }
    opened.isBusy = false;
    opened.idle = this.clock.setTimer(() => void this.end(opened), IDLE_MS, { unref: true });
  }

  /** When none gets free for a while, those that there are hang. */
  private scheduleOneMore(): Timer {
    return this.clock.setTimer(() => {
      this.stuckTimer = null;
      this.waiting.shift()?.resolve(taken(this.opening()));
      if (this.waiting.length > 0) this.stuckTimer = this.scheduleOneMore();
    }, WAIT_MS);
  }

  private idle(): Opened | null {
    for (const opened of this.opened) {
      if (!opened.host.isAlive) this.opened.delete(opened);
      else if (!opened.isBusy) return opened;
    }
    return null;
  }

  private opening(): Opened {
    if (this.isClosed) throw stopping();
    const opened: Opened = { host: this.open(), isBusy: false, idle: null };
    this.opened.add(opened);
    return opened;
  }

  private async end(opened: Opened): Promise<void> {
    opened.idle?.cancel();
    if (!this.opened.delete(opened)) return;
    this.onClosed(opened.host);
    if (opened.host.isAlive) await opened.host.close(opened.isBusy);
  }
}

function taken(opened: Opened): Opened {
  opened.isBusy = true;
  opened.idle?.cancel();
  return opened;
}

function stopping(): IllegalStateError {
  return new IllegalStateError('The worker stops.');
}
