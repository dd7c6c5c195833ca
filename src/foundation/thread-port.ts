/** A port of Node's threads as one end of two message queues. */
import type { MessagePort } from './message-link.ts';

/** What both a Worker and a MessagePort of `node:worker_threads` have. */
export interface ThreadPort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

export function portOver<Out, In>(port: ThreadPort): MessagePort<Out, In> {
  return {
    post: (message, transfer) => port.postMessage(message, transfer),
    onMessage: (listener) => port.on('message', (message) => listener(message as In)),
  };
}
