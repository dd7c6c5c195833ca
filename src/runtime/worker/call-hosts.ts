/**
 * Threads for single questions to plugins of which no instance runs: whether a configuration is valid, whether offsets may be altered. Each
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
  what: 'A connector in a thread, or a transformation, predicate or converter, did not answer whether its configuration is valid, or a connector whether its offsets may be altered. The thread was ended.',
  mend: 'Look at what the plugin that the message names talks to while it is asked. If it computes or waits without giving way, report it to its author.',
});

/** As long as a request waits, as with Kafka Connect: for a thread, and then for the answer. */
const TIME_LIMIT_MS = 90_000;
/** One more is opened when none of them has got free for so long: then they hang. */
const FIRST_HOSTS = 2;
const WAIT_MS = 1_000;
/** A thread takes some 30 to 60 MiB: what hangs in all of them must not take the worker's memory. */
const MAX_HOSTS = 8;
/** Somebody who fills in a form asks again soon, and a thread takes its time to start. */
const IDLE_MS = 10_000;

interface Opened {
  readonly host: HostClient;
  /** What it is asked now. */
  call: ConnectorCall | null;
  idle: Timer | null;
}

interface Question {
  readonly call: ConnectorCall;
  readonly turn: Deferred<Opened>;
  /** Set as soon as it has its turn. */
  opened: Opened | null;
}

export class CallHosts {
  private readonly clock: Clock;
  private readonly open: () => HostClient;
  private readonly onClosed: (host: HostClient) => void;
  private readonly opened = new Set<Opened>();
  private readonly waiting: Question[] = [];
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

  /**
   * @param signal whoever asks has given up: a question that waits is never asked, and one that is asked ends with its thread.
   * @throws ConnectError `holdfast.connector.call-timeout`; what the connector throws, or `open`; the reason of `signal`
   */
  async ask(call: ConnectorCall, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    const question: Question = { call, turn: new Deferred(), opened: null };
    const over = new Deferred<never>();
    over.promise.catch(() => {});
    const giveUp = (error: unknown): void => {
      over.reject(error);
      if (question.opened === null) this.leave(question);
      else void this.end(question.opened);
    };
    const limit = (error: () => ConnectError): Timer => this.clock.setTimer(() => giveUp(error()), TIME_LIMIT_MS);
    const onAbort = (): void => giveUp(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    let timer = limit(() => this.noThread(call));
    try {
      this.enter(question);
      const { host } = question.opened ?? (await Promise.race([over.promise, question.turn.promise]));
      timer.cancel();
      if (over.settled) return await over.promise;
      timer = limit(() => unanswered(call));
      const answer = host.ask(call);
      answer.catch(() => {});
      return await Promise.race([over.promise, answer]);
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      if (question.opened !== null) this.release(question.opened);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.stuckTimer?.cancel();
    for (const { turn } of this.waiting.splice(0)) turn.reject(stopping());
    await Promise.all([...this.opened].map((opened) => this.end(opened)));
  }

  private enter(question: Question): void {
    const found = this.idle();
    if (found !== null) give(question, found);
    else if (this.opened.size < FIRST_HOSTS) this.openFor(question);
    else {
      this.waiting.push(question);
      this.stuckTimer ??= this.scheduleOneMore();
    }
  }

  private leave(question: Question): void {
    const at = this.waiting.indexOf(question);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  private release(opened: Opened): void {
    this.stuckTimer?.cancel();
    this.stuckTimer = null;
    opened.call = null;
    if (!opened.host.isAlive) this.opened.delete(opened);
    const isUsable = this.opened.has(opened);
    const next = isUsable || this.opened.size < MAX_HOSTS ? this.waiting.shift() : undefined;
    if (next === undefined) {
      if (isUsable) opened.idle = this.clock.setTimer(() => void this.end(opened), IDLE_MS, { unref: true });
    } else if (isUsable) give(next, opened);
    // Its place is free.
    else this.openFor(next);
    if (this.waiting.length > 0) this.stuckTimer = this.scheduleOneMore();
  }

  /** When none gets free for a while, those that there are hang. */
  private scheduleOneMore(): Timer {
    return this.clock.setTimer(() => {
      this.stuckTimer = null;
      if (this.opened.size >= MAX_HOSTS) return;
      const next = this.waiting.shift();
      if (next !== undefined) this.openFor(next);
      if (this.waiting.length > 0) this.stuckTimer = this.scheduleOneMore();
    }, WAIT_MS);
  }

  private idle(): Opened | null {
    for (const opened of this.opened) {
      if (opened.call !== null) continue;
      if (opened.host.isAlive) return opened;
      this.opened.delete(opened);
      opened.idle?.cancel();
    }
    return null;
  }

  /** Where no thread can be had, whoever needs one hears of it. */
  private openFor(question: Question): void {
    try {
      if (this.isClosed) throw stopping();
      const opened: Opened = { host: this.open(), call: null, idle: null };
      this.opened.add(opened);
      give(question, opened);
    } catch (error) {
      question.turn.reject(error);
    }
  }

  private async end(opened: Opened): Promise<void> {
    opened.idle?.cancel();
    if (!this.opened.delete(opened)) return;
    this.onClosed(opened.host);
    if (opened.host.isAlive) await opened.host.close(opened.call !== null);
  }

  private noThread(call: ConnectorCall): ConnectError {
    const busy = [...this.opened].flatMap(({ call: each }) =>
      each === null ? [] : [`${each.connector} (${methodOf(each)})`],
    );
    return new ConnectError(
      `The ${whose(call)} was not called: none of the ${busy.length} threads for it got free within ${TIME_LIMIT_MS} ms. They wait for connectors ${[...new Set(busy)].join(', ')}.`,
      { code: CONNECTOR_CALL_TIMEOUT },
    );
  }
}

function give(question: Question, opened: Opened): void {
  opened.idle?.cancel();
  opened.call = question.call;
  question.opened = opened;
  question.turn.resolve(opened);
}

function unanswered(call: ConnectorCall): ConnectError {
  return new ConnectError(`The ${whose(call)} did not return within ${TIME_LIMIT_MS} ms. Its thread was ended.`, {
    code: CONNECTOR_CALL_TIMEOUT,
  });
}

function methodOf(call: ConnectorCall): string {
  return call.method === 'describe' ? call.named : call.method;
}

function whose(call: ConnectorCall): string {
  const { connector } = call;
  if (call.method !== 'describe') return `${call.method} method of connector ${connector}`;
  const { className } = call.plugin;
  const who = `config method of the ${call.kind} ${className}`;
  return connector === className ? who : `${who} (${call.named} of connector ${connector})`;
}

function stopping(): IllegalStateError {
  return new IllegalStateError('The worker stops.');
}
