/** A task host in a worker thread, as the control plane holds it. */
import { MessageChannel, type ResourceLimits, Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { MessagePort } from '../../foundation/message-link.ts';
import { steadyReference } from '../../foundation/steady-time.ts';
import { portOver } from '../../foundation/thread-port.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { errorFromWire } from '../../sdk/errors/error-wire.ts';
import type { BlockedLoop, TaskHostConnection } from './host-connection.ts';
import { HostPulse, OF_CONNECTOR } from './host-pulse.ts';
import type { FromHost, TaskId, ToHost } from './protocol.ts';
import { levelOf, writeWireLine } from './thread-logger.ts';
import { isThreadMessage, type ThreadHostData, type ThreadNotice, type ThreadOrder } from './thread-messages.ts';

export const TASK_HOST_ENDED = defineErrorCode('holdfast.task-host.ended', {
  what: 'The worker thread of a task ended by itself: a plugin in it called process.exit, used up its memory, or threw where nobody could catch it.',
  mend: 'The message says which. Report it to the author of the plugin; a restart of the task starts another thread. With task.isolation=own no other connector is in it.',
});

/** How often it is looked whether the loop of the thread turns, and whether levels of loggers have changed. */
const LOOK_EVERY_MS = 250;
/** A thread that ends in its own time leaves no connections half closed. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface ThreadTaskHostOptions {
  /** The module that the thread runs, with arguments for it. */
  readonly entry: { readonly url: URL; readonly argv?: readonly string[] };
  /** For debuggers and stack traces. */
  readonly name: string;
  readonly broker:
    | { readonly kind: 'embedded'; readonly serve: (port: MessagePort<object, never>) => () => Promise<void> }
    | { readonly kind: 'kafka'; readonly bootstrapServers: string };
  readonly registryDefaults: Readonly<Record<string, string>>;
  readonly resourceLimits?: ResourceLimits;
  /** So long the loop may stand before it counts as blocked. */
  readonly blockedAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createThreadTaskHost(options: ThreadTaskHostOptions): TaskHostConnection {
  return new ThreadHost(options);
}

class ThreadHost implements TaskHostConnection {
  private readonly options: ThreadTaskHostOptions;
  private readonly worker: Worker;
  private readonly pulse = new HostPulse();
  private readonly loggers = new Map<string, { readonly logger: Logger; level: ReturnType<typeof levelOf> }>();
  private readonly exited = new Deferred();
  private readonly stopServing: () => Promise<void>;
  private listener: ((message: FromHost) => void) | null = null;
  private waiting: FromHost[] = [];
  private endListener: ((error: Error) => void) | null = null;
  private blockedListener: ((blocked: BlockedLoop | null) => void) | null = null;
  private reason: Error | null = null;
  private closing = false;
  private timer: Timer;
  private beats = -1;
  private beatAt: number;
  private blocked = false;

  constructor(options: ThreadTaskHostOptions) {
    this.options = options;
    const { entry, broker, logger } = options;
    this.loggers.set('', { logger, level: levelOf(logger) });
    const channel = broker.kind === 'embedded' ? new MessageChannel() : null;
    const data: ThreadHostData = {
      broker:
        broker.kind === 'embedded'
          ? { kind: 'embedded', port: (channel as MessageChannel).port2 }
          : { kind: 'kafka', bootstrapServers: broker.bootstrapServers },
      registryDefaults: options.registryDefaults,
      steadyTime: steadyReference(options.clock),
      pulse: this.pulse.memory,
      level: levelOf(logger),
    };
    const stop = broker.kind === 'embedded' && channel !== null ? broker.serve(portOver(channel.port1)) : null;
    this.stopServing = async () => {
      await stop?.();
      channel?.port1.close();
    };
    this.worker = new Worker(entry.url, {
      name: options.name,
      argv: [...(entry.argv ?? [])],
      workerData: data,
      transferList: channel === null ? [] : [channel.port2],
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    });
    this.worker.on('message', (message: FromHost | ThreadNotice) => this.receive(message));
    this.worker.on('messageerror', (error) => this.fail(error));
    this.worker.on('error', (error: unknown) => this.fail(error));
    this.worker.on('exit', (code) => this.exit(code));
    this.beatAt = options.clock.monotonic();
    this.timer = this.schedule();
  }

  post(message: ToHost): void {
    this.worker.postMessage(message);
  }

  onMessage(listener: (message: FromHost) => void): void {
    this.listener = listener;
    for (const message of this.waiting.splice(0)) listener(message);
  }

  onEnd(listener: (error: Error) => void): void {
    this.endListener = listener;
  }

  onBlocked(listener: (blocked: BlockedLoop | null) => void): void {
    this.blockedListener = listener;
  }

  async close(isStuck = false): Promise<void> {
    this.closing = true;
    this.timer.cancel();
    if (!isStuck && !this.blocked) {
      this.order({ type: 'host.close' });
      const timer = this.options.clock.setTimer(() => void this.worker.terminate(), CLOSE_TIMEOUT_MS);
      await this.exited.promise;
      timer.cancel();
    }
    await this.worker.terminate();
    await this.stopServing();
  }

  private receive(message: FromHost | ThreadNotice): void {
    if (!isThreadMessage(message)) {
      if (this.listener === null) this.waiting.push(message as FromHost);
      else this.listener(message as FromHost);
    } else if (message.type === 'host.log') {
      writeWireLine(this.loggerOf(message.line.name).logger, message.line);
    } else if (message.type === 'host.logger') {
      const { level } = this.loggerOf(message.name);
      this.order({ type: 'host.level', name: message.name, level });
    } else if (message.type === 'host.uncaught') {
      this.fail(errorFromWire(message.error));
    } else if (message.type === 'host.exit') {
      const { code, by } = message;
      const who = by === null ? 'Some plugin in it' : `The ${by.method} method of ${nameOf(by)}, or what it started,`;
      this.reason ??= ended(`${who} called process.exit(${code}).`);
    }
  }

  private loggerOf(name: string): { readonly logger: Logger; level: ReturnType<typeof levelOf> } {
    let known = this.loggers.get(name);
    if (known === undefined) {
      const logger = this.options.logger.child({ name });
      known = { logger, level: levelOf(logger) };
      this.loggers.set(name, known);
    }
    return known;
  }

  private fail(error: unknown): void {
    const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
    this.reason ??=
      code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? ended(`Its plugins used up the memory it may have (${code}): ${String(message)}.`, error)
        : ended('Something was thrown in it that nobody caught.', error);
  }

  private exit(code: number): void {
    this.timer.cancel();
    this.exited.resolve();
    if (this.closing) return;
    void this.stopServing();
    this.endListener?.(this.reason ?? ended(`It ended by itself with the code ${code}.`));
  }

  private order(order: ThreadOrder): void {
    this.worker.postMessage(order);
  }

  private schedule(): Timer {
    return this.options.clock.setTimer(() => this.look(), LOOK_EVERY_MS, { unref: true });
  }

  private look(): void {
    const now = this.options.clock.monotonic();
    const { beats } = this.pulse;
    if (beats !== this.beats) {
      this.beats = beats;
      this.beatAt = now;
      if (this.blocked) {
        this.blocked = false;
        this.blockedListener?.(null);
      }
    } else if (beats > 0 && !this.blocked && now - this.beatAt > this.options.blockedAfterMs) {
      this.blocked = true;
      const since = Math.round(this.options.clock.now() - (now - this.beatAt));
      this.blockedListener?.({ since, call: this.pulse.current() });
    }
    for (const [name, known] of this.loggers) {
      const level = levelOf(known.logger);
      if (level === known.level) continue;
      known.level = level;
      this.order({ type: 'host.level', name, level });
    }
    this.timer = this.schedule();
  }
}

function nameOf({ connector, task }: TaskId): string {
  return task === OF_CONNECTOR ? `connector ${connector}` : `task ${connector}-${task}`;
}

function ended(how: string, cause?: unknown): ConnectError {
  return new ConnectError(`The worker thread that the task ran in has ended. ${how}`, {
    code: TASK_HOST_ENDED,
    ...(cause === undefined ? {} : { cause }),
  });
}
