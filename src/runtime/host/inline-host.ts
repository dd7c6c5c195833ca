/** A task host in the thread of the control plane. The messages are those of any other host. */
import type { Broker } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { MirroredGates } from '../parking/mirrored-gates.ts';
import type { TaskHostConnection } from './host-connection.ts';
import type { MessagePort } from './link.ts';
import type { PluginLoader } from './plugin-loader.ts';
import type { FromHost, ToHost } from './protocol.ts';
import type { SchemaViews } from './task-builder.ts';
import { type ServiceNoticeListener, TaskHost } from './task-host.ts';

export interface InlineTaskHostOptions {
  readonly broker: Broker;
  readonly plugins: PluginLoader;
  readonly schemaViews: SchemaViews;
  readonly gates: MirroredGates;
  readonly onNotice?: ServiceNoticeListener;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every message passes structuredClone, as between threads: what isn't cloneable is an error at once. */
  readonly cloneMessages?: boolean;
}

export function createInlineTaskHost(options: InlineTaskHostOptions): TaskHostConnection {
  const isCloning = options.cloneMessages === true;
  const toHost = new MessageQueue<ToHost>(isCloning);
  const fromHost = new MessageQueue<FromHost>(isCloning);
  const { broker, plugins, schemaViews, gates, clock, logger } = options;
  const port: MessagePort<FromHost, ToHost> = {
    post: (message) => fromHost.post(message),
    onMessage: (listener) => toHost.listen(listener),
  };
  const notices = options.onNotice === undefined ? {} : { onNotice: options.onNotice };
  const host = new TaskHost({ port, broker, plugins, schemaViews, gates, clock, logger, ...notices });
  return {
    post: (message) => toHost.post(message),
    onMessage: (listener) => fromHost.listen(listener),
    close: async () => {
      host.close();
      toHost.close();
      fromHost.close();
    },
  };
}

/** One direction: in order, and never within the call that posts. */
class MessageQueue<T> {
  private readonly isCloning: boolean;
  private messages: T[] = [];
  private listener: ((message: T) => void) | null = null;
  private isScheduled = false;
  private isClosed = false;

  constructor(isCloning: boolean) {
    this.isCloning = isCloning;
  }

  post(message: T): void {
    if (this.isClosed) return;
    this.messages.push(this.isCloning ? structuredClone(message) : message);
    this.schedule();
  }

  listen(listener: (message: T) => void): void {
    this.listener = listener;
    this.schedule();
  }

  close(): void {
    this.isClosed = true;
    this.messages = [];
    this.listener = null;
  }

  private schedule(): void {
    if (this.isScheduled || this.listener === null || this.messages.length === 0) return;
    this.isScheduled = true;
    queueMicrotask(() => this.deliver());
  }

  private deliver(): void {
    this.isScheduled = false;
    const messages = this.messages;
    this.messages = [];
    for (const message of messages) this.listener?.(message);
  }
}
